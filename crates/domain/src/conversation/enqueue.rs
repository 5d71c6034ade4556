//! Accepting a message.

use std::collections::BTreeMap;

use super::album::Album;
use super::attachment::Attachment;
use super::event::ConversationEvent;
use crate::agent::Agent;
use crate::config::{QueuePolicy, RetryPolicy};
use crate::{Refusal, text};

/// Longest text, bytes. Telegram's longest message has 4,096 characters.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;
const METADATA_ENTRIES_MAX: usize = 64;
const METADATA_VALUE_BYTES_MAX: usize = 4 * 1024;
const SCHEDULE_AHEAD_MAX_MS: i64 = 366 * 86_400_000;

/// A message to accept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Enqueue {
    /// Where it goes.
    pub conversation_id: String,
    /// The agent that must handle it.
    pub agent_key: String,
    /// Where it came from.
    pub provider: String,
    /// Who wrote it.
    pub provider_user_id: String,
    /// What was written.
    pub text: String,
    /// The provider's id of it.
    pub external_id: Option<String>,
    /// What the worker needs besides.
    pub metadata: BTreeMap<String, String>,
    /// Files that belong to it.
    pub attachments: Vec<Attachment>,
    /// The template that the text is from.
    pub template_id: Option<String>,
    /// The album that it is the first part of.
    pub album: Option<Album>,
    /// 0 to 100; the policy's default when `None`.
    pub priority: Option<i64>,
    /// Not before; an instant in the past means now.
    pub scheduled_for: Option<i64>,
    /// 1 to 100; the policy's default when `None`.
    pub max_attempts: Option<i64>,
    /// SHA-256 of the request, for a command with an idempotency key: the key must not come again with another request.
    pub request_hash: Option<String>,
}

/// Accepts a message for an agent that exists.
///
/// # Errors
/// When a value cannot be, or the agent is unknown or disabled.
pub fn enqueue(
    command: &Enqueue,
    agent: Option<&Agent>,
    queue: &QueuePolicy,
    retry: &RetryPolicy,
    message_id: String,
    now: i64,
) -> Result<ConversationEvent, Refusal> {
    check(command, now)?;
    let agent = agent.ok_or_else(|| Refusal::not_found("agent_not_found", "there is no such agent"))?;
    if !agent.enabled {
        return Err(Refusal::conflict("agent_disabled", "the agent is disabled"));
    }
    let priority = command.priority.unwrap_or(queue.default_priority);
    let ready_at = command.scheduled_for.map_or(now, |at| at.max(now));
    Ok(ConversationEvent::MessageEnqueued {
        message_id,
        agent_key: command.agent_key.clone(),
        provider: command.provider.clone(),
        provider_user_id: command.provider_user_id.trim().to_owned(),
        text: command.text.clone(),
        external_id: command.external_id.clone(),
        request_hash: command.request_hash.clone(),
        metadata: command.metadata.clone(),
        attachments: command.attachments.clone(),
        template_id: command.template_id.clone(),
        album: command.album.clone(),
        priority,
        max_attempts: command.max_attempts.unwrap_or(retry.max_attempts),
        ready_at,
        rank: rank(ready_at, priority, queue),
        conversation_messages_max: queue.conversation_messages_max,
        agent_messages_max: queue.agent_messages_max,
    })
}

/// Where a head stands among the heads of all conversations: by how long it has waited, priority counting as waiting.
pub(super) fn rank(ready_at: i64, priority: i64, policy: &QueuePolicy) -> i64 {
    ready_at - priority * policy.priority_point_ms
}

