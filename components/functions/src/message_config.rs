//! Rows 4 and 5: what goes along with messages, in the words of existing clients.

use clawstead_domain::config::{MessagesPolicy, RetentionPolicy};
use clawstead_operations::configs;
use clawstead_service::spin::App;
use clawstead_service::{Call, Principal, Problem, json};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::consumer::NoArgs;

/// What has its default is left out; null when that is all.
pub(crate) async fn show(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let NoArgs {} = json::from_value(args)?;
    let policies = configs::load(&app.cx(call)).await?;
    let (messages, retention): (MessagesPolicy, RetentionPolicy) = (policies.get()?, policies.get()?);
    let mut config = Map::new();
    if let Some(prompt) = messages.system_prompt() {
        config.insert("systemPrompt".to_owned(), json!(prompt));
    }
    if retention.attachment_age_ms != RetentionPolicy::default().attachment_age_ms {
        config.insert("telegramAttachmentRetentionMs".to_owned(), json!(retention.attachment_age_ms));
    }
    Ok(if config.is_empty() { Value::Null } else { Value::Object(config) })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SetArgs {
    message_config: MessageConfig,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct MessageConfig {
    system_prompt: Option<String>,
    telegram_attachment_retention_ms: Option<f64>,
}

/// Both values are set; one that is left out gets its default.
pub(crate) async fn set(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let SetArgs { message_config } = json::from_value(args)?;
    let mut cx = app.cx(call);
    cx.actor = principal.actor();
    let policies = configs::load(&cx).await?;
    let (messages, retention): (MessagesPolicy, RetentionPolicy) = (policies.get()?, policies.get()?);
    let system_prompt = message_config.system_prompt.unwrap_or_default().trim().to_owned();
    let age = message_config.telegram_attachment_retention_ms.filter(|age| *age >= 1.0);
    let attachment_age_ms = age.map_or(RetentionPolicy::default().attachment_age_ms, |age| age as i64);
    configs::set(&cx, &MessagesPolicy { system_prompt, ..messages }).await?;
    configs::set(&cx, &RetentionPolicy { attachment_age_ms, ..retention }).await?;
    Ok(Value::Null)
}
