//! Whether an update comes from Telegram.

use clawstead_domain::bot;
use clawstead_ledger::Engine;
use clawstead_vault::{KeyRing, Secret, constant_time_eq};

use crate::{Cx, OperationError, secrets};

/// Whether a presented secret is good for a bot: the one in force, or the one before it for as long as Telegram has not
/// confirmed the new one.
///
/// # Errors
/// When the secret cannot be read.
pub async fn accepts<E: Engine>(cx: &Cx<'_, E>, keys: &KeyRing, bot_id: &str, presented: &str) -> Result<bool, OperationError> {
    let secret_ref = bot::webhook_secret_ref(bot_id);
    let is = |secret: Option<Secret<String>>| {
        secret.is_some_and(|secret| constant_time_eq(secret.expose().as_bytes(), presented.as_bytes()))
    };
    Ok(is(secrets::open(cx, keys, &secret_ref).await?) || is(secrets::held(cx, keys, &secret_ref).await?))
}
