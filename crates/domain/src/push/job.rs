//! Push jobs: making and changing them. When the next run comes is decided with each event; a slot that is due is kept by every change but
//! one that turns the job off.

use serde::{Deserialize, Serialize};

use super::next_run::next_run;
use super::run::Mode;
use super::schedule::{Periodicity, Schedule};
use super::zone::Zone;
use super::{company_of, text_of, title_of};
use crate::{DomainEvent, Refusal, text};

/// Jobs of a user at most.
const OF_USER_MAX: i64 = 100;

/// A push job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PushJob {
    /// Its id.
    pub job_id: String,
    /// Whose it is; `None` when it is nobody's.
    pub company_id: Option<String>,
    /// In whose name it speaks.
    pub consumer_user_id: String,
    /// To which agent; `None` until there is one.
    pub agent_key: Option<String>,
    /// Whether it goes to another agent when the user is not bound to that one any more.
    pub follows_user: bool,
    /// The push template that it was made of.
    pub template_id: Option<String>,
    /// For people; it is not sent.
    pub title: String,
    /// What is sent.
    pub text: String,
    /// By whose clocks; a name of the IANA database.
    pub timezone: String,
    /// When.
    pub schedule: Schedule,
    /// Whether it runs by itself.
    pub enabled: bool,
    /// When it runs next by itself, ms since the epoch.
    pub next_run_at: Option<i64>,
    /// When it ran last.
    pub last_run_at: Option<i64>,
    /// Which run that was.
    pub last_run_key: Option<String>,
    /// When it was made.
    pub created_at: i64,
    /// When it was changed last. A run is no change.
    pub updated_at: i64,
    /// Version of its stream.
    #[serde(skip)]
    pub stream_version: i64,
}

/// Events of a push job's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum PushJobEvent {
    /// It was made.
    PushJobCreated {
        /// Whose it is, for ever; nobody's when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        company_id: Option<String>,
        /// In whose name it speaks, for ever.
        consumer_user_id: String,
        /// To which agent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent_key: Option<String>,
        /// Whether it goes to another agent when the user is not bound to that one any more.
        follows_user: bool,
        /// The push template that it was made of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        template_id: Option<String>,
        /// For people.
        title: String,
        /// What is sent.
        text: String,
        /// By whose clocks.
        timezone: String,
        /// When.
        schedule: Schedule,
        /// Whether it runs by itself.
        enabled: bool,
        /// When it runs next by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_run_at: Option<i64>,
        /// So many jobs the user may have; the view refuses one more.
        jobs_max: i64,
    },
    /// It was changed. What is left out stays, but for the next run.
    PushJobChanged {
        /// For people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// What is sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// By whose clocks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timezone: Option<String>,
        /// When.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        schedule: Option<Schedule>,
        /// Whether it runs by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        enabled: Option<bool>,
        /// When it runs next by itself; never when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_run_at: Option<i64>,
    },
    /// Somebody wants it to run now. The run that this begins is ended by the next event with its key.
    PushJobTriggered {
        /// Names the run.
        run_key: String,
    },
    /// A run came to something.
    PushJobDispatched {
        /// Names the run.
        run_key: String,
        /// Why it ran.
        mode: Mode,
        /// When it should have run.
        scheduled_for: i64,
        /// The message that it sent; none when it could not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message_id: Option<String>,
        /// To which agent it went.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent_key: Option<String>,
        /// Why it could not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// So many slots after this one had passed, too; nothing is sent for them.
        missed: i64,
        /// When the job runs next by itself; never when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_run_at: Option<i64>,
    },
    /// It is gone.
    PushJobDeleted {},
}

impl DomainEvent for PushJobEvent {
    const KIND: &'static str = "pushjob";
}

/// A push job that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobDraft {
    /// Whose it is to be; nobody's when `None`.
    pub company_id: Option<String>,
    /// In whose name it speaks.
    pub consumer_user_id: String,
    /// To which agent, as far as there is one now.
    pub agent_key: Option<String>,
    /// Whether it goes to another agent when the user is not bound to that one any more.
    pub follows_user: bool,
    /// The push template that it is made of.
    pub template_id: Option<String>,
    /// For people.
    pub title: String,
    /// What is sent.
    pub text: String,
    /// By whose clocks.
    pub timezone: String,
    /// When.
    pub schedule: Schedule,
    /// How often, if somebody says that besides.
    pub periodicity: Option<Periodicity>,
    /// Whether it runs by itself.
    pub enabled: bool,
}

