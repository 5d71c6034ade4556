//! Telegram bots.

use clawstead_operations::bots::{self, BotView, WebhookOptions};
use clawstead_service::outside::telegram;
use clawstead_service::spin::App;
use clawstead_service::{Call, Principal, Problem, Reply};
use clawstead_transport::SpinTransport;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Link {
    agent_key: String,
    token: String,
    #[serde(default)]
    drop_pending_updates: bool,
}

pub(crate) async fn link(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Link { agent_key, token, drop_pending_updates } = call.json()?;
    let transport = SpinTransport::default();
    let telegram = telegram(&app.settings, &transport);
    let options = WebhookOptions { drop_pending_updates, ..WebhookOptions::default() };
    let linked = bots::link(&app.cx(call), app.settings.keys()?, telegram, &agent_key, &token, options).await?;
    let status = if linked.new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(Reply::json(status, &linked.bot))
}

pub(crate) async fn list(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["after", "limit"])?;
    let bots = bots::list(&app.cx(call), &query.text("after").unwrap_or_default(), query.limit()?).await?;
    let next_after = bots.last().map(|bot| bot.bot_id.clone());
    Ok(Reply::ok(&json!({ "bots": bots, "next_after": next_after })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Import {
    token: String,
}

pub(crate) async fn import(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Import { token } = call.json()?;
    let transport = SpinTransport::default();
    let telegram = telegram(&app.settings, &transport);
    let imported = bots::import_token(&app.cx(call), app.settings.keys()?, telegram, call.param("agent_key"), &token).await?;
    let status = if imported.new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(Reply::json(status, &BotView::from(imported.bot)))
}

pub(crate) async fn unlink(app: &App, call: &Call) -> Result<Reply, Problem> {
    bots::unlink(&app.cx(call), call.param("agent_key")).await?;
    Ok(Reply::empty())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reconcile {
    secret_ref: Option<String>,
}

/// Only the operator may say where a token is: a name could be that of somebody else's.
pub(crate) async fn reconcile(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Reconcile { secret_ref } = call.json()?;
    if secret_ref.is_some() && !matches!(call.principal, Principal::Operator) {
        return Err(Problem::forbidden());
    }
    let transport = SpinTransport::default();
    let telegram = telegram(&app.settings, &transport);
    let cx = app.cx(call);
    let reconciled = bots::reconcile(&cx, app.settings.keys()?, telegram, call.param("agent_key"), secret_ref.as_deref()).await?;
    Ok(Reply::ok(&BotView::from(reconciled.bot)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Webhook {
    #[serde(default)]
    rotate_secret: bool,
    #[serde(default)]
    drop_pending_updates: bool,
}

pub(crate) async fn configure_webhook(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Webhook { rotate_secret, drop_pending_updates } = call.json()?;
    let transport = SpinTransport::default();
    let telegram = telegram(&app.settings, &transport);
    let options = WebhookOptions { rotate_secret, drop_pending_updates };
    let cx = app.cx(call);
    let bot = bots::configure_webhook(&cx, app.settings.keys()?, telegram, call.param("agent_key"), options).await?;
    Ok(Reply::ok(&bot))
}

pub(crate) async fn webhook(app: &App, call: &Call) -> Result<Reply, Problem> {
    let transport = SpinTransport::default();
    let telegram = telegram(&app.settings, &transport);
    let found = bots::webhook_readiness(&app.cx(call), app.settings.keys()?, telegram, call.param("agent_key")).await?;
    let missing = || Problem::new(StatusCode::NOT_FOUND, "bot_not_found", "the agent has no bot");
    Ok(Reply::ok(&found.ok_or_else(missing)?))
}
