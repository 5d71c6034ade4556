//! `cargo xtask bench`: load on the built components.

mod all;
mod bare;
mod client;
mod document;
mod figures;
mod fill;
mod footprint;
mod growth;
mod load;
mod machine;
mod options;
mod plot;
mod queue;
mod report;
mod rig;
mod telegram;
mod webhook;

use anyhow::Result;
use clap::Parser;

use crate::options::{BenchOptions, Suite};

/// As in the program behind `cargo xtask up`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
        None => all::run(&options.all),
        Some(Suite::Queue(options)) => {
            let report = queue::run(&options)?;
            options.json.as_deref().map_or(Ok(()), |file| report.write(file))
        }
        Some(Suite::Telegram(options)) => telegram::run(&options),
    }
}
