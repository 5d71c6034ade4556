//! The host's own log: what it says of itself while it runs in this thread.

use std::io::{Result, Write};

use tracing::subscriber::DefaultGuard;
use tracing_subscriber::EnvFilter;

use crate::history::History;

/// Everything that whoever runs the host could ask to see.
const FILTER: &str = "clawstead_host=trace";

/// Writes the lines into the history until the guard is dropped.
pub fn collect(history: History) -> DefaultGuard {
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(FILTER))
        .with_ansi(false)
        .without_time()
        .with_writer(move || Line(history.clone()))
        .finish();
    tracing::subscriber::set_default(subscriber)
}

struct Line(History);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.host_line(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
