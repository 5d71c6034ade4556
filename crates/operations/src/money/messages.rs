//! What each finished message cost.

use clawstead_domain::config::PricesPolicy;
use clawstead_ledger::{Engine, Row};
use serde::Serialize;

use super::work_price;
use crate::{Cx, OperationError, configs};

/// What a message cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MessageCost {
    /// The message.
    pub message_id: String,
    /// Its conversation.
    pub conversation_id: String,
    /// Its agent.
    pub agent_key: String,
    /// When it was finished.
    pub ended_at: i64,
    /// How long machines worked on it, over all deliveries, ms.
    pub work_ms: i64,
    /// What they cost in that time, in the currency of the policy. Idle time is not in it.
    pub cost: f64,
}

/// Finished messages that machines of ours worked on, oldest first, after the one with this id.
///
/// # Errors
/// When the database does not answer.
pub async fn messages<E: Engine>(cx: &Cx<'_, E>, after: &str, limit: i64) -> Result<Vec<MessageCost>, OperationError> {
    let prices: PricesPolicy = configs::load(cx).await?.get()?;
    let sql = "SELECT message_id, conversation_id, agent_key, ended_at, work_ms FROM message_costs \
               WHERE ended_at IS NOT NULL AND message_id > ?1 ORDER BY message_id LIMIT ?2";
    let rows = cx.sql(sql, &[after.into(), limit.into()]).await?;
    Ok(rows.iter().filter_map(|row| cost_of(&row, &prices)).collect())
}

fn cost_of(row: &Row<'_>, prices: &PricesPolicy) -> Option<MessageCost> {
    let work_ms = row.integer("work_ms")?;
    Some(MessageCost {
        message_id: row.text("message_id")?,
        conversation_id: row.text("conversation_id")?,
        agent_key: row.text("agent_key")?,
        ended_at: row.integer("ended_at")?,
        work_ms,
        cost: work_price(work_ms, prices),
    })
}
