use std::rc::Rc;

use clawstead_transport::Transport;
use http::Method;
use serde::Deserialize;

use crate::api::Api;
use crate::call::{Call, encode};
use crate::{ApiToken, Machine, Outcome, Pace, Volume};

/// Everything of one Fly organization, in a few calls.
#[derive(Debug, Clone)]
pub struct Organization<T> {
    api: Api<T>,
}

/// One page of a listing of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<R> {
    /// What is on it, with the names of the apps.
    pub items: Vec<InApp<R>>,
    /// Where the next page begins. None at the end; short or empty pages do not mean that it is the last.
    pub next_cursor: Option<String>,
    /// Regions that did not answer, so that what is there is missing.
    pub missing_regions: Vec<String>,
}

/// Something of an app.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InApp<R> {
    /// The app.
    pub app_name: String,
    /// The thing.
    #[serde(flatten)]
    pub item: R,
}

#[derive(Deserialize)]
struct MachinesAnswer {
    #[serde(default)]
    machines: Vec<InApp<Machine>>,
    next_cursor: Option<String>,
    #[serde(default)]
    error_regions: Vec<String>,
}

#[derive(Deserialize)]
struct VolumesAnswer {
    #[serde(default)]
    volumes: Vec<InApp<Volume>>,
    next_cursor: Option<String>,
}

impl<T> Organization<T> {
    /// The organization `slug`, reached through `transport` at `api_base`.
    pub fn new(transport: T, api_base: &str, token: ApiToken, slug: &str) -> Self {
        let base = format!("{}/orgs/{}", api_base.trim_end_matches('/'), encode(slug));
        Self { api: Api::new(transport, base, token) }
    }

    /// Keeps to Fly's rate limits, and tries again what may be tried again.
    #[must_use]
    pub fn paced(mut self, pace: Rc<Pace>) -> Self {
        self.api.set_pace(pace);
        self
    }
}

impl<T: Transport> Organization<T> {
    /// One page of machines; recent changes may be missing.
    pub async fn list_machines(&self, cursor: Option<&str>) -> Outcome<Page<Machine>> {
        let call = Call::new(Method::GET, &["machines"]).query("cursor", cursor);
        let page = |answer: MachinesAnswer| Page {
            items: answer.machines,
            next_cursor: answer.next_cursor.filter(|cursor| !cursor.is_empty()),
            missing_regions: answer.error_regions,
        };
        self.api.ask(call).await.map(page)
    }

    /// One page of volumes; recent changes may be missing.
    pub async fn list_volumes(&self, cursor: Option<&str>) -> Outcome<Page<Volume>> {
        let call = Call::new(Method::GET, &["volumes"]).query("cursor", cursor);
        let page = |answer: VolumesAnswer| Page {
            items: answer.volumes,
            next_cursor: answer.next_cursor.filter(|cursor| !cursor.is_empty()),
            missing_regions: Vec::new(),
        };
        self.api.ask(call).await.map(page)
    }
}
