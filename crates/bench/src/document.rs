//! What was measured, written up for people: Markdown, a plot, and the figures as JSON.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::figures::Spread;
use crate::fill::Much;
use crate::footprint::Footprint;
use crate::growth::Size;
use crate::plot::{Curve, plot};
use crate::report::{Line, Report, spread};

/// All of it.
#[derive(Debug, Serialize)]
pub(crate) struct Document {
    pub(crate) report: Report,
    pub(crate) growth: Vec<Size>,
    pub(crate) footprint: Footprint,
}

impl Document {
    /// Writes `performance.md`, `performance.svg` and `performance.json` into a folder, which is made if it is missing.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder)?;
        let json = serde_json::to_string_pretty(self)? + "\n";
        for (name, text) in [("md", self.markdown()), ("svg", self.plot()), ("json", json)] {
            let file = folder.join(format!("performance.{name}"));
            std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
            println!("written: {}", file.display());
        }
        Ok(())
    }

    fn markdown(&self) -> String {
        let Report { machine, runs, seconds, .. } = &self.report;
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "# Performance\n\nWritten by `cargo xtask bench --out docs` on {machine}. Medians of {runs} runs of {seconds} s, with the smallest and the \
             largest. Clients, host and stand-ins share the cores. ARCHITECTURE.md says where the time goes and what the aims are.\n\n\
             ## The queue over HTTP\n\n{}\n\
             *Of empty*: of the rate of a component that only answers, on the same host with as many clients. *Of bare*: of what the same \
             statements reach on rusqlite, without components and HTTP, one after another on one connection.\n\n\
             ## Growth\n\nThe same statements on rusqlite where there is much of something, and a rebuild of all views, ordered over HTTP: messages that wait, four in \
             each conversation; conversations, each with one that waits; workers; events of messages that have ended.\n\n{}\n\
             ![p50 of enqueue and life cycle, and how it grows with the queue](performance.svg)\n\n\
             ## Start and memory\n\n{}",
            self.queue_table(),
            self.growth_table(),
            self.footprint_table()
        );
        text
    }

    fn queue_table(&self) -> String {
        let head = "| what | durability | queued | clients | a second | p50, ms | p99, ms | of empty | of bare |\n|---|---|--:|--:|--:|--:|--:|--:|--:|\n";
        self.report.lines.iter().fold(head.to_owned(), |table, line| table + &self.queue_row(line))
    }

    fn queue_row(&self, line: &Line) -> String {
        let queued = line.queued.map_or_else(String::new, grouped);
        format!(
            "| {} | {} | {queued} | {} | {} | {} | {} | {} | {} |\n",
            line.name,
            line.durability.as_deref().unwrap_or_default(),
            line.clients,
            spread(line.figures.rate, 0),
            spread(line.figures.p50_ms, 1),
            spread(line.figures.p99_ms, 1),
            self.report.share(line, &["empty handler"], line.clients),
            self.report.share(line, &["bare enqueue", "bare life cycle"], 1),
        )
    }

    fn growth_table(&self) -> String {
        let head = "| how many | of what | file, MiB | enqueue p50, ms | life cycle p50, ms | rebuild, events a second | rebuild, s |\n|--:|---|--:|--:|--:|--:|--:|\n";
        self.growth.iter().fold(head.to_owned(), |table, size| {
            let row = format!(
                "| {} | {} | {} | {} | {} | {} | {:.1} |\n",
                grouped(size.number),
                size.much,
                size.bytes >> 20,
                spread(size.enqueue.p50_ms, 2),
                spread(size.life_cycle.p50_ms, 2),
                grouped(size.rebuild_rate.round() as u64),
                size.rebuild_seconds
            );
            table + &row
        })
    }

    fn footprint_table(&self) -> String {
        let Footprint { start_ms, first_request_ms, second_request_ms, idle_mib, loaded_mib } = &self.footprint;
        let times = |what: &str, time: &Spread| format!("| {what} | {} ms |\n", spread(*time, 1));
        [
            "| what | figure |\n|---|--:|\n".to_owned(),
            times(
                "start on an empty folder until an agent, a bot and a worker are set up (components compiled before)",
                start_ms,
            ),
            times("first enqueue: its component is instantiated and opens the database", first_request_ms),
            times("second enqueue", second_request_ms),
            format!("| memory of the whole process at rest | {idle_mib:.0} MiB |\n"),
            format!("| at most, under the load of 16 clients | {loaded_mib:.0} MiB |\n"),
        ]
        .concat()
    }

    fn plot(&self) -> String {
        let curve = |name, of: fn(&Size) -> f64| Curve {
            name,
            points: self
                .growth
                .iter()
                .filter(|size| size.much == Much::Messages)
                .map(|size| (size.number as f64, of(size)))
                .collect(),
        };
        let curves =
            [curve("enqueue", |size| size.enqueue.p50_ms.median), curve("life cycle", |size| size.life_cycle.p50_ms.median)];
        plot("p50 in ms, by messages queued", &curves)
    }
}

/// Digits in groups of three, as in 1,000,000.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let (head, tail) = digits.split_at(digits.len() % 3);
    let groups = tail.as_bytes().chunks(3).map(|group| String::from_utf8_lossy(group).into_owned());
    Some(head.to_owned()).filter(|head| !head.is_empty()).into_iter().chain(groups).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_come_in_groups() {
        let numbers = [0, 12, 999, 1_000, 20_000, 1_000_000].map(grouped);
        assert_eq!(numbers, ["0", "12", "999", "1,000", "20,000", "1,000,000"]);
    }
}
