//! Beginning an upload, and offering what was uploaded.

use serde::Deserialize;

use super::{Reason, SnapshotEvent};
use crate::config::RetentionPolicy;
use crate::{Refusal, text};

/// A worker may have so many uploads under way. It makes one; the rest is room for tries that it gave up.
const UPLOADS_MAX: i64 = 4;

/// What a worker asks for before it uploads.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The workspace, as the worker calls it.
    pub workspace_id: String,
    /// The agent of the conversation.
    pub agent_key: String,
    /// The conversation whose memory it is.
    pub conversation_id: String,
    /// Why now.
    pub reason: Reason,
}

/// What connects a worker with a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assignment {
    /// The agent of the conversation; `None` when there is no such conversation.
    pub agent_key: Option<String>,
    /// Whether the worker was the last one to be handed a message of it.
    pub is_last_holder: bool,
    /// Whether the worker may work for it: it does, or was made to, or is free to choose.
    pub may_work_for: bool,
    /// The snapshot of it that the worker was offered last.
    pub offered: Option<String>,
    /// Whether it has fetched the whole of that one.
    pub fetched: bool,
    /// Uploads that the worker has under way.
    pub uploads: i64,
}

/// Begins an upload, by the worker that had the conversation last and by no other.
///
/// # Errors
/// When the conversation is not this worker's, or it has too many uploads under way.
pub fn start(
    command: &Start,
    worker_id: &str,
    assignment: &Assignment,
    file_id: String,
    policy: &RetentionPolicy,
    now: i64,
) -> Result<SnapshotEvent, Refusal> {
    text::check_id("workspace_id", &command.workspace_id)?;
    check_agent(assignment, &command.agent_key)?;
    if !assignment.is_last_holder {
        return Err(Refusal::conflict("conversation_not_yours", "another worker has this conversation, or none has it"));
    }
    if assignment.uploads >= UPLOADS_MAX {
        return Err(Refusal::limit("too_many_uploads", format!("this worker has {UPLOADS_MAX} uploads under way")));
    }
    Ok(SnapshotEvent::SnapshotStarted {
        conversation_id: command.conversation_id.clone(),
        agent_key: command.agent_key.clone(),
        workspace_id: command.workspace_id.clone(),
        worker_id: worker_id.to_owned(),
        reason: command.reason,
        file_id,
        restorable: assignment.offered.is_none() || assignment.fetched,
        based_on: assignment.offered.clone().filter(|_| assignment.fetched),
        upload_by: now + policy.upload_ms,
    })
}

/// Tells a worker where a conversation's memory is.
///
/// # Errors
/// When the conversation is not for this worker.
pub fn offer(worker_id: &str, conversation_id: &str, agent_key: &str, assignment: &Assignment) -> Result<SnapshotEvent, Refusal> {
    check_agent(assignment, agent_key)?;
    if !assignment.may_work_for {
        return Err(Refusal::conflict("conversation_not_yours", "this worker does not work for this conversation"));
    }
    Ok(SnapshotEvent::SnapshotOffered { worker_id: worker_id.to_owned(), conversation_id: conversation_id.to_owned() })
}

fn check_agent(assignment: &Assignment, agent_key: &str) -> Result<(), Refusal> {
    match &assignment.agent_key {
        None => Err(Refusal::not_found("conversation_not_found", "there is no such conversation")),
        Some(known) if known != agent_key => {
            Err(Refusal::conflict("conversation_of_another_agent", "the conversation belongs to another agent"))
        }
        Some(_) => Ok(()),
    }
}
