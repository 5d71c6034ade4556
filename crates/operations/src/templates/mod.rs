//! Message templates. Whether a principal may see one is for the caller to look at: by its company.

mod list;
mod write;

use clawstead_domain::template::{Template, not_found};
use clawstead_ledger::{Engine, Row};

use crate::{Cx, OperationError};

pub use list::{TemplatePage, Templates, list};
pub use write::{change, create, delete};

const COLUMNS: &str = "t.template_id, t.company_id, t.template_key, t.title, x.text, t.tags, t.enabled, t.usage_count, \
    t.created_by, t.updated_by, t.created_at, t.updated_at, t.stream_version \
    FROM templates t JOIN template_texts x ON x.template_id = t.template_id";

/// A template that must be there.
///
/// # Errors
/// When it is not.
pub async fn get<E: Engine>(cx: &Cx<'_, E>, template_id: &str) -> Result<Template, OperationError> {
    Ok(find(cx, template_id).await?.ok_or_else(not_found)?)
}

/// One template.
///
/// # Errors
/// When the database does not answer.
pub async fn find<E: Engine>(cx: &Cx<'_, E>, template_id: &str) -> Result<Option<Template>, OperationError> {
    let sql = format!("SELECT {COLUMNS} WHERE t.template_id = ?1");
    cx.sql(&sql, &[template_id.into()]).await?.first().map(|row| template_of(&row)).transpose()
}

/// How often a template was used; `None` when it is gone.
///
/// # Errors
/// When the database does not answer.
pub async fn usage_count<E: Engine>(cx: &Cx<'_, E>, template_id: &str) -> Result<Option<i64>, OperationError> {
    let rows = cx.sql("SELECT usage_count FROM templates WHERE template_id = ?1", &[template_id.into()]).await?;
    Ok(rows.first().and_then(|row| row.integer("usage_count")))
}

fn template_of(row: &Row<'_>) -> Result<Template, OperationError> {
    let read = || {
        Some(Template {
            template_id: row.text("template_id")?,
            company_id: row.text("company_id").filter(|company_id| !company_id.is_empty()),
            template_key: row.text("template_key")?,
            title: row.text("title")?,
            text: row.text("text")?,
            tags: serde_json::from_str(&row.text("tags")?).ok()?,
            enabled: row.flag("enabled"),
            usage_count: row.integer("usage_count")?,
            created_by: row.text("created_by")?,
            updated_by: row.text("updated_by")?,
            created_at: row.integer("created_at")?,
            updated_at: row.integer("updated_at")?,
            stream_version: row.integer("stream_version")?,
        })
    };
    read().ok_or_else(|| OperationError::unexpected("a row of templates"))
}
