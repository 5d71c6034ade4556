//! Rows 44 to 47, 56, 58 to 60 and 89 to 91: how users and agents stand.

use clawstead_operations::push;
use clawstead_operations::users::{self, AgentReadiness, Overview, UserAgent, UserAgentStatus};
use clawstead_service::spin::App;
use clawstead_service::{Call, Principal, Problem, json};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::consumer::NoArgs;
use crate::pairings::status_word;
use crate::table::Function;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct UserArgs {
    consumer_user_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ListArgs {
    consumer_user_id: String,
    include_disabled: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct UserAgentArgs {
    consumer_user_id: String,
    agent_key: String,
}

pub(crate) async fn overview(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let UserArgs { consumer_user_id } = json::from_value(args)?;
    let found = load(app, call, principal, &consumer_user_id).await?;
    let agents: Vec<Value> = found.agents.iter().map(|agent| shown(agent, &found)).collect();
    Ok(json!({
        "agents": agents, "activeAgentKey": found.active_agent_key, "canCreateNewAgent": found.active_agent_key.is_none(),
    }))
}

pub(crate) async fn list(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let ListArgs { consumer_user_id, include_disabled } = json::from_value(args)?;
    let found = load(app, call, principal, &consumer_user_id).await?;
    let wanted = |agent: &&UserAgent| include_disabled.unwrap_or(true) || agent.status != UserAgentStatus::Disabled;
    Ok(found.agents.iter().filter(wanted).map(|agent| shown(agent, &found)).collect())
}

pub(crate) async fn active(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let UserArgs { consumer_user_id } = json::from_value(args)?;
    let found = load(app, call, principal, &consumer_user_id).await?;
    let active = found.agents.iter().find(|agent| Some(&agent.agent_key) == found.active_agent_key.as_ref());
    Ok(active.map_or(Value::Null, |agent| shown(agent, &found)))
}

pub(crate) async fn one(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let UserAgentArgs { consumer_user_id, agent_key } = json::from_value(args)?;
    let found = load(app, call, principal, &consumer_user_id).await?;
    let agent = found.agents.iter().find(|agent| agent.agent_key == agent_key);
    Ok(agent.map_or(Value::Null, |agent| shown(agent, &found)))
}

async fn load(app: &App, call: &Call, principal: &Principal, user: &str) -> Result<Overview, Problem> {
    let mut overview = users::overview(&app.cx(call), user).await?;
    let sees = |agent_key: &str| principal.limit().is_none_or(|reach| reach.has_agent(agent_key));
    overview.agents.retain(|agent| sees(&agent.agent_key));
    overview.active_agent_key = overview.active_agent_key.filter(|agent_key| sees(agent_key));
    Ok(overview)
}

fn shown(agent: &UserAgent, of: &Overview) -> Value {
    let active = agent.status == UserAgentStatus::Active;
    json!({
        "consumerUserId": agent.consumer_user_id, "agentKey": agent.agent_key, "displayName": agent.display_name,
        "telegramUsername": agent.bot_username, "version": agent.version, "status": agent.status,
        "bindingStatus": agent.binding_status, "pairingStatus": agent.pairing_status.as_deref().map(status_word),
        "conversationId": agent.conversation_id, "canCreateNewAgent": of.active_agent_key.is_none(), "canDisable": active,
        "canChat": active, "canManagePushJobs": active,
    })
}

pub(crate) async fn onboarding(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let UserAgentArgs { consumer_user_id, agent_key } = json::from_value(args)?;
    let found = users::onboarding(&app.cx(call), app.settings.keys()?, &consumer_user_id, &agent_key).await?;
    Ok(json!({
        "agentKey": found.agent_key, "telegramUsername": found.bot_username, "botIdentity": found.bot_id,
        "tokenSecretRef": found.token_ref, "tokenImported": found.token_imported, "webhookReady": found.webhook_ready,
        "pairingCode": found.pairing_code, "pairingStatus": found.pairing_status.as_deref().map(status_word),
        "pairingDeepLink": found.pairing_deep_link, "nextAction": found.next_action,
    }))
}

/// Existing clients ask with the user, on whom nothing of it depends.
pub(crate) async fn readiness(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let UserAgentArgs { agent_key, .. } = json::from_value(args)?;
    let found: AgentReadiness = users::agent_readiness(&app.cx(call), &agent_key).await?;
    Ok(json!({
        "missingSecrets": found.missing_secrets, "hasTelegramToken": found.has_bot_token, "webhookReady": found.webhook_ready,
        "providerRuntimeConfigPresent": found.provider_configured, "workerRuntimeConfigPresent": true, "issues": found.issues,
    }))
}

/// What goes along with messages has defaults, so it is always there.
pub(crate) async fn provider_readiness(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let NoArgs {} = json::from_value(args)?;
    let found = users::provider_readiness(&app.cx(call)).await?;
    Ok(json!({
        "providerRuntimeConfigPresent": found.provider_configured, "workerRuntimeConfigPresent": true, "issues": found.issues,
    }))
}

pub(crate) async fn stats(
    app: &App,
    call: &Call,
    principal: &Principal,
    function: &Function,
    args: Value,
) -> Result<Value, Problem> {
    let UserAgentArgs { consumer_user_id, agent_key } = json::from_value(args)?;
    let mut shown = Map::new();
    if function.name != "getUserAgentPushStats" {
        let found = users::conversation_stats(&app.cx(call), &consumer_user_id, &agent_key).await?;
        shown.insert("contextMessages".to_owned(), json!(found.context_messages));
        shown.insert("queuedMessages".to_owned(), json!(found.queued_messages));
        shown.insert("failedMessages".to_owned(), json!(found.failed_messages));
    }
    if function.name != "getUserAgentConversationStats" {
        let found = push::push_stats(&app.cx(call), &consumer_user_id, &agent_key, &principal.companies()).await?;
        shown.insert("totalPushJobs".to_owned(), json!(found.total_push_jobs));
        shown.insert("activePushJobs".to_owned(), json!(found.active_push_jobs));
        shown.insert("totalDispatches".to_owned(), json!(found.total_dispatches));
        shown.insert("latestDispatchAt".to_owned(), json!(found.latest_dispatch_at));
    }
    Ok(Value::Object(shown))
}
