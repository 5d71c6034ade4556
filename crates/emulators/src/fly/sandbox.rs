//! Control routes: look inside, and make trouble. They need no token.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State as Shares};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::documents::{MachineView, VolumeView};
use super::state::MachineState;
use super::{FlyOptions, Script, Shared, Weather, capacity, documents, lifecycle};
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
            shared.sky.clear();
            shared.store.change(|state| state.full_regions.clear());
        }
        Trouble::Fault(fault) => shared.faults().add(fault),
    }
    Json(json!({ "ok": true }))
}

pub(crate) async fn set_weather(Shares(shared): Shares<Arc<Shared>>, Json(weather): Json<Weather>) -> Json<Value> {
    shared.sky.set(weather);
    Json(json!({ "ok": true }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Switch {
    on: bool,
}

pub(crate) async fn set_limits(Shares(shared): Shares<Arc<Shared>>, Json(switch): Json<Switch>) -> Json<Value> {
    shared.limits.set(switch.on);
    Json(json!({ "ok": true }))
}

/// How long things take, in ms; nothing for what stays as it is.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Delays {
    /// From created to started.
    pub start_ms: Option<u64>,
    /// From the end of the process to stopped, and from destroying to destroyed.
    pub stop_ms: Option<u64>,
    /// How long a volume stays bound after its machine was destroyed.
    pub volume_release_ms: Option<u64>,
    /// From the beginning of a copy of a volume to its completion.
    pub snapshot_ms: Option<u64>,
}

impl Delays {
    pub(crate) fn of(options: &FlyOptions) -> Delays {
        let ms = |duration: Duration| u64::try_from(duration.as_millis()).ok();
        Delays {
            start_ms: ms(options.start_delay),
            stop_ms: ms(options.stop_delay),
            volume_release_ms: ms(options.volume_release_delay),
            snapshot_ms: ms(options.snapshot_delay),
        }
    }

    pub(crate) fn set(&mut self, new: Delays) {
        *self = Delays {
            start_ms: new.start_ms.or(self.start_ms),
            stop_ms: new.stop_ms.or(self.stop_ms),
            volume_release_ms: new.volume_release_ms.or(self.volume_release_ms),
            snapshot_ms: new.snapshot_ms.or(self.snapshot_ms),
        };
    }

    pub(crate) fn start(self) -> Duration {
        Duration::from_millis(self.start_ms.unwrap_or(0))
    }

    pub(crate) fn stop(self) -> Duration {
        Duration::from_millis(self.stop_ms.unwrap_or(0))
    }

    pub(crate) fn volume_release(self) -> Duration {
        Duration::from_millis(self.volume_release_ms.unwrap_or(0))
    }
}

pub(crate) async fn set_delays(Shares(shared): Shares<Arc<Shared>>, Json(delays): Json<Delays>) -> Json<Value> {
    shared.set_delays(delays);
    Json(json!({ "ok": true }))
}
