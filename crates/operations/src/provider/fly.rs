//! Fly Machines as a provider.

use std::rc::Rc;

use async_trait::async_trait;
use clawstead_domain::plan::{Listing, Phase, Worker};
use clawstead_fly::{
    ApiToken, CpuKind, CreateMachine, CreateVolume, Env, Guest, ListMachines, MachineConfig, Machines, Mount, Outcome, Pace,
    RefusalKind, Restart, RestartPolicy, Signal, StopMachine, Tags, volume_name,
};
use clawstead_transport::Transport;

use super::fly_listing::{Tag, instant_of, is_leaving, listed_of, phase_of};
use super::{Listed, MachineWanted, Provider, Trouble, TroubleKind, VolumeWanted};

const KIND: &str = "fly";

/// How many days Fly keeps its copies of a volume; its default, said aloud because they are billed.
const SNAPSHOT_RETENTION_DAYS: u32 = 5;

/// A worker that fails is started again so often on the same machine, with its data. One that ends with code 0 has nothing
/// left to do.
const RESTARTS_MAX: u32 = 3;

/// A worker first finishes its job, up to 120 s, and then uploads its state (worker-wire.md section 2). Fly allows at most
/// this.
const GENTLE_STOP: StopMachine = StopMachine { signal: Some(Signal::Sigterm), timeout_seconds: Some(300) };

const STOP_AT_ONCE: StopMachine = StopMachine { signal: Some(Signal::Sigkill), timeout_seconds: None };

/// Fly, as one deployment sees it.
pub struct Fly<'a, T> {
    /// Sends requests.
    pub transport: T,
    /// Base of the Machines API, such as `https://api.machines.dev/v1`.
    pub api_url: &'a str,
    /// Its token; empty when there is none.
    pub api_token: &'a str,
    /// Tag of what this deployment makes. No other deployment that uses the same Fly app may have it.
    pub deployment: &'a str,
    /// Keeps calls within Fly's limits, and repeats those that may be; without it, each is made once.
    pub pace: Option<Rc<Pace>>,
}

impl<T> std::fmt::Debug for Fly<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fly").field("api_url", &self.api_url).field("deployment", &self.deployment).finish_non_exhaustive()
    }
}

impl<T: Transport> Fly<'_, T> {
    fn app(&self, name: &str) -> Result<Machines<&T>, Trouble> {
        let token = ApiToken::parse(self.api_token).map_err(|error| Trouble {
            provider: KIND,
            kind: TroubleKind::Never,
            detail: error.to_string(),
        })?;
        let machines = Machines::new(&self.transport, self.api_url, token, name);
        Ok(match &self.pace {
            Some(pace) => machines.paced(pace.clone()),
            None => machines,
        })
    }
}

