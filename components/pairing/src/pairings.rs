//! Pairing codes.

use clawstead_domain::binding::Account;
use clawstead_domain::pairing::Pairing;
use clawstead_operations::pairings;
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::user_of;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    consumer_user_id: String,
    agent_key: String,
    ttl_ms: Option<i64>,
}

pub(crate) async fn create(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Create { consumer_user_id, agent_key, ttl_ms } = call.json()?;
    let pairing = pairings::create(&app.cx(call), app.settings.keys()?, &consumer_user_id, &agent_key, ttl_ms).await?;
    Ok(Reply::json(StatusCode::CREATED, &pairing))
}

pub(crate) async fn show(app: &App, call: &Call) -> Result<Reply, Problem> {
    let pairing = pairings::get(&app.cx(call), call.param("pairing_id")).await?;
    Ok(Reply::ok(&pairing.ok_or_else(not_found)?))
}

pub(crate) async fn list(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["consumer_user_id", "before", "limit"])?;
    let user = user_of(&query)?;
    let found = pairings::list(&app.cx(call), &user, query.text("before").as_deref(), query.limit()?).await?;
    let next_before = found.last().map(|pairing| pairing.pairing_id.clone());
    let shown: Vec<&Pairing> = found.iter().filter(|one| call.principal.reaches(&one.agent_key, &one.consumer_user_id)).collect();
    Ok(Reply::ok(&json!({ "pairings": shown, "next_before": next_before })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Find {
    code: String,
}

pub(crate) async fn find(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Find { code } = call.json()?;
    let pairing = pairings::by_code(&app.cx(call), &code).await?;
    let pairing = pairing.filter(|one| call.principal.reaches(&one.agent_key, &one.consumer_user_id));
    Ok(Reply::ok(&pairing.ok_or_else(not_found)?))
}

pub(crate) async fn revoke(app: &App, call: &Call) -> Result<Reply, Problem> {
    pairings::revoke(&app.cx(call), call.param("pairing_id")).await?;
    Ok(Reply::empty())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Consume {
    code: String,
    bot_id: String,
    telegram_user_id: String,
    telegram_chat_id: Option<String>,
}

pub(crate) async fn consume(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Consume { code, bot_id, telegram_user_id, telegram_chat_id } = call.json()?;
    let telegram_chat_id = telegram_chat_id.unwrap_or_else(|| telegram_user_id.clone());
    let account = Account { bot_id, telegram_user_id, telegram_chat_id };
    let used = pairings::consume(&app.cx(call), &code, &account).await?;
    Ok(Reply::ok(&json!({ "pairing_id": used.pairing_id, "binding": used.binding, "repeated": used.repeated })))
}

fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "pairing_not_found", "there is no such pairing")
}
