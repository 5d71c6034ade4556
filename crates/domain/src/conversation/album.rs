//! Messages that come in parts, and their files that have to be fetched.

use serde::{Deserialize, Serialize};

use super::attachment::Attachment;
use super::enqueue::rank;
use super::event::ConversationEvent;
use crate::config::{QueuePolicy, RetryPolicy};

/// An attempt of which nothing was heard for so long has failed: longer than asking for the file (10 s) and loading it (45 s) may take,
/// or a second attempt would begin beside the first.
const ATTEMPT_MS: i64 = 60_000;
/// So often a file is tried.
const ATTEMPTS_MAX: i64 = 6;
const BACK_OFF: RetryPolicy = RetryPolicy { max_attempts: ATTEMPTS_MAX, base_delay_ms: 1_000, max_delay_ms: 30_000 };

/// The album that a message is the first part of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Album {
    /// The provider's id of it.
    pub album_id: String,
    /// What comes later is a message of its own.
    pub closes_at: i64,
}

/// A file that is to be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileNumber<'a> {
    /// The message that it belongs to.
    pub message_id: &'a str,
    /// Its place among the attachments of the message, from 0.
    pub number: i64,
}

/// How a file that is to be fetched stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetching {
    /// Attempts so far.
    pub attempts: i64,
    /// Given up at that instant.
    pub give_up_at: i64,
}

/// Why a file did not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchTrouble {
    /// It will never come; a stable name for why.
    Final(&'static str),
    /// It may come another time, not before so many ms; a stable name for why.
    Passing(&'static str, u64),
}

/// Before a file is fetched: that it is about to be, or that it is too late for it.
pub fn fetch(file: FileNumber<'_>, state: Fetching, file_id: &str, now: i64) -> ConversationEvent {
    if now >= state.give_up_at {
        return failed(file, "not_fetched_in_time", None);
    }
    ConversationEvent::FileFetchBegun {
        message_id: file.message_id.to_owned(),
        number: file.number,
        file_id: file_id.to_owned(),
        attempt: state.attempts + 1,
        retry_at: now + ATTEMPT_MS,
    }
}

/// After a file did not come; `state` holds the attempts with this one, `roll` is a uniformly random number.
pub fn not_fetched(file: FileNumber<'_>, state: Fetching, trouble: FetchTrouble, roll: u64, now: i64) -> ConversationEvent {
    match trouble {
        FetchTrouble::Final(error) => failed(file, error, None),
        FetchTrouble::Passing(error, wait_ms) => {
            let delay = BACK_OFF.delay_ms(state.attempts, roll).max(i64::try_from(wait_ms).unwrap_or(i64::MAX)).max(250);
            let retry_at = now.saturating_add(delay);
            let goes_on = state.attempts < ATTEMPTS_MAX && retry_at < state.give_up_at;
            failed(file, error, goes_on.then_some(retry_at))
        }
    }
}

fn failed(file: FileNumber<'_>, error: &str, retry_at: Option<i64>) -> ConversationEvent {
    ConversationEvent::FileFetchFailed {
        message_id: file.message_id.to_owned(),
        number: file.number,
        error: error.to_owned(),
        retry_at,
    }
}

/// What a message that waits for the rest of itself needs to be decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gathering {
    /// Not handed out before.
    pub ready_at: i64,
    /// 0 to 100.
    pub priority: i64,
    /// Whether a worker may have it next: it is queued.
    pub queued: bool,
    /// The instant it waits for its files until.
    pub files_until: Option<i64>,
    /// How many of its files are still to come.
    pub files_missing: i64,
    /// Its album can be added to until then.
    pub album_closes_at: Option<i64>,
}

/// When nothing is missing any more: the message waits no longer than for the end of its album. No event when it does not wait for
/// its files, be it that somebody else has moved its time.
pub fn gathered(message_id: &str, state: &Gathering, policy: &QueuePolicy, now: i64) -> Option<ConversationEvent> {
    let waits_for_files = state.queued && state.files_until == Some(state.ready_at) && state.ready_at > now;
    let ready_at = state.album_closes_at.unwrap_or(now).max(now);
    let is_sooner = ready_at < state.ready_at;
    (waits_for_files && state.files_missing == 0 && is_sooner).then(|| rescheduled(message_id, ready_at, state.priority, policy))
}

/// Adds a part to an album, whose message then waits for what the part brings.
pub fn extend(
    message_id: &str,
    text: Option<String>,
    attachments: Vec<Attachment>,
    closes_at: i64,
    state: &Gathering,
    policy: &QueuePolicy,
) -> Vec<ConversationEvent> {
    let comes = |file: &&Attachment| file.error.is_none();
    let until = attachments.iter().filter(comes).filter_map(|file| Some(file.fetch.as_ref()?.until)).max();
    let is_missing_some = state.files_missing > 0 || until.is_some();
    let ready_at = if is_missing_some { until.max(state.files_until).unwrap_or(closes_at) } else { closes_at };
    vec![
        ConversationEvent::AlbumExtended { message_id: message_id.to_owned(), text, attachments, closes_at },
        rescheduled(message_id, ready_at, state.priority, policy),
    ]
}