#[async_trait(?Send)]
impl<T: Transport> Provider for Fly<'_, T> {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn ready(&self) -> Result<(), Trouble> {
        self.app("any").map(drop)
    }

    async fn list(&self, app: &str, workers: &[Worker], log_id: &str) -> Result<Listed, Trouble> {
        let machines = self.app(app)?;
        // Without the filter on our tag: it hides machines whose host is out of reach, and those would be taken for gone.
        let Some(machines_listed) = settled(machines.list_machines(&ListMachines::default()).await.found())? else {
            let listing = Listing { app: app.to_owned(), is_missing: true, ..Listing::default() };
            return Ok(Listed { listing, clash: None });
        };
        let volumes = settled(machines.list_volumes().await)?;
        Ok(listed_of(app, Tag { deployment: self.deployment, log_id }, workers, &machines_listed, &volumes))
    }

    async fn create_volume(&self, app: &str, wanted: &VolumeWanted<'_>) -> Result<String, Trouble> {
        let volume = CreateVolume {
            name: volume_name(self.deployment, wanted.worker_id),
            region: wanted.region.to_owned(),
            size_gb: wanted.size_gb,
            encrypted: true,
            snapshot_retention: SNAPSHOT_RETENTION_DAYS,
        };
        settled(self.app(app)?.create_volume(&volume).await).map(|volume| volume.id)
    }

    async fn create_machine(&self, app: &str, wanted: &MachineWanted<'_>) -> Result<String, Trouble> {
        let machine = CreateMachine {
            name: wanted.worker_id.to_owned(),
            region: wanted.region.to_owned(),
            config: MachineConfig {
                image: wanted.image.to_owned(),
                env: Env(wanted.environment.0.clone()),
                guest: Guest { cpu_kind: CpuKind::Shared, cpus: wanted.cpus, memory_mb: wanted.memory_mb },
                mounts: vec![Mount { volume: wanted.volume_id.to_owned(), path: wanted.volume_path.to_owned() }],
                metadata: Tags {
                    deployment: self.deployment.to_owned(),
                    log: wanted.log_id.clone(),
                    worker: wanted.worker_id.to_owned(),
                    volume: Some(wanted.volume_id.to_owned()),
                },
                restart: Restart { policy: RestartPolicy::OnFailure, max_retries: Some(RESTARTS_MAX) },
                stop_config: GENTLE_STOP,
                auto_destroy: false,
            },
        };
        settled(self.app(app)?.create_machine(&machine).await).map(|machine| machine.id)
    }

    async fn find_machine(&self, app: &str, machine_id: &str) -> Result<Option<Phase>, Trouble> {
        let found = settled(self.app(app)?.get_machine(machine_id).await.found())?;
        Ok(found.map(|machine| phase_of(machine.state)).filter(|phase| *phase != Phase::Gone))
    }

    async fn start_machine(&self, app: &str, machine_id: &str) -> Result<(), Trouble> {
        settled(self.app(app)?.start_machine(machine_id).await)
    }

    async fn stop_machine(&self, app: &str, machine_id: &str, at_once: bool) -> Result<(), Trouble> {
        let how = if at_once { STOP_AT_ONCE } else { GENTLE_STOP };
        settled(self.app(app)?.stop_machine(machine_id, how).await.found()).map(drop)
    }

    async fn cordon_machine(&self, app: &str, machine_id: &str) -> Result<(), Trouble> {
        settled(self.app(app)?.cordon_machine(machine_id).await.found()).map(drop)
    }

    async fn delete_machine(&self, app: &str, machine_id: &str, force: bool) -> Result<(), Trouble> {
        settled(self.app(app)?.delete_machine(machine_id, force).await.found()).map(drop)
    }

    async fn has_volume(&self, app: &str, volume_id: &str) -> Result<bool, Trouble> {
        let found = settled(self.app(app)?.get_volume(volume_id).await.found())?;
        Ok(found.is_some_and(|volume| !is_leaving(&volume.state)))
    }

    async fn delete_volume(&self, app: &str, volume_id: &str) -> Result<(), Trouble> {
        settled(self.app(app)?.delete_volume(volume_id).await.found()).map(drop)
    }

    async fn snapshot_volume(&self, app: &str, volume_id: &str) -> Result<(), Trouble> {
        settled(self.app(app)?.snapshot_volume(volume_id).await)
    }

    async fn newest_snapshot(&self, app: &str, volume_id: &str) -> Result<Option<i64>, Trouble> {
        let snapshots = settled(self.app(app)?.list_snapshots(volume_id).await.found())?.unwrap_or_default();
        let complete = snapshots.iter().filter(|snapshot| snapshot.is_complete());
        Ok(complete.filter_map(|snapshot| instant_of(snapshot.created_at.as_deref()?)).max())
    }
}

fn settled<R>(outcome: Outcome<R>) -> Result<R, Trouble> {
    let (kind, detail) = match outcome {
        Outcome::Done(result) => return Ok(result),
        Outcome::Unknown(unknown) => (TroubleKind::Unknown, unknown.to_string()),
        Outcome::Refused(refusal) => (meaning(refusal.kind), refusal.to_string()),
    };
    Err(Trouble { provider: KIND, kind, detail })
}

fn meaning(refusal: RefusalKind) -> TroubleKind {
    match refusal {
        RefusalKind::NotFound => TroubleKind::Missing,
        RefusalKind::Precondition => TroubleKind::NotYet,
        RefusalKind::Capacity => TroubleKind::NoRoom,
        RefusalKind::RateLimited { retry_after_ms } => TroubleKind::Busy { retry_after_ms },
        RefusalKind::Conflict | RefusalKind::NotSent(_) => TroubleKind::NotNow,
        RefusalKind::Unprocessable | RefusalKind::Unauthorized | RefusalKind::Invalid => TroubleKind::Never,
    }
}
