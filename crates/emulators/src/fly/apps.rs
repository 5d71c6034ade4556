//! Apps: the least that machines need.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State as Shares};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::state::{App, State};
use super::{Shared, documents, lifecycle, validation};
use crate::ids;

#[derive(Deserialize)]
pub(crate) struct ListQuery {
    org_slug: Option<String>,
}

pub(crate) async fn list(Shares(shared): Shares<Arc<Shared>>, Query(query): Query<ListQuery>) -> Json<Value> {
    Json(shared.store.read(|state| {
        let fits = |app: &&App| belongs(app, query.org_slug.as_deref());
        let apps: Vec<Value> = state.apps.values().filter(fits).map(|app| documents::app(state, app)).collect();
        json!({ "total_apps": apps.len(), "apps": apps })
    }))
}

/// Whether an app counts to an organization.
pub(crate) fn belongs(app: &App, org_slug: Option<&str>) -> bool {
    match (&app.org_slug, org_slug) {
        (None, _) | (_, None) => true,
        (Some(of_app), Some(asked)) => of_app == asked,
    }
}

pub(crate) async fn create(Shares(shared): Shares<Arc<Shared>>, Json(body): Json<Value>) -> Answer<(StatusCode, Json<Value>)> {
    let name = body["name"].as_str().or(body["app_name"].as_str()).unwrap_or_default();
    validation::app_name(name)?;
    let Some(org_slug) = body["org_slug"].as_str() else {
        return Err(Refusal::invalid("org_slug is required"));
    };
    shared.store.change(|state| {
        if state.apps.contains_key(name) {
            let taken = "Validation failed: Name has already been taken";
            return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, taken));
        }
        let app = new_app(name, Some(org_slug.to_owned()));
        let document = documents::app(state, &app);
        state.destroyed_apps.remove(name);
        state.apps.insert(name.to_owned(), app);
        Ok((StatusCode::CREATED, Json(document)))
    })
}

pub(crate) async fn show(Shares(shared): Shares<Arc<Shared>>, Path(name): Path<String>) -> Answer<Json<Value>> {
    shared.store.read(|state| {
        let app = state.apps.get(&name).ok_or_else(|| Refusal::not_found("app"))?;
        Ok(Json(documents::app(state, app)))
    })
}

pub(crate) async fn destroy(Shares(shared): Shares<Arc<Shared>>, Path(name): Path<String>) -> Answer<StatusCode> {
    let machines: Vec<String> = shared.store.change(|state| {
        state.apps.remove(&name).ok_or_else(|| Refusal::not_found("app"))?;
        state.destroyed_apps.insert(name.clone());
        state.volumes.retain(|_, volume| volume.app != name);
        let of_app = state.machines.values().filter(|machine| machine.app == name);
        Ok(of_app.map(|machine| machine.id.clone()).collect())
    })?;
    for machine in machines {
        lifecycle::destroy(&shared, &machine);
    }
    Ok(StatusCode::ACCEPTED)
}

/// Makes sure that the app exists, or lets it come into being when that is allowed.
pub(crate) fn ensure(state: &mut State, name: &str, any_app: bool) -> Answer<()> {
    if state.apps.contains_key(name) {
        return Ok(());
    }
    if !any_app || state.destroyed_apps.contains(name) {
        return Err(Refusal::not_found("app"));
    }
    validation::app_name(name)?;
    state.apps.insert(name.to_owned(), new_app(name, None));
    Ok(())
}

/// Refuses an app that does not exist and could not come into being.
pub(crate) fn readable(state: &State, name: &str, any_app: bool) -> Answer<()> {
    let possible = any_app && !state.destroyed_apps.contains(name);
    if possible || state.apps.contains_key(name) { Ok(()) } else { Err(Refusal::not_found("app")) }
}

fn new_app(name: &str, org_slug: Option<String>) -> App {
    App { id: ids::lower(16), name: name.to_owned(), org_slug }
}
