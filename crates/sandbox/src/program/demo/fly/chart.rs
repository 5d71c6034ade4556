//! A small chart, a line a look.

use std::time::Duration;

/// What was seen, and what was the most of it.
#[derive(Default)]
pub(crate) struct Chart {
    last: Option<(usize, usize, i64)>,
    machines_most: usize,
    volumes_most: usize,
    rises: usize,
    falling: bool,
}

impl Chart {
    /// Draws a line, if it says something new.
    pub(crate) fn draw(&mut self, at: Duration, machines: usize, volumes: usize, waiting: i64) {
        let before = self.last.map_or(0, |(machines, _, _)| machines);
        if machines > before && (self.falling || self.last.is_none()) {
            self.rises += 1;
        }
        if machines != before {
            self.falling = machines < before;
        }
        self.machines_most = self.machines_most.max(machines);
        self.volumes_most = self.volumes_most.max(volumes);
        let now = (machines, volumes, waiting);
        if self.last.replace(now) != Some(now) {
            let bar = "█".repeat(machines);
            println!("{:>6.1} s {bar:<12} {machines:>2} machines {volumes:>2} volumes {waiting:>3} messages", at.as_secs_f64());
        }
    }

    pub(crate) fn summary(&self) -> String {
        let Self { machines_most, volumes_most, rises, .. } = self;
        format!("at most {machines_most} machines and {volumes_most} volumes at once; the number of machines rose {rises} times")
    }
}
