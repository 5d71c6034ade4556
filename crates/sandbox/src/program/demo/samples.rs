//! The sample updates, and which of them want a reply.

use std::fs;

use anyhow::{Context as _, Result, bail, ensure};
use clawstead_sandbox::workspace_file;
use serde_json::Value;

/// One sample update.
pub(crate) struct Sample {
    /// The file's name without `.json`.
    pub(crate) name: String,
    pub(crate) update: Value,
    /// Whether the paired user says something here that an agent can answer.
    pub(crate) wants_reply: bool,
}

/// All samples in the order of their names, which is the order in which they were sent.
pub(crate) fn read() -> Result<Vec<Sample>> {
    let folder = workspace_file("tests/data/telegram-updates");
    let mut samples = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("no samples in {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let update = serde_json::from_str(&fs::read_to_string(&path)?).with_context(|| format!("{name} is not JSON"))?;
        samples.push(Sample { wants_reply: wants_reply(&name)?, name, update });
    }
    samples.sort_by(|one, other| one.name.cmp(&other.name));
    ensure!(!samples.is_empty(), "no samples in {}", folder.display());
    Ok(samples)
}

fn wants_reply(name: &str) -> Result<bool> {
    let (_, kind) = name.split_once('-').with_context(|| format!("{name} has no number"))?;
    Ok(match kind {
        "text-private" | "startup-is-not-start" | "forwarded-text" | "reply-with-emoji" | "longest-text" => true,
        "photo-with-caption" | "voice" | "document-pdf" | "video" | "audio" | "album-part-1" => true,
        "edited-message" => true,
        // They are told to the agent in words.
        "sticker" | "location" | "video-note" => true,
        // A pairing code that nobody made, and a person who is not paired.
        "start-with-code" | "start-bare" => false,
        // It belongs to the message of its first part.
        "album-part-2" => false,
        // Not messages.
        "callback-query" | "channel-post" | "bot-blocked" => false,
        // A group belongs to nobody who is paired.
        "group-text" | "topic-message" => false,
        _ => bail!("{name}: say here whether it wants a reply"),
    })
}

impl Sample {
    /// What the person wrote, if they wrote anything.
    pub(crate) fn words(&self) -> Option<&str> {
        let message = if self.update["message"].is_object() { &self.update["message"] } else { &self.update["edited_message"] };
        let words = message["text"].as_str().or_else(|| message["caption"].as_str());
        words.map(str::trim).filter(|words| !words.is_empty())
    }
}