/// A change that is wanted. `None` leaves as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobChange {
    /// For people.
    pub title: Option<String>,
    /// What is sent.
    pub text: Option<String>,
    /// By whose clocks.
    pub timezone: Option<String>,
    /// When.
    pub schedule: Option<Schedule>,
    /// How often, if somebody says that besides.
    pub periodicity: Option<Periodicity>,
    /// Whether it runs by itself.
    pub enabled: Option<bool>,
}

/// For a push job that is not there, or is another company's.
pub fn job_not_found() -> Refusal {
    Refusal::not_found("push_job_not_found", "there is no such push job")
}

/// Makes a push job.
///
/// # Errors
/// When a value cannot be.
pub fn create_job(draft: &JobDraft, now: i64) -> Result<PushJobEvent, Refusal> {
    text::check_id("consumer_user_id", &draft.consumer_user_id)?;
    if let Some(agent_key) = &draft.agent_key {
        text::check_id("agent_key", agent_key)?;
    }
    check_kind(draft.schedule, draft.periodicity)?;
    let zone = Zone::parse(&draft.timezone)?;
    Ok(PushJobEvent::PushJobCreated {
        company_id: company_of(draft.company_id.as_deref())?,
        consumer_user_id: draft.consumer_user_id.clone(),
        agent_key: draft.agent_key.clone(),
        follows_user: draft.follows_user,
        template_id: draft.template_id.clone(),
        title: title_of(&draft.title)?,
        text: text_of(&draft.text)?,
        timezone: zone.name().to_owned(),
        schedule: draft.schedule,
        enabled: draft.enabled,
        next_run_at: if draft.enabled { next_run(draft.schedule, &zone, now) } else { None },
        jobs_max: OF_USER_MAX,
    })
}

/// Changes a push job; nothing when it is so already. A slot that is due now is not lost by that, unless the job is turned off.
///
/// # Errors
/// When a value cannot be, also together with those that stay.
pub fn change_job(known: &PushJob, change: &JobChange, now: i64) -> Result<Option<PushJobEvent>, Refusal> {
    check_kind(change.schedule.unwrap_or(known.schedule), change.periodicity)?;
    let zone = Zone::parse(change.timezone.as_deref().unwrap_or(&known.timezone))?;
    let title = change.title.as_deref().map(title_of).transpose()?.filter(|title| *title != known.title);
    let text = change.text.as_deref().map(text_of).transpose()?.filter(|text| *text != known.text);
    let timezone = Some(zone.name().to_owned()).filter(|name| *name != known.timezone);
    let schedule = change.schedule.filter(|schedule| *schedule != known.schedule);
    let enabled = change.enabled.filter(|enabled| *enabled != known.enabled);
    let is_other_time = timezone.is_some() || schedule.is_some() || enabled.is_some();
    if title.is_none() && text.is_none() && !is_other_time {
        return Ok(None);
    }
    let is_due = known.next_run_at.is_some_and(|at| at <= now);
    let next_run_at = match enabled.unwrap_or(known.enabled) {
        false => None,
        true if is_due || !is_other_time => known.next_run_at,
        true => next_run(schedule.unwrap_or(known.schedule), &zone, now),
    };
    Ok(Some(PushJobEvent::PushJobChanged { title, text, timezone, schedule, enabled, next_run_at }))
}

