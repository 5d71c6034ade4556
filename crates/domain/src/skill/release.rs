//! A deploy, before anything is known of what is there.

use super::{Bundle, Channel, ModuleFormat, NewFile, digest, names};
use crate::{Refusal, text};

/// Longest name and description for people, bytes.
const DISPLAY_NAME_BYTES_MAX: usize = 128;
const DESCRIPTION_BYTES_MAX: usize = 2_000;

/// Somebody wants a version to be there, and a channel to point at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deploy {
    /// Which skill.
    pub slug: String,
    /// Which version.
    pub version: String,
    /// How its program is loaded.
    pub module_format: ModuleFormat,
    /// What of it is called; `default` if nothing is said.
    pub entry_point: Option<String>,
    /// Its files.
    pub files: Vec<NewFile>,
    /// Which channel.
    pub channel: Channel,
    /// For people; blank or left out, it stays, or is the slug.
    pub display_name: Option<String>,
    /// For people; left out, it stays; a blank one takes it away.
    pub description: Option<String>,
    /// Signature over the digest of the release (Ed25519, base64).
    pub signature: Option<String>,
}

/// A deploy that makes sense as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    pub(super) slug: String,
    pub(super) version: String,
    pub(super) module_format: ModuleFormat,
    pub(super) entry_point: String,
    pub(super) bundle: Bundle,
    pub(super) channel: Channel,
    pub(super) display_name: Option<String>,
    pub(super) description: Option<Option<String>>,
    pub(super) signature: Option<String>,
    pub(super) sha256: String,
    pub(super) digest: String,
}

impl Release {
    /// Checks a deploy, and makes out its hashes. Whether the signature is good is for whoever knows the keys.
    ///
    /// # Errors
    /// With what is wrong.
    pub fn check(deploy: Deploy) -> Result<Self, Refusal> {
        let Deploy { slug, version, module_format, entry_point, files, channel, display_name, description, signature } = deploy;
        names::check_slug(&slug)?;
        names::check_version(&version)?;
        let entry_point = entry_point.map_or_else(|| "default".to_owned(), |entry_point| entry_point.trim().to_owned());
        names::check_entry_point(&entry_point)?;
        let display_name = display_name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        text::check_length("display_name", display_name.as_deref().unwrap_or_default(), DISPLAY_NAME_BYTES_MAX)?;
        let description = description.map(|text| Some(text.trim().to_owned()).filter(|text| !text.is_empty()));
        text::check_length("description", description.iter().flatten().next().map_or("", String::as_str), DESCRIPTION_BYTES_MAX)?;
        let bundle = Bundle::check(module_format, files)?;
        let sha256 = bundle.sha256();
        let digest = digest::release_digest(&slug, &version, module_format, &entry_point, bundle.files());
        Ok(Self {
            slug,
            version,
            module_format,
            entry_point,
            bundle,
            channel,
            display_name,
            description,
            signature,
            sha256,
            digest,
        })
    }

    /// Which skill.
    pub fn slug(&self) -> &str {
        &self.slug
    }

    /// Which version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Which channel.
    pub fn channel(&self) -> Channel {
        self.channel
    }

    /// The hash by which existing workers check the whole.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The digest that is signed.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The signature that was given.
    pub fn signature(&self) -> Option<&str> {
        self.signature.as_deref()
    }
}
