//! `cargo xtask check`: what must hold before a change is handed in.

use anyhow::Result;
use clap::Args;

use crate::toolchain::WasmToolchain;
use crate::workspace::{Workspace, package_arguments};
use crate::{step, test};

/// Options of `cargo xtask check`.
#[derive(Args)]
pub(crate) struct CheckOptions {
    /// Format check and Clippy only
    #[arg(long)]
    skip_tests: bool,
}

/// Cheapest first: a formatting slip should not cost a test run.
pub(crate) fn run(workspace: &Workspace, options: &CheckOptions) -> Result<()> {
    step::run("format", workspace.cargo().args(["fmt", "--all", "--check"]))?;
    let host = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    step::run("clippy, host", workspace.cargo().args(host))?;
    clippy_components(workspace)?;
    if options.skip_tests {
        return Ok(());
    }
    test::run(workspace, &[])
}

fn clippy_components(workspace: &Workspace) -> Result<()> {
    if !WasmToolchain::ensure(workspace)?.runs_clippy() {
        eprintln!("==> clippy, components: left out, Clippy has no standard library for wasm32-wasip2 here");
        return Ok(());
    }
    let mut clippy = workspace.cargo();
    clippy
        .args(["clippy", "--target", "wasm32-wasip2"])
        .args(package_arguments(workspace.components()))
        .args(["--", "-D", "warnings"]);
    step::run("clippy, components", &mut clippy)
}
