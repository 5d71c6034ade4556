//! How leases are kept, ended and lost.

use clawstead_domain::conversation::Enqueue;
use clawstead_operations::queue::{self, Job};
use clawstead_operations::workers::Registered;
use futures::executor::block_on;

use crate::world::{World, code, command, ending};

fn held() -> (World, Registered, Job) {
    let world = World::new();
    world.enqueue("c", "hi");
    let worker = world.worker();
    let job = world.claim(&worker).unwrap();
    (world, worker, job)
}

#[test]
fn a_heartbeat_keeps_the_lease() {
    let (world, worker, job) = held();
    world.pass(80_000);
    assert_eq!(block_on(queue::heartbeat(&world.cx(), ending(&worker, &job))).unwrap(), world.now() + 90_000);
    world.pass(80_000);
    assert_eq!(world.recover(), 0);
    block_on(queue::complete(&world.cx(), ending(&worker, &job))).unwrap();
    assert_eq!(world.status(&job.message_id), "done");
}

#[test]
fn renewals_are_forgotten_after_the_lease() {
    let (world, worker, job) = held();
    block_on(queue::heartbeat(&world.cx(), ending(&worker, &job))).unwrap();
    block_on(queue::complete(&world.cx(), ending(&worker, &job))).unwrap();
    world.pass(90_000);
    world.recover();
    assert_eq!(world.rows("SELECT * FROM lease_renewals"), Vec::<String>::new());
}

#[test]
fn the_holder_of_a_lost_lease_is_refused_everything() {
    let (world, late, job) = held();
    world.pass(90_000);
    assert_eq!(code(block_on(queue::complete(&world.cx(), ending(&late, &job)))), "lease_expired");
    assert_eq!(world.recover(), 1);
    world.pass(1_000);
    let next = world.worker();
    let again = world.claim(&next).unwrap();
    assert_eq!(again.message_id, job.message_id);
    assert_ne!(again.lease_id, job.lease_id);
    let before = world.views();
    assert_eq!(code(block_on(queue::heartbeat(&world.cx(), ending(&late, &job)))), "lease_not_yours");
    assert_eq!(code(block_on(queue::complete(&world.cx(), ending(&late, &job)))), "lease_not_yours");
    assert_eq!(code(block_on(queue::fail(&world.cx(), ending(&late, &job), "x"))), "lease_not_yours");
    let stolen = clawstead_domain::conversation::Ending { lease_id: &again.lease_id, ..ending(&late, &job) };
    assert_eq!(code(block_on(queue::complete(&world.cx(), stolen))), "lease_not_yours");
    assert_eq!(world.views(), before);
    block_on(queue::complete(&world.cx(), ending(&next, &again))).unwrap();
    assert_eq!(code(block_on(queue::complete(&world.cx(), ending(&late, &job)))), "message_already_ended");
}

#[test]
fn completing_again_succeeds_and_is_no_event() {
    let (world, worker, job) = held();
    block_on(queue::complete(&world.cx(), ending(&worker, &job))).unwrap();
    let head = block_on(world.ledger.head()).unwrap();
    world.pass(1_000_000);
    block_on(queue::complete(&world.cx(), ending(&worker, &job))).unwrap();
    assert_eq!(block_on(world.ledger.head()).unwrap(), head);
    assert_eq!(code(block_on(queue::fail(&world.cx(), ending(&worker, &job), "x"))), "message_already_ended");
    assert_eq!(code(block_on(queue::heartbeat(&world.cx(), ending(&worker, &job)))), "message_already_ended");
}

#[test]
fn a_failed_message_comes_back_until_it_has_failed_too_often() {
    let world = World::new();
    let worker = world.worker();
    let twice = world.enqueue_as(&Enqueue { max_attempts: Some(2), ..command("c", "hi") }, None).unwrap().message_id;
    let behind = world.enqueue("c", "behind it").message_id;
    for dead_lettered in [false, true] {
        let job = world.claim(&worker).unwrap();
        assert_eq!(job.message_id, twice);
        let failed = block_on(queue::fail(&world.cx(), ending(&worker, &job), "boom")).unwrap();
        assert_eq!(failed.dead_lettered, dead_lettered);
        assert!((world.now()..=world.now() + 2_000).contains(&failed.ready_at));
        world.pass(2_000);
    }
    let view = block_on(queue::message(&world.cx(), &twice)).unwrap();
    assert_eq!((view.status.as_str(), view.attempts, view.last_error.as_deref()), ("dead_letter", 2, Some("boom")));
    assert_eq!(world.claim(&worker).unwrap().message_id, behind);
    let stats = block_on(queue::stats(&world.cx())).unwrap();
    assert_eq!((stats.dead_letter, stats.processing, stats.queued_ready), (1, 1, 0));
}

#[test]
fn a_message_that_kills_its_workers_is_given_up() {
    let world = World::new();
    let poison = world.enqueue("c", "poison").message_id;
    let behind = world.enqueue("c", "behind it").message_id;
    for delivery in 1..=5 {
        let job = world.claim(&world.worker()).unwrap();
        assert_eq!(job.message_id, poison, "delivery {delivery}");
        world.pass(90_000);
        assert_eq!(world.recover(), 1);
        world.pass(120_000);
    }
    assert_eq!(world.status(&poison), "dead_letter");
    assert_eq!(world.claim(&world.worker()).unwrap().message_id, behind);
}

#[test]
fn recovering_is_bounded_and_goes_on() {
    let world = World::new();
    for n in 0..5 {
        world.enqueue(&format!("c{n}"), "hi");
        world.claim(&world.worker()).unwrap();
    }
    world.pass(90_000);
    let some = |limit| block_on(queue::recover_leases(&world.cx(), limit)).unwrap();
    assert_eq!([some(2), some(2), some(2), some(2)], [2, 2, 1, 0]);
}

#[test]
fn an_unknown_message_is_not_found() {
    let (world, worker, job) = held();
    let unknown = Job { message_id: "nothing".to_owned(), ..job };
    assert_eq!(code(block_on(queue::complete(&world.cx(), ending(&worker, &unknown)))), "message_not_found");
}
