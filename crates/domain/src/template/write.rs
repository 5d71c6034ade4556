//! Making and changing templates.

use std::collections::BTreeSet;

use super::Template;
use super::event::TemplateEvent;
use super::key::keys_of;
use crate::conversation::TEXT_BYTES_MAX;
use crate::{Refusal, text};

const TITLE_BYTES_MAX: usize = 200;
const TAGS_MAX: usize = 32;
const TAG_BYTES_MAX: usize = 64;

/// A template that is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// Whose it is to be; nobody's when `None`.
    pub company_id: Option<String>,
    /// Its name for people.
    pub title: String,
    /// What is sent.
    pub text: String,
    /// In any order.
    pub tags: Vec<String>,
    /// Whether it may be sent.
    pub enabled: bool,
    /// Who makes it.
    pub by: String,
}

/// A change that is wanted. `None` leaves as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Its name for people.
    pub title: Option<String>,
    /// What is sent.
    pub text: Option<String>,
    /// In any order.
    pub tags: Option<Vec<String>>,
    /// Whether it may be sent.
    pub enabled: Option<bool>,
    /// Who changes it.
    pub by: String,
}

/// Makes a template. `taken` are those of the title's keys ([`keys_of`]) that other templates of the company have.
///
/// # Errors
/// When a value cannot be, or all keys of the title are taken.
pub fn create(draft: &Draft, taken: &BTreeSet<String>) -> Result<TemplateEvent, Refusal> {
    if let Some(company_id) = &draft.company_id {
        text::check_id("company_id", company_id)?;
    }
    text::check_text("actor_user_id", &draft.by, text::ID_BYTES_MAX)?;
    let title = title_of(&draft.title)?;
    Ok(TemplateEvent::TemplateCreated {
        company_id: draft.company_id.clone(),
        template_key: free_key(&title, taken)?,
        title,
        text: text_of(&draft.text)?,
        tags: tags_of(&draft.tags)?,
        enabled: draft.enabled,
        by: draft.by.clone(),
    })
}

/// Changes a template; nothing when it is so already. `taken` are those of the new title's keys that others have.
///
/// # Errors
/// When a value cannot be, or all keys of the title are taken.
pub fn change(known: &Template, change: &Change, taken: &BTreeSet<String>) -> Result<Option<TemplateEvent>, Refusal> {
    text::check_text("actor_user_id", &change.by, text::ID_BYTES_MAX)?;
    let title = change.title.as_deref().map(title_of).transpose()?.filter(|title| *title != known.title);
    let text = change.text.as_deref().map(text_of).transpose()?.filter(|text| *text != known.text);
    let tags = change.tags.as_deref().map(tags_of).transpose()?.filter(|tags| *tags != known.tags);
    let enabled = change.enabled.filter(|enabled| *enabled != known.enabled);
    if title.is_none() && text.is_none() && tags.is_none() && enabled.is_none() {
        return Ok(None);
    }
    let template_key = title.as_deref().map(|title| free_key(title, taken)).transpose()?;
    let template_key = template_key.filter(|key| *key != known.template_key);
    Ok(Some(TemplateEvent::TemplateChanged { template_key, title, text, tags, enabled, by: change.by.clone() }))
}

fn free_key(title: &str, taken: &BTreeSet<String>) -> Result<String, Refusal> {
    let free = keys_of(title).into_iter().find(|key| !taken.contains(key));
    free.ok_or_else(|| Refusal { field: Some("title"), ..Refusal::conflict("title_taken", "too many templates are called so") })
}

fn title_of(title: &str) -> Result<String, Refusal> {
    text::check_text("title", title, TITLE_BYTES_MAX)?;
    Ok(title.trim().to_owned())
}

fn text_of(what: &str) -> Result<String, Refusal> {
    text::check_text("text", what, TEXT_BYTES_MAX)?;
    Ok(what.trim().to_owned())
}

