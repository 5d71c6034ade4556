//! Rows 32 to 34 and 57: the default agent, and secrets.

use std::collections::BTreeMap;

use clawstead_domain::agent::Configure;
use clawstead_operations::{agents, secrets, users};
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, json};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::consumer::{NoArgs, cx_of};
use clawstead_service::Principal;

const DEFAULT_AGENT: &str = "default";

/// Whose bot it is, its token will say: existing clients seed a placeholder.
pub(crate) async fn seed_default_agent(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let NoArgs {} = json::from_value(args)?;
    let change = Configure { version: Some("1.0.0".to_owned()), enabled: Some(true), ..Configure::default() };
    let agent = agents::configure(&cx_of(app, call, principal), DEFAULT_AGENT, &change).await?;
    Ok(json!(agent.agent_key))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ImportArgs {
    secret_ref: String,
    plaintext_value: String,
    /// Taken and not kept: nothing reads it, and people put secrets there.
    #[serde(rename = "metadata")]
    _metadata: Option<BTreeMap<String, IgnoredAny>>,
}

pub(crate) async fn import(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let ImportArgs { secret_ref, plaintext_value, .. } = json::from_value(args)?;
    let cx = cx_of(app, call, principal);
    let imported = secrets::import(&cx, app.settings.keys()?, &secret_ref, &plaintext_value).await?;
    Ok(json!({ "secretId": imported.sealed_id, "secretRef": secret_ref, "version": imported.version }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct StatusArgs {
    secret_refs: Vec<String>,
}

/// Refs asked about at once.
const REFS_MAX: usize = 200;

pub(crate) async fn status(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let StatusArgs { secret_refs } = json::from_value(args)?;
    if secret_refs.len() > REFS_MAX {
        return Err(Problem::field("invalid_field", "secret_refs", format!("must name at most {REFS_MAX}")));
    }
    let found = secrets::status(&app.cx(call), &secret_refs).await?;
    let shown = found
        .iter()
        .map(|secret| json!({ "secretRef": secret.secret_ref, "hasActive": secret.has_active, "version": secret.version }));
    Ok(shown.collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RequiredArgs {
    agent_key: Option<String>,
}

/// An agent that does not exist needs nothing, as existing clients expect.
pub(crate) async fn required(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let RequiredArgs { agent_key } = json::from_value(args)?;
    let agent_key = agent_key.filter(|agent_key| !agent_key.is_empty());
    let cx = app.cx(call);
    let known = match &agent_key {
        Some(agent_key) => agents::find(&cx, agent_key).await?.is_some(),
        None => true,
    };
    let secret_refs = if known { users::required_secrets(&cx, agent_key.as_deref()).await? } else { Vec::new() };
    Ok(json!({ "agentKey": agent_key, "secretRefs": secret_refs }))
}
