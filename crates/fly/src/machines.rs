use std::rc::Rc;

use clawstead_transport::Transport;
use serde::de::DeserializeOwned;

use crate::api::Api;
use crate::call::{Call, encode};
use crate::{ApiToken, Outcome, Pace};

/// The machines and volumes of one Fly app. Without a [`Pace`], each call is made exactly once.
///
/// Rows keep their app (scheduler-fly.md F-6), so a reconciler has one of these for each app that it still knows.
#[derive(Debug, Clone)]
pub struct Machines<T> {
    api: Api<T>,
    app: String,
    nonce: Option<String>,
}

impl<T> Machines<T> {
    /// The app `app`, reached through `transport` at `api_base`, such as `https://api.machines.dev/v1`.
    pub fn new(transport: T, api_base: &str, token: ApiToken, app: &str) -> Self {
        let base = format!("{}/apps/{}", api_base.trim_end_matches('/'), encode(app));
        Self { api: Api::new(transport, base, token), app: app.to_owned(), nonce: None }
    }

    /// Keeps to Fly's rate limits, and tries again what may be tried again.
    #[must_use]
    pub fn paced(mut self, pace: Rc<Pace>) -> Self {
        self.api.set_pace(pace);
        self
    }

    /// Changes machines in the name of whoever holds their lease.
    #[must_use]
    pub fn holding(mut self, lease_nonce: &str) -> Self {
        self.nonce = Some(lease_nonce.to_owned());
        self
    }

    /// Name of the app.
    pub fn app(&self) -> &str {
        &self.app
    }
}

impl<T: Transport> Machines<T> {
    pub(crate) async fn ask<R: DeserializeOwned>(&self, call: Call<'_>) -> Outcome<R> {
        self.api.ask(self.signed(call)).await
    }

    pub(crate) async fn tell(&self, call: Call<'_>) -> Outcome<()> {
        self.api.tell(self.signed(call)).await
    }

    /// A lease covers the changes of a machine, and nothing else.
    fn signed<'c>(&'c self, mut call: Call<'c>) -> Call<'c> {
        if let Some(nonce) = &self.nonce
            && call.header.is_none()
            && call.changes_a_machine()
        {
            call.header = Some((crate::lease::NONCE_HEADER, nonce));
        }
        call
    }
}
