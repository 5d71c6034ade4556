//! The compiler for wasm32-wasip2, found or installed without asking.
//!
//! 1. The target's standard library is there: use it.
//! 2. `rustup target add wasm32-wasip2`.
//! 3. Where the Rust download host cannot be reached, but a Debian mirror can: Debian's compiler, with the standard library
//!    built from its sources.

mod debian;

use std::{path::Path, process::Command};

use anyhow::{Context as _, Result};

use self::debian::Debian;
use crate::{step, workspace::Workspace};

const TARGET: &str = "wasm32-wasip2";

/// A way to compile for wasm32-wasip2 that works on this machine.
pub(crate) enum WasmToolchain {
    /// The toolchain that Cargo uses anyway has the target.
    Installed,
    /// Debian's compiler beside it.
    Debian(Debian),
}

impl WasmToolchain {
    /// Finds a way, installing what is missing.
    pub(crate) fn ensure(workspace: &Workspace) -> Result<Self> {
        if installed() {
            return Ok(Self::Installed);
        }
        if let Some(debian) = Debian::find() {
            eprintln!("==> {TARGET}: not in the Rust toolchain; using Debian's packages, which are installed");
            return Ok(Self::Debian(debian));
        }
        eprintln!("==> {TARGET}: not in the Rust toolchain; installing it");
        let Err(no_rustup) = step::run("add the target", workspace.command("rustup").args(["target", "add", TARGET])) else {
            return Ok(Self::Installed);
        };
        eprintln!("==> {TARGET}: {no_rustup:#}; trying Debian's packages");
        let debian = Debian::install(workspace).with_context(|| {
            format!("cannot compile for {TARGET}: neither rustup ({no_rustup:#}) nor Debian's packages could be used")
        })?;
        Ok(Self::Debian(debian))
    }

    /// Makes a `cargo build` for the target use this toolchain.
    pub(crate) fn apply(&self, build: &mut Command) -> Result<()> {
        match self {
            Self::Installed => Ok(()),
            Self::Debian(debian) => debian.apply(build),
        }
    }

    /// Whether Clippy works for the target: it needs a standard library built by its own compiler.
    pub(crate) fn runs_clippy(&self) -> bool {
        matches!(self, Self::Installed)
    }
}

fn installed() -> bool {
    let libraries = print_from("rustc", &["--print", "target-libdir", "--target", TARGET]);
    libraries.is_some_and(|folder| Path::new(&folder).is_dir())
}

/// What a program prints, without the line's end; none when it cannot be started or fails.
fn print_from(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
