//! What is decided about a skill.

use super::{CHANNEL_BYTES_MAX, CHANNEL_SKILLS_MAX, Channel, Release, SkillEvent, not_found, version_not_found};
use crate::Refusal;

/// A skill, as far as decisions look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skill {
    /// For people.
    pub display_name: String,
    /// For people.
    pub description: Option<String>,
    /// Whether workers are handed it.
    pub enabled: bool,
}

/// A version that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownVersion {
    /// The digest of the release.
    pub digest: String,
    /// Signature over it, if it has one.
    pub signature: Option<String>,
}

/// What a channel points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Active {
    /// Which version.
    pub version: String,
    /// Names the time when it began to.
    pub release_id: String,
}

/// What is known when a command about a skill, a version and a channel is decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Version of the skill's stream, which outlives the skill.
    pub stream_version: i64,
    /// The skill, if it is there.
    pub skill: Option<Skill>,
    /// The version that the command names, if it is there.
    pub version: Option<KnownVersion>,
    /// What the channel that the command names points at.
    pub active: Option<Active>,
}

/// What follows from a deploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    /// None, when everything is as asked already.
    pub events: Vec<SkillEvent>,
    /// Whether the version was not there before.
    pub is_new: bool,
    /// Names the time since when the channel points at the version.
    pub release_id: String,
}

/// Deploys a release. The same again changes nothing, and a skill that is disabled stays so. `release_id` names the release, if
/// the channel does not point at the version already.
///
/// # Errors
/// When the version is there with another content.
pub fn deploy(facts: &Facts, release: Release, release_id: String) -> Result<Deployed, Refusal> {
    let mut events = Vec::new();
    events.extend(described(facts.skill.as_ref(), &release));
    let (channel, version) = (release.channel, release.version.clone());
    let is_new = facts.version.is_none();
    events.extend(added(facts.version.as_ref(), release)?);
    let (activated, release_id) = pointed(facts.active.as_ref(), channel, version, release_id);
    events.extend(activated);
    Ok(Deployed { events, is_new, release_id })
}

fn described(known: Option<&Skill>, release: &Release) -> Option<SkillEvent> {
    let Some(known) = known else {
        let display_name = release.display_name.clone().unwrap_or_else(|| release.slug.clone());
        return Some(SkillEvent::SkillCreated { display_name, description: release.description.clone().flatten() });
    };
    let display_name = release.display_name.clone().unwrap_or_else(|| known.display_name.clone());
    let description = release.description.clone().unwrap_or_else(|| known.description.clone());
    let is_same = known.display_name == display_name && known.description == description;
    (!is_same).then_some(SkillEvent::SkillDescribed { display_name, description })
}

fn added(known: Option<&KnownVersion>, release: Release) -> Result<Option<SkillEvent>, Refusal> {
    let Some(known) = known else {
        let size_bytes = i64::try_from(release.bundle.size_bytes()).unwrap_or(i64::MAX);
        return Ok(Some(SkillEvent::SkillVersionAdded {
            version: release.version,
            module_format: release.module_format,
            entry_point: release.entry_point,
            files: release.bundle.into_files(),
            sha256: release.sha256,
            digest: release.digest,
            size_bytes,
            signature: release.signature,
        }));
    };
    if known.digest != release.digest {
        let detail = format!("{}@{} is there with another content; a version never changes", release.slug, release.version);
        return Err(Refusal { field: Some("version"), ..Refusal::conflict("skill_version_conflict", detail) });
    }
    let signed = release.signature.filter(|signature| known.signature.as_ref() != Some(signature));
    Ok(signed.map(|signature| SkillEvent::SkillVersionSigned { version: release.version, signature }))
}

/// Has a channel point at a version that is there: forwards, or back.
///
/// # Errors
/// When there is no such skill, or no such version.
pub fn activate(facts: &Facts, channel: Channel, version: &str, release_id: String) -> Result<Deployed, Refusal> {
    if facts.skill.is_none() {
        return Err(not_found());
    }
    if facts.version.is_none() {
        return Err(version_not_found());
    }
    let (event, release_id) = pointed(facts.active.as_ref(), channel, version.to_owned(), release_id);
    Ok(Deployed { events: event.into_iter().collect(), is_new: false, release_id })
}

/// Which release the channel has then, and what must happen for that.
fn pointed(active: Option<&Active>, channel: Channel, version: String, release_id: String) -> (Option<SkillEvent>, String) {
    match active {
        Some(active) if active.version == version => (None, active.release_id.clone()),
        _ => {
            let event = SkillEvent::SkillActivated {
                channel,
                version,
                release_id: release_id.clone(),
                count_max: CHANNEL_SKILLS_MAX,
                bytes_max: CHANNEL_BYTES_MAX,
            };
            (Some(event), release_id)
        }
    }
}

/// Has workers be handed a skill, or not. No event when it is so already.
///
/// # Errors
/// When there is no such skill.
pub fn switch(facts: &Facts, enabled: bool) -> Result<Option<SkillEvent>, Refusal> {
    let skill = facts.skill.as_ref().ok_or_else(not_found)?;
    let event = if enabled { SkillEvent::SkillEnabled {} } else { SkillEvent::SkillDisabled {} };
    Ok((skill.enabled != enabled).then_some(event))
}

/// Deletes a skill.
///
/// # Errors
/// When there is no such skill.
pub fn delete(facts: &Facts) -> Result<SkillEvent, Refusal> {
    facts.skill.as_ref().map(|_| SkillEvent::SkillDeleted {}).ok_or_else(not_found)
}
