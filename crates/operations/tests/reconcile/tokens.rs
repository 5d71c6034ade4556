//! The sealed tokens of workers: none outlives its worker.

use clawstead_domain::worker::WorkerEvent;
use clawstead_ledger::Expected;
use clawstead_operations::secrets;
use futures::executor::block_on;

use crate::world::World;

fn sealed(world: &World) -> i64 {
    world.count("SELECT count(*) AS n FROM sealed_secrets")
}

fn seal_token_of(world: &World, worker_id: &str) {
    let secret_ref = format!("worker.{worker_id}.token");
    world.with_cx(|cx| block_on(secrets::import(cx, &world.keys, &secret_ref, "cwk_token"))).unwrap();
}

#[test]
fn a_token_whose_worker_was_never_asked_for_is_destroyed_after_a_while() {
    let world = World::new(1);
    seal_token_of(&world, "01a1f9c9-28c5-798c-8a09-7f111f90056a");
    world.with_cx(|cx| block_on(secrets::import(cx, &world.keys, "worker.mine.token", "somebody's own"))).unwrap();
    for _ in 0..59 {
        world.tick_well();
    }
    assert_eq!(sealed(&world), 2, "its worker may be asked for any moment");
    for _ in 0..2 {
        world.tick_well();
    }
    assert_eq!(sealed(&world), 1, "what has no such name is not touched");
    assert_eq!(world.count("SELECT count(*) AS n FROM events WHERE type = 'SecretDestroyed'"), 1);
}

#[test]
fn a_token_is_kept_as_long_as_its_worker_may_need_it_and_goes_with_it() {
    let world = World::new(1);
    world.enqueue("c1");
    world.tick_well();
    world.programs_run();
    for _ in 0..5 {
        world.tick_well();
    }
    assert_eq!(sealed(&world), 1);
    for _ in 0..120 {
        world.tick_well();
        world.programs_run();
    }
    assert_eq!(sealed(&world), 0);
}

#[test]
fn a_token_of_a_worker_that_stopped_without_the_reconciler_is_destroyed() {
    let world = World::new(1);
    let worker_id = "01a1f9c9-28c5-798c-8a09-7f111f90056a";
    let requested = WorkerEvent::WorkerRequested {
        provider: "fly".to_owned(),
        name: None,
        token_hash: "hash".to_owned(),
        app_name: None,
        region: None,
        wanted_for: None,
        conversations_max: 1,
    };
    seal_token_of(&world, worker_id);
    world.with_cx(|cx| block_on(cx.append(worker_id, Expected::Any, &[requested, WorkerEvent::WorkerStopped {}]))).unwrap();
    world.pass(600_000);
    world.tick_well();
    assert_eq!(sealed(&world), 0);
}
