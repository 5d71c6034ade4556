//! Listings over all apps of an organization.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State as Shares};
use serde_json::{Value, json};

use super::machines::Filter;
use super::state::State;
use super::{Shared, apps, documents};

const PAGE_MAX: usize = 1_000;

/// A page after the cursor, which is the sequence number of the last row seen.
struct Page {
    after: u64,
    limit: usize,
}

impl Page {
    fn of(query: &[(String, String)]) -> Page {
        let number = |name: &str| query.iter().find(|(key, _)| key == name).and_then(|(_, value)| value.parse::<u64>().ok());
        let limit = number("limit").and_then(|limit| usize::try_from(limit).ok());
        Page { after: number("cursor").unwrap_or(0), limit: limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX) }
    }
}

fn of_org(state: &State, app: &str, org: &str) -> bool {
    state.apps.get(app).is_some_and(|app| apps::belongs(app, Some(org)))
}

pub(crate) async fn machines(
    Shares(shared): Shares<Arc<Shared>>,
    Path(org): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Json<Value> {
    let (filter, page) = (Filter::of(&query), Page::of(&query));
    Json(shared.store.read(|state| {
        let rows: Vec<(u64, Value)> = state
            .machines_by_age()
            .into_iter()
            .filter(|machine| machine.seq > page.after)
            .filter(|machine| of_org(state, &machine.app, &org) && filter.admits(machine))
            .map(|machine| (machine.seq, documents::org_machine(machine, filter.summary)))
            .collect();
        paged("machines", "last_machine_id", rows, page.limit)
    }))
}

pub(crate) async fn volumes(
    Shares(shared): Shares<Arc<Shared>>,
    Path(org): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Json<Value> {
    let page = Page::of(&query);
    let region = query.iter().find(|(key, _)| key == "region").map(|(_, value)| value);
    Json(shared.store.read(|state| {
        let rows: Vec<(u64, Value)> = state
            .volumes_by_age()
            .into_iter()
            .filter(|volume| volume.seq > page.after && of_org(state, &volume.app, &org))
            .filter(|volume| region.is_none_or(|region| volume.region == *region))
            .map(|volume| (volume.seq, documents::org_volume(volume)))
            .collect();
        paged("volumes", "last_volume_id", rows, page.limit)
    }))
}

fn paged(name: &str, last_id: &str, mut rows: Vec<(u64, Value)>, limit: usize) -> Value {
    let more = rows.len() > limit;
    rows.truncate(limit);
    let mut answer = json!({ name: rows.iter().map(|(_, row)| row).collect::<Vec<_>>() });
    if let Some((seq, last)) = rows.last() {
        answer[last_id] = last["id"].clone();
        answer["last_updated_at"] = last["updated_at"].clone();
        if more {
            answer["next_cursor"] = json!(seq.to_string());
        }
    }
    answer
}
