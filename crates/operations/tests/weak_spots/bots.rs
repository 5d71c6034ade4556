//! Existing workers fail every job of an agent without a bot (worker-wire.md section 2 step 9), so they are given none.

use clawstead_domain::agent::AgentEvent;
use clawstead_ledger::Expected;
use clawstead_operations::queue::{self, WaitsFor};
use clawstead_operations::workers::{Registered, Worker};
use futures::executor::block_on;

use crate::world::World;

fn existing(world: &World, registered: &Registered) -> Worker {
    Worker { needs_bot: true, ..world.call(registered).unwrap() }
}

fn claim(world: &World, registered: &Registered) -> Option<String> {
    let worker = existing(world, registered);
    block_on(queue::claim(&world.cx(), &worker, None)).unwrap().map(|job| job.conversation_id)
}

fn link(world: &World) {
    let bot = AgentEvent::BotLinked { bot_id: "9".into(), username: "helper_bot".into(), token_ref: "bot".into() };
    block_on(world.cx().append("a", Expected::Any, &[bot])).unwrap();
}

fn waits_for(world: &World, conversation: &str) -> Option<WaitsFor> {
    block_on(queue::conversation(&world.cx(), conversation)).unwrap().next_waits_for
}

#[test]
fn what_an_existing_worker_could_only_fail_is_not_handed_to_it_and_the_view_says_why() {
    let world = World::new();
    let worker = world.worker();
    world.enqueue("c", "hi");
    assert_eq!(claim(&world, &worker), None);
    assert!(!block_on(queue::has_queued(&world.cx(), &existing(&world, &worker), "c")).unwrap());
    assert_eq!(waits_for(&world, "c"), Some(WaitsFor::Bot));
    link(&world);
    assert_eq!(waits_for(&world, "c"), Some(WaitsFor::Worker));
    assert!(block_on(queue::has_queued(&world.cx(), &existing(&world, &worker), "c")).unwrap());
    assert_eq!(claim(&world, &worker).as_deref(), Some("c"));
    world.enqueue("d", "accepted after the bot came");
    assert_eq!(claim(&world, &world.worker()).as_deref(), Some("d"));
}

#[test]
fn a_worker_of_our_own_protocol_takes_it() {
    let world = World::new();
    world.enqueue("c", "hi");
    assert!(world.claim(&world.worker()).is_some());
}

#[test]
fn what_waits_says_for_what() {
    let world = World::new();
    link(&world);
    let message_id = world.enqueue("c", "hi").message_id;
    assert_eq!(waits_for(&world, "c"), Some(WaitsFor::Worker));
    block_on(queue::reschedule(&world.cx(), &message_id, world.now() + 1_000)).unwrap();
    assert_eq!(waits_for(&world, "c"), Some(WaitsFor::Time));
    world.agent("a", false);
    assert_eq!(waits_for(&world, "c"), Some(WaitsFor::Agent));
    block_on(queue::cancel(&world.cx(), &message_id)).unwrap();
    assert_eq!(waits_for(&world, "c"), None);
}
