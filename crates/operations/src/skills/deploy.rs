//! Deploying a version of a skill.

use clawstead_domain::skill::{self, Channel, Deploy, Release};
use clawstead_ledger::{Engine, Expected};
use clawstead_vault::TrustedKeys;
use serde::Serialize;

use super::{facts, signature};
use crate::{Cx, OperationError, decide};

/// What came of a deploy, or of pointing a channel at a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Which skill.
    pub slug: String,
    /// Which version.
    pub version: String,
    /// The channel that points at it.
    pub channel: Channel,
    /// Names the time since when it does.
    pub release_id: String,
    /// The hash by which existing workers check the whole.
    pub sha256: String,
    /// The digest that is signed.
    pub digest: String,
    /// `active`, or `disabled`: no worker is handed it then.
    pub status: &'static str,
    /// Whether the version was not there before.
    #[serde(skip)]
    pub is_new: bool,
}

/// Deploys a version: it is there then, and its channel points at it. The same again changes nothing.
///
/// # Errors
/// When the bundle or a name cannot be, it is not signed as it must be, the version is there with another content, or the channel
/// is full.
pub async fn deploy<E: Engine>(cx: &Cx<'_, E>, keys: &TrustedKeys, command: Deploy) -> Result<Outcome, OperationError> {
    let release = Release::check(command)?;
    signature::check(keys, release.digest(), release.signature())?;
    let (slug, channel) = (release.slug(), release.channel());
    let (deployed, enabled) = decide(async || {
        let facts = facts::of(cx, slug, release.version(), channel).await?;
        let deployed = skill::deploy(&facts, release.clone(), cx.new_id())?;
        cx.append(slug, Expected::Version(facts.stream_version), &deployed.events).await.map_err(|error| full(error, channel))?;
        Ok((deployed, facts.skill.is_none_or(|skill| skill.enabled)))
    })
    .await?;
    Ok(Outcome {
        slug: slug.to_owned(),
        version: release.version().to_owned(),
        channel,
        release_id: deployed.release_id,
        sha256: release.sha256().to_owned(),
        digest: release.digest().to_owned(),
        status: status(enabled),
        is_new: deployed.is_new,
    })
}

pub(super) fn status(enabled: bool) -> &'static str {
    if enabled { "active" } else { "disabled" }
}

/// The rule of the view, in words.
pub(super) fn full(error: OperationError, channel: Channel) -> OperationError {
    match error {
        OperationError::Rule(rule) if rule == "skill_channel_is_full" => skill::channel_is_full(channel).into(),
        other => other,
    }
}
