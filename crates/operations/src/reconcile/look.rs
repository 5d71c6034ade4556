//! The inventory: the views, and what Fly lists when that can matter.

use std::collections::BTreeMap;

use clawstead_domain::config::{LeasePolicy, ProviderPolicy, ScalingPolicy};
use clawstead_domain::plan::{Head, Inventory, Setback, Worker};
use clawstead_domain::worker::State;
use clawstead_ledger::{Engine, Row};
use clawstead_vault::sha256_hex;

use super::Outside;
use crate::provider::Listed;
use crate::tick::{last_run, note};
use crate::{Cx, OperationError};

/// Without workers and without work, Fly is still asked so often what carries our tag.
const SWEEP_EVERY_MS: i64 = 300_000;

/// Fly allows one request a second for each action and app (outside-contracts.md). Ticks may come faster.
const LISTING_GAP_MS: i64 = 1_000;

/// A tick is expected at least every minute. After a longer break nobody knows who was silent: the workers, or we.
const BREAK_MS: i64 = 90_000;

/// A worker whose next message is ready within this time has work.
const SOON_MS: i64 = 120_000;

/// 80 bits.
const LOG_ID_CHARS: usize = 20;

/// Apps, and the kind of the provider that has each.
pub(super) type Places = BTreeMap<String, String>;

/// Looks at everything once; also says who has the apps that were looked at. What a provider does not tell is missing, and why
/// is added to `errors`.
pub(super) async fn inventory<E: Engine>(
    cx: &Cx<'_, E>,
    outside: &Outside<'_>,
    (scaling, provider, lease): (&ScalingPolicy, &ProviderPolicy, &LeasePolicy),
    everywhere: bool,
    errors: &mut Vec<String>,
) -> Result<(Inventory, Places), OperationError> {
    let runs = last_run(cx).await?;
    let ran_at = |work: &str| runs.get(work).map(|run| run.ran_at);
    let mut watching_since = ran_at("watch").unwrap_or(cx.now);
    if ran_at("machines").is_none_or(|at| cx.now - at > BREAK_MS) {
        note(cx, "watch", 0, None).await?;
        watching_since = cx.now;
    }
    let (workers, mut places) = workers(cx, provider, cx.now - lease.silent_after_ms).await?;
    let waiting = waiting(cx, scaling, provider, workers.len()).await?;
    let full_regions = full_regions(cx, &provider.app_name).await?;
    let failed_boots = failed_boots(cx, &provider.app_name).await?;
    let mut inventory = Inventory { workers, waiting, listings: Vec::new(), full_regions, failed_boots, watching_since };
    let since_listing = ran_at("listing").map(|at| cx.now - at);
    if since_listing.is_some_and(|ms| (0..LISTING_GAP_MS).contains(&ms)) {
        return Ok((inventory, places));
    }
    let sweep_is_due = since_listing.is_none_or(|ms| ms >= SWEEP_EVERY_MS);
    let makes_machines = !provider.kind.is_empty() && (!inventory.waiting.is_empty() || scaling.warm_workers > 0);
    if !provider.kind.is_empty() && (sweep_is_due || makes_machines) {
        places.insert(provider.app_name.clone(), provider.kind.clone());
    }
    let needs_a_look = |app: &str| {
        let is_for_new_ones = makes_machines && app == provider.app_name;
        everywhere || sweep_is_due || is_for_new_ones || !only_keeps_volumes(&inventory, app, cx.now)
    };
    let apps: Vec<(&String, &String)> = places.iter().filter(|(app, _)| needs_a_look(app)).collect();
    let log_id = log_id(cx).await?;
    for (app, kind) in apps.iter().copied() {
        match list(outside, kind, app, &inventory.workers, &log_id).await {
            Ok(Listed { listing, clash }) => {
                if listing.is_missing {
                    errors.push(format!("list {app}: there is no such app"));
                }
                errors.extend(clash.map(|machine_id| clash_in(app, &machine_id)));
                inventory.listings.push(listing);
            }
            Err(error) => errors.push(format!("list {app}: {error}")),
        }
    }
    if !apps.is_empty() {
        note(cx, "listing", inventory.listings.len() as i64, None).await?;
    }
    Ok((inventory, places))
}

