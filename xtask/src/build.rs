//! `cargo xtask build`: all components in one Cargo call.

use anyhow::{Result, ensure};

/// Profile, and so folder, of the components that are broken on purpose.
const MUTATIONS: &str = "mutations";

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

/// Builds the components once more, with the mistakes that the simulation's checker must find. They go into a folder of their
/// own, beside those that are deployed.
pub(crate) fn mutations(workspace: &Workspace) -> Result<()> {
    let toolchain = WasmToolchain::ensure(workspace)?;
    let mut build = workspace.cargo();
    build.args(["build", "--profile", MUTATIONS, "--target", "wasm32-wasip2"]).args(workspace.component_arguments()).args([
        "-p",
        "clawstead-service",
        "--features",
        "clawstead-service/mistakes",
    ]);
    toolchain.apply(&mut build)?;
    step::run("build the components that are broken on purpose", &mut build)
}
