//! Global skills: small programs, as text, that every worker is given when it starts.
//!
//! One stream for each slug. A version of a skill never changes; a channel points at one of its versions. Whoever is given skills
//! writes their files into a folder, so what a path may be is told in one place ([`path`]), and strictly.

mod bundle;
mod decide;
mod digest;
mod event;
pub mod manifest;
mod names;
pub mod path;
mod release;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::{Refusal, RefusalKind};

pub use bundle::{BUNDLE_BYTES_MAX, Bundle, FILES_MAX, File, NewFile};
pub use decide::{Active, Deployed, Facts, KnownVersion, Skill, activate, delete, deploy, switch};
pub use digest::{release_digest, signed_message};
pub use event::SkillEvent;
pub use names::{check_slug, check_version};
pub use release::{Deploy, Release};

/// Bytes of all versions that a channel points at, at most. Workers are handed all of them at once, by instances of bounded memory.
pub const CHANNEL_BYTES_MAX: i64 = 4_000_000;

/// Skills that a channel points at, at most.
pub const CHANNEL_SKILLS_MAX: i64 = 200;

/// Which of its skills a worker asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// What workers ask for unless they are told otherwise.
    #[default]
    Stable,
    /// What some workers try first.
    Canary,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Stable, Self::Canary];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Canary => "canary",
        }
    }

    /// The channel behind a word.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(word: &str) -> Result<Self, Refusal> {
        let found = Self::ALL.into_iter().find(|channel| channel.as_str() == word);
        found.ok_or_else(|| Refusal::invalid("channel", "must be stable or canary"))
    }
}

/// How a skill's program is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum ModuleFormat {
    /// An ECMAScript module.
    #[default]
    Esm,
    /// A CommonJS module.
    Cjs,
}

impl ModuleFormat {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Esm => "esm",
            Self::Cjs => "cjs",
        }
    }

    /// The format behind a word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Esm, Self::Cjs].into_iter().find(|format| format.as_str() == word)
    }

    /// The file that is loaded.
    pub fn entry_file(self) -> &'static str {
        match self {
            Self::Esm => "scripts/index.mjs",
            Self::Cjs => "scripts/index.cjs",
        }
    }
}

/// The refusal for a skill that is not there.
pub fn not_found() -> Refusal {
    Refusal::not_found("skill_not_found", "there is no such skill")
}

/// The refusal for a version that is not there.
pub fn version_not_found() -> Refusal {
    Refusal::not_found("skill_version_not_found", "the skill has no such version")
}

/// The refusal for one skill more than a channel holds.
pub fn channel_is_full(channel: Channel) -> Refusal {
    let detail = format!(
        "all skills in {} together may be at most {CHANNEL_SKILLS_MAX}, with {CHANNEL_BYTES_MAX} bytes of content",
        channel.as_str()
    );
    Refusal::conflict("skill_channel_full", detail)
}

/// A value that cannot be, with a code of its own.
fn wrong(code: &'static str, field: &'static str, detail: impl Into<String>) -> Refusal {
    Refusal { kind: RefusalKind::Invalid, code, detail: detail.into(), field: Some(field) }
}
