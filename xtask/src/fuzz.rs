//! `cargo xtask fuzz`: the tests of the corpora, for longer and with new seeds.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use clap::Args;

use crate::workspace::Workspace;
use crate::{build, step};

/// What the tests' names begin with; then comes the target.
const TESTS: &str = "corpus_of_";

/// Fuzz from the kept corpus: one target after another, each for so long
///
/// Targets are the folders of `tests/corpus`. What breaks a target's property is made shorter and kept in its folder; the tests then
/// fail until it is mended.
#[derive(Args)]
pub(crate) struct FuzzOptions {
    /// This target alone
    #[arg(long)]
    target: Option<String>,
    /// How long for each target, s
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Seed of the mutations; another one each time when missing
    #[arg(long)]
    seed: Option<u64>,
    /// Run the components as they were last built
    #[arg(long)]
    no_build: bool,
}

pub(crate) fn run(workspace: &Workspace, options: &FuzzOptions) -> Result<()> {
    if !options.no_build {
        build::run(workspace)?;
    }
    let seed = options.seed.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs()));
    let mut test = workspace.cargo();
    // Cargo's own runner: it ends no test that takes long, and shows what tests print as they print it.
    test.args([
        "test",
        "--quiet",
        "--workspace",
        "--lib",
        "--tests",
        &format!("{TESTS}{}", options.target.as_deref().unwrap_or_default()),
    ])
    .args(["--", "--nocapture", "--test-threads", "1"])
    .env("CLAWSTEAD_FUZZ_SECONDS", options.seconds.to_string())
    .env("CLAWSTEAD_FUZZ_SEED", seed.to_string());
    step::run("fuzz", &mut test)
}
