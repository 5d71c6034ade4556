//! Push templates: what a consumer app offers for push jobs. A job has a copy of its text, so a change of the template changes no job.

use serde::{Deserialize, Serialize};

use super::schedule::{Periodicity, Schedule};
use super::{company_of, text_of, title_of};
use crate::{DomainEvent, Refusal, text};

const TIMES_MAX: usize = 32;

/// A push template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PushTemplate {
    /// Its id.
    pub template_id: String,
    /// Whose it is; `None` when it is nobody's, and so for the whole deployment.
    pub company_id: Option<String>,
    /// Its name for programs; no other push template of its company has it.
    pub template_key: String,
    /// Its name for people.
    pub title: String,
    /// What its jobs send.
    pub text: String,
    /// How often its jobs run.
    pub periodicity: Periodicity,
    /// When they may run; the first is taken where nobody says.
    pub suggested_times: Vec<Schedule>,
    /// Whether jobs can be made of it.
    pub enabled: bool,
    /// Who made it.
    pub created_by: String,
    /// Who changed it last.
    pub updated_by: String,
    /// When it was made.
    pub created_at: i64,
    /// When it was changed last.
    pub updated_at: i64,
    /// Version of its stream.
    #[serde(skip)]
    pub stream_version: i64,
}

/// Events of a push template's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum PushTemplateEvent {
    /// It was made.
    PushTemplateCreated {
        /// Whose it is, for ever; nobody's when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        company_id: Option<String>,
        /// Its name for programs, for ever.
        template_key: String,
        /// Its name for people.
        title: String,
        /// What its jobs send.
        text: String,
        /// How often its jobs run.
        periodicity: Periodicity,
        /// When they may run.
        suggested_times: Vec<Schedule>,
        /// Whether jobs can be made of it.
        enabled: bool,
        /// Who made it.
        by: String,
    },
    /// It was changed. What is left out stays.
    PushTemplateChanged {
        /// Its name for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// What its jobs send.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// How often its jobs run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        periodicity: Option<Periodicity>,
        /// When they may run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        suggested_times: Option<Vec<Schedule>>,
        /// Whether jobs can be made of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        enabled: Option<bool>,
        /// Who changed it.
        by: String,
    },
    /// It is gone, and its key is free. Its jobs stay.
    PushTemplateDeleted {},
}

impl DomainEvent for PushTemplateEvent {
    const KIND: &'static str = "pushtemplate";
}

/// A push template that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateDraft {
    /// Whose it is to be; nobody's when `None`.
    pub company_id: Option<String>,
    /// Its name for programs.
    pub template_key: String,
    /// Its name for people.
    pub title: String,
    /// What its jobs send.
    pub text: String,
    /// How often its jobs run.
    pub periodicity: Periodicity,
    /// When they may run.
    pub suggested_times: Vec<Schedule>,
    /// Whether jobs can be made of it.
    pub enabled: bool,
    /// Who makes it.
    pub by: String,
}

/// A change that is wanted. `None` leaves as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateChange {
    /// Its name for people.
    pub title: Option<String>,
    /// What its jobs send.
    pub text: Option<String>,
    /// How often its jobs run.
    pub periodicity: Option<Periodicity>,
    /// When they may run.
    pub suggested_times: Option<Vec<Schedule>>,
    /// Whether jobs can be made of it.
    pub enabled: Option<bool>,
    /// Who changes it.
    pub by: String,
}

/// For a push template that is not there, or is another company's.
pub fn template_not_found() -> Refusal {
    Refusal::not_found("push_template_not_found", "there is no such push template")
}

/// Makes a push template.
///
/// # Errors
/// When a value cannot be.
pub fn create_template(draft: &TemplateDraft) -> Result<PushTemplateEvent, Refusal> {
    text::check_text("actor_user_id", &draft.by, text::ID_BYTES_MAX)?;
    text::check_id("template_key", &draft.template_key)?;
    check_times(draft.periodicity, &draft.suggested_times)?;
    Ok(PushTemplateEvent::PushTemplateCreated {
        company_id: company_of(draft.company_id.as_deref())?,
        template_key: draft.template_key.clone(),
        title: title_of(&draft.title)?,
        text: text_of(&draft.text)?,
        periodicity: draft.periodicity,
        suggested_times: draft.suggested_times.clone(),
        enabled: draft.enabled,
        by: draft.by.clone(),
    })
}

