//! Ticks: whatever is due is done, by one at a time, in bounded steps (design.md section 6).

mod report;
mod turn;

use clawstead_ledger::Engine;

pub use crate::reconcile::{Outside, UnownedReport, report_unowned};
pub(crate) use report::note;
pub use report::{KindReport, LastRun, TickReport, last_run};
pub(crate) use turn::Turn;

use crate::files::Store;
use crate::{
    Cx, OperationError, bindings, bots, counts, files, ingress, outbox, pairings, push, queue, reconcile, secrets, snapshots,
    subscriptions,
};

/// So much is done of one kind before somebody looks whether there is time for more.
const BATCH: i64 = 100;

/// So many bots a tick: each is a call or two to Telegram.
const BOTS: i64 = 5;

/// So many steps of broadcasts before somebody looks: each is some dozens of messages.
const BROADCAST_STEPS: i64 = 10;

/// So many consumer apps a tick: each is a call.
const APPS: i64 = 5;

/// Does what is due: leases that ran out, pairing codes that expired, files that nobody needs, machines that should come or
/// go, what is to be sent to Telegram or fetched from there, push jobs. Trouble with one kind of work is in the report and does not keep
/// the others from being done. When another tick is under way, nothing is done.
///
/// # Errors
/// When the database does not say who has the turn.
pub async fn run<E: Engine>(cx: &Cx<'_, E>, outside: &Outside<'_>, store: &impl Store) -> Result<TickReport, OperationError> {
    let Some(turn) = Turn::take(cx, outside.clock).await? else {
        return Ok(TickReport { ran: false, ..TickReport::default() });
    };
    let mut report = TickReport { ran: true, ..TickReport::default() };
    for work in in_turn(&turn).await? {
        if !turn.goes_on().await? {
            break;
        }
        let outcome = match work {
            Work::Leases => recover_leases(&turn).await.map(KindReport::done),
            Work::Pairings => end_identities(&turn).await.map(KindReport::done),
            Work::Secrets => tidy_rows(&turn.cx()).await.map(KindReport::done),
            Work::Bots => settle_bots(&turn.cx(), outside).await.map(KindReport::done),
            Work::Webhooks => tell_apps(&turn.cx(), outside).await.map(KindReport::done),
            Work::Files => tidy_files(&turn.cx(), store).await.map(KindReport::done),
            Work::Machines => reconcile::run(&turn, outside).await,
            Work::Outbox => send_outbox(&turn, outside).await.map(KindReport::done),
            Work::Media => fetch_media(&turn, outside, store).await.map(KindReport::done),
            Work::Pushes => send_pushes(&turn).await.map(KindReport::done),
        };
        report.add(&turn, work.name(), outcome).await?;
    }
    turn.end().await?;
    Ok(report)
}

/// A kind of work.
#[derive(Debug, Clone, Copy)]
enum Work {
    Leases,
    Pairings,
    Secrets,
    Bots,
    Webhooks,
    Files,
    Machines,
    Outbox,
    Media,
    Pushes,
}

impl Work {
    const ALL: [Self; 10] = [
        Self::Leases,
        Self::Pairings,
        Self::Secrets,
        Self::Bots,
        Self::Webhooks,
        Self::Files,
        Self::Machines,
        Self::Outbox,
        Self::Media,
        Self::Pushes,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Leases => "leases",
            Self::Pairings => "pairings",
            Self::Secrets => "secrets",
            Self::Bots => "bots",
            Self::Webhooks => "webhooks",
            Self::Files => "files",
            Self::Machines => "machines",
            Self::Outbox => "outbox",
            Self::Media => "media",
            Self::Pushes => "pushes",
        }
    }
}

/// What was done longest ago comes first: when time runs out in every tick, it is not always the same work that is left.
async fn in_turn<E: Engine>(turn: &Turn<'_, E>) -> Result<[Work; 10], OperationError> {
    let runs = last_run(&turn.cx()).await?;
    let mut all = Work::ALL;
    all.sort_by_key(|work| runs.get(work.name()).map(|run| run.ran_at));
    Ok(all)
}

