//! Control routes: look inside, and make trouble. They need no token.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State as Shares};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::documents::{MachineView, VolumeView};
use super::state::MachineState;
use super::{Script, Shared, capacity, documents, lifecycle};
use crate::faults::Fault;

pub(crate) async fn machines(Shares(shared): Shares<Arc<Shared>>) -> Json<Vec<MachineView>> {
    Json(shared.store.read(documents::machine_views))
}

pub(crate) async fn volumes(Shares(shared): Shares<Arc<Shared>>) -> Json<Vec<VolumeView>> {
    Json(shared.store.read(documents::volume_views))
}

#[derive(Deserialize)]
pub(crate) struct KillQuery {
    /// The state it is left in: `stopped` when missing, or `failed`, or `destroyed`.
    #[serde(rename = "as")]
    left_as: Option<MachineState>,
}

pub(crate) async fn kill(
    Shares(shared): Shares<Arc<Shared>>,
    Path(machine): Path<String>,
    Query(query): Query<KillQuery>,
) -> StatusCode {
    let killed = match query.left_as {
        Some(MachineState::Destroyed) => {
            lifecycle::destroy(&shared, &machine);
            true
        }
        left_as => lifecycle::die(&shared, &machine, left_as.unwrap_or(MachineState::Stopped)),
    };
    if killed { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

pub(crate) async fn crash(Shares(shared): Shares<Arc<Shared>>, Path(machine): Path<String>) -> StatusCode {
    if lifecycle::crash(&shared, &machine) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

/// A trouble for coming requests, a full region, or a scripted command.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Trouble {
    Capacity { capacity: Capacity },
    Exec { exec: Script },
    Clear { clear: bool },
    Fault(Fault),
}

#[derive(Deserialize)]
pub(crate) struct Capacity {
    region: String,
    #[serde(default = "yes")]
    full: bool,
}

fn yes() -> bool {
    true
}

pub(crate) async fn set_fault(Shares(shared): Shares<Arc<Shared>>, Json(trouble): Json<Trouble>) -> Json<Value> {
    match trouble {
        Trouble::Capacity { capacity: Capacity { region, full } } => {
            shared.store.change(|state| capacity::fill(state, &region, full));
        }
        Trouble::Exec { exec } => shared.scripts.add(exec),
        Trouble::Clear { clear: false } => {}
        Trouble::Clear { clear: true } => {
            shared.faults().clear();
            shared.scripts.clear();
            shared.store.change(|state| state.full_regions.clear());
        }
        Trouble::Fault(fault) => shared.faults().add(fault),
    }
    Json(json!({ "ok": true }))
}
