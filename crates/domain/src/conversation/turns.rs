//! What was said.

use serde::{Deserialize, Serialize};

use super::event::{ConversationEvent, Turn};
use super::facts::{Conversation, Lease};
use crate::{Refusal, text};

/// At most so many turns at once.
pub const TURNS_MAX: usize = 64;
const CONTENT_BYTES_MAX: usize = 256 * 1024;

/// Who says a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Instructions.
    System,
    /// The user.
    User,
    /// The agent.
    Assistant,
    /// A tool of the agent.
    Tool,
}

/// A turn to append.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTurn {
    /// Who.
    pub role: Role,
    /// What.
    pub content: String,
    /// When, ms since the epoch; now plus its index when `None`.
    #[serde(default)]
    pub at: Option<i64>,
}

/// Appends turns under the live lease of a message of the conversation.
///
/// # Errors
/// When there are none or too many, or one is too long.
pub fn append_turns(
    conversation: &Conversation,
    lease: &Lease,
    turns: &[NewTurn],
    now: i64,
) -> Result<ConversationEvent, Refusal> {
    if turns.is_empty() || turns.len() > TURNS_MAX {
        return Err(Refusal::invalid("messages", format!("must hold 1 to {TURNS_MAX} turns")));
    }
    for turn in turns {
        text::check_length("messages", &turn.content, CONTENT_BYTES_MAX)?;
    }
    let numbered = turns.iter().zip(1..).map(|(turn, index)| Turn {
        turn_no: conversation.turn_count + index,
        role: turn.role,
        content: turn.content.clone(),
        at: turn.at.unwrap_or(now + index - 1),
    });
    let turns: Vec<Turn> = numbered.collect();
    Ok(ConversationEvent::TurnsAppended {
        message_id: lease.message_id.clone(),
        lease_id: lease.lease_id.clone(),
        turns_total: conversation.turn_count + turns.len() as i64,
        turns,
    })
}
