//! What consumer apps may follow of the log.

use clawstead_domain::api_key::Reach;
use clawstead_ledger::{Engine, Row};
use serde::Serialize;
use serde_json::Value;

use crate::{Cx, OperationError};

/// So many events are looked at for one page, whether or not they are within the reach.
const LOOK_MAX: i64 = 1_000;

/// An event as a consumer app sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AppEvent {
    /// Its place in the log.
    pub position: i64,
    /// What happened.
    #[serde(rename = "type")]
    pub event_type: String,
    /// When, ms since the epoch.
    pub at: i64,
    /// The agent that it is about.
    pub agent_key: String,
    /// The user that it is about, if it is about one.
    pub consumer_user_id: Option<String>,
    /// The pairing, the binding or the agent.
    pub subject_id: String,
    /// What is known of it.
    pub data: Value,
}

/// A page of events.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AppPage {
    /// In order of position.
    pub events: Vec<AppEvent>,
    /// Hand this in as `after` for the next page.
    pub next_after: i64,
    /// Whether there was more to look at when the page was read.
    pub has_more: bool,
}

/// The next events after a position, within a reach, at most `limit`. A page may be shorter than that, or empty, and still be
/// followed by more.
///
/// # Errors
/// When the database does not answer.
pub async fn after<E: Engine>(cx: &Cx<'_, E>, reach: &Reach, after: i64, limit: i64) -> Result<AppPage, OperationError> {
    let sql = "SELECT position, type, at, agent_key, consumer_user_id, subject_id, data FROM app_events \
               WHERE position > ?1 ORDER BY position LIMIT ?2";
    let look = if reach.is_whole() { limit + 1 } else { LOOK_MAX };
    let rows = cx.sql(sql, &[after.into(), look.into()]).await?;
    let mut page = AppPage { events: Vec::new(), next_after: after, has_more: false };
    let mut looked_at = 0;
    for row in rows.iter() {
        if page.events.len() as i64 == limit {
            page.has_more = true;
            return Ok(page);
        }
        let event = event_of(&row).ok_or_else(|| OperationError::unexpected("a row of app_events"))?;
        (looked_at, page.next_after) = (looked_at + 1, event.position);
        let of_user = event.consumer_user_id.as_deref().map_or(reach.users.is_none(), |user| reach.has_user(user));
        if reach.has_agent(&event.agent_key) && of_user {
            page.events.push(event);
        }
    }
    page.has_more = looked_at == look;
    Ok(page)
}

/// The position of the newest event that anybody may follow.
///
/// # Errors
/// When the database does not answer.
pub async fn newest<E: Engine>(cx: &Cx<'_, E>) -> Result<i64, OperationError> {
    let rows = cx.sql("SELECT max(position) AS newest FROM app_events", &[]).await?;
    Ok(rows.first().and_then(|row| row.integer("newest")).unwrap_or(0))
}

fn event_of(row: &Row<'_>) -> Option<AppEvent> {
    Some(AppEvent {
        position: row.integer("position")?,
        event_type: row.text("type")?,
        at: row.integer("at")?,
        agent_key: row.text("agent_key")?,
        consumer_user_id: row.text("consumer_user_id"),
        subject_id: row.text("subject_id")?,
        data: serde_json::from_str(&row.text("data")?).ok()?,
    })
}
