//! The connection that all guests of a database write through, and how what they write at once is committed once.
//!
//! Guests that want to write queue up. Whoever has the turn takes along what waits, runs it in one transaction, statement after
//! statement, and commits: pages that all of them change are written once, and the disk is waited for once. Nobody is answered before
//! the commit. A statement that fails leaves nothing behind, as if it had run alone; the others are not touched.

use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;

use super::opened::{Opened, Try};
use super::statement::{Executed, Failure};
use crate::bindings::spin::sqlite::sqlite::Value;

/// Statements of one transaction at most, so that readers see each soon, and none waits long for the others.
const TOGETHER_MAX: usize = 64;

/// A statement that waits.
pub(super) struct Job {
    pub(super) text: String,
    pub(super) parameters: Vec<Value>,
    /// Settings cannot be changed in a transaction.
    pub(super) alone: bool,
    pub(super) answer: oneshot::Sender<Written>,
}

/// A statement that was run.
pub(super) struct Written {
    pub(super) executed: Executed,
    pub(super) last_insert_rowid: i64,
    pub(super) changes: u64,
}

/// Statements in the order in which they came.
#[derive(Default)]
pub(super) struct Waiting(Mutex<Vec<Job>>);

impl Waiting {
    pub(super) fn push(&self, job: Job) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(job);
    }

    /// The next ones that go together. Those who are not waited for any more are left out.
    fn take(&self) -> Vec<Job> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|job| !job.answer.is_closed());
        let lone = waiting.iter().position(|job| job.alone);
        let length = match lone {
            Some(0) => 1,
            Some(place) => place.min(TOGETHER_MAX),
            None => waiting.len().min(TOGETHER_MAX),
        };
        waiting.drain(..length).collect()
    }

    fn put_back(&self, mut jobs: Vec<Job>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.append(&mut waiting);
        *waiting = jobs;
    }

    /// Runs the next ones. False when somebody else has locked the database, and nothing was run.
    pub(super) fn run(&self, connection: &mut Opened) -> bool {
        let jobs = self.take();
        match jobs.len() {
            0 => true,
            1 => self.run_each(connection, jobs),
            _ => self.run_together(connection, jobs),
        }
    }

    fn run_together(&self, connection: &mut Opened, jobs: Vec<Job>) -> bool {
        match connection.attempt("BEGIN IMMEDIATE", &[]) {
            Try::Done(Executed { error: None, .. }) => {}
            Try::Done(_) => return self.run_each(connection, jobs),
            Try::Locked(_) => {
                self.put_back(jobs);
                return false;
            }
        }
        let mut outcomes = Vec::with_capacity(jobs.len());
        for job in &jobs {
            outcomes.push(written(connection, job));
            // Some errors, as of a full disk, undo the transaction.
            if connection.is_autocommit() {
                return self.run_each(connection, jobs);
            }
        }
        if !matches!(connection.attempt("COMMIT", &[]), Try::Done(Executed { error: None, .. })) {
            connection.attempt("ROLLBACK", &[]);
            return self.run_each(connection, jobs);
        }
        for (job, outcome) in jobs.into_iter().zip(outcomes) {
            tell(job, outcome.unwrap_or_else(Failure::into_written));
        }
        true
    }

    /// Each in a transaction of its own.
    fn run_each(&self, connection: &mut Opened, jobs: Vec<Job>) -> bool {
        let mut jobs = jobs.into_iter();
        while let Some(job) = jobs.next() {
            match written(connection, &job) {
                Ok(outcome) => tell(job, outcome),
                Err(_) => {
                    self.put_back(std::iter::once(job).chain(jobs).collect());
                    return false;
                }
            }
        }
        true
    }
}

/// Runs a statement; the failure is that of a lock that somebody else has.
fn written(connection: &mut Opened, job: &Job) -> Result<Written, Failure> {
    match connection.attempt(&job.text, &job.parameters) {
        Try::Done(executed) => {
            Ok(Written { executed, last_insert_rowid: connection.last_insert_rowid(), changes: connection.changes() })
        }
        Try::Locked(executed) => Err(executed.error.unwrap_or_else(Failure::locked)),
    }
}

fn tell(job: Job, outcome: Written) {
    // Whoever has gone away meanwhile is not told; what he wanted was done.
    drop(job.answer.send(outcome));
}

impl Failure {
    pub(super) fn locked() -> Self {
        Self { busy: true, text: "database is locked".to_owned() }
    }

    fn into_written(self) -> Written {
        Written { executed: Executed::failed(self), last_insert_rowid: 0, changes: 0 }
    }
}