fn rescheduled(message_id: &str, ready_at: i64, priority: i64, policy: &QueuePolicy) -> ConversationEvent {
    ConversationEvent::MessageRescheduled { message_id: message_id.to_owned(), ready_at, rank: rank(ready_at, priority, policy) }
}

#[cfg(test)]
mod tests {
    use super::super::attachment::{AttachmentKind, Fetch};
    use super::*;

    const FILE: FileNumber<'static> = FileNumber { message_id: "m", number: 0 };

    fn gathering() -> Gathering {
        Gathering {
            ready_at: 60_000,
            priority: 0,
            queued: true,
            files_until: Some(60_000),
            files_missing: 0,
            album_closes_at: None,
        }
    }

    fn ready_at(event: Option<&ConversationEvent>) -> Option<i64> {
        match event {
            Some(ConversationEvent::MessageRescheduled { ready_at, .. }) => Some(*ready_at),
            _ => None,
        }
    }

    fn at(state: &Gathering, now: i64) -> Option<i64> {
        ready_at(gathered("m", state, &QueuePolicy::default(), now).as_ref())
    }

    #[test]
    fn a_message_is_ready_with_the_last_of_its_files_and_not_before_its_album_ends() {
        assert_eq!(at(&gathering(), 5_000), Some(5_000));
        assert_eq!(at(&Gathering { files_missing: 1, ..gathering() }, 5_000), None);
        assert_eq!(at(&Gathering { album_closes_at: Some(6_000), ..gathering() }, 5_000), Some(6_000));
        assert_eq!(at(&Gathering { album_closes_at: Some(6_000), ..gathering() }, 7_000), Some(7_000));
    }

    #[test]
    fn a_message_that_others_moved_or_took_stays_where_it_is() {
        assert_eq!(at(&Gathering { ready_at: 90_000, ..gathering() }, 5_000), None);
        assert_eq!(at(&Gathering { queued: false, ..gathering() }, 5_000), None);
        assert_eq!(at(&gathering(), 60_000), None);
    }

    #[test]
    fn a_part_of_an_album_brings_its_own_wait() {
        let photo = |error: Option<&str>, until| Attachment {
            kind: AttachmentKind::Photo,
            file_id: None,
            error: error.map(str::to_owned),
            telegram_file_id: None,
            file_name: None,
            mime_type: None,
            size_bytes: None,
            expires_at: 0,
            fetch: Some(Fetch { bot_id: "1".into(), until }),
        };
        let wait = |state: &Gathering, parts: Vec<Attachment>| {
            ready_at(extend("m", None, parts, 3_000, state, &QueuePolicy::default()).get(1))
        };
        assert_eq!(wait(&gathering(), vec![photo(None, 61_000)]), Some(61_000));
        assert_eq!(wait(&gathering(), vec![photo(Some("file_too_large"), 61_000)]), Some(3_000));
        let missing = Gathering { files_missing: 1, ..gathering() };
        assert_eq!(wait(&missing, vec![photo(Some("file_too_large"), 61_000)]), Some(60_000));
    }

    #[test]
    fn a_file_is_tried_until_its_time_or_its_tries_are_used_up() {
        let state = Fetching { attempts: 1, give_up_at: 60_000 };
        let retry_at = |state, trouble, now| match not_fetched(FILE, state, trouble, 0, now) {
            ConversationEvent::FileFetchFailed { retry_at, .. } => retry_at,
            other => panic!("{other:?}"),
        };
        assert_eq!(retry_at(state, FetchTrouble::Passing("no_answer", 0), 1_000), Some(1_250));
        assert_eq!(retry_at(state, FetchTrouble::Passing("no_answer", 7_000), 1_000), Some(8_000));
        assert_eq!(retry_at(state, FetchTrouble::Passing("no_answer", 90_000), 1_000), None);
        assert_eq!(retry_at(Fetching { attempts: ATTEMPTS_MAX, ..state }, FetchTrouble::Passing("no_answer", 0), 1_000), None);
        assert_eq!(retry_at(state, FetchTrouble::Final("file_too_large"), 1_000), None);
        assert!(matches!(fetch(FILE, state, "f", 59_999), ConversationEvent::FileFetchBegun { attempt: 2, .. }));
        assert!(matches!(fetch(FILE, state, "f", 60_000), ConversationEvent::FileFetchFailed { retry_at: None, .. }));
    }
}