/// Steps of at most `size`, as long as each finds as much to do and there is time.
async fn in_steps<'a, E: Engine>(
    turn: &Turn<'a, E>,
    size: i64,
    step: impl AsyncFn(Cx<'a, E>, i64) -> Result<i64, OperationError>,
) -> Result<i64, OperationError> {
    let mut done = 0;
    loop {
        let of_step = step(turn.cx(), size).await?;
        done += of_step;
        if of_step < size || !turn.goes_on().await? {
            return Ok(done);
        }
    }
}

/// Takes messages back whose leases have run out.
async fn recover_leases<E: Engine>(turn: &Turn<'_, E>) -> Result<i64, OperationError> {
    in_steps(turn, BATCH, async |cx, size| queue::recover_leases(&cx, size).await).await
}

/// Notes codes that have expired, and ends what waits in the name of bindings that have ended.
async fn end_identities<E: Engine>(turn: &Turn<'_, E>) -> Result<i64, OperationError> {
    let expired = in_steps(turn, BATCH, async |cx, size| pairings::expire_due(&cx, size).await).await?;
    Ok(expired + in_steps(turn, BATCH, async |cx, size| bindings::settle_due(&cx, size).await).await?)
}

/// Destroys versions of secrets and tokens of workers that are of no more use, and forgets what was counted for a while that is
/// over.
async fn tidy_rows<E: Engine>(cx: &Cx<'_, E>) -> Result<i64, OperationError> {
    let destroyed = secrets::collect(cx, BATCH).await? + reconcile::sweep_tokens(cx, BATCH).await?;
    counts::forget(cx, BATCH).await?;
    Ok(destroyed)
}

/// Asks Telegram again for webhooks that it has not set, and clears away bots that speak for nobody any more.
async fn settle_bots<E: Engine>(cx: &Cx<'_, E>, outside: &Outside<'_>) -> Result<i64, OperationError> {
    let telegram = outside.telegram();
    let set = bots::settle_webhooks(cx, outside.keys, telegram, BOTS).await?;
    Ok(set + bots::retire_due(cx, outside.keys, telegram, BOTS).await?)
}

/// Tells consumer apps what they have not been told.
async fn tell_apps<E: Engine>(cx: &Cx<'_, E>, outside: &Outside<'_>) -> Result<i64, OperationError> {
    subscriptions::deliver_due(cx, outside.keys, &outside.transport, &outside.app_addresses, APPS).await
}

async fn send_outbox<E: Engine>(turn: &Turn<'_, E>, outside: &Outside<'_>) -> Result<i64, OperationError> {
    outbox::send_due(&turn.cx(), &outside.telegram_api(), turn.ends_at()).await
}

async fn fetch_media<E: Engine>(turn: &Turn<'_, E>, outside: &Outside<'_>, store: &impl Store) -> Result<i64, OperationError> {
    ingress::fetch_due(&turn.cx(), &outside.telegram_api(), store, turn.ends_at()).await
}

/// Runs push jobs that are due, and goes on with broadcasts.
async fn send_pushes<E: Engine>(turn: &Turn<'_, E>) -> Result<i64, OperationError> {
    let run = async |cx, size| Ok(push::dispatch_due(&cx, size).await?.scanned);
    let dispatched = in_steps(turn, BATCH, run).await?;
    Ok(dispatched + in_steps(turn, BROADCAST_STEPS, async |cx, size| push::advance_broadcasts(&cx, size).await).await?)
}

/// Ends snapshots that are of no more use, and removes bytes that nobody owns.
async fn tidy_files<E: Engine>(cx: &Cx<'_, E>, store: &impl Store) -> Result<i64, OperationError> {
    let ended = snapshots::retire(cx, BATCH).await?;
    Ok(ended + files::collect(cx, store, BATCH).await?)
}
