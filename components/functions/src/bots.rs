//! Rows 54, 55, 61 and 63: bots, their tokens and webhooks.

use std::collections::BTreeMap;

use clawstead_domain::bot;
use clawstead_operations::bots::{self, WebhookOptions, WebhookReadiness};
use clawstead_service::outside::telegram;
use clawstead_service::spin::App;
use clawstead_service::{Call, Principal, Problem, json};
use clawstead_transport::SpinTransport;
use http::StatusCode;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::consumer::cx_of;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ImportArgs {
    /// Taken and not used: the agent is whose bot it becomes, and the key says who may do that.
    #[serde(rename = "consumerUserId")]
    _consumer_user_id: String,
    agent_key: String,
    plaintext_value: String,
    /// Taken and not kept.
    #[serde(rename = "metadata")]
    _metadata: Option<BTreeMap<String, IgnoredAny>>,
}

pub(crate) async fn import_token(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let ImportArgs { agent_key, plaintext_value, .. } = json::from_value(args)?;
    let transport = SpinTransport::default();
    let cx = cx_of(app, call, principal);
    let telegram = telegram(&app.settings, &transport);
    let imported = bots::import_token(&cx, app.settings.keys()?, telegram, &agent_key, &plaintext_value).await;
    let imported = imported.map_err(|error| by_its_name(error.into()))?;
    Ok(json!({
        "secretId": imported.token.sealed_id, "secretRef": imported.bot.token_ref, "version": imported.token.version,
        "botIdentity": imported.bot.bot_id, "telegramUsername": imported.bot.username,
    }))
}

fn by_its_name(problem: Problem) -> Problem {
    let field = problem.field.map(|field| if field == "token" { "plaintext_value".to_owned() } else { field });
    Problem { field, ..problem }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ReconcileArgs {
    agent_key: String,
    secret_ref: Option<String>,
}

pub(crate) async fn reconcile(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let ReconcileArgs { agent_key, secret_ref } = json::from_value(args)?;
    check_ref(principal, Some(&agent_key), secret_ref.as_deref())?;
    let transport = SpinTransport::default();
    let cx = cx_of(app, call, principal);
    let telegram = telegram(&app.settings, &transport);
    let found = bots::reconcile(&cx, app.settings.keys()?, telegram, &agent_key, secret_ref.as_deref()).await?;
    Ok(json!({
        "agentKey": agent_key, "secretRef": found.bot.token_ref, "botIdentity": found.bot.bot_id,
        "telegramUsername": found.bot.username,
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WebhookArgs {
    convex_site_url: String,
    secret_ref: Option<String>,
    agent_key: Option<String>,
}

/// Updates always come to this deployment: whoever may ask for a webhook must not choose where people's messages go. The
/// address given is looked at only to find out a mistake.
pub(crate) async fn configure_webhook(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let WebhookArgs { convex_site_url, secret_ref, agent_key } = json::from_value(args)?;
    let given = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let (secret_ref, agent_key) = (given(secret_ref), given(agent_key));
    check_site(&convex_site_url, &app.settings.public_url)?;
    check_ref(principal, agent_key.as_deref(), secret_ref.as_deref())?;
    let transport = SpinTransport::default();
    let telegram = telegram(&app.settings, &transport);
    let cx = cx_of(app, call, principal);
    let keys = app.settings.keys()?;
    let agent_key = agent_key.unwrap_or_else(|| DEFAULT_AGENT.to_owned());
    // A token that was imported as a mere secret has not said yet whose it is.
    if secret_ref.is_some() || bots::of_agent(&cx, &agent_key).await?.is_none() {
        bots::reconcile(&cx, keys, telegram, &agent_key, secret_ref.as_deref()).await?;
    }
    bots::configure_webhook(&cx, keys, telegram, &agent_key, WebhookOptions::default()).await?;
    let found = bots::webhook_readiness(&cx, keys, telegram, &agent_key).await?;
    let found = found.ok_or_else(|| Problem::internal("the bot whose webhook was just set"))?;
    Ok(json!({
        "ok": true, "webhookUrl": found.url, "currentUrl": found.current_url, "botIdentity": found.bot_id,
        "secretTokenConfigured": found.ready, "isReady": found.ready, "pendingUpdateCount": found.pending_update_count,
        "lastErrorMessage": found.last_error_message, "lastErrorDate": found.last_error_date, "description": description(&found),
    }))
}

const DEFAULT_AGENT: &str = "default";

fn description(found: &WebhookReadiness) -> &'static str {
    if found.ready { "the webhook is set" } else { "Telegram delivers elsewhere, or with another secret" }
}

fn check_site(site: &str, public_url: &str) -> Result<(), Problem> {
    let site = site.trim().trim_end_matches('/');
    if site.is_empty() {
        return Err(Problem::field("invalid_field", "convex_site_url", "must not be blank"));
    }
    if !site.starts_with("https://") && site != public_url.trim_end_matches('/') {
        return Err(Problem::field("invalid_field", "convex_site_url", "must begin with https://"));
    }
    Ok(())
}

/// A key may name only its own agent's token: another name could be that of somebody else's.
fn check_ref(principal: &Principal, agent_key: Option<&str>, secret_ref: Option<&str>) -> Result<(), Problem> {
    let own = agent_key.map(bot::agent_token_ref);
    match (principal, secret_ref) {
        (Principal::Operator, _) | (_, None) => Ok(()),
        (_, Some(secret_ref)) if own.as_deref() == Some(secret_ref.trim()) => Ok(()),
        _ => Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", "these credentials do not allow this secret")),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AgentArgs {
    agent_key: String,
}

/// An agent without a bot is not ready; there is nobody to ask.
pub(crate) async fn webhook(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let AgentArgs { agent_key } = json::from_value(args)?;
    let transport = SpinTransport::default();
    let telegram = telegram(&app.settings, &transport);
    let found = bots::webhook_readiness(&app.cx(call), app.settings.keys()?, telegram, &agent_key).await?;
    let found = found.as_ref();
    Ok(json!({
        "agentKey": agent_key, "secretRef": found.map(|one| &one.token_ref), "currentUrl": found.and_then(|one| one.current_url.as_ref()),
        "pendingUpdateCount": found.map_or(0, |one| one.pending_update_count),
        "lastErrorMessage": found.and_then(|one| one.last_error_message.as_ref()),
        "lastErrorDate": found.and_then(|one| one.last_error_date), "webhookReady": found.is_some_and(|one| one.ready),
    }))
}
