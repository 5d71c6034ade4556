//! Regions that are full, and the cap on living machines.

use axum::http::StatusCode;

use super::answer::Refusal;
use super::state::State;

pub(crate) fn fill(state: &mut State, region: &str, full: bool) {
    if full {
        state.full_regions.insert(region.to_owned());
    } else {
        state.full_regions.remove(region);
    }
}

/// Whether one more machine fits. With a volume the answer names it, as Fly's does.
pub(crate) fn machine_fits(
    state: &State,
    machines_max: Option<usize>,
    region: &str,
    volume: Option<&str>,
) -> Result<(), Refusal> {
    let living = state.machines.values().filter(|machine| !machine.state.is_ending()).count();
    let over_cap = machines_max.is_some_and(|max| living >= max);
    if !over_cap && !state.full_regions.contains(region) {
        return Ok(());
    }
    Err(match volume {
        Some(volume) => Refusal::capacity(
            StatusCode::PRECONDITION_FAILED,
            format!("insufficient resources to create new machine with existing volume '{volume}'"),
        ),
        None => Refusal::capacity(
            StatusCode::UNPROCESSABLE_ENTITY,
            "could not reserve resource for machine: insufficient memory available to fulfill request",
        ),
    })
}

pub(crate) fn volume_fits(state: &State, region: &str) -> Result<(), Refusal> {
    if !state.full_regions.contains(region) {
        return Ok(());
    }
    Err(Refusal::capacity(StatusCode::BAD_REQUEST, "no capacity"))
}
