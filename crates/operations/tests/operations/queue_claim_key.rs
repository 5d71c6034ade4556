//! A claim that is made again, because its answer did not arrive.

use clawstead_operations::queue::{self, ClaimSpread, Job, Wish};
use clawstead_operations::workers::Registered;
use futures::executor::block_on;

use crate::world::{World, ending};

fn claim(world: &World, worker: &Registered, claim_key: &str) -> Option<Job> {
    let worker = world.call(worker).unwrap();
    let wish = Wish { conversation_id: None, claim_key: Some(claim_key) };
    block_on(queue::claim_among(&world.cx(), &ClaimSpread::default(), &worker, wish)).unwrap()
}

#[test]
fn the_same_key_gives_the_same_job_while_its_lease_lasts() {
    let world = World::new();
    let worker = world.worker();
    world.enqueue("c1", "1");
    world.enqueue("c2", "1");
    let job = claim(&world, &worker, "k").unwrap();

    world.pass(1_000);
    assert_eq!(claim(&world, &worker, "k").as_ref(), Some(&job));

    world.pass(80_000);
    let lasts_until = block_on(queue::heartbeat(&world.cx(), ending(&worker, &job))).unwrap();
    world.pass(80_000);
    assert_eq!(claim(&world, &worker, "k"), Some(Job { lease_expires_at: lasts_until, ..job }), "the lease was renewed");
}

#[test]
fn a_worker_that_drains_is_told_again_what_it_has() {
    let world = World::new();
    let worker = world.worker();
    world.enqueue("c1", "1");
    let job = claim(&world, &worker, "k");
    world.drain(&worker.worker_id);
    assert_eq!(claim(&world, &worker, "k"), job);
    assert!(claim(&world, &worker, "another").is_none());
}

#[test]
fn a_key_is_of_one_worker_and_of_one_lease() {
    let world = World::new();
    let (one, two) = (world.worker(), world.worker());
    world.enqueue("c1", "1");
    world.enqueue("c2", "1");
    let job = claim(&world, &one, "k").unwrap();
    assert_ne!(claim(&world, &two, "k").unwrap().message_id, job.message_id);

    block_on(queue::complete(&world.cx(), ending(&one, &job))).unwrap();
    world.enqueue("c1", "2");
    assert_ne!(claim(&world, &one, "k").unwrap().message_id, job.message_id);
}

#[test]
fn a_lease_that_ran_out_is_not_handed_out_again() {
    let world = World::new();
    let worker = world.worker();
    world.enqueue("c1", "1");
    world.enqueue("c2", "1");
    let lost = claim(&world, &worker, "k").unwrap();
    world.pass(90_000);
    assert!(claim(&world, &worker, "k").is_none(), "until the tick has seen it");
    world.recover();
    assert_ne!(claim(&world, &worker, "k").unwrap().lease_id, lost.lease_id);
}
