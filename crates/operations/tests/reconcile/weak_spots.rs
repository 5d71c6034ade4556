//! Weak spots of the existing system (queue-worker.md section 17) that concern machines: W-6, W-11, W-12, W-14; and F-13
//! of scheduler-fly.md.

use clawstead_domain::config::{LeasePolicy, ScalingPolicy};
use clawstead_domain::worker::{DrainReason, WorkerEvent};
use clawstead_ledger::Expected;
use clawstead_operations::{queue, workers};
use futures::executor::block_on;

use crate::world::{IDLE_MS, World};

fn drain(world: &World, worker_id: &str, deadline_at: i64) {
    let event = WorkerEvent::DrainRequested { reason: DrainReason::Operator, deadline_at };
    world.with_cx(|cx| block_on(cx.append(worker_id, Expected::Any, &[event])).unwrap());
}

fn only_worker(world: &World) -> String {
    let found = world.with_cx(|cx| block_on(workers::live(cx)).unwrap());
    assert_eq!(found.len(), 1);
    found[0].worker_id.clone()
}

fn position_of(world: &World, event_type: &str) -> i64 {
    world.count(&format!("SELECT min(position) AS n FROM events WHERE type = '{event_type}'"))
}

#[test]
fn w6_a_drain_ends_at_its_deadline_whatever_the_worker_does() {
    let world = World::new(1);
    world.enqueue("c1");
    world.tick_well();
    world.programs_run();
    world.dead.borrow_mut().push("m1".to_owned());
    drain(&world, &only_worker(&world), world.now() + 100_000);
    for _ in 0..9 {
        world.tick_well();
    }
    assert!(!world.worker_events().contains(&"TeardownStarted".to_owned()), "it has its time");
    for _ in 0..50 {
        world.tick_well();
    }
    assert!(world.fly.machines.borrow().is_empty(), "{:?}", world.worker_events());
    // What it did not hand in is kept for a week.
    world.pass(7 * 86_400_000);
    for _ in 0..3 {
        world.tick_well();
    }
    assert!(world.is_empty(), "{:?}", world.worker_events());
}

#[test]
fn w6_a_worker_without_a_machine_does_not_drain_for_ever() {
    let world = World::new(1);
    let registered = world.with_cx(|cx| block_on(workers::register(cx, None)).unwrap());
    world.enqueue("c1");
    world.with_cx(|cx| {
        let worker = block_on(workers::by_token(cx, &registered.token)).unwrap().unwrap();
        block_on(workers::saw(cx, &worker)).unwrap();
        let worker = block_on(workers::by_token(cx, &registered.token)).unwrap().unwrap();
        assert!(block_on(queue::claim(cx, &worker, None)).unwrap().is_some());
    });
    drain(&world, &registered.worker_id, world.now() + 30_000);
    for _ in 0..5 {
        world.tick_well();
    }
    assert!(world.worker_events().contains(&"WorkerStopped".to_owned()), "{:?}", world.worker_events());
}

#[test]
fn w11_a_worker_with_a_message_is_waited_for_and_then_the_message_is_taken_back_first() {
    let world = World::new(1);
    world.set(&LeasePolicy { lease_ms: 90_000, ..LeasePolicy::default() });
    world.hangs.set(true);
    world.enqueue("c1");
    world.tick_well();
    world.programs_run();
    drain(&world, &only_worker(&world), world.now() + 300_000);
    for _ in 0..8 {
        world.tick_well();
    }
    assert_eq!(world.count("SELECT count(*) AS n FROM leases"), 1);
    assert!(!world.worker_events().contains(&"TeardownStarted".to_owned()), "while its lease holds");
    for _ in 0..80 {
        world.tick_well();
    }
    assert!(position_of(&world, "LeaseLost") < position_of(&world, "TeardownStarted"));
}

/// Reconciling once more when nothing is to be done does nothing, however often and after however long: there are no watchdogs
/// that pile up. And what the operator has set holds in every tick.
#[test]
fn w14_ticks_do_what_is_due_by_the_policy_in_force_and_nothing_else() {
    let world = World::new(1);
    world.tick_well();
    let before = world.count("SELECT count(*) AS n FROM events");
    for _ in 0..30 {
        world.pass(3_600_000);
        world.tick_well();
    }
    assert_eq!(world.count("SELECT count(*) AS n FROM events"), before);

    world.set(&ScalingPolicy { machines_max: 2, spawn_step: 2, idle_timeout_ms: IDLE_MS, ..ScalingPolicy::default() });
    for _ in 0..30 {
        world.pass(3_600_000);
        world.tick_well();
    }
    world.enqueue("c1");
    world.enqueue("c2");
    world.enqueue("c3");
    world.tick_well();
    assert_eq!(world.fly.machines_made.get(), 2);
}

#[test]
fn f_13_a_worker_that_has_stopped_is_not_looked_at_again() {
    let world = World::new(1);
    world.enqueue("c1");
    for _ in 0..120 {
        world.tick_well();
        world.programs_run();
    }
    assert_eq!(world.count("SELECT count(*) AS n FROM workers WHERE state = 'stopped'"), 1);
    assert!(world.with_cx(|cx| block_on(workers::live(cx)).unwrap()).is_empty());
    let events = world.count("SELECT count(*) AS n FROM events");
    world.fly.calls.borrow_mut().clear();
    for _ in 0..31 {
        world.tick_well();
    }
    assert_eq!(world.count("SELECT count(*) AS n FROM events"), events);
    let calls = world.fly.calls.borrow();
    assert!(calls.iter().all(|call| matches!(call.as_str(), "GET /machines" | "GET /volumes")), "{calls:?}");
}
