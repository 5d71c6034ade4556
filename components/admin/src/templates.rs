//! Message templates.

use clawstead_domain::template::{Change, Draft};
use clawstead_operations::templates::{self, Templates};
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use http::StatusCode;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    company_id: Option<String>,
    title: String,
    text: String,
    #[serde(default)]
    tags: Vec<String>,
    enabled: Option<bool>,
    actor_user_id: Option<String>,
}

pub(crate) async fn create(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Create { company_id, title, text, tags, enabled, actor_user_id } = call.json()?;
    let draft = Draft {
        company_id: call.principal.company(company_id)?,
        title,
        text,
        tags,
        enabled: enabled.unwrap_or(true),
        by: by(call, actor_user_id),
    };
    Ok(Reply::json(StatusCode::CREATED, &templates::create(&app.cx(call), &draft).await?))
}

pub(crate) async fn list(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["company_id", "include_disabled", "after", "limit"])?;
    let company_id = call.principal.company(query.text("company_id"))?;
    let after = query.text("after");
    let which = Templates {
        company_id: company_id.as_deref(),
        include_disabled: query.flag("include_disabled")?,
        after: after.as_deref(),
    };
    Ok(Reply::ok(&templates::list(&app.cx(call), which, query.limit()?).await?))
}

pub(crate) async fn show(app: &App, call: &Call) -> Result<Reply, Problem> {
    Ok(Reply::ok(&templates::get(&app.cx(call), call.param("template_id")).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changed {
    title: Option<String>,
    text: Option<String>,
    tags: Option<Vec<String>>,
    enabled: Option<bool>,
    actor_user_id: Option<String>,
}

pub(crate) async fn change(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Changed { title, text, tags, enabled, actor_user_id } = call.json()?;
    let change = Change { title, text, tags, enabled, by: by(call, actor_user_id) };
    Ok(Reply::ok(&templates::change(&app.cx(call), call.param("template_id"), &change).await?))
}

pub(crate) async fn delete(app: &App, call: &Call) -> Result<Reply, Problem> {
    templates::delete(&app.cx(call), call.param("template_id")).await?;
    Ok(Reply::empty())
}

/// Whom the consumer app names, or else whose key it is.
pub(crate) fn by(call: &Call, actor_user_id: Option<String>) -> String {
    actor_user_id.unwrap_or_else(|| call.principal.actor())
}
