//! Who is given secrets: W-22, W-25, W-27.

use clawstead_operations::queue::{self, Job};
use clawstead_operations::workers::Registered;
use clawstead_operations::{OperationError, queue::Bundle};
use clawstead_vault::KeyRing;
use futures::executor::block_on;

use crate::world::{World, code, ending};

fn hydrate(world: &World, worker: &Registered, job: &Job) -> Result<Bundle, OperationError> {
    let keys = KeyRing::parse("k:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    let worker = world.call(worker).unwrap();
    block_on(queue::hydrate(&world.cx(), &keys, &worker, &job.message_id))
}

fn held(world: &World) -> (Registered, Job) {
    world.enqueue("c", "hi");
    let worker = world.worker();
    let job = world.claim(&worker).unwrap();
    (worker, job)
}

#[test]
fn w22_a_disabled_agent_keeps_its_secrets_and_its_queue_waits_visibly() {
    let world = World::new();
    let (worker, job) = held(&world);
    world.enqueue("c", "behind");
    world.enqueue("d", "elsewhere");
    world.agent("a", false);
    assert_eq!(code(hydrate(&world, &worker, &job)), "agent_disabled");
    block_on(queue::fail(&world.cx(), ending(&worker, &job), "no bundle")).unwrap();
    assert!(world.claim(&worker).is_none());
    let view = block_on(queue::conversation(&world.cx(), "d")).unwrap();
    assert_eq!((view.paused, view.next_waits_for), (true, Some(queue::WaitsFor::Agent)));
    let stats = block_on(queue::stats(&world.cx())).unwrap();
    assert_eq!((stats.queued_paused, stats.queued_ready, stats.queued_later), (3, 0, 0));
    world.agent("a", true);
    world.pass(2_000);
    assert!(world.claim(&worker).is_some());
}

#[test]
fn w25_a_lease_is_of_no_use_to_another_worker() {
    let world = World::new();
    let (_, job) = held(&world);
    let thief = world.worker();
    assert_eq!(code(block_on(queue::heartbeat(&world.cx(), ending(&thief, &job)))), "lease_not_yours");
    assert_eq!(code(block_on(queue::complete(&world.cx(), ending(&thief, &job)))), "lease_not_yours");
    assert_eq!(code(block_on(queue::fail(&world.cx(), ending(&thief, &job), "x"))), "lease_not_yours");
}

#[test]
fn w10_w27_hydration_is_for_the_holder_of_the_live_lease() {
    let world = World::new();
    let (worker, job) = held(&world);
    assert!(hydrate(&world, &worker, &job).is_ok());
    assert_eq!(code(hydrate(&world, &world.worker(), &job)), "lease_not_yours");
    let unknown = Job { message_id: "nothing".to_owned(), ..job.clone() };
    assert_eq!(code(hydrate(&world, &worker, &unknown)), "message_not_found");
    world.pass(90_000);
    assert_eq!(code(hydrate(&world, &worker, &job)), "lease_expired");
    world.recover();
    world.pass(2_000);
    let next = world.worker();
    let job = world.claim(&next).unwrap();
    block_on(queue::complete(&world.cx(), ending(&next, &job))).unwrap();
    assert_eq!(code(hydrate(&world, &next, &job)), "message_already_ended");
}