/// Lower-case, each once, in the order of their code points, which is the same everywhere.
fn tags_of(tags: &[String]) -> Result<Vec<String>, Refusal> {
    let trimmed = tags.iter().map(|tag| tag.trim().to_lowercase()).filter(|tag| !tag.is_empty());
    let tags: BTreeSet<String> = trimmed.collect();
    if tags.len() > TAGS_MAX || tags.iter().any(|tag| tag.len() > TAG_BYTES_MAX) {
        return Err(Refusal::invalid("tags", format!("must be at most {TAGS_MAX}, of at most {TAG_BYTES_MAX} bytes each")));
    }
    Ok(tags.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft { title: " Status Update ".into(), text: " How is it going? ".into(), by: "ada".into(), ..Draft::default() }
    }

    fn known() -> Template {
        Template {
            template_id: "t".into(),
            company_id: None,
            template_key: "status-update-2".into(),
            title: "Status Update".into(),
            text: "How is it going?".into(),
            tags: vec!["team".into()],
            enabled: true,
            usage_count: 0,
            created_by: "ada".into(),
            updated_by: "ada".into(),
            created_at: 0,
            updated_at: 0,
            stream_version: 1,
        }
    }

    fn taken(keys: &[&str]) -> BTreeSet<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    #[test]
    fn title_text_and_tags_are_tidied() {
        let tags = [" Urgent", "team", "TEAM ", "", "Follow-Up"].map(str::to_owned).to_vec();
        let event = create(&Draft { tags, ..draft() }, &taken(&[])).unwrap();
        let TemplateEvent::TemplateCreated { template_key, title, text, tags, .. } = event else { panic!("{event:?}") };
        assert_eq!(
            (template_key.as_str(), title.as_str(), text.as_str()),
            ("status-update", "Status Update", "How is it going?")
        );
        assert_eq!(tags, ["follow-up", "team", "urgent"]);
    }

    #[test]
    fn a_taken_key_gets_the_smallest_number_that_is_free() {
        let key = |keys: &[&str]| match create(&draft(), &taken(keys)) {
            Ok(TemplateEvent::TemplateCreated { template_key, .. }) => template_key,
            other => panic!("{other:?}"),
        };
        assert_eq!(key(&["status-update"]), "status-update-2");
        assert_eq!(key(&["status-update", "status-update-3"]), "status-update-2");
        let all = keys_of("Status Update").into_iter().collect();
        let refused = create(&draft(), &all).unwrap_err();
        assert_eq!((refused.code, refused.field), ("title_taken", Some("title")));
    }

    #[test]
    fn refusals_name_the_field() {
        let field = |draft: &Draft| create(draft, &taken(&[])).unwrap_err().field;
        assert_eq!(field(&Draft { title: " ".into(), ..draft() }), Some("title"));
        assert_eq!(field(&Draft { title: "x".repeat(201), ..draft() }), Some("title"));
        assert_eq!(field(&Draft { text: "\n".into(), ..draft() }), Some("text"));
        assert_eq!(field(&Draft { text: "x".repeat(TEXT_BYTES_MAX + 1), ..draft() }), Some("text"));
        assert_eq!(field(&Draft { tags: vec!["x".repeat(65)], ..draft() }), Some("tags"));
        assert_eq!(field(&Draft { tags: (0..33).map(|n| n.to_string()).collect(), ..draft() }), Some("tags"));
        assert_eq!(field(&Draft { company_id: Some("a b".into()), ..draft() }), Some("company_id"));
        assert_eq!(field(&Draft { by: String::new(), ..draft() }), Some("actor_user_id"));
    }

    #[test]
    fn what_is_so_already_changes_nothing() {
        let same = Change {
            title: Some("Status Update ".into()),
            text: Some("How is it going?".into()),
            tags: Some(vec!["Team".into()]),
            enabled: Some(true),
            by: "eve".into(),
        };
        assert_eq!(change(&known(), &same, &taken(&["status-update"])).unwrap(), None);
    }

    #[test]
    fn a_change_names_what_is_new_and_the_key_follows_the_title() {
        let event = |wanted: Change| change(&known(), &Change { by: "eve".into(), ..wanted }, &taken(&[])).unwrap().unwrap();
        let TemplateEvent::TemplateChanged { template_key, title, text, tags, enabled, by } =
            event(Change { enabled: Some(false), ..Change::default() })
        else {
            panic!("another event");
        };
        assert_eq!((template_key, title, text, tags, enabled, by.as_str()), (None, None, None, None, Some(false), "eve"));
        let renamed = event(Change { title: Some("Caffè".into()), ..Change::default() });
        let TemplateEvent::TemplateChanged { template_key, .. } = renamed else { panic!("{renamed:?}") };
        assert_eq!(template_key.as_deref(), Some("caffe"));
    }

    #[test]
    fn a_new_title_with_the_same_words_keeps_the_key() {
        let wanted = Change { title: Some("Status update!".into()), by: "eve".into(), ..Change::default() };
        let event = change(&known(), &wanted, &taken(&["status-update"])).unwrap().unwrap();
        let TemplateEvent::TemplateChanged { template_key, title, .. } = event else { panic!("{event:?}") };
        assert_eq!((template_key, title.as_deref()), (None, Some("Status update!")));
    }
}
