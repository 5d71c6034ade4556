//! What becomes of a skill that is there.

use clawstead_domain::skill::{self, Channel, Facts, SkillEvent};
use clawstead_ledger::{Engine, Expected};
use clawstead_vault::TrustedKeys;
use serde::Serialize;

use super::deploy::full;
use super::{SkillView, facts, list, signature};
use crate::{Cx, OperationError, decide};

/// Has a channel point at a version that is there: forwards, or back.
///
/// # Errors
/// When there is no such skill or version, its signature is not one that is trusted now, or the channel is full.
pub async fn activate<E: Engine>(
    cx: &Cx<'_, E>,
    keys: &TrustedKeys,
    slug: &str,
    channel: Channel,
    version: &str,
) -> Result<SkillView, OperationError> {
    decide(async || {
        let facts = facts::of(cx, slug, version, channel).await?;
        if let Some(known) = &facts.version {
            signature::check_stored(keys, known)?;
        }
        let events = skill::activate(&facts, channel, version, cx.new_id())?.events;
        append(cx, slug, &facts, &events).await.map_err(|error| full(error, channel))
    })
    .await?;
    list::get(cx, slug).await
}

/// Has workers be handed a skill from their next start on, or not.
///
/// # Errors
/// When there is no such skill.
pub async fn switch<E: Engine>(cx: &Cx<'_, E>, slug: &str, enabled: bool) -> Result<SkillView, OperationError> {
    decide(async || {
        let facts = facts::of(cx, slug, "", Channel::Stable).await?;
        let event = skill::switch(&facts, enabled)?;
        append(cx, slug, &facts, event.as_slice()).await
    })
    .await?;
    list::get(cx, slug).await
}

/// What a deletion took away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Deleted {
    /// Versions.
    pub deleted_versions: i64,
    /// Channels that pointed at one of them.
    pub deleted_releases: i64,
}

/// Deletes a skill with all its versions. The log keeps them.
///
/// # Errors
/// When there is no such skill.
pub async fn delete<E: Engine>(cx: &Cx<'_, E>, slug: &str) -> Result<Deleted, OperationError> {
    decide(async || {
        // First the version of the stream: what is counted after it is not older.
        let facts = facts::of(cx, slug, "", Channel::Stable).await?;
        let event = skill::delete(&facts)?;
        let sql = "SELECT (SELECT count(*) FROM skill_versions WHERE slug = ?1) AS versions, \
                   (SELECT count(*) FROM skill_releases WHERE slug = ?1) AS releases FROM skills WHERE slug = ?1";
        let rows = cx.sql(sql, &[slug.into()]).await?;
        let count = |column| rows.first().and_then(|row| row.integer(column)).unwrap_or(0);
        append(cx, slug, &facts, &[event]).await?;
        Ok(Deleted { deleted_versions: count("versions"), deleted_releases: count("releases") })
    })
    .await
}

async fn append<E: Engine>(cx: &Cx<'_, E>, slug: &str, facts: &Facts, events: &[SkillEvent]) -> Result<(), OperationError> {
    cx.append(slug, Expected::Version(facts.stream_version), events).await
}
