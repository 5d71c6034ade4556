//! What the machines' workers think with: a message says how long it takes and how often it fails.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clawstead_emulators::{Engine, worker::Task};

use crate::schedule::Burden;

/// In every text, and to be in no log line.
pub const WHISPER: &str = "lobster-whisper";

/// The text of a message.
pub fn text_of(number: u64, burden: Burden) -> String {
    format!("{WHISPER} {number} {} {}", burden.seconds, burden.failures)
}

/// What a text says about itself.
pub fn burden_of(text: &str) -> Burden {
    let mut numbers = text.split(' ').skip(2).map(|word| word.parse().unwrap_or(0));
    Burden { seconds: numbers.next().unwrap_or(0), failures: numbers.next().unwrap_or(0) }
}

/// How often each text has failed.
#[derive(Debug, Clone, Default)]
pub struct Failures(Arc<Mutex<BTreeMap<String, u64>>>);

impl Failures {
    /// Whether the work on this text fails now.
    pub fn fails(&self, text: &str) -> bool {
        let mut failed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let times = failed.entry(text.to_owned()).or_default();
        *times += 1;
        *times <= burden_of(text).failures
    }
}

/// The engine of all machines of a run.
pub fn engine() -> Engine {
    let failures = Failures::default();
    let think = move |task: &Task| {
        if failures.fails(&task.text) { Err("it did not work".to_owned()) } else { Ok("done".to_owned()) }
    };
    Engine::of(think).taking(|task| Duration::from_secs(burden_of(&task.text).seconds))
}
