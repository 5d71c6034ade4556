//! `cargo xtask build`: all components in one Cargo call.

use anyhow::{Result, ensure};

use crate::step;
use crate::toolchain::WasmToolchain;
use crate::workspace::{Workspace, package_arguments};

/// Profile, and so folder, of the components that can be broken on purpose.
const MISTAKES: &str = "mistakes";

/// Builds every component with the release profile, the one that is deployed.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    ensure!(!workspace.components().is_empty(), "no component in this workspace: no package has the crate type cdylib");
    let toolchain = WasmToolchain::ensure(workspace)?;
    let mut build = workspace.cargo();
    build.args(["build", "--release", "--target", "wasm32-wasip2"]).args(package_arguments(workspace.components()));
    toolchain.apply(&mut build)?;
    step::run(&format!("build {} components", workspace.components().len()), &mut build)
}

/// Builds those that are deployed once more, with all mistakes that the simulation's checker must find: a variable of the manifest
/// chooses one when they run. They go into a folder of their own, and are not deployed.
pub(crate) fn mistakes(workspace: &Workspace) -> Result<()> {
    let toolchain = WasmToolchain::ensure(workspace)?;
    let mut build = workspace.cargo();
    build.args(["build", "--profile", MISTAKES, "--target", "wasm32-wasip2"]).args(package_arguments(workspace.deployed()));
    // A feature is chosen on a package that is built: not on one that others depend on.
    build.args(["-p", "clawstead-service", "--features", "clawstead-service/mistakes"]);
    toolchain.apply(&mut build)?;
    step::run("build the components that can be broken on purpose", &mut build)
}
