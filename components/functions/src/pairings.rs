//! Rows 49 to 53: pairing codes.

use clawstead_domain::binding::Account;
use clawstead_domain::pairing::{EXPIRED, Pairing, REVOKED};
use clawstead_operations::pairings;
use clawstead_operations::users;
use clawstead_service::spin::App;
use clawstead_service::{Call, Principal, Problem, json};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::consumer::cx_of;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CreateArgs {
    consumer_user_id: String,
    agent_key: String,
    ttl_ms: Option<f64>,
}

/// As the function of that name gives it: the pairing, or the pairing and a link.
pub(crate) async fn create(
    app: &App,
    call: &Call,
    principal: &Principal,
    with_link: bool,
    args: Value,
) -> Result<Value, Problem> {
    let CreateArgs { consumer_user_id, agent_key, ttl_ms } = json::from_value(args)?;
    let cx = cx_of(app, call, principal);
    let ttl_ms = ttl_ms.map(|ttl| ttl as i64);
    let made = pairings::create(&cx, app.settings.keys()?, &consumer_user_id, &agent_key, ttl_ms).await?;
    let pairing = pairings::get(&cx, &made.pairing_id).await?;
    let pairing = pairing.ok_or_else(|| Problem::internal("the pairing that was just made"))?;
    let shown = shown(&pairing, &made.code);
    Ok(if with_link { json!({ "pairing": shown, "deepLink": made.deep_link }) } else { shown })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ConsumeArgs {
    code: String,
    bot_identity: Option<String>,
    telegram_user_id: String,
    telegram_chat_id: String,
}

pub(crate) async fn consume(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let ConsumeArgs { code, bot_identity, telegram_user_id, telegram_chat_id } = json::from_value(args)?;
    let bot_id = bot_identity.map(|bot| bot.trim().to_owned()).filter(|bot| !bot.is_empty());
    let bot_id = bot_id.ok_or_else(|| Problem::field("missing_field", "bot_identity", "the field is missing"))?;
    let cx = cx_of(app, call, principal);
    let account = Account { bot_id, telegram_user_id, telegram_chat_id };
    let used = pairings::consume(&cx, &code, &account).await?;
    let pairing = pairings::get(&cx, &used.pairing_id).await?;
    let pairing = pairing.ok_or_else(|| Problem::internal("the pairing that was just used"))?;
    Ok(shown(&pairing, code.trim()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CodeArgs {
    code: String,
}

pub(crate) async fn of_code(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let CodeArgs { code } = json::from_value(args)?;
    let found = pairings::by_code(&app.cx(call), &code).await?;
    let found = found.filter(|one| principal.reaches(&one.agent_key, &one.consumer_user_id));
    Ok(found.map_or(Value::Null, |pairing| shown(&pairing, code.trim())))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct UserAgentArgs {
    consumer_user_id: String,
    agent_key: String,
}

/// The newest code of a user and an agent.
pub(crate) async fn of_user_agent(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let UserAgentArgs { consumer_user_id, agent_key } = json::from_value(args)?;
    let cx = app.cx(call);
    let user_agent = users::agent_of(&cx, &consumer_user_id, &agent_key).await?;
    let Some(pairing_id) = user_agent.and_then(|one| one.pairing_id) else {
        return Ok(Value::Null);
    };
    let pairing = pairings::get(&cx, &pairing_id).await?;
    let keys = app.settings.keys()?;
    let with_code = |pairing: &Pairing| shown(pairing, &pairings::code_of(keys, pairing).unwrap_or_default());
    Ok(pairing.as_ref().map_or(Value::Null, with_code))
}

/// Existing clients know no code that was taken back: to them it has expired.
pub(crate) fn status_word(state: &str) -> &str {
    if state == REVOKED { EXPIRED } else { state }
}

fn shown(pairing: &Pairing, code: &str) -> Value {
    json!({
        "code": code, "consumerUserId": pairing.consumer_user_id, "agentKey": pairing.agent_key, "botIdentity": pairing.bot_id,
        "status": status_word(&pairing.state), "createdAt": pairing.created_at, "expiresAt": pairing.expires_at,
        "usedAt": pairing.used_at, "telegramUserId": pairing.telegram_user_id, "telegramChatId": pairing.telegram_chat_id,
    })
}
