//! `cargo xtask test`: the components, then every test of the workspace.

use anyhow::Result;
use clap::Args;

use crate::{build, step, workspace::Workspace};

/// Options of `cargo xtask test`.
#[derive(Args)]
pub(crate) struct TestOptions {
    /// Passed on to the test runner: a filter, or its options after `--`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) args: Vec<String>,
}

/// Builds all that tests run, and runs them, with nextest when it is installed, else with Cargo's own runner.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    build::run(workspace)?;
    build::mistakes(workspace)?;
    if !has_nextest(workspace) {
        return step::run("tests", workspace.cargo().args(["test", "--workspace"]).args(arguments));
    }
    // nextest leaves documentation tests out.
    if arguments.is_empty() {
        step::run("documentation tests", workspace.cargo().args(["test", "--quiet", "--workspace", "--doc"]))?;
    }
    step::run("tests", workspace.cargo().args(["nextest", "run", "--workspace"]).args(arguments))
}

fn has_nextest(workspace: &Workspace) -> bool {
    let version = workspace.cargo().args(["nextest", "--version"]).output();
    version.is_ok_and(|output| output.status.success())
}