fn check(command: &Enqueue, now: i64) -> Result<(), Refusal> {
    text::check_id("conversation_id", &command.conversation_id)?;
    text::check_id("agent_key", &command.agent_key)?;
    text::check_id("provider", &command.provider)?;
    text::check_text("provider_user_id", &command.provider_user_id, text::ID_BYTES_MAX)?;
    text::check_text("text", &command.text, TEXT_BYTES_MAX)?;
    if let Some(external_id) = &command.external_id {
        text::check_text("external_id", external_id, text::ID_BYTES_MAX)?;
    }
    if command.metadata.len() > METADATA_ENTRIES_MAX {
        return Err(Refusal::invalid("metadata", format!("must have at most {METADATA_ENTRIES_MAX} entries")));
    }
    for (key, value) in &command.metadata {
        text::check_text("metadata", key, text::ID_BYTES_MAX)?;
        text::check_length("metadata", value, METADATA_VALUE_BYTES_MAX)?;
    }
    command.attachments.iter().try_for_each(Attachment::check)?;
    if command.priority.is_some_and(|priority| !(0..=100).contains(&priority)) {
        return Err(Refusal::invalid("priority", "must be from 0 to 100"));
    }
    if command.max_attempts.is_some_and(|attempts| !(1..=100).contains(&attempts)) {
        return Err(Refusal::invalid("max_attempts", "must be from 1 to 100"));
    }
    check_schedule(command.scheduled_for, now)
}

pub(super) fn check_schedule(scheduled_for: Option<i64>, now: i64) -> Result<(), Refusal> {
    if scheduled_for.is_some_and(|at| at < 0 || at > now + SCHEDULE_AHEAD_MAX_MS) {
        return Err(Refusal::invalid("scheduled_for", "must be an instant within a year, ms since the epoch"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> Enqueue {
        Enqueue {
            conversation_id: "c".into(),
            agent_key: "a".into(),
            provider: "telegram".into(),
            provider_user_id: " 5 ".into(),
            text: "hi".into(),
            ..Enqueue::default()
        }
    }

    fn decide(command: &Enqueue, enabled: bool) -> Result<ConversationEvent, Refusal> {
        let agent = Agent {
            agent_key: "a".into(),
            version: "1".into(),
            enabled,
            bridge: None,
            secret_refs: Vec::new(),
            stream_version: 1,
        };
        enqueue(command, Some(&agent), &QueuePolicy::default(), &RetryPolicy::default(), "m".into(), 1_000_000)
    }

    #[test]
    fn the_event_carries_what_was_decided() {
        let Ok(ConversationEvent::MessageEnqueued { provider_user_id, priority, max_attempts, ready_at, rank, .. }) =
            decide(&command(), true)
        else {
            panic!("refused");
        };
        assert_eq!((provider_user_id.as_str(), priority, max_attempts, ready_at, rank), ("5", 50, 5, 1_000_000, 950_000));
    }

    #[test]
    fn a_past_schedule_means_now_and_cannot_jump_the_queue() {
        let Ok(ConversationEvent::MessageEnqueued { ready_at, .. }) =
            decide(&Enqueue { scheduled_for: Some(5), ..command() }, true)
        else {
            panic!("refused");
        };
        assert_eq!(ready_at, 1_000_000);
    }

    #[test]
    fn refusals_name_the_field() {
        let field = |command: &Enqueue| decide(command, true).unwrap_err().field;
        assert_eq!(field(&Enqueue { text: " ".into(), ..command() }), Some("text"));
        assert_eq!(field(&Enqueue { priority: Some(101), ..command() }), Some("priority"));
        assert_eq!(field(&Enqueue { max_attempts: Some(0), ..command() }), Some("max_attempts"));
        assert_eq!(field(&Enqueue { provider_user_id: "\t".into(), ..command() }), Some("provider_user_id"));
        assert_eq!(field(&Enqueue { scheduled_for: Some(i64::MAX), ..command() }), Some("scheduled_for"));
    }

    #[test]
    fn a_disabled_or_unknown_agent_takes_nothing() {
        assert_eq!(decide(&command(), false).unwrap_err().code, "agent_disabled");
        let unknown = enqueue(&command(), None, &QueuePolicy::default(), &RetryPolicy::default(), "m".into(), 0);
        assert_eq!(unknown.unwrap_err().code, "agent_not_found");
    }
}