/// Changes a push template; nothing when it is so already.
///
/// # Errors
/// When a value cannot be, also together with those that stay.
pub fn change_template(known: &PushTemplate, change: &TemplateChange) -> Result<Option<PushTemplateEvent>, Refusal> {
    text::check_text("actor_user_id", &change.by, text::ID_BYTES_MAX)?;
    let times = change.suggested_times.as_ref().unwrap_or(&known.suggested_times);
    check_times(change.periodicity.unwrap_or(known.periodicity), times)?;
    let title = change.title.as_deref().map(title_of).transpose()?.filter(|title| *title != known.title);
    let text = change.text.as_deref().map(text_of).transpose()?.filter(|text| *text != known.text);
    let periodicity = change.periodicity.filter(|periodicity| *periodicity != known.periodicity);
    let suggested_times = change.suggested_times.clone().filter(|times| *times != known.suggested_times);
    let enabled = change.enabled.filter(|enabled| *enabled != known.enabled);
    let is_new = title.is_some() || text.is_some() || periodicity.is_some() || suggested_times.is_some() || enabled.is_some();
    let by = change.by.clone();
    Ok(is_new.then_some(PushTemplateEvent::PushTemplateChanged { title, text, periodicity, suggested_times, enabled, by }))
}

fn check_times(periodicity: Periodicity, times: &[Schedule]) -> Result<(), Refusal> {
    if times.len() > TIMES_MAX {
        return Err(Refusal::invalid("suggested_times", format!("must be at most {TIMES_MAX}")));
    }
    if periodicity == Periodicity::Manual && !times.is_empty() {
        return Err(Refusal::invalid("suggested_times", "must be empty for what only runs when somebody asks"));
    }
    if times.iter().any(|time| time.periodicity() != periodicity) {
        return Err(Refusal::invalid("suggested_times", "must all be of the template's periodicity"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn times(list: Value) -> Vec<Schedule> {
        serde_json::from_value(list).unwrap()
    }

    fn draft() -> TemplateDraft {
        TemplateDraft {
            company_id: Some("acme".into()),
            template_key: "check-in".into(),
            title: " Check-in ".into(),
            text: " How are you? ".into(),
            periodicity: Periodicity::Daily,
            suggested_times: times(json!([{"kind": "daily", "time": "08:00"}])),
            enabled: true,
            by: "ada".into(),
        }
    }

    fn known() -> PushTemplate {
        let TemplateDraft { company_id, template_key, periodicity, suggested_times, enabled, by, .. } = draft();
        PushTemplate {
            template_id: "t".into(),
            company_id,
            template_key,
            title: "Check-in".into(),
            text: "How are you?".into(),
            periodicity,
            suggested_times,
            enabled,
            created_by: by.clone(),
            updated_by: by,
            created_at: 0,
            updated_at: 0,
            stream_version: 1,
        }
    }

    #[test]
    fn refusals_name_the_field() {
        let field = |draft: &TemplateDraft| create_template(draft).unwrap_err().field;
        let weekly = times(json!([{"kind": "weekly", "weekday": 1, "time": "08:00"}]));
        for (bad, name) in [
            (TemplateDraft { title: " ".into(), ..draft() }, "title"),
            (TemplateDraft { text: "x".repeat(65_537), ..draft() }, "text"),
            (TemplateDraft { template_key: "a b".into(), ..draft() }, "template_key"),
            (TemplateDraft { company_id: Some(String::new()), ..draft() }, "company_id"),
            (TemplateDraft { by: " ".into(), ..draft() }, "actor_user_id"),
            (TemplateDraft { suggested_times: weekly, ..draft() }, "suggested_times"),
            (TemplateDraft { periodicity: Periodicity::Manual, ..draft() }, "suggested_times"),
            (TemplateDraft { suggested_times: draft().suggested_times.repeat(33), ..draft() }, "suggested_times"),
        ] {
            assert_eq!(field(&bad), Some(name), "{bad:?}");
        }
        assert!(create_template(&TemplateDraft { suggested_times: Vec::new(), ..draft() }).is_ok(), "no times are fine");
    }

    #[test]
    fn a_change_is_looked_at_with_what_stays() {
        let change = |wanted: TemplateChange| change_template(&known(), &TemplateChange { by: "eve".into(), ..wanted });
        let only_periodicity = TemplateChange { periodicity: Some(Periodicity::Weekly), ..TemplateChange::default() };
        assert_eq!(change(only_periodicity).unwrap_err().field, Some("suggested_times"));
        let same = TemplateChange { title: Some("Check-in ".into()), enabled: Some(true), ..TemplateChange::default() };
        assert_eq!(change(same).unwrap(), None);
        let off = change(TemplateChange { enabled: Some(false), ..TemplateChange::default() }).unwrap();
        assert!(matches!(off, Some(PushTemplateEvent::PushTemplateChanged { enabled: Some(false), title: None, .. })));
    }
}
