//! `cargo xtask build`: all components in one Cargo call.

use anyhow::{Result, ensure};

use crate::{step, toolchain::WasmToolchain, workspace::Workspace};

/// Builds every component with the release profile, the one that is deployed.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    ensure!(!workspace.components().is_empty(), "no component in this workspace: no package has the crate type cdylib");
    let toolchain = WasmToolchain::ensure(workspace)?;
    let mut build = workspace.cargo();
    build.args(["build", "--release", "--target", "wasm32-wasip2"]).args(workspace.component_arguments());
    toolchain.apply(&mut build)?;
    step::run(&format!("build {} components", workspace.components().len()), &mut build)
}
