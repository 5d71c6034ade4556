//! The official `spin` program in the place of our own host.

use std::{process::Stdio, time::Duration};

use anyhow::{Context as _, Result};
use tokio::process::{Child, Command};

use crate::platform::{Launch, append_to};

/// How long `spin` may take to stop before it is killed.
const STOP_DEADLINE: Duration = Duration::from_secs(15);

/// A running `spin up`.
pub(crate) struct Spin(Child);

impl Spin {
    pub(crate) fn start(launch: &Launch) -> Result<Self> {
        let log = append_to(&launch.log)?;
        let environment = launch.variables.iter().map(|(name, value)| (format!("SPIN_VARIABLE_{}", name.to_uppercase()), value));
        let child = Command::new("spin")
            .args(["up", "--from"])
            .arg(&launch.manifest)
            .args(["--listen", &launch.address.to_string(), "--state-dir"])
            .arg(&launch.state)
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("CLAWSTEAD_HOST=spin needs the program `spin` on the PATH")?;
        Ok(Self(child))
    }

    /// An error when it has ended by itself.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.0.try_wait()? {
            Some(status) => anyhow::bail!("spin ended with {status}; the component log says why"),
            None => Ok(()),
        }
    }

    /// Interrupts it as Ctrl-C does, and kills it when that is not enough.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let Some(id) = self.0.id() else { return Ok(()) };
        Command::new("kill").args(["-INT", &id.to_string()]).status().await?;
        if tokio::time::timeout(STOP_DEADLINE, self.0.wait()).await.is_err() {
            self.0.kill().await?;
        }
        Ok(())
    }
}
