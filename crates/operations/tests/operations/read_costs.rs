//! What reading costs does not depend on what has piled up. Counted in steps of SQLite's machine, not in time.

use clawstead_domain::worker::WorkerEvent;
use clawstead_ledger::Ledger;
use clawstead_operations::{Cx, queue, secrets, workers};
use futures::executor::block_on;

use crate::recording::{Plans, Recording};
use crate::world::World;

/// Steps of everything that an operation reads.
fn steps(world: &World, operation: &impl AsyncFn(&Cx<'_, Recording>)) -> i32 {
    let file = world.folder.path().join("test.db");
    let ledger = Ledger::new(block_on(Recording::open(&file, &Plans::default())).unwrap());
    let cx =
        Cx { ledger: &ledger, now: world.now(), entropy: world.cx().entropy, actor: String::new(), correlation: String::new() };
    block_on(operation(&cx));
    ledger.engine().steps.get()
}

/// Workers that are gone.
fn with_stopped_workers(number: usize) -> World {
    let world = World::new();
    for _ in 0..number {
        let gone = world.worker();
        for event in [WorkerEvent::TeardownStarted {}, WorkerEvent::MachineGone {}, WorkerEvent::WorkerStopped {}] {
            world.append_to_worker(&gone.worker_id, &event);
        }
    }
    world
}

#[test]
fn w47_a_claim_does_not_look_at_workers_that_have_nothing_to_do_with_it() {
    let cost = |world: &World| {
        world.enqueue("c", "hi");
        let mine = world.worker();
        let worker = world.call(&mine).unwrap();
        steps(world, &async |cx: &Cx<'_, Recording>| assert!(queue::claim(cx, &worker, None).await.unwrap().is_some()))
    };
    assert_eq!(cost(&with_stopped_workers(1)), cost(&with_stopped_workers(200)));
    let many = World::new();
    let here: Vec<_> = (0..200).map(|_| many.worker()).collect();
    assert_eq!(cost(&with_stopped_workers(0)), cost(&many), "beside {} that wait", here.len());
}

#[test]
fn w49_workers_that_are_gone_are_not_read() {
    let cost = |world: &World| {
        world.worker();
        steps(world, &async |cx: &Cx<'_, Recording>| assert_eq!(workers::live(cx).await.unwrap().len(), 1))
    };
    assert_eq!(cost(&with_stopped_workers(1)), cost(&with_stopped_workers(200)));
}

#[test]
fn w48_w50_figures_cost_the_same_whatever_is_queued() {
    let cost = |number: usize| {
        let world = World::new();
        let worker = world.worker();
        for n in 0..number {
            world.enqueue(&format!("c{n}"), "hi");
            world.enqueue(&format!("c{n}"), "again");
        }
        world.claim(&worker).unwrap();
        steps(&world, &async |cx: &Cx<'_, Recording>| {
            assert_eq!(queue::stats(cx).await.unwrap().queued_ready, 2 * number as i64 - 1);
        })
    };
    assert_eq!(cost(2), cost(200));
}

#[test]
fn w52_a_secret_costs_the_same_however_often_it_was_rotated() {
    let cost = |versions: usize| {
        let world = World::new();
        for n in 0..versions {
            block_on(secrets::import(&world.cx(), &world.keys, "bot", &format!("value {n}"))).unwrap();
        }
        steps(&world, &async |cx: &Cx<'_, Recording>| {
            secrets::import(cx, &world.keys, "bot", "newest").await.unwrap();
            assert_eq!(secrets::open(cx, &world.keys, "bot").await.unwrap().unwrap().expose(), "newest");
        })
    };
    assert_eq!(cost(1), cost(100));
}

#[test]
fn w50_the_view_of_a_conversation_costs_the_same_beside_many() {
    let cost = |number: usize| {
        let world = World::new();
        for n in 0..number {
            world.enqueue(&format!("other{n}"), "hi");
        }
        world.enqueue("c", "hi");
        steps(&world, &async |cx: &Cx<'_, Recording>| assert!(!queue::conversation(cx, "c").await.unwrap().paused))
    };
    assert_eq!(cost(2), cost(200));
}
