//! The variables of the manifest.

use clawstead_ledger::Durability;
use clawstead_operations::files::Objects;
use clawstead_s3::{Bucket, BucketSettings};
use clawstead_vault::{KeyRing, TrustedKeys};

/// A key that guards everything has at least so many characters.
const KEY_LENGTH_LEAST: usize = 16;

/// Why a component does not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError(pub String);

impl std::fmt::Display for SettingsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The variables, read once per instance. A component has only those that its part of the manifest gives it.
pub struct Settings {
    /// What the operator proves himself with.
    pub operator_key: Option<String>,
    /// What a tick needs.
    pub tick_key: Option<String>,
    /// Keys that secrets are sealed with.
    pub vault_keys: Option<KeyRing>,
    /// Where the world reaches us, without a slash at the end.
    pub public_url: String,
    /// What a 2xx survives.
    pub durability: Durability,
    /// Tag of what we make at a provider.
    pub deployment: String,
    /// Where Telegram is.
    pub telegram_api_url: String,
    /// The host that consumer apps may be told at.
    pub app_webhook_host: String,
    /// Base of the Fly Machines API, such as `https://api.machines.dev/v1`.
    pub fly_api_url: String,
    /// What Fly wants to see.
    pub fly_api_token: String,
    /// Where files are kept; `None` for the database.
    pub objects: Option<Objects>,
    /// Who may sign skills; when there is nobody, they are not signed.
    pub skill_keys: TrustedKeys,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("public_url", &self.public_url)
            .field("deployment", &self.deployment)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// Reads all variables through `read`, which gives `None` for one that this component does not have.
    ///
    /// # Errors
    /// With the name of the variable, never its value.
    pub async fn load(read: impl AsyncFn(&'static str) -> Option<String>) -> Result<Self, SettingsError> {
        let vault_keys = match read("vault_keys").await {
            None => None,
            Some(text) => Some(KeyRing::parse(&text).map_err(|error| SettingsError(format!("variable vault_keys: {error}")))?),
        };
        let deployment = read("deployment").await.unwrap_or_default();
        let objects = objects(&read, &deployment).await?;
        let skill_keys = TrustedKeys::parse(&read("skill_keys").await.unwrap_or_default());
        let durability = read("durability").await.unwrap_or_else(|| "full".to_owned());
        let url = |text: Option<String>| text.unwrap_or_default().trim_end_matches('/').to_owned();
        Ok(Self {
            operator_key: key("operator_key", read("operator_key").await)?,
            tick_key: key("tick_key", read("tick_key").await)?,
            vault_keys,
            public_url: url(read("public_url").await),
            durability: Durability::parse(&durability).map_err(|error| SettingsError(format!("variable durability: {error}")))?,
            deployment,
            telegram_api_url: url(read("telegram_api_url").await),
            app_webhook_host: read("app_webhook_host").await.unwrap_or_default(),
            fly_api_url: format!("{}/v1", url(read("fly_api_url").await)),
            fly_api_token: read("fly_api_token").await.unwrap_or_default(),
            objects,
            skill_keys: skill_keys.map_err(|error| SettingsError(format!("variable skill_keys: {error}")))?,
        })
    }

    /// The keys that secrets are sealed with.
    ///
    /// # Errors
    /// When the manifest does not give them to this component.
    pub fn keys(&self) -> Result<&KeyRing, crate::Problem> {
        self.vault_keys.as_ref().ok_or_else(|| crate::Problem::internal("the manifest gives this component no vault_keys"))
    }
}

/// The object store, if a bucket is named.
async fn objects(
    read: &impl AsyncFn(&'static str) -> Option<String>,
    deployment: &str,
) -> Result<Option<Objects>, SettingsError> {
    let text = async |name| read(name).await.unwrap_or_default();
    let bucket = text("s3_bucket").await;
    if bucket.is_empty() {
        return Ok(None);
    }
    let settings = BucketSettings {
        endpoint: text("s3_endpoint").await,
        bucket,
        region: text("s3_region").await,
        access_key: text("s3_access_key").await,
        secret_key: text("s3_secret_key").await,
    };
    let bucket = Bucket::new(settings).map_err(|error| SettingsError(format!("variable {error}")))?;
    Ok(Some(Objects::new(bucket, deployment)))
}

fn key(name: &str, value: Option<String>) -> Result<Option<String>, SettingsError> {
    match value {
        Some(key) if key.len() < KEY_LENGTH_LEAST => {
            Err(SettingsError(format!("variable {name}: must have at least {KEY_LENGTH_LEAST} characters")))
        }
        other => Ok(other),
    }
}
