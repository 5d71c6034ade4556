//! Push templates, push jobs and their runs, and broadcasts. Whether a principal may see one is for the caller to look at: by its company,
//! its user and its agent.

mod broadcast;
mod dispatch;
mod jobs;
mod listing;
mod send;
mod templates;
mod trigger;

pub use broadcast::{advance_broadcasts, broadcast, broadcasts, send_broadcast};
pub use dispatch::{Dispatched, dispatch_due};
pub use jobs::{JobText, NewJob, change_job, create_job, delete_job, find_job, job};
pub use listing::{Companies, DispatchView, PushStats, RunsOf, dispatches, jobs_of_user, push_stats};
pub use templates::{PushTemplates, change_template, create_template, delete_template, find_template, list_templates, template};
pub use trigger::{Triggered, trigger};
