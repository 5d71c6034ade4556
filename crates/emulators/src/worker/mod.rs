//! The echo worker: speaks the wire protocol of the existing worker image, and answers `echo: <text>`.
//!
//! It makes the same calls in the same order with the same arguments, and has the same habits where
//! they matter to a control plane: it does not give back a job it cannot hydrate, it keeps polling
//! after its token was revoked, and trouble with snapshots is only a warning.

mod bootstrap;
mod config;
mod control_plane;
mod engine;
mod job;
mod media;
mod run;
mod shutdown;
mod skills;
mod snapshot;
mod telegram;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::web::{Client, Web};

pub use engine::{Engine, Task};
pub use shutdown::{Shutdown, Stop};
pub use skills::check_manifest;

/// A point in the worker's life at which it can be made to vanish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The process is up and has made no call.
    Started,
    /// A job was claimed.
    Claimed,
    /// The job's bundle was fetched.
    Hydrated,
    /// The engine has its answer.
    Worked,
    /// The turns were appended.
    Appended,
    /// The reply was sent (or there was none to send); complete was not called.
    Sent,
    /// Complete was called and answered.
    Completed,
    /// A snapshot upload was prepared, nothing uploaded.
    SnapshotPrepared,
    /// The archive was uploaded, finalize was not called.
    SnapshotUploaded,
}

impl Step {
    /// The step with this name, as in the variable `ECHO_CRASH_AT`.
    pub fn named(name: &str) -> Option<Step> {
        Some(match name {
            "started" => Step::Started,
            "claimed" => Step::Claimed,
            "hydrated" => Step::Hydrated,
            "worked" => Step::Worked,
            "appended" => Step::Appended,
            "sent" => Step::Sent,
            "completed" => Step::Completed,
            "snapshot_prepared" => Step::SnapshotPrepared,
            "snapshot_uploaded" => Step::SnapshotUploaded,
            _ => return None,
        })
    }
}

/// How a worker ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing to do for longer than its idle timeout.
    Idle,
    /// The control plane said so.
    ToldToStop,
    /// The machine was stopped.
    Signal,
    /// It could not start.
    Failed(String),
    /// It vanished where it was made to.
    Vanished(Step),
}

impl Exit {
    /// The exit code of the process.
    pub fn code(&self) -> i32 {
        match self {
            Exit::Idle | Exit::ToldToStop | Exit::Signal => 0,
            Exit::Failed(_) => 1,
            Exit::Vanished(_) => 137,
        }
    }
}

/// A worker that has not started yet.
pub struct Worker {
    env: BTreeMap<String, String>,
    engine: Engine,
    crash_at: Option<Step>,
    work: Duration,
    error_wait: Option<Duration>,
    http: Client,
}

impl Worker {
    /// A worker with the environment its machine was given.
    ///
    /// Beside the variables of the existing worker it reads `TELEGRAM_API_URL` and, so that they can be
    /// set on a machine, `ECHO_WORK_MS`, `ECHO_CRASH_AT` (a [`Step`] in snake case) and
    /// `ECHO_ERROR_WAIT_MS`; the methods below win over these three.
    pub fn new(env: BTreeMap<String, String>, engine: Engine) -> Worker {
        let millis = |name: &str| env.get(name).and_then(|text| text.parse().ok()).map(Duration::from_millis);
        Worker {
            crash_at: env.get("ECHO_CRASH_AT").and_then(|name| Step::named(name)),
            work: millis("ECHO_WORK_MS").unwrap_or_default(),
            error_wait: millis("ECHO_ERROR_WAIT_MS"),
            env,
            engine,
            http: Client::of_sockets(),
        }
    }

    /// Makes it vanish when it gets to `step`.
    #[must_use]
    pub fn crash_at(mut self, step: Step) -> Worker {
        self.crash_at = Some(step);
        self
    }

    /// Makes every job take this many milliseconds.
    #[must_use]
    pub fn work_ms(mut self, millis: u64) -> Worker {
        self.work = Duration::from_millis(millis);
        self
    }

    /// Replaces the wait after an error, which is otherwise five seconds or the poll interval.
    #[must_use]
    pub fn error_wait_ms(mut self, millis: u64) -> Worker {
        self.error_wait = Some(Duration::from_millis(millis));
        self
    }

    /// Has it make its requests by another way than sockets.
    #[must_use]
    pub fn over(mut self, web: Arc<dyn Web>) -> Worker {
        self.http = Client::of(web);
        self
    }

    /// Runs until it is idle, told to stop, asked to shut down, or made to vanish. Dropping the future
    /// is what SIGKILL is to a process.
    pub async fn run(self, shutdown: Shutdown) -> Exit {
        match run::Running::new(self, shutdown) {
            Ok(running) => running.run().await,
            Err(why) => Exit::Failed(why),
        }
    }
}
