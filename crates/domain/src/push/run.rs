//! Runs of a push job: their names, what goes along with their message, and what follows when one came to something.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::job::{PushJob, PushJobEvent};
use super::next_run::next_run;
use super::zone::Zone;

/// Slots that are counted as missed at most.
const MISSED_MAX: i64 = 1_000;

/// Why a job runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It was due.
    Scheduled,
    /// Somebody asked.
    Manual,
}

impl Mode {
    /// As it stands in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Manual => "manual",
        }
    }
}

/// One run of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Names it: the same run is never begun under two names.
    pub run_key: String,
    /// Why.
    pub mode: Mode,
    /// When it should be, ms since the epoch.
    pub scheduled_for: i64,
}

/// The run that is due, if one is. It is named by its slot, so that whoever finds it due means the same run.
pub fn due_run(job: &PushJob, now: i64) -> Option<Run> {
    let scheduled_for = job.next_run_at.filter(|at| *at <= now)?;
    Some(Run { run_key: format!("scheduled:{}:{scheduled_for}", job.job_id), mode: Mode::Scheduled, scheduled_for })
}

/// A run that somebody asks for; `name` is one for each time that it is wanted.
pub fn manual_run(job_id: &str, name: &str, now: i64) -> Run {
    Run { run_key: format!("manual:{job_id}:{name}"), mode: Mode::Manual, scheduled_for: now }
}

/// What goes along with the message of a run.
pub fn metadata_of_run(job: &PushJob, run: &Run, has_chat: bool) -> BTreeMap<String, String> {
    let source = if has_chat { "telegram_chat" } else { "legacy_user" };
    let known = [
        ("source", "push_job"),
        ("consumerUserId", &job.consumer_user_id),
        ("pushJobId", &job.job_id),
        ("runKey", &run.run_key),
        ("pushMode", run.mode.as_str()),
        ("conversationTargetSource", source),
    ];
    known.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It sent a message.
    Sent {
        /// Which.
        message_id: String,
        /// To which agent.
        agent_key: String,
    },
    /// It could not; the code of the refusal.
    Failed(String),
}

/// Records a run, and decides the next one: the first after now, so that slots which passed meanwhile are counted and send nothing. A job
/// that was turned off since has none; a run that somebody asked for moves none.
pub fn dispatched(job: &PushJob, run: &Run, outcome: &Outcome, now: i64) -> PushJobEvent {
    let is_of_slot = run.mode == Mode::Scheduled && job.next_run_at == Some(run.scheduled_for);
    let (missed, next_run_at) = if is_of_slot { after_slot(job, run.scheduled_for, now) } else { (0, job.next_run_at) };
    let (message_id, agent_key, error) = match outcome {
        Outcome::Sent { message_id, agent_key } => (Some(message_id.clone()), Some(agent_key.clone()), None),
        Outcome::Failed(code) => (None, None, Some(code.clone())),
    };
    let Run { run_key, mode, scheduled_for } = run.clone();
    PushJobEvent::PushJobDispatched { run_key, mode, scheduled_for, message_id, agent_key, error, missed, next_run_at }
}

/// How many slots passed after this one, and the first that has not. A job whose zone is not known any more runs no more.
fn after_slot(job: &PushJob, slot: i64, now: i64) -> (i64, Option<i64>) {
    let Ok(zone) = Zone::parse(&job.timezone) else { return (0, None) };
    let next = next_run(job.schedule, &zone, now.max(slot));
    let passed = std::iter::successors(Some(slot), |at| next_run(job.schedule, &zone, *at));
    let missed = passed.skip(1).take_while(|at| *at <= now).take(MISSED_MAX as usize).count();
    (missed as i64, next)
}

#[cfg(test)]
mod tests {
    use super::super::job::tests::{DAY, HOUR, known};
    use super::*;

    fn sent() -> Outcome {
        Outcome::Sent { message_id: "m".into(), agent_key: "a".into() }
    }

    fn after(job: &PushJob, run: &Run, now: i64) -> (i64, Option<i64>) {
        match dispatched(job, run, &sent(), now) {
            PushJobEvent::PushJobDispatched { missed, next_run_at, .. } => (missed, next_run_at),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_run_is_named_by_its_slot_whenever_it_is_found() {
        assert_eq!(due_run(&known(), 8 * HOUR - 1), None);
        let (early, late) = (due_run(&known(), 8 * HOUR).unwrap(), due_run(&known(), 30 * DAY).unwrap());
        assert_eq!(early, late);
        assert_eq!(early.run_key, format!("scheduled:j:{}", 8 * HOUR));
    }

    #[test]
    fn pu9_thirty_days_without_a_run_are_one_run_and_the_next_is_to_come() {
        let run = due_run(&known(), 30 * DAY + 9 * HOUR).unwrap();
        assert_eq!(after(&known(), &run, 30 * DAY + 9 * HOUR), (30, Some(31 * DAY + 8 * HOUR)));
        assert_eq!(after(&known(), &run, 8 * HOUR), (0, Some(DAY + 8 * HOUR)));
        assert_eq!(after(&known(), &run, 10_000 * DAY).0, MISSED_MAX);
    }

    #[test]
    fn p6_a_run_that_somebody_asks_for_moves_no_slot() {
        let manual = manual_run("j", "click", 9 * HOUR);
        assert_eq!(after(&known(), &manual, 9 * HOUR), (0, Some(8 * HOUR)));
    }

    #[test]
    fn a_job_that_was_turned_off_meanwhile_does_not_run_again() {
        let run = due_run(&known(), 9 * HOUR).unwrap();
        let off = PushJob { enabled: false, next_run_at: None, ..known() };
        assert_eq!(after(&off, &run, 9 * HOUR), (0, None));
    }

    #[test]
    fn a_failure_is_recorded_with_its_reason_and_the_job_goes_on() {
        let run = due_run(&known(), 9 * HOUR).unwrap();
        let event = dispatched(&known(), &run, &Outcome::Failed("no_active_binding".into()), 9 * HOUR);
        let PushJobEvent::PushJobDispatched { message_id, error, next_run_at, .. } = event else { panic!("{event:?}") };
        assert_eq!((message_id, error.as_deref(), next_run_at), (None, Some("no_active_binding"), Some(DAY + 8 * HOUR)));
    }
}
