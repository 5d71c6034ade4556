//! The secrets that clawstead is started with.

use anyhow::{Result, anyhow};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

/// Operator key, tick key and the master keys of the vault.
#[derive(Clone)]
pub struct Keys {
    /// Opens everything under `/v1`.
    pub operator: String,
    /// Opens the tick route.
    pub tick: String,
    /// The variable `vault_keys`: `<id>:<base64 of 32 bytes>`, the active one first.
    pub vault: String,
}

impl Keys {
    /// New keys, from the operating system's random source.
    pub fn generate() -> Result<Self> {
        let text = || Ok::<_, anyhow::Error>(URL_SAFE_NO_PAD.encode(random()?));
        Ok(Self { operator: format!("operator_{}", text()?), tick: format!("tick_{}", text()?), vault: Self::generate_vault()? })
    }

    /// One new master key.
    pub fn generate_vault() -> Result<String> {
        Ok(format!("k1:{}", STANDARD.encode(random()?)))
    }
}

fn random() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("no random bytes: {error}"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_new_each_time_and_a_master_key_has_32_bytes() {
        let (one, two) = (Keys::generate().expect("keys"), Keys::generate().expect("keys"));
        assert_ne!(one.operator, two.operator);
        assert_ne!(one.tick, two.tick);

        let (id, key) = one.vault.split_once(':').expect("an id and a key");
        assert_eq!(id, "k1");
        assert_eq!(STANDARD.decode(key).expect("base64").len(), 32);
    }
}
