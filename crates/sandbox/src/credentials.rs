//! `credentials.json`: how to reach a running `up`.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::private_file;

/// Addresses and keys of a running `up`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Credentials {
    /// clawstead on this machine.
    pub base_url: String,
    /// Opens everything under `/v1`.
    pub operator_key: String,
    /// Opens the tick route.
    pub tick_key: String,
    /// The Telegram Bot API that clawstead calls.
    pub telegram_api: String,
    /// The Fly Machines API that clawstead calls.
    pub fly_api: String,
    /// The bot that is linked to the agent `default`.
    pub bot_id: String,
}

impl Credentials {
    /// Reads the file; none when there is no such file.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let credentials = serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))?;
        Ok(Some(credentials))
    }

    /// Writes the file in one step, readable by its owner only.
    pub fn write(&self, path: &Path) -> Result<()> {
        private_file::write(path, &format!("{}\n", serde_json::to_string_pretty(self)?))
    }
}
