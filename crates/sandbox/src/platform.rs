//! What runs the components: our host in this process, or the official `spin`.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Write as _,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, bail};
use clawstead_host::{GuestLog, Host, HostOptions};

use crate::spin::Spin;

/// Which platform runs the components.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlatformKind {
    /// `crates/host`, in this process.
    #[default]
    Local,
    /// `spin` from the PATH, as a child process.
    Spin,
}

impl PlatformKind {
    /// What the environment variable `CLAWSTEAD_HOST` asks for: `local` (the default) or `spin`.
    pub fn from_env() -> Result<Self> {
        match std::env::var("CLAWSTEAD_HOST").as_deref() {
            Err(_) | Ok("" | "local") => Ok(Self::Local),
            Ok("spin") => Ok(Self::Spin),
            Ok(other) => bail!("CLAWSTEAD_HOST is `{other}`; it can be `local` or `spin`"),
        }
    }
}

/// Longest request body of the local host, bytes. Spin has no limit; ours must let snapshots through.
const REQUEST_BYTES_MAX: u64 = 4 << 30;

/// Everything a platform is started with; kept, so that it can be started again.
pub(crate) struct Launch {
    pub(crate) kind: PlatformKind,
    pub(crate) manifest: PathBuf,
    pub(crate) address: SocketAddr,
    /// What listens there already, until the first start.
    pub(crate) listener: Option<TcpListener>,
    /// Databases and the like.
    pub(crate) state: PathBuf,
    /// Compiled components.
    pub(crate) cache: PathBuf,
    /// What the components print.
    pub(crate) log: PathBuf,
    pub(crate) variables: BTreeMap<String, String>,
    /// Memory of each instance, bytes; none for the local host's default.
    pub(crate) memory_bytes_max: Option<usize>,
}

/// A running platform.
pub(crate) enum Platform {
    Local(Host),
    Spin(Spin),
}

impl Launch {
    pub(crate) async fn start(&mut self) -> Result<Platform> {
        check_built(&self.manifest)?;
        let listener = self.listener.take();
        match self.kind {
            PlatformKind::Local => Ok(Platform::Local(self.start_local(listener).await?)),
            PlatformKind::Spin => {
                // It can only listen for itself.
                drop(listener);
                Ok(Platform::Spin(Spin::start(self)?))
            }
        }
    }

    async fn start_local(&self, listener: Option<TcpListener>) -> Result<Host> {
        let mut options = HostOptions::new(&self.manifest)
            .shared_connections(true)
            .listen(self.address)
            .data_dir(&self.state)
            .cache_dir(&self.cache)
            .max_request_bytes(REQUEST_BYTES_MAX)
            .guest_log(log_to(&self.log)?);
        if let Some(listener) = listener {
            options = options.listener(listener);
        }
        for (name, value) in &self.variables {
            options = options.variable(name, value);
        }
        if let Some(bytes) = self.memory_bytes_max {
            options = options.max_memory_bytes(bytes);
        }
        options.start().await.context("the host does not start")
    }
}

impl Platform {
    /// An error when it has ended by itself.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self {
            Self::Local(_) => Ok(()),
            Self::Spin(spin) => spin.check(),
        }
    }

    pub(crate) async fn stop(self) -> Result<()> {
        match self {
            Self::Local(host) => {
                host.stop().await;
                Ok(())
            }
            Self::Spin(spin) => spin.stop().await,
        }
    }
}

/// Appends every line to a file.
fn log_to(path: &Path) -> Result<GuestLog> {
    let file = append_to(path)?;
    Ok(Arc::new(move |_, line| {
        // A log that cannot be written must not stop what it tells about.
        let _ = writeln!(&file, "{line}");
    }))
}

/// Opens a file for appending, making its folder if need be.
pub(crate) fn append_to(path: &Path) -> Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    File::options().create(true).append(true).open(path).with_context(|| format!("cannot write {}", path.display()))
}

fn check_built(manifest: &Path) -> Result<()> {
    let folder = manifest.parent().context("a manifest is in a folder")?;
    let built = folder.join("target/wasm32-wasip2/release");
    if !built.is_dir() {
        bail!("the components are not built: run `cargo xtask build` (no folder {})", built.display());
    }
    Ok(())
}
