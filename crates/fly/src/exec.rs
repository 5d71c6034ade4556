use std::fmt;
use std::time::Duration;

use clawstead_transport::Transport;
use http::Method;
use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::{Machines, Outcome};

/// What the network gets on top of the time that the command has.
const GRACE: Duration = Duration::from_secs(5);

/// How a command ended. What it printed may be confidential, so it is not shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Executed {
    /// 0 for success. An answer without it is no answer (scheduler-fly.md A-16).
    pub exit_code: i32,
    /// What it printed.
    #[serde(default)]
    pub stdout: String,
    /// What it complained.
    #[serde(default)]
    pub stderr: String,
}

impl fmt::Debug for Executed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Executed").field("exit_code", &self.exit_code).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct ExecRequest<'a> {
    command: &'a [&'a str],
    timeout: u32,
}

impl<T: Transport> Machines<T> {
    /// Runs a command in a machine, without a shell. It is [`Outcome::Done`] also when the command failed: see its exit code.
    /// After [`Outcome::Unknown`] it may have run.
    pub async fn exec(&self, id: &str, command: &[&str], timeout_seconds: u32) -> Outcome<Executed> {
        let request = ExecRequest { command, timeout: timeout_seconds };
        let mut call = Call::new(Method::POST, &["machines", id, "exec"])
            .json(&request)
            .within(Duration::from_secs(timeout_seconds.into()) + GRACE);
        call.secrets = command.to_vec();
        self.ask(call).await
    }
}
