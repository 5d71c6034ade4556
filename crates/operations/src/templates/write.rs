//! Making, changing and deleting templates.

use std::collections::BTreeSet;

use clawstead_domain::template::{self, Change, Draft, Template, TemplateEvent};
use clawstead_ledger::{Engine, Expected};

use super::get;
use crate::{Cx, OperationError, decide};

/// Makes a template, and gives it as it is then.
///
/// # Errors
/// When a value cannot be, or too many templates have the title.
pub async fn create<E: Engine>(cx: &Cx<'_, E>, draft: &Draft) -> Result<Template, OperationError> {
    let template_id = cx.new_id();
    decide(async || {
        let taken = taken(cx, draft.company_id.as_deref(), &draft.title, &template_id).await?;
        append(cx, &template_id, 0, template::create(draft, &taken)?).await
    })
    .await?;
    get(cx, &template_id).await
}

/// Changes a template, and gives it as it is then.
///
/// # Errors
/// When it is not there, a value cannot be, or too many templates have the title.
pub async fn change<E: Engine>(cx: &Cx<'_, E>, template_id: &str, change: &Change) -> Result<Template, OperationError> {
    decide(async || {
        let known = get(cx, template_id).await?;
        let taken = match &change.title {
            Some(title) => taken(cx, known.company_id.as_deref(), title, template_id).await?,
            None => BTreeSet::new(),
        };
        match template::change(&known, change, &taken)? {
            Some(event) => append(cx, template_id, known.stream_version, event).await,
            None => Ok(()),
        }
    })
    .await?;
    get(cx, template_id).await
}

/// Deletes a template. Messages that were made of it stay as they are.
///
/// # Errors
/// When it is not there.
pub async fn delete<E: Engine>(cx: &Cx<'_, E>, template_id: &str) -> Result<(), OperationError> {
    decide(async || {
        let known = get(cx, template_id).await?;
        append(cx, template_id, known.stream_version, TemplateEvent::TemplateDeleted {}).await
    })
    .await
}

/// Those of a title's keys that other templates of the company have.
async fn taken<E: Engine>(
    cx: &Cx<'_, E>,
    company_id: Option<&str>,
    title: &str,
    template_id: &str,
) -> Result<BTreeSet<String>, OperationError> {
    let keys = serde_json::to_string(&template::keys_of(title)).unwrap_or_default();
    let sql = "SELECT t.template_key FROM json_each(?2) k CROSS JOIN templates t \
               ON t.company_id = ?1 AND t.template_key = k.value WHERE t.template_id <> ?3";
    let params = [company_id.unwrap_or_default().into(), keys.into(), template_id.into()];
    Ok(cx.sql(sql, &params).await?.iter().filter_map(|row| row.text("template_key")).collect())
}

/// Appends what was decided. Somebody who took the key meanwhile is seen when it is decided again.
async fn append<E: Engine>(cx: &Cx<'_, E>, template_id: &str, version: i64, event: TemplateEvent) -> Result<(), OperationError> {
    match cx.append(template_id, Expected::Version(version), &[event]).await {
        Err(OperationError::Rule(rule)) if rule == "templates.company_id,template_key" => Err(OperationError::Raced),
        outcome => outcome,
    }
}
