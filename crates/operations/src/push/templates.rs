//! Push templates: making, changing, deleting and listing them.

use clawstead_domain::Refusal;
use clawstead_domain::push::{self, PushTemplate, PushTemplateEvent, TemplateChange, TemplateDraft, template_not_found};
use clawstead_ledger::{Engine, Expected, Row};

use crate::{Cx, OperationError, decide};

const COLUMNS: &str = "template_id, company_id, template_key, title, text, periodicity, suggested_times, enabled, created_by, \
    updated_by, created_at, updated_at, stream_version FROM push_templates";

/// A push template that must be there.
///
/// # Errors
/// When it is not.
pub async fn template<E: Engine>(cx: &Cx<'_, E>, template_id: &str) -> Result<PushTemplate, OperationError> {
    Ok(find_template(cx, template_id).await?.ok_or_else(template_not_found)?)
}

/// One push template.
///
/// # Errors
/// When the database does not answer.
pub async fn find_template<E: Engine>(cx: &Cx<'_, E>, template_id: &str) -> Result<Option<PushTemplate>, OperationError> {
    let rows = cx.sql(&format!("SELECT {COLUMNS} WHERE template_id = ?1"), &[template_id.into()]).await?;
    rows.first().map(|row| template_of(&row)).transpose()
}

/// Makes a push template, and gives it as it is then.
///
/// # Errors
/// When a value cannot be, or the company has one of that key.
pub async fn create_template<E: Engine>(cx: &Cx<'_, E>, draft: &TemplateDraft) -> Result<PushTemplate, OperationError> {
    let template_id = cx.new_id();
    let event = push::create_template(draft)?;
    match cx.append(&template_id, Expected::Version(0), &[event]).await {
        Err(OperationError::Rule(rule)) if rule == "push_templates.company_id,template_key" => Err(key_taken().into()),
        outcome => outcome,
    }?;
    template(cx, &template_id).await
}

fn key_taken() -> Refusal {
    let detail = "another push template of the company has this key";
    Refusal { field: Some("template_key"), ..Refusal::conflict("push_template_key_taken", detail) }
}

/// Changes a push template, and gives it as it is then. Jobs that were made of it stay as they are.
///
/// # Errors
/// When it is not there, or a value cannot be.
pub async fn change_template<E: Engine>(
    cx: &Cx<'_, E>,
    template_id: &str,
    change: &TemplateChange,
) -> Result<PushTemplate, OperationError> {
    decide(async || {
        let known = template(cx, template_id).await?;
        match push::change_template(&known, change)? {
            Some(event) => cx.append(template_id, Expected::Version(known.stream_version), &[event]).await,
            None => Ok(()),
        }
    })
    .await?;
    template(cx, template_id).await
}

/// Deletes a push template. Jobs that were made of it stay as they are.
///
/// # Errors
/// When it is not there.
pub async fn delete_template<E: Engine>(cx: &Cx<'_, E>, template_id: &str) -> Result<(), OperationError> {
    decide(async || {
        let known = template(cx, template_id).await?;
        let expected = Expected::Version(known.stream_version);
        cx.append(template_id, expected, &[PushTemplateEvent::PushTemplateDeleted {}]).await
    })
    .await
}

/// Which push templates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PushTemplates<'a> {
    /// Those of this company; nobody's for `None`.
    pub company_id: Option<&'a str>,
    /// Also those of which no jobs can be made.
    pub include_disabled: bool,
    /// Those after this one, as it is now.
    pub after: Option<&'a str>,
}

/// The push templates of a company, or those that are nobody's; the one changed last first.
///
/// # Errors
/// When the database does not answer.
pub async fn list_templates<E: Engine>(
    cx: &Cx<'_, E>,
    which: PushTemplates<'_>,
    limit: i64,
) -> Result<Vec<PushTemplate>, OperationError> {
    // As the index says it that holds only those.
    let enabled = if which.include_disabled { "" } else { " AND enabled = 1" };
    let mut params = vec![which.company_id.unwrap_or_default().into(), limit.into()];
    let mut older = "";
    if let Some(after) = which.after {
        params.push(after.into());
        older = " AND (updated_at, template_id) < (SELECT updated_at, template_id FROM push_templates WHERE template_id = ?3)";
    }
    let sql =
        format!("SELECT {COLUMNS} WHERE company_id = ?1{enabled}{older} ORDER BY updated_at DESC, template_id DESC LIMIT ?2");
    cx.sql(&sql, &params).await?.iter().map(|row| template_of(&row)).collect()
}

fn template_of(row: &Row<'_>) -> Result<PushTemplate, OperationError> {
    let read = || {
        Some(PushTemplate {
            template_id: row.text("template_id")?,
            company_id: row.text("company_id").filter(|company_id| !company_id.is_empty()),
            template_key: row.text("template_key")?,
            title: row.text("title")?,
            text: row.text("text")?,
            periodicity: serde_json::from_value(row.text("periodicity")?.into()).ok()?,
            suggested_times: serde_json::from_str(&row.text("suggested_times")?).ok()?,
            enabled: row.flag("enabled"),
            created_by: row.text("created_by")?,
            updated_by: row.text("updated_by")?,
            created_at: row.integer("created_at")?,
            updated_at: row.integer("updated_at")?,
            stream_version: row.integer("stream_version")?,
        })
    };
    read().ok_or_else(|| OperationError::unexpected("a row of push_templates"))
}
