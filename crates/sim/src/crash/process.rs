//! The host as a process of its own, which can be killed as any process can.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clawstead_host::{GuestLog, HostOptions};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::plane::{keys, workspace_file};

/// The first start compiles the components.
const READY_MAX: Duration = Duration::from_secs(300);

/// What the process says when it serves, and then its address.
const READY: &str = "ready ";

/// The file in the data folder to which components' lines go.
pub(super) const LOG: &str = "components.log";

/// Serves until whoever started it is gone.
///
/// # Errors
/// The components are not built, or the folder cannot be written.
pub async fn serve(data: &Path, database_bytes: Option<u64>) -> Result<()> {
    let mut options = HostOptions::new(workspace_file("spin.toml"))
        .shared_connections(true)
        .data_dir(data)
        .cache_dir(workspace_file("target/component-cache"))
        .guest_log(log_to(&data.join(LOG))?)
        .variable("operator_key", keys::OPERATOR)
        .variable("tick_key", keys::TICK)
        .variable("vault_keys", keys::VAULT)
        .variable("durability", "normal");
    if let Some(bytes) = database_bytes {
        options = options.max_database_bytes(bytes);
    }
    let host = options.start().await.context("the host does not start; are the components built?")?;
    println!("{READY}{}", host.base_url());
    // The other end is never written to: it ends with whoever holds it.
    tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
    Ok(())
}

fn log_to(path: &Path) -> Result<GuestLog> {
    use std::io::Write as _;
    let file = std::fs::File::options().create(true).append(true).open(path)?;
    Ok(Arc::new(move |_, line| drop(writeln!(&file, "{line}"))))
}

/// Where a process serves now; another place after each start.
#[derive(Debug, Clone, Default)]
pub struct Address(Arc<Mutex<String>>);

impl Address {
    /// `http://127.0.0.1:<port>`; empty before the first start.
    pub fn base_url(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, base_url: &str) {
        base_url.clone_into(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// A host on the databases of a folder.
#[derive(Debug)]
pub struct Process {
    program: PathBuf,
    data: PathBuf,
    address: Address,
    child: Option<Child>,
}

impl Process {
    /// One that is not started yet; `program` is this package's.
    pub fn new(program: &Path, data: &Path) -> Self {
        Self { program: program.to_owned(), data: data.to_owned(), address: Address::default(), child: None }
    }

    /// Where it serves.
    pub fn address(&self) -> Address {
        self.address.clone()
    }

    /// Starts it, and waits until it serves.
    ///
    /// # Errors
    /// It ends, or says nothing for too long.
    pub async fn start(&mut self, database_bytes: Option<u64>) -> Result<()> {
        ensure!(self.child.is_none(), "it runs");
        let mut command = Command::new(&self.program);
        command.arg("host").arg("--data").arg(&self.data);
        if let Some(bytes) = database_bytes {
            command.arg("--database-bytes").arg(bytes.to_string());
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("its output")?).lines();
        let line = tokio::time::timeout(READY_MAX, lines.next_line()).await.context("the host does not get ready")??;
        let Some(base_url) = line.as_deref().and_then(|line| line.strip_prefix(READY)) else {
            bail!("the host ended: {:?}", child.wait().await?);
        };
        self.address.set(base_url);
        self.child = Some(child);
        Ok(())
    }

    /// Kills it with a signal that it cannot see (`SIGKILL`).
    ///
    /// # Errors
    /// It cannot be killed.
    pub async fn kill(&mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        Ok(child.kill().await?)
    }
}
