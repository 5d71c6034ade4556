//! Bindings.

use std::collections::BTreeMap;

use clawstead_domain::binding::{Binding, Source};
use clawstead_operations::bindings::{self, AccountQuery, Direct, Legacy};
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::user_of;

pub(crate) async fn list(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["consumer_user_id", "before", "limit"])?;
    let user = user_of(&query)?;
    let found = bindings::list(&app.cx(call), &user, query.text("before").as_deref(), query.limit()?).await?;
    let next_before = found.last().map(|binding| binding.binding_id.clone());
    let shown: Vec<&Binding> = found.iter().filter(|one| call.principal.reaches(&one.agent_key, &one.consumer_user_id)).collect();
    Ok(Reply::ok(&json!({ "bindings": shown, "next_before": next_before })))
}

pub(crate) async fn show(app: &App, call: &Call) -> Result<Reply, Problem> {
    let binding = bindings::find(&app.cx(call), call.param("binding_id")).await?;
    let not_found = || Problem::new(StatusCode::NOT_FOUND, "binding_not_found", "there is no such binding");
    Ok(Reply::ok(&binding.ok_or_else(not_found)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Make {
    consumer_user_id: String,
    agent_key: String,
    bot_id: Option<String>,
    telegram_user_id: Option<String>,
    telegram_chat_id: Option<String>,
    #[serde(default)]
    source: Source,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    #[serde(default)]
    replaces_all: bool,
}

pub(crate) async fn make(app: &App, call: &Call) -> Result<Reply, Problem> {
    let make: Make = call.json()?;
    let direct = Direct {
        consumer_user_id: make.consumer_user_id,
        agent_key: make.agent_key,
        bot_id: make.bot_id,
        telegram_user_id: make.telegram_user_id,
        telegram_chat_id: make.telegram_chat_id,
        source: make.source,
        metadata: make.metadata,
        replaces_all: make.replaces_all,
    };
    if direct.claims_account() && !call.principal.may_claim_accounts() {
        return Err(Problem::forbidden());
    }
    let made = bindings::bind(&app.cx(call), direct).await?;
    let status = if made.repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok(Reply::json(status, &made.binding))
}

pub(crate) async fn revoke(app: &App, call: &Call) -> Result<Reply, Problem> {
    bindings::revoke(&app.cx(call), call.param("binding_id"), "requested").await?;
    Ok(Reply::empty())
}

pub(crate) async fn revoke_of_user(app: &App, call: &Call) -> Result<Reply, Problem> {
    let revoked = bindings::revoke_of_user(&app.cx(call), call.param("consumer_user_id"), "requested").await?;
    Ok(Reply::ok(&json!({ "revoked": revoked })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resolve {
    bot_id: Option<String>,
    telegram_user_id: Option<String>,
    telegram_chat_id: Option<String>,
}

pub(crate) async fn resolve(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Resolve { bot_id, telegram_user_id, telegram_chat_id } = call.json()?;
    let account = AccountQuery { bot_id, telegram_user_id, telegram_chat_id };
    let found = bindings::resolve(&app.cx(call), &account).await?;
    let found = found.filter(|one| call.principal.reaches(&one.agent_key, &one.consumer_user_id));
    Ok(Reply::ok(&json!({ "binding": found })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Migrate {
    revoke_active_bindings: Option<bool>,
    revoke_pending_pairings: Option<bool>,
}

pub(crate) async fn migrate(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Migrate { revoke_active_bindings, revoke_pending_pairings } = call.json()?;
    let what =
        Legacy { revokes_active: revoke_active_bindings.unwrap_or(true), ends_pairings: revoke_pending_pairings.unwrap_or(true) };
    Ok(Reply::ok(&bindings::migrate_legacy(&app.cx(call), what).await?))
}
