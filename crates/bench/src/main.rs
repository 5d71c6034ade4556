//! `cargo xtask bench`: load on the built components.

mod bare;
mod client;
mod figures;
mod fill;
mod load;
mod machine;
mod options;
mod queue;
mod report;
mod rig;
mod telegram;
mod webhook;

use anyhow::Result;
use clap::Parser;

use crate::options::{BenchOptions, Suite};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Program {
    Bench(BenchOptions),
}

fn main() -> Result<()> {
    let Program::Bench(options) = Program::parse();
    // A figure of a host that fails is worth nothing, and the reason is in its log.
    tracing_subscriber::fmt().with_env_filter("error").with_writer(std::io::stderr).init();
    match options.suite {
        Suite::Queue(options) => queue::run(&options),
        Suite::Telegram(options) => telegram::run(&options),
    }
}