/// Whether all that an app holds of ours is volumes that are kept: these need a look only as often as everything.
fn only_keeps_volumes(inventory: &Inventory, app: &str, now: i64) -> bool {
    let mut of_app = inventory.workers.iter().filter(|worker| worker.app_name.as_deref() == Some(app));
    of_app.all(|worker| {
        let is_kept = worker.volume_gone_at.is_none() && worker.volume_keep_until.is_some_and(|at| at > now);
        worker.machine_gone_at.is_some() && is_kept
    })
}

pub(super) async fn list(
    outside: &Outside<'_>,
    kind: &str,
    app: &str,
    workers: &[Worker],
    log_id: &str,
) -> Result<Listed, OperationError> {
    Ok(outside.provider(kind)?.list(app, workers, log_id).await?)
}

/// What to say of a machine that carries our name, and that another log knows.
pub(super) fn clash_in(app: &str, machine_id: &str) -> String {
    format!(
        "machine {machine_id} in {app} carries the name of this deployment and is known to another log: give each its own name"
    )
}

/// What tells this log from all others: made from its first event, so that a copy of the database has the same one. Empty as long
/// as there is no event.
pub(super) async fn log_id<E: Engine>(cx: &Cx<'_, E>) -> Result<String, OperationError> {
    let rows = cx.sql("SELECT stream, at, data, meta FROM events WHERE position = 1", &[]).await?;
    let Some(first) = rows.first() else {
        return Ok(String::new());
    };
    let text = |name| first.text(name).unwrap_or_default();
    let whole = format!("{}\n{}\n{}\n{}", text("stream"), first.integer("at").unwrap_or(0), text("data"), text("meta"));
    Ok(sha256_hex(&whole)[..LOG_ID_CHARS].to_owned())
}

/// Workers that have not stopped, and the apps that hold something of theirs; external ones only while they call, or while they
/// are on their way out.
pub(super) async fn workers<E: Engine>(
    cx: &Cx<'_, E>,
    provider: &ProviderPolicy,
    silent_since: i64,
) -> Result<(Vec<Worker>, Places), OperationError> {
    // `+` keeps `paused` out of the choice of an index: by it, every worker would look at every head.
    let sql = "SELECT w.worker_id, w.provider, w.state, w.app_name, w.volume_id, w.machine_id, w.machine_created_at, w.wanted_for, \
        w.conversations_max, w.conversation_id, w.requested_at, w.seen_at, c.last_seen_at, w.last_claim_at, w.last_ended_at, w.drain_deadline_at, \
        w.capacity_refused_at, w.restarted_at, w.abandoned_at, w.volume_snapshot_at, w.volume_keep_until, \
        w.teardown_at, w.machine_gone_at, w.volume_gone_at, \
        (SELECT json_group_array(u.conversation_id) FROM unsaved_work u WHERE u.worker_id = w.worker_id) AS unsaved, \
        (SELECT max(max(l.expires_at, coalesce(r.expires_at, 0))) FROM leases l \
          LEFT JOIN lease_renewals r ON r.lease_id = l.lease_id WHERE l.worker_id = w.worker_id) AS lease_ends_at, \
        EXISTS (SELECT 1 FROM queue_heads h WHERE h.worker_id = w.worker_id AND +h.paused = 0 AND h.ready_at <= ?2 \
            AND (h.has_bot >= ?3 OR w.provider = 'external')) \
          OR EXISTS (SELECT 1 FROM queue_heads h WHERE h.conversation_id = w.wanted_for AND h.worker_id IS NULL AND h.paused = 0 \
            AND h.has_bot >= ?3 AND h.ready_at <= ?2) AS has_work \
        FROM workers w LEFT JOIN worker_contacts c ON c.worker_id = w.worker_id \
        WHERE w.state IN ('requested', 'active', 'draining', 'stopping') \
          AND (w.provider <> 'external' OR w.state IN ('draining', 'stopping') OR c.last_seen_at >= ?1) \
        ORDER BY w.requested_at, w.worker_id";
    let rows = cx.sql(sql, &[silent_since.into(), (cx.now + SOON_MS).into(), i64::from(provider.needs_bot).into()]).await?;
    let place = |row: Row<'_>| Some((row.text("app_name")?, row.text("provider")?));
    let places = rows.iter().filter_map(place).collect();
    let read = |row: Row<'_>| worker_of(&row).ok_or_else(|| OperationError::unexpected("a row of workers"));
    Ok((rows.iter().map(read).collect::<Result<_, _>>()?, places))
}

