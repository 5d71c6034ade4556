use std::time::Duration;

use clawstead_transport::Transport;
use http::Method;
use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::{CreateMachine, Machine, Machines, Outcome, Unknown};

/// A create answers when the machine is placed, which takes longer than other calls; under the 25 s that a request of
/// ours may be held (outside-contracts.md).
const CREATE_TIMEOUT: Duration = Duration::from_secs(20);

/// Fly waits at most this long.
const WAIT_SECONDS_MAX: u32 = 60;

/// What the network gets on top of the time that Fly waits.
const WAIT_GRACE: Duration = Duration::from_secs(5);

/// Which machines to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListMachines {
    /// Only those tagged with this deployment. Many use this filter, but it is not in the schema, so
    /// [`Machine::ownership`] has the last word; leave it out to see foreign machines too.
    pub deployment: Option<String>,
    /// Whether to include machines that are gone, for as long as Fly remembers them.
    pub include_deleted: bool,
}

/// How to stop a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(into = "StopRequest")]
pub struct StopMachine {
    /// What the main process gets; Fly's default is `SIGINT`.
    pub signal: Option<Signal>,
    /// How long it has before it is killed, in seconds; Fly's default is 5.
    pub timeout_seconds: Option<u32>,
}

/// The signals that we send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Signal {
    /// Please end.
    Sigterm,
    /// Please end, as from a keyboard.
    Sigint,
    /// End.
    Sigkill,
}

/// What to wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// The state to wait for.
    pub state: WaitState,
    /// The version of the machine that is meant; to be given when waiting for its end.
    pub instance_id: Option<String>,
    /// How long, 1 to 60 seconds. A component should stay below 20 (outside-contracts.md, hosted Spin).
    pub timeout_seconds: u32,
}

/// The states that Fly can wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitState {
    /// Its main process runs.
    Started,
    /// Stopped.
    Stopped,
    /// Suspended to disk.
    Suspended,
    /// Gone.
    Destroyed,
    /// Could not be started.
    Failed,
    /// Any state that lasts.
    Settled,
}

/// What came of waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waited {
    /// The machine is in that state.
    Reached,
    /// The time was up first (408).
    NotYet,
}

#[derive(Serialize)]
struct StopRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    signal: Option<Signal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<String>,
}

impl From<StopMachine> for StopRequest {
    fn from(how: StopMachine) -> Self {
        Self { signal: how.signal, timeout: how.timeout_seconds.map(|seconds| format!("{seconds}s")) }
    }
}

#[derive(Deserialize)]
struct WaitAnswer {
    ok: Option<bool>,
}

impl<T: Transport> Machines<T> {
    /// Lists machines. A missing app is a refusal ([`crate::RefusalKind::NotFound`]) and not an empty list.
    pub async fn list_machines(&self, which: &ListMachines) -> Outcome<Vec<Machine>> {
        let call = Call::new(Method::GET, &["machines"])
            .query("metadata.clawstead_deployment", which.deployment.as_deref())
            .query("include_deleted", which.include_deleted.then_some(true));
        self.ask(call).await
    }

    /// Reads one machine.
    pub async fn get_machine(&self, id: &str) -> Outcome<Machine> {
        self.ask(Call::new(Method::GET, &["machines", id]).often()).await
    }

    /// Makes and starts a machine. After [`Outcome::Unknown`] it may exist: list, and adopt it by its name.
    pub async fn create_machine(&self, machine: &CreateMachine) -> Outcome<Machine> {
        let mut call = Call::new(Method::POST, &["machines"]).json(machine).within(CREATE_TIMEOUT);
        call.secrets = machine.config.env.0.values().map(String::as_str).collect();
        self.ask(call).await
    }

    /// Starts a machine that is at rest. Repeating it is harmless.
    pub async fn start_machine(&self, id: &str) -> Outcome<()> {
        self.tell(Call::new(Method::POST, &["machines", id, "start"]).repeatable(true)).await
    }

    /// Asks a machine to stop; [`Machines::wait`] tells when it has. Repeating it is harmless.
    pub async fn stop_machine(&self, id: &str, how: StopMachine) -> Outcome<()> {
        let call = Call::new(Method::POST, &["machines", id, "stop"]).json(&how).repeatable(true);
        self.tell(call).await
    }

    /// Keeps Fly's proxy from sending anything new to a machine. Repeating it is harmless.
    pub async fn cordon_machine(&self, id: &str) -> Outcome<()> {
        self.tell(Call::new(Method::POST, &["machines", id, "cordon"]).repeatable(true)).await
    }

    /// Lets Fly's proxy send to a machine again. Repeating it is harmless.
    pub async fn uncordon_machine(&self, id: &str) -> Outcome<()> {
        self.tell(Call::new(Method::POST, &["machines", id, "uncordon"]).repeatable(true)).await
    }

    /// Deletes a machine; a running one only by force, otherwise [`crate::RefusalKind::Precondition`].
    pub async fn delete_machine(&self, id: &str, force: bool) -> Outcome<()> {
        let call = Call::new(Method::DELETE, &["machines", id]).query("force", force.then_some(true));
        self.tell(call).await
    }

    /// Waits until a machine is in a state, or the time is up.
    pub async fn wait(&self, id: &str, wait: &Wait) -> Outcome<Waited> {
        let seconds = wait.timeout_seconds.clamp(1, WAIT_SECONDS_MAX);
        let call = Call::new(Method::GET, &["machines", id, "wait"])
            .query("state", Some(wait.state.name()))
            .query("instance_id", wait.instance_id.as_deref())
            .query("timeout", Some(seconds))
            .repeatable(false)
            .within(Duration::from_secs(seconds.into()) + WAIT_GRACE);
        match self.ask::<WaitAnswer>(call).await {
            Outcome::Unknown(Unknown::Status(408)) => Outcome::Done(Waited::NotYet),
            outcome => outcome.map(|answer| match answer.ok {
                Some(false) => Waited::NotYet,
                Some(true) | None => Waited::Reached,
            }),
        }
    }
}

impl WaitState {
    fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Stopped => "stopped",
            Self::Suspended => "suspended",
            Self::Destroyed => "destroyed",
            Self::Failed => "failed",
            Self::Settled => "settled",
        }
    }
}
