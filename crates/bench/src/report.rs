//! What was measured: as a table for people, and as JSON for machines.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::figures::{Figures, Spread};
use crate::machine::Machine;
use crate::options::QueueOptions;

/// One measurement.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) clients: usize,
    pub(crate) durability: Option<String>,
    pub(crate) queued: Option<u64>,
    pub(crate) figures: Figures,
}

impl Line {
    pub(crate) fn new(name: &'static str, clients: usize, figures: Figures) -> Self {
        Self { name, clients, durability: None, queued: None, figures }
    }

    pub(crate) fn on(self, durability: &str, queued: u64) -> Self {
        Self { durability: Some(durability.to_owned()), queued: Some(queued), ..self }
    }
}

/// All measurements.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) runs: usize,
    pub(crate) seconds: u64,
    pub(crate) lines: Vec<Line>,
}

impl Report {
    pub(crate) fn new(options: &QueueOptions) -> Self {
        let machine = Machine::look();
        println!("{machine}");
        Self { machine, runs: options.runs, seconds: options.seconds, lines: Vec::new() }
    }

    /// Adds a line, and prints it at once: all of it takes long.
    pub(crate) fn add(&mut self, line: Line) {
        if self.lines.is_empty() {
            println!("{HEAD}");
        }
        println!("{}", self.row(&line));
        self.lines.push(line);
    }

    /// Ends the table.
    pub(crate) fn print(&self) {
        println!("medians of {} runs of {} s, with the smallest and the largest; times in ms", self.runs, self.seconds);
        println!("bare: the same operations on rusqlite without components and HTTP, one after another on one connection");
    }

    pub(crate) fn write(&self, file: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        std::fs::write(file, text + "\n").with_context(|| format!("cannot write {}", file.display()))
    }

    fn row(&self, line: &Line) -> String {
        let Figures { rate, p50_ms, p99_ms } = line.figures;
        let queued = line.queued.map_or_else(String::new, |queued| queued.to_string());
        let durability = line.durability.as_deref().unwrap_or_default();
        format!(
            "{:<19} {durability:<7} {queued:>8} {:>7} {:>24} {:>20} {:>20} {:>7} {:>7}",
            line.name,
            line.clients,
            spread(rate, 0),
            spread(p50_ms, 1),
            spread(p99_ms, 1),
            self.share(line, &["empty handler"], line.clients),
            self.share(line, &["bare enqueue", "bare life cycle"], 1),
        )
    }

    /// The rate as a share of that of another measurement, when there is one that it can be compared with.
    pub(crate) fn share(&self, line: &Line, of: &[&str], clients: usize) -> String {
        let comparable = |other: &&Line| {
            let same_place = other.durability.is_none() || (&other.durability, other.queued) == (&line.durability, line.queued);
            let same_work = other.name == "empty handler" || other.name.strip_prefix("bare ") == Some(line.name);
            of.contains(&other.name) && other.clients == clients && same_place && same_work
        };
        if line.name.starts_with("bare") || line.name.starts_with("webhook") {
            return String::new();
        }
        let limit = self.lines.iter().find(comparable).map(|other| other.figures.rate.median);
        limit.map_or_else(String::new, |limit| format!("{:.0} %", line.figures.rate.median / limit * 100.0))
    }
}

const HEAD: &str = "                    durability queued clients      a second                          p50                  p99         of empty of bare";

pub(crate) fn spread(spread: Spread, digits: usize) -> String {
    let Spread { median, least, most } = spread;
    format!("{median:.digits$} ({least:.digits$}–{most:.digits$})")
}
