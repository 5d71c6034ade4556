//! Push templates.

use clawstead_domain::push::{Periodicity, Schedule, TemplateChange, TemplateDraft};
use clawstead_operations::push::{self, PushTemplates};
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::templates::by;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    company_id: Option<String>,
    template_key: String,
    title: String,
    text: String,
    periodicity: Periodicity,
    #[serde(default)]
    suggested_times: Vec<Schedule>,
    enabled: Option<bool>,
    actor_user_id: Option<String>,
}

pub(crate) async fn create(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Create { company_id, template_key, title, text, periodicity, suggested_times, enabled, actor_user_id } = call.json()?;
    let draft = TemplateDraft {
        company_id: call.principal.company(company_id)?,
        template_key,
        title,
        text,
        periodicity,
        suggested_times,
        enabled: enabled.unwrap_or(true),
        by: by(call, actor_user_id),
    };
    Ok(Reply::json(StatusCode::CREATED, &push::create_template(&app.cx(call), &draft).await?))
}

pub(crate) async fn list(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["company_id", "include_disabled", "after", "limit"])?;
    let company_id = call.principal.company(query.text("company_id"))?;
    let after = query.text("after");
    let which = PushTemplates {
        company_id: company_id.as_deref(),
        include_disabled: query.flag("include_disabled")?,
        after: after.as_deref(),
    };
    let limit = query.limit()?;
    let found = push::list_templates(&app.cx(call), which, limit).await?;
    let next_after = found.last().filter(|_| found.len() as i64 == limit).map(|last| last.template_id.clone());
    Ok(Reply::ok(&json!({ "templates": found, "next_after": next_after })))
}

pub(crate) async fn show(app: &App, call: &Call) -> Result<Reply, Problem> {
    Ok(Reply::ok(&push::template(&app.cx(call), call.param("template_id")).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changed {
    title: Option<String>,
    text: Option<String>,
    periodicity: Option<Periodicity>,
    suggested_times: Option<Vec<Schedule>>,
    enabled: Option<bool>,
    actor_user_id: Option<String>,
}

pub(crate) async fn change(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Changed { title, text, periodicity, suggested_times, enabled, actor_user_id } = call.json()?;
    let change = TemplateChange { title, text, periodicity, suggested_times, enabled, by: by(call, actor_user_id) };
    Ok(Reply::ok(&push::change_template(&app.cx(call), call.param("template_id"), &change).await?))
}

pub(crate) async fn delete(app: &App, call: &Call) -> Result<Reply, Problem> {
    push::delete_template(&app.cx(call), call.param("template_id")).await?;
    Ok(Reply::empty())
}
