//! The templates of a company, the most used first.

use clawstead_domain::Refusal;
use clawstead_domain::template::Template;
use clawstead_ledger::Engine;
use serde::Serialize;

use super::{COLUMNS, template_of};
use crate::{Cx, OperationError};

/// Which templates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Templates<'a> {
    /// Those of this company; nobody's for `None`.
    pub company_id: Option<&'a str>,
    /// Also those that may not be sent.
    pub include_disabled: bool,
    /// After this place, a `next_after` of an earlier page.
    pub after: Option<&'a str>,
}

/// A page of templates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TemplatePage {
    /// The most used first; of those alike, the one changed last.
    pub templates: Vec<Template>,
    /// Hand this in as `after` for the next page; `None` at the end. A template that is used meanwhile moves to the front.
    pub next_after: Option<String>,
}

/// A page of the templates of a company, or of those that are nobody's: `limit` of them after the filter.
///
/// # Errors
/// When `after` is none that this gave.
pub async fn list<E: Engine>(cx: &Cx<'_, E>, which: Templates<'_>, limit: i64) -> Result<TemplatePage, OperationError> {
    let place = which.after.map_or_else(|| Ok(Place::first()), Place::parse)?;
    // As the index says it that holds only those.
    let enabled = if which.include_disabled { "" } else { " AND t.enabled = 1" };
    let sql = format!(
        "SELECT {COLUMNS} WHERE t.company_id = ?1{enabled} AND (t.usage_count, t.updated_at, t.template_id) < (?2, ?3, ?4) \
         ORDER BY t.usage_count DESC, t.updated_at DESC, t.template_id DESC LIMIT ?5"
    );
    let Place { usage_count, updated_at, template_id } = place;
    let company_id = which.company_id.unwrap_or_default();
    let params = [company_id.into(), usage_count.into(), updated_at.into(), template_id.into(), (limit + 1).into()];
    let rows = cx.sql(&sql, &params).await?;
    let mut templates = rows.iter().map(|row| template_of(&row)).collect::<Result<Vec<_>, _>>()?;
    let has_more = templates.len() as i64 > limit;
    templates.truncate(usize::try_from(limit).unwrap_or(0));
    let next_after = templates.last().filter(|_| has_more).map(|last| Place::of(last).to_string());
    Ok(TemplatePage { templates, next_after })
}

/// A place in the list.
struct Place {
    usage_count: i64,
    updated_at: i64,
    template_id: String,
}

impl Place {
    fn first() -> Self {
        Self { usage_count: i64::MAX, updated_at: i64::MAX, template_id: String::new() }
    }

    fn of(template: &Template) -> Self {
        let Template { usage_count, updated_at, template_id, .. } = template;
        Self { usage_count: *usage_count, updated_at: *updated_at, template_id: template_id.clone() }
    }

    fn parse(text: &str) -> Result<Self, Refusal> {
        let parts = || {
            let (usage_count, rest) = text.split_once('.')?;
            let (updated_at, template_id) = rest.split_once('.')?;
            Some((usage_count.parse().ok()?, updated_at.parse().ok()?, template_id.to_owned()))
        };
        let place = |(usage_count, updated_at, template_id)| Self { usage_count, updated_at, template_id };
        parts().map(place).ok_or_else(|| Refusal::invalid("after", "must be a `next_after`"))
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.usage_count, self.updated_at, self.template_id)
    }
}
