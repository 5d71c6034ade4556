//! `cargo xtask bench`: built and run from `crates/bench`, with the same arguments.

use std::os::unix::process::CommandExt as _;

use anyhow::{Context as _, Result};

use crate::{build, step, workspace::Workspace};

const PACKAGE: &str = "clawstead-bench";

/// Optimised as what is measured must be; the release profile would spend an hour on linking.
const PROFILE: &str = "load";

/// Builds what is needed, then becomes the program that measures.
pub(crate) fn run(workspace: &Workspace, components: bool) -> Result<()> {
    if components {
        build::run(workspace)?;
    }
    step::run("build the benchmark", workspace.cargo().args(["build", "--profile", PROFILE, "--package", PACKAGE]))?;
    let mut program = workspace.cargo();
    program
        .args(["run", "--quiet", "--profile", PROFILE, "--package", PACKAGE, "--manifest-path"])
        .arg(workspace.manifest())
        .arg("--")
        .args(std::env::args_os().skip(1))
        // Relative paths among the arguments are the caller's.
        .current_dir(std::env::current_dir()?);
    Err(program.exec()).context("cannot start cargo")
}
