//! Rows 64 to 67: push templates, in the words of existing clients.

use clawstead_domain::push::{Periodicity, PushTemplate, Schedule, TemplateChange, TemplateDraft};
use clawstead_operations::push::{self, PushTemplates};
use clawstead_service::spin::App;
use clawstead_service::{Call, Principal, Problem, json};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::consumer::cx_of;
use crate::templates::was_there;

/// Existing clients know no pages of these.
const LIST_MAX: i64 = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CreateArgs {
    company_id: String,
    template_key: String,
    title: String,
    text: String,
    periodicity: Periodicity,
    suggested_times: Vec<Schedule>,
    enabled: Option<bool>,
    actor_user_id: String,
}

pub(crate) async fn create(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let CreateArgs { company_id, template_key, title, text, periodicity, suggested_times, enabled, actor_user_id } =
        json::from_value(args)?;
    let draft = TemplateDraft {
        company_id: Some(company_id),
        template_key,
        title,
        text,
        periodicity,
        suggested_times,
        enabled: enabled.unwrap_or(true),
        by: actor_user_id,
    };
    let made = push::create_template(&cx_of(app, call, principal), &draft).await?;
    Ok(json!(made.template_id))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ChangeArgs {
    template_id: String,
    title: Option<String>,
    text: Option<String>,
    periodicity: Option<Periodicity>,
    suggested_times: Option<Vec<Schedule>>,
    enabled: Option<bool>,
    actor_user_id: String,
}

pub(crate) async fn change(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let ChangeArgs { template_id, title, text, periodicity, suggested_times, enabled, actor_user_id } = json::from_value(args)?;
    let change = TemplateChange { title, text, periodicity, suggested_times, enabled, by: actor_user_id };
    was_there(push::change_template(&cx_of(app, call, principal), &template_id, &change).await.map(drop))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct DeleteArgs {
    template_id: String,
}

pub(crate) async fn delete(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let DeleteArgs { template_id } = json::from_value(args)?;
    was_there(push::delete_template(&cx_of(app, call, principal), &template_id).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ListArgs {
    company_id: String,
    include_disabled: Option<bool>,
}

pub(crate) async fn list(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let ListArgs { company_id, include_disabled } = json::from_value(args)?;
    let include_disabled = include_disabled.unwrap_or(false);
    let which = PushTemplates { company_id: Some(&company_id), include_disabled, after: None };
    let found = push::list_templates(&app.cx(call), which, LIST_MAX).await?;
    Ok(found.iter().map(shown).collect())
}

fn shown(template: &PushTemplate) -> Value {
    let times: Vec<Value> = template.suggested_times.iter().map(|time| schedule(*time)).collect();
    json!({
        "_id": template.template_id, "companyId": template.company_id, "templateKey": template.template_key,
        "title": template.title, "text": template.text, "periodicity": template.periodicity, "suggestedTimes": times,
        "enabled": template.enabled, "createdBy": template.created_by, "updatedBy": template.updated_by,
        "createdAt": template.created_at, "updatedAt": template.updated_at,
    })
}

/// A schedule as existing clients write it.
pub(crate) fn schedule(schedule: Schedule) -> Value {
    let mut shown = json!(schedule);
    if let Some(fields) = shown.as_object_mut()
        && let Some(day) = fields.remove("day_of_month")
    {
        fields.insert("dayOfMonth".to_owned(), day);
    }
    shown
}
