//! `cargo xtask`: builds, checks, tests and runs clawstead.
//!
//! This program stays small on purpose (no Wasmtime, no HTTP), so that it compiles in seconds on a fresh machine and can
//! then show the progress of what takes long. What runs clawstead lives in `crates/sandbox`.

mod bench;
mod build;
mod check;
mod fuzz;
mod sandbox;
mod sim;
mod step;
mod test;
mod toolchain;
mod workspace;

// The sandbox program's own options, compiled in here so that `--help` answers without building that program.
#[path = "../../crates/sandbox/src/program/options.rs"]
mod options;

// Those of the program that measures, for the same reason.
#[path = "../../crates/bench/src/options.rs"]
mod bench_options;

#[path = "../../crates/sim/src/options.rs"]
mod sim_options;

#[path = "../../crates/sim/src/crash_options.rs"]
mod crash_options;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "Builds, checks, tests and runs clawstead")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build all components for wasm32-wasip2 (installs the target when it is missing)
    Build {
        /// Instead, build them such that they can be broken on purpose, for the tests of the simulation's checker
        #[arg(long)]
        mistakes: bool,
    },
    /// Format check, Clippy for the host and for the components, then all tests
    Check(check::CheckOptions),
    /// Build the components, then run all tests; CLAWSTEAD_HOST=spin runs the end-to-end tests on `spin` from PATH
    Test(test::TestOptions),
    Up(options::UpOptions),
    Say(options::SayOptions),
    Demo(options::DemoOptions),
    Bench(bench_options::BenchOptions),
    Sim(sim_options::SimOptions),
    Crash(crash_options::CrashOptions),
    Fuzz(fuzz::FuzzOptions),
}

fn main() -> ExitCode {
    let Err(error) = run(Cli::parse().command) else { return ExitCode::SUCCESS };
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}

fn run(command: Command) -> Result<()> {
    let workspace = Workspace::find()?;
    match command {
        Command::Build { mistakes: false } => build::run(&workspace),
        Command::Build { mistakes: true } => build::mistakes(&workspace),
        Command::Check(options) => check::run(&workspace, &options),
        Command::Test(options) => test::run(&workspace, &options.args),
        Command::Up(options::UpOptions { no_build, .. }) | Command::Demo(options::DemoOptions { no_build, .. }) => {
            sandbox::build(&workspace, !no_build)?;
            sandbox::run(&workspace)
        }
        Command::Say(_) => sandbox::run(&workspace),
        Command::Bench(options) => bench::run(&workspace, !options.no_build),
        Command::Sim(options) => sim::run(&workspace, options.no_build, options.mistake.is_some()),
        Command::Fuzz(options) => fuzz::run(&workspace, &options),
        Command::Crash(options) => sim::run(&workspace, options.no_build, false),
    }
}
