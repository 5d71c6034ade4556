//! What waits in the name of somebody who may not speak any more (identity-telegram.md W57, C25).

use clawstead_domain::binding::{Bind, BindingEvent};
use clawstead_domain::conversation::Ending;
use clawstead_ledger::Expected;
use clawstead_operations::bindings::{self, Direct, bind};
use clawstead_operations::{OperationError, queue};
use futures::executor::block_on;

use crate::desk::with_ada;
use crate::telegram::{self, ADA, BJORN};
use crate::world::{AGENT, World, account, refused};

fn statuses(world: &World) -> Vec<String> {
    world.rows("SELECT status FROM messages ORDER BY position")
}

fn written(world: &World, numbers: std::ops::Range<i64>) {
    for number in numbers {
        world.receive(&telegram::text(number, ADA, "hello")).unwrap();
    }
}

#[test]
fn w57_what_waits_and_what_is_in_flight_ends_with_the_binding() {
    let world = with_ada();
    written(&world, 1..4);
    let worker = world.worker();
    let job = world.claim(&worker).unwrap();
    block_on(bindings::revoke_of_user(&world.cx(), "ada", "requested")).unwrap();
    assert_eq!(statuses(&world), ["cancelled", "cancelled", "cancelled"]);
    assert!(world.claim(&worker).is_none());
    let ending = Ending { worker_id: &worker.worker_id, message_id: &job.message_id, lease_id: &job.lease_id };
    assert_eq!(refused(block_on(queue::complete(&world.cx(), ending))), "message_already_ended");
    assert_eq!((world.count("BindingRevoked"), world.count("BindingSettled")), (1, 1));
}

#[test]
fn w57_what_comes_after_the_end_is_no_part_of_it() {
    let world = with_ada();
    written(&world, 1..2);
    block_on(bindings::revoke_of_user(&world.cx(), "ada", "requested")).unwrap();
    world.wait(1);
    world.paired("ada", BJORN);
    world.receive(&telegram::text(9, BJORN, "it is me again")).unwrap();
    block_on(bindings::settle_due(&world.cx(), 10)).unwrap();
    assert_eq!(statuses(&world), ["cancelled", "queued"]);
}

#[test]
fn a_user_who_only_changes_the_account_loses_nothing() {
    let world = with_ada();
    written(&world, 1..3);
    world.paired("ada", BJORN);
    assert_eq!(block_on(bindings::settle_due(&world.cx(), 10)).unwrap(), 1);
    assert_eq!(statuses(&world), ["queued", "queued"]);
}

#[test]
fn a_user_who_is_moved_to_another_agent_leaves_nothing_with_the_first() {
    let world = with_ada();
    world.configure("other", true);
    written(&world, 1..3);
    let moved =
        Direct { consumer_user_id: "ada".to_owned(), agent_key: "other".to_owned(), replaces_all: true, ..Direct::default() };
    block_on(bind(&world.cx(), moved)).unwrap();
    assert_eq!(block_on(bindings::settle_due(&world.cx(), 10)).unwrap(), 1);
    assert_eq!(statuses(&world), ["cancelled", "cancelled"]);
}

#[test]
fn a_long_queue_is_ended_in_steps_and_a_crash_anywhere_is_healed_by_the_tick() {
    for before in ["PairingRevoked", "MessageCancelled", "BindingSettled"] {
        let world = with_ada();
        world.policy(&clawstead_domain::config::QueuePolicy { conversation_messages_max: 300, ..Default::default() });
        written(&world, 1..121);
        let waiting = world.pairing("ada");
        world.stage().crash_before(before);
        let mut crashes = u8::from(block_on(bindings::revoke_of_user(&world.cx(), "ada", "requested")).is_err());
        world.wait(60_000);
        let later = world.pairing("ada");
        for _ in 0..4 {
            crashes += u8::from(block_on(bindings::settle_due(&world.cx(), 10)).is_err());
        }
        assert_eq!((crashes, world.count("BindingSettled")), (1, 1), "{before}");
        assert_eq!(world.rows("SELECT count(*) FROM messages WHERE status = 'cancelled'"), ["120"], "{before}");
        let states = [&waiting, &later].map(|pairing| world.state(&pairing.pairing_id));
        assert_eq!(states, ["revoked", "pending"], "{before}");
    }
}

/// The same again by whoever was not told how it went.
#[test]
fn ending_it_again_goes_on_where_a_crash_ended_it() {
    let world = with_ada();
    written(&world, 1..2);
    let binding = block_on(bindings::newest_of_user(&world.cx(), "ada")).unwrap().unwrap();
    world.stage().crash_before("MessageCancelled");
    let Err(OperationError::Engine(_)) = block_on(bindings::revoke(&world.cx(), &binding.binding_id, "x")) else { panic!() };
    assert!(!block_on(bindings::revoke(&world.cx(), &binding.binding_id, "x")).unwrap());
    assert_eq!(statuses(&world), ["cancelled"]);
}

/// An event of its stream that is no end leaves it as it is.
#[test]
fn an_active_binding_is_not_settled() {
    let world = with_ada();
    written(&world, 1..2);
    let again =
        Bind { consumer_user_id: "ada".to_owned(), agent_key: AGENT.to_owned(), account: Some(account(ADA)), ..Bind::default() };
    let binding = block_on(bindings::make(&world.cx(), &again, None)).unwrap().binding;
    block_on(world.cx().append(&binding.binding_id, Expected::Any, &[BindingEvent::ChatBlocked {}])).unwrap();
    assert_eq!(block_on(bindings::settle_due(&world.cx(), 10)).unwrap(), 0);
    assert_eq!(statuses(&world), ["queued"]);
}
