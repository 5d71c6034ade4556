//! Rows 40 to 43, 48 and 62: bindings.

use std::collections::BTreeMap;

use clawstead_domain::binding::{Binding, Source};
use clawstead_operations::bindings::{self, AccountQuery, Direct, Legacy};
use clawstead_service::spin::App;
use clawstead_service::{Call, Principal, Problem, json};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::consumer::cx_of;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct BindArgs {
    consumer_user_id: String,
    agent_key: String,
    bot_identity: Option<String>,
    #[serde(default)]
    source: Source,
    telegram_user_id: Option<String>,
    telegram_chat_id: Option<String>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

/// Existing clients bind a user to one agent at a time.
pub(crate) async fn bind(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let args: BindArgs = json::from_value(args)?;
    let direct = Direct {
        consumer_user_id: args.consumer_user_id,
        agent_key: args.agent_key,
        bot_id: args.bot_identity,
        telegram_user_id: args.telegram_user_id,
        telegram_chat_id: args.telegram_chat_id,
        source: args.source,
        metadata: args.metadata,
        replaces_all: principal.limit().is_none(),
    };
    if direct.claims_account() && !principal.may_claim_accounts() {
        return Err(Problem::forbidden());
    }
    Ok(shown(&bindings::bind(&cx_of(app, call, principal), direct).await?.binding))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct UserArgs {
    consumer_user_id: String,
}

pub(crate) async fn revoke(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let UserArgs { consumer_user_id } = json::from_value(args)?;
    let revoked = bindings::revoke_of_user(&cx_of(app, call, principal), &consumer_user_id, "requested").await?;
    Ok(json!({ "revoked": revoked }))
}

pub(crate) async fn of_user(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let UserArgs { consumer_user_id } = json::from_value(args)?;
    let found = newest(app, call, principal, &consumer_user_id).await?;
    Ok(found.as_ref().map_or(Value::Null, shown))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct MyArgs {
    consumer_user_id: Option<String>,
}

/// A key that acts for one user need not say for whom it asks.
pub(crate) async fn my_agent(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let MyArgs { consumer_user_id } = json::from_value(args)?;
    let own = principal.limit().and_then(|reach| reach.users.as_deref()).and_then(|users| match users {
        [only] => Some(only.clone()),
        _ => None,
    });
    let user = consumer_user_id.or(own);
    let user = user.ok_or_else(|| Problem::field("missing_field", "consumer_user_id", "the field is missing"))?;
    let found = newest(app, call, principal, &user).await?;
    Ok(json!({ "consumerUserId": user, "agentKey": found.map(|binding| binding.agent_key) }))
}

async fn newest(app: &App, call: &Call, principal: &Principal, user: &str) -> Result<Option<Binding>, Problem> {
    let mut active = bindings::active_of_user(&app.cx(call), user).await?;
    active.retain(|binding| principal.reaches(&binding.agent_key, &binding.consumer_user_id));
    Ok(active.into_iter().max_by(|left, right| (left.bound_at, &left.binding_id).cmp(&(right.bound_at, &right.binding_id))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ResolveArgs {
    bot_identity: Option<String>,
    telegram_user_id: Option<String>,
    telegram_chat_id: Option<String>,
}

pub(crate) async fn resolve(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let ResolveArgs { bot_identity, telegram_user_id, telegram_chat_id } = json::from_value(args)?;
    let account = AccountQuery { bot_id: bot_identity, telegram_user_id, telegram_chat_id };
    let found = bindings::resolve(&app.cx(call), &account).await?;
    let found = found.filter(|one| principal.reaches(&one.agent_key, &one.consumer_user_id));
    Ok(json!({
        "consumerUserId": found.as_ref().map(|binding| &binding.consumer_user_id),
        "agentKey": found.as_ref().map(|binding| &binding.agent_key),
        "conversationId": found.as_ref().map(|binding| &binding.conversation_id),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct MigrateArgs {
    /// Taken and not used: nobody tells us the time.
    #[serde(rename = "nowMs")]
    _now_ms: Option<IgnoredAny>,
    revoke_active_bindings: Option<bool>,
    expire_pending_pairings: Option<bool>,
}

pub(crate) async fn migrate(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let MigrateArgs { revoke_active_bindings, expire_pending_pairings, .. } = json::from_value(args)?;
    let what =
        Legacy { revokes_active: revoke_active_bindings.unwrap_or(true), ends_pairings: expire_pending_pairings.unwrap_or(true) };
    let done = bindings::migrate_legacy(&cx_of(app, call, principal), what).await?;
    Ok(json!({
        "revokedBindings": done.revoked_bindings, "annotatedBindings": done.annotated_bindings,
        "expiredPairings": done.expired_pairings, "pendingPairingsMissingBotIdentity": done.pending_pairings,
        "legacyBindingsMissingBotIdentity": done.legacy_bindings, "profilesMissingBotIdentity": done.agents_without_bot,
    }))
}

fn shown(binding: &Binding) -> Value {
    let metadata = (!binding.metadata.is_empty()).then_some(&binding.metadata);
    json!({
        "consumerUserId": binding.consumer_user_id, "agentKey": binding.agent_key, "conversationId": binding.conversation_id,
        "botIdentity": binding.bot_id, "status": if binding.revoked_at.is_none() { "active" } else { "revoked" },
        "source": binding.source, "telegramUserId": binding.telegram_user_id, "telegramChatId": binding.telegram_chat_id,
        "metadata": metadata, "boundAt": binding.bound_at, "revokedAt": binding.revoked_at,
    })
}