/// Heads that a machine's worker can claim now, best rank first: no more than could matter with so many workers. Without a
/// bot it could do nothing, so that is no reason for a machine.
async fn waiting<E: Engine>(
    cx: &Cx<'_, E>,
    scaling: &ScalingPolicy,
    provider: &ProviderPolicy,
    workers: usize,
) -> Result<Vec<Head>, OperationError> {
    // Each worker covers so many, and one more that it held last; a step makes so many new workers.
    let each = scaling.conversations_per_worker;
    let limit = (1 + each) * workers as i64 + each * scaling.spawn_step + 100;
    // The bound on rank is implied, and keeps heads that are scheduled for later out of the walk along the index.
    let doable = if provider.needs_bot { "AND has_bot = 1" } else { "" };
    let sql = format!(
        "SELECT h.conversation_id, h.worker_id, EXISTS (SELECT 1 FROM snapshots s WHERE s.conversation_id = h.conversation_id \
           AND s.status = 'ready' AND s.restorable = 1) AS has_memory \
         FROM queue_heads h WHERE paused = 0 {doable} AND rank <= ?1 AND ready_at <= ?1 ORDER BY rank LIMIT ?2"
    );
    let rows = cx.sql(&sql, &[cx.now.into(), limit.into()]).await?;
    let head = |row: Row<'_>| {
        Some(Head {
            conversation_id: row.text("conversation_id")?,
            worker_id: row.text("worker_id"),
            has_memory: row.flag("has_memory"),
        })
    };
    Ok(rows.iter().filter_map(head).collect())
}

/// Regions that had no room when they were last asked.
async fn full_regions<E: Engine>(cx: &Cx<'_, E>, app: &str) -> Result<BTreeMap<String, Setback>, OperationError> {
    let sql = "SELECT region, refusals AS failures, refused_at AS last_at FROM full_regions WHERE app_name = ?1";
    let rows = cx.sql(sql, &[app.into()]).await?;
    Ok(rows.iter().filter_map(|row| Some((row.text("region")?, setback_of(&row)?))).collect())
}

/// Whether what was made last in an app came up.
async fn failed_boots<E: Engine>(cx: &Cx<'_, E>, app: &str) -> Result<Option<Setback>, OperationError> {
    let sql = "SELECT failures, failed_at AS last_at FROM failed_boots WHERE app_name = ?1";
    Ok(cx.sql(sql, &[app.into()]).await?.first().and_then(|row| setback_of(&row)))
}

fn setback_of(row: &Row<'_>) -> Option<Setback> {
    Some(Setback { failures: row.integer("failures")?, last_at: row.integer("last_at")? })
}

fn worker_of(row: &Row<'_>) -> Option<Worker> {
    Some(Worker {
        worker_id: row.text("worker_id")?,
        is_ours: row.text("provider")? != "external",
        state: State::parse(&row.text("state")?)?,
        app_name: row.text("app_name"),
        volume_id: row.text("volume_id"),
        machine_id: row.text("machine_id"),
        machine_created_at: row.integer("machine_created_at"),
        wanted_for: row.text("wanted_for"),
        conversations_max: row.integer("conversations_max")?,
        conversation_id: row.text("conversation_id"),
        requested_at: row.integer("requested_at")?,
        seen_at: row.integer("seen_at"),
        last_seen_at: row.integer("last_seen_at"),
        last_claim_at: row.integer("last_claim_at"),
        last_ended_at: row.integer("last_ended_at"),
        lease_ends_at: row.integer("lease_ends_at"),
        has_work: row.flag("has_work"),
        unsaved: row.text("unsaved").and_then(|list| serde_json::from_str(&list).ok())?,
        restarted_at: row.integer("restarted_at"),
        abandoned_at: row.integer("abandoned_at"),
        volume_snapshot_at: row.integer("volume_snapshot_at"),
        volume_keep_until: row.integer("volume_keep_until"),
        capacity_refused_at: row.integer("capacity_refused_at"),
        drain_deadline_at: row.integer("drain_deadline_at"),
        teardown_at: row.integer("teardown_at"),
        machine_gone_at: row.integer("machine_gone_at"),
        volume_gone_at: row.integer("volume_gone_at"),
    })
}
