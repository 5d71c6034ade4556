//! Ticks: one at a time, and every one leaves a trace.

use clawstead_domain::pairing::PairingEvent;
use clawstead_ledger::Expected;
use clawstead_operations::files::SqliteStore;
use clawstead_operations::tick::{self, KindReport};
use futures::FutureExt;
use futures::executor::block_on;

use crate::fly::Fault;
use crate::world::World;

/// W-12: nothing is planned twice, and a lost race is no error.
#[test]
fn of_two_ticks_at_once_one_runs() {
    let world = World::new(1);
    world.enqueue("c1");
    world.fly.break_call(0, Fault::KilledBefore);
    world.with_cx(|cx| {
        let outside = world.outside();
        let store = SqliteStore(cx.ledger);
        let mut first = Box::pin(tick::run(cx, &outside, &store));
        assert!((&mut first).now_or_never().is_none(), "it waits for Fly");
        let second = world.try_tick().unwrap();
        assert!(!second.ran);
        assert!(second.kinds.is_empty());
    });
    assert!(world.worker_events().is_empty());
}

#[test]
fn a_tick_that_was_killed_holds_the_others_up_for_a_minute_at_most() {
    let world = World::new(1);
    world.enqueue("c1");
    world.fly.break_call(0, Fault::KilledAfter);
    assert!(world.try_tick().is_none());
    world.pass(59_000);
    assert!(!world.try_tick().unwrap().ran);
    world.pass(1_000);
    assert!(world.try_tick().unwrap().ran);
    assert_eq!(world.fly.machines_made.get(), 1);
}

#[test]
fn a_tick_that_is_out_of_time_begins_nothing_new() {
    let world = World::new(1);
    world.enqueue("c1");
    let clock = world.clock.clone();
    let calls = std::cell::Cell::new(0);
    // An hour passes once somebody has looked at the clock for the third time.
    let jumping = move || {
        calls.set(calls.get() + 1);
        clock.get() + if calls.get() > 3 { 3_600_000 } else { 0 }
    };
    let outside = tick::Outside { clock: &jumping, ..world.outside() };
    let report = world.with_cx(|cx| block_on(tick::run(cx, &outside, &SqliteStore(cx.ledger)))).unwrap();
    assert!(report.ran);
    assert!(!report.kinds.contains_key("machines"));
    assert!(world.fly.calls.borrow().is_empty());
}

#[test]
fn every_kind_of_work_leaves_its_last_run_and_its_error() {
    let world = World::new(1);
    world.tick();
    let good = world.now();
    world.token.set("");
    world.enqueue("c1");
    world.tick();
    let runs = world.with_cx(|cx| block_on(tick::last_run(cx))).unwrap();
    assert_eq!(runs["machines"].ran_at, good + 10_000);
    assert!(runs["machines"].last_error.as_ref().unwrap().contains("not a Fly API token"));
    assert_eq!(runs["leases"].last_error, None);
    assert_eq!(runs["watch"].ran_at, good);
}

#[test]
fn pairing_codes_expire_once_and_leases_are_taken_back() {
    let world = World::new(0);
    world.with_cx(|cx| {
        block_on(cx.append("p1", Expected::Version(0), &[created("h1", cx.now + 9_000)])).unwrap();
        block_on(cx.append("p2", Expected::Version(0), &[created("h2", cx.now + 15_000)])).unwrap();
    });
    let kinds = world.tick().kinds;
    assert_eq!(kinds["pairings"], KindReport { done: 1, error: None });
    assert_eq!(kinds["leases"], KindReport { done: 0, error: None });
    assert_eq!(world.tick().kinds["pairings"].done, 1);
    assert_eq!(world.tick().kinds["pairings"].done, 0);
    assert_eq!(world.count("SELECT count(*) AS n FROM pairings WHERE state = 'expired'"), 2);
}

#[test]
fn a_tick_goes_on_with_what_is_due_as_long_as_it_has_time() {
    let world = World::new(0);
    world.with_cx(|cx| {
        for number in 0..230 {
            block_on(cx.append(&format!("p{number}"), Expected::Version(0), &[created(&number.to_string(), cx.now + 9_000)]))
                .unwrap();
        }
    });
    assert_eq!(world.tick().kinds["pairings"], KindReport { done: 230, error: None });
}

fn created(hash: &str, expires_at: i64) -> PairingEvent {
    PairingEvent::PairingCreated {
        code_hash: hash.to_owned(),
        consumer_user_id: "u".to_owned(),
        agent_key: "a".to_owned(),
        bot_id: None,
        expires_at,
        pending_max: None,
    }
}
