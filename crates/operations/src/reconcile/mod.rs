//! Making the machines that work needs, and removing those that nothing needs (design.md section 8).
//!
//! Look, plan, act: the views and a listing make an inventory, `domain::plan` says what to do, and each action is carried
//! out by itself. An action records what it is about to do before it calls, and what came of it after; when nobody knows
//! what came of it, nothing is recorded, and the next tick looks.

mod act;
mod environment;
mod handover;
mod known;
mod look;
mod machine;
mod outside;
mod provision;
mod survey;
mod teardown;
mod token;
mod unowned;

use std::collections::BTreeSet;

use clawstead_domain::config::{LeasePolicy, ProviderPolicy, ScalingPolicy};
use clawstead_domain::plan::{Action, plan};
use clawstead_ledger::Engine;

pub use outside::Outside;
pub(crate) use survey::{Survey, drain, survey};
pub(crate) use token::sweep as sweep_tokens;
pub use unowned::{UnownedReport, report_unowned};

use crate::tick::{KindReport, Turn};
use crate::{OperationError, configs};

/// So many errors are told of one tick; the others are counted.
const ERRORS_TOLD: usize = 3;

/// Looks where it can matter, plans and acts once.
pub(crate) async fn run<E: Engine>(turn: &Turn<'_, E>, outside: &Outside<'_>) -> Result<KindReport, OperationError> {
    run_with(turn, outside, false).await
}

/// As [`run`], but makes nothing, and looks also at apps that only keep volumes: for whoever cleans up.
pub(crate) async fn wind_down<E: Engine>(turn: &Turn<'_, E>, outside: &Outside<'_>) -> Result<KindReport, OperationError> {
    run_with(turn, outside, true).await
}

async fn run_with<E: Engine>(turn: &Turn<'_, E>, outside: &Outside<'_>, winds_down: bool) -> Result<KindReport, OperationError> {
    let cx = turn.cx();
    let policies = configs::load(&cx).await?;
    let (scaling, provider, lease): (ScalingPolicy, ProviderPolicy, LeasePolicy) =
        (policies.get()?, policies.get()?, policies.get()?);
    let mut errors = Vec::new();
    let (inventory, places) = look::inventory(&cx, outside, (&scaling, &provider, &lease), winds_down, &mut errors).await?;
    let mut actions = plan(&inventory, &scaling, &provider, lease.silent_after_ms, cx.now);
    let makes = |action: &Action| matches!(action, Action::Request { .. } | Action::Provision { .. } | Action::Assign { .. });
    actions.retain(|action| !(winds_down && makes(action)));
    let holds_back = |action: &&Action| matches!(action, Action::HoldBack { .. });
    errors.extend(actions.iter().filter(holds_back).map(ToString::to_string));
    share_the_time(&mut actions, cx.roll());
    let actor = act::Actor { turn, outside, scaling, provider, places };
    let done = act_on(&actor, &actions, &mut errors).await?;
    Ok(KindReport { done, error: tell(&errors) })
}

/// Carries actions out one by one. After one that failed, or that has to wait, the later ones with the same subject are left
/// to the next tick.
async fn act_on<E: Engine>(
    actor: &act::Actor<'_, E>,
    actions: &[Action],
    errors: &mut Vec<String>,
) -> Result<i64, OperationError> {
    let mut done = 0;
    let mut blocked = BTreeSet::new();
    for action in actions {
        if blocked.contains(action.subject()) {
            continue;
        }
        if !actor.turn.goes_on().await? {
            break;
        }
        match actor.perform(action).await {
            Ok(act::Progress::Done) => done += 1,
            Ok(act::Progress::Later) => drop(blocked.insert(action.subject())),
            Err(error) => {
                blocked.insert(action.subject());
                errors.push(format!("{action}: {error}"));
            }
        }
    }
    Ok(done)
}

/// Begins anywhere, and keeps the order of what belongs together: when time runs out in every tick, it is not always the
/// same worker that gets nothing.
fn share_the_time(actions: &mut [Action], roll: u64) {
    if actions.is_empty() {
        return;
    }
    let middle = usize::try_from(roll % actions.len() as u64).unwrap_or(0);
    let is_first = |index: usize| index == 0 || actions[index].subject() != actions[index - 1].subject();
    let start = (0..=middle).rev().find(|index| is_first(*index)).unwrap_or(0);
    actions.rotate_left(start);
}

fn tell(errors: &[String]) -> Option<String> {
    let told = errors.iter().take(ERRORS_TOLD).map(String::as_str).collect::<Vec<_>>().join("; ");
    match errors.len() {
        0 => None,
        n if n > ERRORS_TOLD => Some(format!("{told}; and {} more", n - ERRORS_TOLD)),
        _ => Some(told),
    }
}
