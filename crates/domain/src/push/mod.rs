//! Push jobs: texts that are sent to agents in the name of users, at times or when somebody asks. Templates for them, and broadcasts to all
//! users at once.

mod broadcast;
mod job;
mod next_run;
mod run;
mod schedule;
mod template;
mod zone;

pub use broadcast::{
    Broadcast, BroadcastDraft, BroadcastEvent, Failure, Step, broadcast_not_found, metadata_of_broadcast, start_broadcast,
    text_of_broadcast,
};
pub use job::{JobChange, JobDraft, PushJob, PushJobEvent, change_job, create_job, job_not_found};
pub use next_run::next_run;
pub use run::{Mode, Outcome, Run, dispatched, due_run, manual_run, metadata_of_run};
pub use schedule::{DayOfMonth, Periodicity, Schedule, TimeOfDay, Weekday};
pub use template::{
    PushTemplate, PushTemplateEvent, TemplateChange, TemplateDraft, change_template, create_template, template_not_found,
};
pub use zone::Zone;

use crate::conversation::TEXT_BYTES_MAX;
use crate::{Refusal, text};

const TITLE_BYTES_MAX: usize = 200;

fn title_of(title: &str) -> Result<String, Refusal> {
    text::check_text("title", title, TITLE_BYTES_MAX)?;
    Ok(title.trim().to_owned())
}

fn text_of(what: &str) -> Result<String, Refusal> {
    text::check_text("text", what, TEXT_BYTES_MAX)?;
    Ok(what.trim().to_owned())
}

fn company_of(company_id: Option<&str>) -> Result<Option<String>, Refusal> {
    company_id.map(|company_id| text::check_id("company_id", company_id).map(|()| company_id.to_owned())).transpose()
}
