//! Messages that were given up: seeing them, replaying them, putting them away; one or many.

use clawstead_domain::Refusal;
use clawstead_domain::config::QueuePolicy;
use clawstead_domain::conversation;
use clawstead_ledger::{Engine, Expected};
use serde::Serialize;

use super::facts;
use super::views::{MESSAGE_COLUMNS, MessageView};
use crate::{Cx, OperationError, configs, decide};

/// So many at once. Each is an append of its own.
pub const MANY_MAX: usize = 100;

/// Which dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// These.
    Ids(Vec<String>),
    /// The oldest, of one agent or of all.
    Oldest {
        /// The agent, if it is one's.
        agent_key: Option<String>,
        /// So many at most.
        limit: i64,
    },
}

/// What became of many.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Many {
    /// Done.
    pub message_ids: Vec<String>,
    /// Refused, each with the reason. The others are done all the same.
    pub refused: Vec<RefusedOne>,
}

/// One of many that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedOne {
    /// The message.
    pub message_id: String,
    /// Stable name of the reason.
    pub code: &'static str,
}

/// Dead letters by the order of their acceptance, after `after`, of one agent or of all.
///
/// # Errors
/// When the database does not answer.
pub async fn dead_letters<E: Engine>(
    cx: &Cx<'_, E>,
    agent_key: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<MessageView>, OperationError> {
    let of_agent = if agent_key.is_some() { "AND agent_key = ?3" } else { "" };
    let sql = format!(
        "SELECT {MESSAGE_COLUMNS} FROM messages WHERE status = 'dead_letter' AND message_id > ?1 {of_agent} \
         ORDER BY message_id LIMIT ?2"
    );
    let mut params = vec![after.into(), limit.into()];
    params.extend(agent_key.map(Into::into));
    Ok(cx.sql(&sql, &params).await?.iter().filter_map(|row| MessageView::of(&row)).collect())
}

/// Accepts a dead letter anew, at the end of its conversation.
///
/// # Errors
/// When the message is unknown or no dead letter.
pub async fn replay<E: Engine>(cx: &Cx<'_, E>, message_id: &str) -> Result<(), OperationError> {
    let policy: QueuePolicy = configs::load(cx).await?.get()?;
    decide(async || {
        let (conversation, message) = facts::held(cx, message_id).await?;
        let event = conversation::replay(&message, &policy, cx.now)?;
        cx.append(&conversation.conversation_id, Expected::Version(conversation.stream_version), &[event]).await
    })
    .await
}

/// Puts a dead letter away: it is not listed any more. Saying it again succeeds.
///
/// # Errors
/// When the message is unknown or no dead letter.
pub async fn discard<E: Engine>(cx: &Cx<'_, E>, message_id: &str) -> Result<(), OperationError> {
    decide(async || {
        let (conversation, message) = facts::held(cx, message_id).await?;
        let Some(event) = conversation::discard(&message)? else {
            return Ok(());
        };
        cx.append(&conversation.conversation_id, Expected::Version(conversation.stream_version), &[event]).await
    })
    .await
}

/// Replays many, one after the other, oldest first.
///
/// # Errors
/// When there are too many, or the database does not do it; what was done stays done.
pub async fn replay_many<E: Engine>(cx: &Cx<'_, E>, which: &Which) -> Result<Many, OperationError> {
    each(cx, which, async |message_id| replay(cx, message_id).await).await
}

/// Puts many away, one after the other, oldest first.
///
/// # Errors
/// When there are too many, or the database does not do it; what was done stays done.
pub async fn discard_many<E: Engine>(cx: &Cx<'_, E>, which: &Which) -> Result<Many, OperationError> {
    each(cx, which, async |message_id| discard(cx, message_id).await).await
}

async fn each<E: Engine>(
    cx: &Cx<'_, E>,
    which: &Which,
    what: impl AsyncFn(&str) -> Result<(), OperationError>,
) -> Result<Many, OperationError> {
    let mut many = Many::default();
    for message_id in ids(cx, which).await? {
        match what(&message_id).await {
            Ok(()) => many.message_ids.push(message_id),
            Err(OperationError::Refused(Refusal { code, .. })) => many.refused.push(RefusedOne { message_id, code }),
            Err(error) => return Err(error),
        }
    }
    Ok(many)
}

async fn ids<E: Engine>(cx: &Cx<'_, E>, which: &Which) -> Result<Vec<String>, OperationError> {
    match which {
        Which::Ids(ids) if ids.len() > MANY_MAX => {
            Err(Refusal::invalid("message_ids", format!("must hold at most {MANY_MAX} ids")).into())
        }
        Which::Ids(ids) => Ok(ids.clone()),
        Which::Oldest { agent_key, limit } => {
            let limit = (*limit).clamp(1, MANY_MAX as i64);
            let oldest = dead_letters(cx, agent_key.as_deref(), "", limit).await?;
            Ok(oldest.into_iter().map(|message| message.message_id).collect())
        }
    }
}