fn check_kind(schedule: Schedule, periodicity: Option<Periodicity>) -> Result<(), Refusal> {
    if periodicity.is_some_and(|periodicity| periodicity != schedule.periodicity()) {
        return Err(Refusal::invalid("schedule", "must be of the kind that the periodicity says"));
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::*;

    pub(crate) const HOUR: i64 = 3_600_000;
    pub(crate) const DAY: i64 = 24 * HOUR;

    pub(crate) fn schedule(value: Value) -> Schedule {
        serde_json::from_value(value).unwrap()
    }

    fn draft() -> JobDraft {
        JobDraft {
            company_id: Some("acme".into()),
            consumer_user_id: "ada".into(),
            agent_key: Some("a".into()),
            follows_user: false,
            template_id: None,
            title: "Check-in".into(),
            text: "How are you?".into(),
            timezone: "utc".into(),
            schedule: schedule(json!({"kind": "daily", "time": "08:00"})),
            periodicity: Some(Periodicity::Daily),
            enabled: true,
        }
    }

    pub(crate) fn known() -> PushJob {
        PushJob {
            job_id: "j".into(),
            company_id: Some("acme".into()),
            consumer_user_id: "ada".into(),
            agent_key: Some("a".into()),
            follows_user: false,
            template_id: None,
            title: "Check-in".into(),
            text: "How are you?".into(),
            timezone: "UTC".into(),
            schedule: draft().schedule,
            enabled: true,
            next_run_at: Some(8 * HOUR),
            last_run_at: None,
            last_run_key: None,
            created_at: 0,
            updated_at: 0,
            stream_version: 1,
        }
    }

    fn next_of(event: PushJobEvent) -> Option<i64> {
        match event {
            PushJobEvent::PushJobCreated { next_run_at, .. } | PushJobEvent::PushJobChanged { next_run_at, .. } => next_run_at,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_job_that_is_enabled_and_has_times_has_a_next_run_and_no_other_has() {
        let next = |draft: JobDraft| next_of(create_job(&draft, 0).unwrap());
        assert_eq!(next(draft()), Some(8 * HOUR));
        assert_eq!(next(JobDraft { enabled: false, ..draft() }), None);
        assert_eq!(next(JobDraft { schedule: Schedule::Manual {}, periodicity: None, ..draft() }), None);
    }

    #[test]
    fn refusals_name_the_field() {
        for (bad, name) in [
            (JobDraft { title: " ".into(), ..draft() }, "title"),
            (JobDraft { text: String::new(), ..draft() }, "text"),
            (JobDraft { timezone: " ".into(), ..draft() }, "timezone"),
            (JobDraft { timezone: "Europe/Atlantis".into(), ..draft() }, "timezone"),
            (JobDraft { periodicity: Some(Periodicity::Weekly), ..draft() }, "schedule"),
            (JobDraft { consumer_user_id: "a b".into(), ..draft() }, "consumer_user_id"),
            (JobDraft { agent_key: Some(String::new()), ..draft() }, "agent_key"),
            (JobDraft { company_id: Some(String::new()), ..draft() }, "company_id"),
        ] {
            assert_eq!(create_job(&bad, 0).unwrap_err().field, Some(name), "{bad:?}");
        }
    }

    #[test]
    fn p6_a_change_keeps_the_slot_that_is_due_unless_it_turns_the_job_off() {
        let next = |change: JobChange, now: i64| next_of(change_job(&known(), &change, now).unwrap().unwrap());
        let title = || JobChange { title: Some("Other".into()), ..JobChange::default() };
        let later = schedule(json!({"kind": "daily", "time": "10:00"}));
        let moved = || JobChange { schedule: Some(later), ..JobChange::default() };
        let off = || JobChange { enabled: Some(false), ..JobChange::default() };
        let due = 8 * HOUR + 1;
        assert_eq!((next(title(), HOUR), next(title(), due)), (Some(8 * HOUR), Some(8 * HOUR)));
        assert_eq!((next(moved(), HOUR), next(moved(), due)), (Some(10 * HOUR), Some(8 * HOUR)));
        assert_eq!((next(off(), HOUR), next(off(), due)), (None, None));
        let was_off = PushJob { enabled: false, next_run_at: None, ..known() };
        let on = JobChange { enabled: Some(true), ..JobChange::default() };
        assert_eq!(
            next_of(change_job(&was_off, &on, due).unwrap().unwrap()),
            Some(DAY + 8 * HOUR),
            "the next one, and none missed"
        );
    }

    #[test]
    fn what_is_so_already_changes_nothing() {
        let same = JobChange {
            title: Some(" Check-in ".into()),
            timezone: Some("Utc".into()),
            enabled: Some(true),
            periodicity: Some(Periodicity::Daily),
            ..JobChange::default()
        };
        assert_eq!(change_job(&known(), &same, 9 * HOUR).unwrap(), None);
    }
}
