//! Everything that there is, whatever it costs to look: for whoever cleans up.

use clawstead_domain::config::ProviderPolicy;
use clawstead_domain::plan::{Listing, Worker};
use clawstead_domain::worker::{DrainReason, State, WorkerEvent};
use clawstead_ledger::Engine;

use super::look::{self, Places};
use super::{Outside, known};
use crate::provider::Listed;
use crate::{Cx, OperationError};

/// What there is.
pub(crate) struct Survey {
    /// Workers that have not stopped.
    pub(crate) workers: Vec<Worker>,
    /// What the providers list; an app that could not be listed is missing.
    pub(crate) listings: Vec<Listing>,
    /// Who holds which app.
    pub(crate) places: Places,
    /// Why something is missing.
    pub(crate) errors: Vec<String>,
}

/// Looks at the apps that hold something of ours, and the one that new machines go to; or at one app alone.
pub(crate) async fn survey<E: Engine>(
    cx: &Cx<'_, E>,
    outside: &Outside<'_>,
    provider: &ProviderPolicy,
    app: Option<&str>,
) -> Result<Survey, OperationError> {
    let (workers, mut places) = look::workers(cx, provider, i64::MAX).await?;
    let fallback = if provider.kind.is_empty() { None } else { Some(provider.kind.clone()) };
    if let (Some(kind), false) = (&fallback, provider.app_name.is_empty()) {
        places.insert(provider.app_name.clone(), kind.clone());
    }
    if let Some(app) = app {
        let kind = places.remove(app).or(fallback).unwrap_or_else(|| outside.only_kind().to_owned());
        places = Places::from([(app.to_owned(), kind)]);
    }
    let mut survey = Survey { workers, listings: Vec::new(), places, errors: Vec::new() };
    let log_id = look::log_id(cx).await?;
    for (app, kind) in &survey.places {
        match look::list(outside, kind, app, &survey.workers, &log_id).await {
            Ok(Listed { listing, clash }) => {
                survey.listings.push(listing);
                survey.errors.extend(clash.map(|machine_id| look::clash_in(app, &machine_id)));
            }
            Err(error) => survey.errors.push(format!("list {app}: {error}")),
        }
    }
    Ok(survey)
}

/// Drains a worker because the operator says so, or ends its drain earlier. Whether there was anything to change.
pub(crate) async fn drain<E: Engine>(cx: &Cx<'_, E>, worker_id: &str, deadline_at: i64) -> Result<bool, OperationError> {
    let changed = std::cell::Cell::new(false);
    known::note(cx, worker_id, |known| {
        changed.set(known.state.takes_work() || known.state == State::Draining);
        changed.get().then_some(WorkerEvent::DrainRequested { reason: DrainReason::Operator, deadline_at })
    })
    .await?;
    Ok(changed.get())
}
