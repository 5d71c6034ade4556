//! What things cost.

use clawstead_domain::config::PricesPolicy;
use clawstead_operations::{OperationError, money};
use futures::executor::block_on;

use crate::world::World;

const HOUR_MS: i64 = 3_600_000;
/// The world begins at 22:13:20 of this day.
const FIRST_DAY: &str = "2023-11-14";

fn days(world: &World, from: Option<&str>, after: Option<&str>, limit: i64) -> money::Days {
    world.with_cx(|cx| block_on(money::days(cx, from, after, limit))).unwrap()
}

fn all(world: &World) -> Vec<money::DayCost> {
    days(world, Some(FIRST_DAY), None, 100).costs
}

fn priced_world() -> World {
    let world = World::new(1);
    world.set(&PricesPolicy {
        currency: "EUR".to_owned(),
        machine_hour_micros: 20_000,
        stopped_machine_hour_micros: 1_000,
        volume_gb_hour_micros: 200,
    });
    world
}

fn near(left: f64, right: f64) -> bool {
    (left - right).abs() < 1e-6
}

#[test]
fn a_machine_that_runs_counts_until_now_and_by_the_day() {
    let world = priced_world();
    world.enqueue("c1");
    world.tick_well();
    world.programs_run();
    world.pass(24 * HOUR_MS);
    let rows = all(&world);
    let seen: Vec<_> = rows.iter().map(|row| (row.day.as_str(), row.agent_key.as_str(), row.messages)).collect();
    assert_eq!(seen, [(FIRST_DAY, "a", 1), ("2023-11-15", "a", 0)]);
    let running: f64 = rows.iter().map(|row| row.running_hours).sum();
    assert!(near(running, 24.0), "{running}");
    let first = (86_400_000 - (1_700_000_010_000_i64 % 86_400_000)) as f64 / HOUR_MS as f64;
    assert!(near(rows[0].running_hours, first) && near(rows[0].volume_gb_hours, 10.0 * first), "{rows:?}");
    assert!(near(rows[0].cost, first * 0.02 + 10.0 * first * 0.0002), "{rows:?}");
    assert!(near(rows[0].cost_per_message.unwrap(), rows[0].cost));
    assert_eq!(rows[1].cost_per_message, None);
}

#[test]
fn what_is_over_stays_in_the_figures_and_replay_gives_the_same() {
    let world = priced_world();
    world.enqueue("c1");
    world.tick_well();
    world.programs_run();
    for _ in 0..40 {
        world.tick();
        world.programs_run();
    }
    assert_eq!(world.count("SELECT count(*) AS n FROM machine_times"), 0, "nobody is billed any more");
    let before = all(&world);
    assert_eq!(before.len(), 1);
    assert!(before[0].running_hours > 0.0 && before[0].stopped_hours > 0.0 && before[0].volume_gb_hours > 0.0, "{before:?}");
    world.pass(30 * 24 * HOUR_MS);
    assert_eq!(all(&world), before);
    block_on(world.ledger.rebuild("test", world.now(), 3, |_| {})).unwrap();
    assert_eq!(all(&world), before);
}

#[test]
fn pages_go_by_day_and_agent_and_end() {
    let world = priced_world();
    world.enqueue("c1");
    world.tick_well();
    world.pass(72 * HOUR_MS);
    let mut seen = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = days(&world, Some(FIRST_DAY), after.as_deref(), 1);
        assert_eq!(page.currency, "EUR");
        seen.extend(page.costs.iter().map(|row| row.day.clone()));
        after = page.next_after;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, all(&world).iter().map(|row| row.day.clone()).collect::<Vec<_>>());
    assert_eq!(seen.len(), 4);
    for (from, after) in [(Some("yesterday"), None), (None, Some("2026-01-31")), (None, Some("x/a"))] {
        let refused = world.with_cx(|cx| block_on(money::days(cx, from, after, 1)));
        assert!(matches!(refused.unwrap_err(), OperationError::Refused(_)));
    }
}

#[test]
fn each_finished_message_has_its_cost_over_all_its_deliveries() {
    let world = priced_world();
    world.enqueue("c1");
    world.tick_well();
    let costs = || world.with_cx(|cx| block_on(money::messages(cx, "", 10))).unwrap();
    world.hangs.set(true);
    world.programs_run();
    world.pass(HOUR_MS);
    assert!(costs().is_empty(), "it is not finished");
    world.hangs.set(false);
    world.dead.borrow_mut().clear();
    for _ in 0..20 {
        world.tick();
        world.programs_run();
    }
    let finished = costs();
    assert_eq!(finished.len(), 1);
    assert_eq!(finished[0].agent_key, "a");
    assert!(finished[0].work_ms >= HOUR_MS, "the delivery that was lost was paid for: {finished:?}");
    assert!(near(finished[0].cost, finished[0].work_ms as f64 / HOUR_MS as f64 * 0.02));
    assert!(world.with_cx(|cx| block_on(money::messages(cx, &finished[0].message_id, 10))).unwrap().is_empty());
}
