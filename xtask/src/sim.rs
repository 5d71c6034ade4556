//! `cargo xtask sim` and `crash`: built and run from `crates/sim`, with the same arguments.

use std::os::unix::process::CommandExt as _;

use anyhow::{Context as _, Result};

use crate::{build, step, workspace::Workspace};

const PACKAGE: &str = "clawstead-sim";

/// Builds what is needed, then becomes the program that simulates, or kills.
pub(crate) fn run(workspace: &Workspace, no_build: bool, mistakes: bool) -> Result<()> {
    match mistakes {
        _ if no_build => {}
        true => build::mistakes(workspace)?,
        false => build::run(workspace)?,
    }
    step::run("build the simulation", workspace.cargo().args(["build", "--package", PACKAGE]))?;
    let mut program = workspace.cargo();
    program
        .args(["run", "--quiet", "--package", PACKAGE, "--manifest-path"])
        .arg(workspace.manifest())
        .arg("--")
        .args(std::env::args_os().skip(1));
    Err(program.exec()).context("cannot start cargo")
}
