//! What happened in a run, in the order in which it did.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::clock::VirtualClock;
use crate::met::Met;
use crate::wire::Link;

/// One request and what came of it, as whoever was asked saw it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// When it arrived and when the answer left, ms of the host's wall clock.
    pub arrived_ms: u64,
    /// See `arrived_ms`.
    pub answered_ms: u64,
    /// Between whom.
    pub link: Link,
    /// `POST`, for instance.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The header `idempotency-key`, if it was sent.
    pub key: Option<String>,
    /// What was sent.
    pub sent: Bytes,
    /// The status of the answer; none when there was none.
    pub status: Option<u16>,
    /// The body of the answer.
    pub answer: Bytes,
    /// Whether the answer reached the one who asked.
    pub heard: bool,
}

impl Exchange {
    /// The body of the answer, if it is JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.answer).unwrap_or_default()
    }

    /// The body of the request, if it is JSON.
    pub fn asked(&self) -> serde_json::Value {
        serde_json::from_slice(&self.sent).unwrap_or_default()
    }

    /// Whether the answer is a 2xx.
    pub fn is_success(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// Where something was done to clawstead that its answers may show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Its process.
    Process,
    /// Its database.
    Database,
    /// What it calls: Telegram, Fly.
    Outside,
}

/// Something that was done to clawstead and that its answers may show.
#[derive(Debug, Clone, Copy)]
pub struct Mishap {
    /// Where.
    pub place: Place,
    /// Since when, ms of the host's wall clock.
    pub from_ms: u64,
    /// And until when.
    pub until_ms: u64,
}

#[derive(Debug, Default)]
struct Written {
    lines: Vec<String>,
    exchanges: Vec<Exchange>,
    mishaps: Vec<Mishap>,
    met: Met,
    guest_lines: Vec<String>,
    host_lines: Vec<String>,
}

/// The record of one run.
#[derive(Clone)]
pub struct History {
    clock: Arc<VirtualClock>,
    written: Arc<Mutex<Written>>,
}

impl History {
    /// Nothing has happened yet.
    pub fn new(clock: Arc<VirtualClock>) -> Self {
        Self { clock, written: Arc::default() }
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down that something happened.
    pub fn note(&self, what: impl std::fmt::Display) {
        let line = format!("{:>10} {what}", self.clock.elapsed_ms());
        self.written().lines.push(line);
    }

    /// Writes an exchange down.
    pub fn exchange(&self, exchange: Exchange) {
        let status = exchange.status.map_or("-".to_owned(), |status| status.to_string());
        let unheard = if exchange.heard { "" } else { " unheard" };
        self.note(format_args!(
            "{} {} {} {} -> {status} {}{unheard}",
            exchange.link.name(),
            exchange.method,
            exchange.path,
            short_hash(&exchange.sent),
            short_hash(&exchange.answer),
        ));
        self.written().exchanges.push(exchange);
    }

    /// A line that a component printed.
    pub fn guest_line(&self, component: &str, line: &str) {
        self.note(format_args!("{component}: {line}"));
        self.written().guest_lines.push(line.to_owned());
    }

    /// A line of the host's own log. It says where in a component's code something happened, which is another place in each build, and is
    /// no part of what happened.
    pub fn host_line(&self, line: &str) {
        self.written().host_lines.push(line.to_owned());
    }

    /// Something was done to clawstead, since then.
    pub fn mishap(&self, place: Place, from_ms: u64) {
        self.mishap_between(place, from_ms, self.clock.wall_ms());
    }

    /// Something was done to clawstead between these instants.
    pub fn mishap_between(&self, place: Place, from_ms: u64, until_ms: u64) {
        self.written().mishaps.push(Mishap { place, from_ms, until_ms });
    }

    /// All that was done to clawstead so far.
    pub fn mishaps(&self) -> Vec<Mishap> {
        self.written().mishaps.clone()
    }

    /// A fault of this kind was met.
    pub fn met(&self, kind: String) {
        self.written().met.add(kind, 1);
    }

    /// The faults that were met so far.
    pub fn all_met(&self) -> Met {
        self.written().met.clone()
    }

    /// All lines of the host's own log so far.
    pub fn host_lines(&self) -> Vec<String> {
        self.written().host_lines.clone()
    }

    /// All exchanges so far.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.written().exchanges.clone()
    }

    /// All lines that components printed so far.
    pub fn guest_lines(&self) -> Vec<String> {
        self.written().guest_lines.clone()
    }

    /// All lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.written().lines.clone()
    }

    /// One number for all lines: two runs are the same when it is.
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for line in &self.written().lines {
            hash.update(line);
            hash.update("\n");
        }
        hex::encode(hash.finalize())
    }
}

fn short_hash(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes)[..4])
}
