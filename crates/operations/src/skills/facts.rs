//! What decisions about a skill look at.

use clawstead_domain::skill::{Active, Channel, Facts, KnownVersion, Skill};
use clawstead_ledger::{Engine, Row};

use crate::{Cx, OperationError};

/// What is known of a skill, one of its versions, and what a channel points at.
pub(super) async fn of<E: Engine>(cx: &Cx<'_, E>, slug: &str, version: &str, channel: Channel) -> Result<Facts, OperationError> {
    let sql = "SELECT t.stream_version, s.status, s.display_name, s.description, v.digest, v.signature, \
               r.version AS active_version, r.release_id FROM skill_streams t LEFT JOIN skills s ON s.slug = t.slug \
               LEFT JOIN skill_versions v ON v.slug = t.slug AND v.version = ?2 \
               LEFT JOIN skill_releases r ON r.slug = t.slug AND r.channel = ?3 WHERE t.slug = ?1";
    let rows = cx.sql(sql, &[slug.into(), version.into(), channel.as_str().into()]).await?;
    let Some(row) = rows.first() else { return Ok(Facts::default()) };
    facts(&row).ok_or_else(|| OperationError::unexpected("a row of skill_streams"))
}

fn facts(row: &Row<'_>) -> Option<Facts> {
    let skill = row.text("status").map(|status| {
        let display_name = row.text("display_name")?;
        Some(Skill { display_name, description: row.text("description"), enabled: status == "active" })
    });
    let version = row.text("digest").map(|digest| KnownVersion { digest, signature: row.text("signature") });
    let active = row.text("active_version").map(|version| Some(Active { version, release_id: row.text("release_id")? }));
    Some(Facts {
        stream_version: row.integer("stream_version")?,
        skill: some_whole(skill)?,
        version,
        active: some_whole(active)?,
    })
}

/// What is there must be whole.
fn some_whole<T>(found: Option<Option<T>>) -> Option<Option<T>> {
    match found {
        None => Some(None),
        Some(whole) => whole.map(Some),
    }
}
