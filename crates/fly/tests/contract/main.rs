//! Every request that the client builds, against the schema of the Machines API (`machines-openapi.json`: the paths
//! and schemas that we use), and every answer, against the outcomes that we promise.

mod answers;
mod checker;
mod pace;
mod requests;
mod requests_more;

use clawstead_fly::{
    ApiToken, CpuKind, CreateMachine, Env, Guest, MachineConfig, Machines, Mount, Restart, RestartPolicy, Signal, StopMachine,
    Tags,
};
use clawstead_transport::ScriptedTransport;

const BASE: &str = "https://api.machines.test/v1";
const TOKEN: &str = "FlyV1 fm2_secret_of_ours";
const WORKER_URL: &str = "https://claw.test/worker/cs_worker_secret";

fn machines(transport: &ScriptedTransport) -> Machines<ScriptedTransport> {
    let token = ApiToken::parse(TOKEN).expect("a good token");
    Machines::new(transport.clone(), BASE, token, "claw-workers")
}

fn create_machine() -> CreateMachine {
    let env = [("CONVEX_URL", WORKER_URL), ("LOG", "info")];
    CreateMachine {
        name: "worker-1".to_owned(),
        region: "ams".to_owned(),
        config: MachineConfig {
            image: "registry.fly.test/claw@sha256:00".to_owned(),
            env: Env(env.map(|(name, value)| (name.to_owned(), value.to_owned())).into()),
            guest: Guest { cpu_kind: CpuKind::Shared, cpus: 1, memory_mb: 2048 },
            mounts: vec![Mount { volume: "vol_1".to_owned(), path: "/data".to_owned() }],
            metadata: Tags {
                deployment: "prod".to_owned(),
                log: "log-1".to_owned(),
                worker: "worker-1".to_owned(),
                volume: Some("vol_1".to_owned()),
            },
            restart: Restart { policy: RestartPolicy::OnFailure, max_retries: Some(3) },
            stop_config: StopMachine { signal: Some(Signal::Sigterm), timeout_seconds: Some(300) },
            auto_destroy: false,
        },
    }
}
