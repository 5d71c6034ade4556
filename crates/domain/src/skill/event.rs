//! What happens to a skill.

use serde::{Deserialize, Serialize};

use super::{Channel, File, ModuleFormat};
use crate::DomainEvent;

/// Events of a skill's stream; its id is the slug.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum SkillEvent {
    /// There is a skill, or there is one again after it was deleted. Workers are handed it.
    SkillCreated {
        /// For people.
        display_name: String,
        /// For people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    },
    /// People see something else, the whole of it.
    SkillDescribed {
        /// For people.
        display_name: String,
        /// For people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    },
    /// It has a version more. A version never changes.
    SkillVersionAdded {
        /// Which one.
        version: String,
        /// How its program is loaded.
        module_format: ModuleFormat,
        /// What of it is called.
        entry_point: String,
        /// Its files, in the order in which they are handed out.
        files: Vec<File>,
        /// The hash by which existing workers check the whole.
        sha256: String,
        /// The digest that is signed.
        digest: String,
        /// Bytes of content.
        size_bytes: i64,
        /// Signature over the digest (Ed25519, base64), if signatures were asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature: Option<String>,
    },
    /// A version is signed anew: it was not before, or with another key.
    SkillVersionSigned {
        /// Which one.
        version: String,
        /// Signature over its digest (Ed25519, base64).
        signature: String,
    },
    /// A channel points at another version.
    SkillActivated {
        /// Which channel.
        channel: Channel,
        /// Which version.
        version: String,
        /// Names this one time.
        release_id: String,
        /// So many skills may be in the channel.
        count_max: i64,
        /// So many bytes of content may be in the channel.
        bytes_max: i64,
    },
    /// Workers are handed it.
    SkillEnabled {},
    /// Workers are not handed it.
    SkillDisabled {},
    /// It is gone, with all versions.
    SkillDeleted {},
}

impl DomainEvent for SkillEvent {
    const KIND: &'static str = "skill";
}
