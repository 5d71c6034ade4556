//! Rows 6 to 9 and 78: message templates. Those of a key's company, or those that belong to nobody.

use std::collections::BTreeMap;

use clawstead_domain::template::{Change, Draft, Template};
use clawstead_operations::OperationError;
use clawstead_operations::queue::{Said, UserMessage};
use clawstead_operations::templates::{self, Templates};
use clawstead_service::spin::App;
use clawstead_service::{Call, Principal, Problem, json};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::consumer::cx_of;
use crate::conversations::send_once;

const LIMIT_DEFAULT: i64 = 100;
const LIMIT_MAX: i64 = 200;
const NOT_FOUND: [&str; 3] = ["template_not_found", "push_template_not_found", "push_job_not_found"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CreateArgs {
    title: String,
    text: String,
    tags: Vec<String>,
    enabled: Option<bool>,
    actor_user_id: String,
}

pub(crate) async fn create(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let CreateArgs { title, text, tags, enabled, actor_user_id } = json::from_value(args)?;
    let company_id = principal.company(None)?;
    let draft = Draft { company_id, title, text, tags, enabled: enabled.unwrap_or(true), by: actor_user_id };
    let made = templates::create(&cx_of(app, call, principal), &draft).await?;
    Ok(json!(made.template_id))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ChangeArgs {
    template_id: String,
    title: Option<String>,
    text: Option<String>,
    tags: Option<Vec<String>>,
    enabled: Option<bool>,
    actor_user_id: String,
}

pub(crate) async fn change(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let ChangeArgs { template_id, title, text, tags, enabled, actor_user_id } = json::from_value(args)?;
    let change = Change { title, text, tags, enabled, by: actor_user_id };
    was_there(templates::change(&cx_of(app, call, principal), &template_id, &change).await.map(drop))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct DeleteArgs {
    template_id: String,
}

pub(crate) async fn delete(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let DeleteArgs { template_id } = json::from_value(args)?;
    was_there(templates::delete(&cx_of(app, call, principal), &template_id).await)
}

/// Existing clients are told by `false` that there is no such thing.
pub(crate) fn was_there(outcome: Result<(), OperationError>) -> Result<Value, Problem> {
    match outcome {
        Ok(()) => Ok(json!(true)),
        Err(OperationError::Refused(refusal)) if NOT_FOUND.contains(&refusal.code) => Ok(json!(false)),
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ListArgs {
    include_disabled: Option<bool>,
    limit: Option<f64>,
}

pub(crate) async fn list(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let ListArgs { include_disabled, limit } = json::from_value(args)?;
    let company_id = principal.company(None)?;
    let which = Templates { company_id: company_id.as_deref(), include_disabled: include_disabled.unwrap_or(false), after: None };
    let limit = limit.map_or(LIMIT_DEFAULT, |limit| (limit as i64).clamp(1, LIMIT_MAX));
    let page = templates::list(&app.cx(call), which, limit).await?;
    Ok(page.templates.iter().map(shown).collect())
}

fn shown(template: &Template) -> Value {
    json!({
        "_id": template.template_id, "_creationTime": template.created_at, "templateKey": template.template_key,
        "title": template.title, "text": template.text, "tags": template.tags, "usageCount": template.usage_count,
        "enabled": template.enabled, "createdBy": template.created_by, "updatedBy": template.updated_by,
        "createdAt": template.created_at, "updatedAt": template.updated_at,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SendArgs {
    consumer_user_id: String,
    agent_key: String,
    template_id: String,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

pub(crate) async fn send(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let SendArgs { consumer_user_id, agent_key, template_id, metadata } = json::from_value(args)?;
    let said = Said::Template(template_id);
    let message = UserMessage { consumer_user_id, agent_key, said, metadata, request_hash: None };
    let sent = send_once(app, call, principal, message).await?;
    Ok(json!({ "messageId": sent.accepted.message_id, "usageCount": sent.usage_count.unwrap_or(0) }))
}
