//! `up`, `say` and `demo`: built and run from `crates/sandbox`, with the same arguments.

use std::os::unix::process::CommandExt as _;

use anyhow::{Context as _, Result};

use crate::{build, step, workspace::Workspace};

const PACKAGE: &str = "clawstead-sandbox";

/// Builds the components and the program, with the progress to see.
pub(crate) fn build(workspace: &Workspace, components: bool) -> Result<()> {
    if components {
        build::run(workspace)?;
    }
    step::run("build the sandbox", workspace.cargo().args(["build", "--package", PACKAGE]))
}

/// Becomes the sandbox program.
///
/// It replaces this process instead of starting a child, so that a signal sent to `cargo xtask up` reaches the program that
/// has to stop cleanly.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let mut program = workspace.cargo();
    program
        .args(["run", "--quiet", "--package", PACKAGE, "--manifest-path"])
        .arg(workspace.manifest())
        .arg("--")
        .args(std::env::args_os().skip(1))
        // Relative paths among the arguments are the caller's.
        .current_dir(std::env::current_dir()?);
    Err(program.exec()).context("cannot start cargo")
}
