use clawstead_operations::OperationError;
use clawstead_operations::bindings;
use clawstead_operations::pairings::{consume, expire_due};
use futures::executor::block_on;

use crate::telegram::{ADA, BJORN};
use crate::world::{World, account, refused};

#[test]
fn of_two_accounts_that_bring_one_code_at_once_exactly_one_wins() {
    for lag in 0..16 {
        let world = World::with_bot();
        let pairing = world.pairing("ada");
        world.stage().take_turns();
        let (left, right) = (world.cx(), world.cx());
        let (ada, bjorn) = (account(ADA), account(BJORN));
        let late = async {
            world.lag(lag).await;
            consume(&right, &pairing.code, &bjorn).await
        };
        let (first, second) = block_on(async { futures::join!(consume(&left, &pairing.code, &ada), late) });
        assert!(first.is_ok() != second.is_ok());
        let loser = if first.is_ok() { second } else { first };
        assert_eq!(refused(loser), "pairing_used");
        assert_eq!((world.count("BindingMade"), world.count("PairingUsed"), world.count("PairingRefused")), (1, 1, 1));
    }
}

#[test]
fn one_account_that_brings_a_code_twice_at_once_is_bound_once() {
    let world = World::with_bot();
    let pairing = world.pairing("ada");
    world.stage().take_turns();
    let (left, right) = (world.cx(), world.cx());
    let ada = account(ADA);
    let (first, second) =
        block_on(async { futures::join!(consume(&left, &pairing.code, &ada), consume(&right, &pairing.code, &ada)) });
    assert_eq!(first.unwrap().binding, second.unwrap().binding);
    assert_eq!((world.count("BindingMade"), world.count("PairingUsed"), world.count("PairingRefused")), (1, 1, 0));
}

#[test]
fn two_codes_of_one_user_at_once_share_the_conversation_and_leave_one_account() {
    let world = World::with_bot();
    let (one, two) = (world.pairing("ada").code, world.pairing("ada").code);
    world.stage().take_turns();
    let (left, right) = (world.cx(), world.cx());
    let (ada, bjorn) = (account(ADA), account(BJORN));
    let (first, second) = block_on(async { futures::join!(consume(&left, &one, &ada), consume(&right, &two, &bjorn)) });
    assert_eq!(first.unwrap().binding.conversation_id, second.unwrap().binding.conversation_id);
    let listed = block_on(bindings::list(&world.cx(), "ada", None, 10)).unwrap();
    assert_eq!(listed.iter().filter(|binding| binding.revoked_at.is_none()).count(), 1);
}

#[test]
fn an_account_that_brings_codes_of_two_users_at_once_speaks_for_one() {
    let world = World::with_bot();
    let (of_ada, of_mallory) = (world.pairing("ada").code, world.pairing("mallory").code);
    world.stage().take_turns();
    let (left, right) = (world.cx(), world.cx());
    let ada = account(ADA);
    let (first, second) = block_on(async { futures::join!(consume(&left, &of_ada, &ada), consume(&right, &of_mallory, &ada)) });
    let loser = if first.is_ok() { second } else { first };
    assert_eq!(refused(loser), "account_of_another_user");
    assert_eq!(world.count("BindingMade"), 1);
}

/// The binding is made, and the plug is pulled before the pairing says so; gives the code and the pairing's id.
fn half_used(world: &World) -> (String, String) {
    let pairing = world.pairing("ada");
    world.stage().crash_before("PairingUsed");
    let outcome = block_on(consume(&world.cx(), &pairing.code, &account(ADA)));
    assert!(matches!(outcome, Err(OperationError::Engine(_))));
    assert_eq!((world.count("BindingMade"), world.count("PairingUsed")), (1, 0));
    (pairing.code, pairing.pairing_id)
}

#[test]
fn a_use_that_crashed_half_way_is_finished_by_the_next_delivery() {
    let world = World::with_bot();
    let (code, pairing_id) = half_used(&world);
    world.wait(86_400_000);
    assert!(block_on(consume(&world.cx(), &code, &account(ADA))).unwrap().repeated);
    assert_eq!(world.state(&pairing_id), "used");
    assert_eq!((world.count("BindingMade"), world.count("PairingUsed")), (1, 1));
}

#[test]
fn a_use_that_crashed_half_way_is_finished_by_the_tick_and_never_expires() {
    let world = World::with_bot();
    let (_, pairing_id) = half_used(&world);
    world.wait(86_400_000);
    assert_eq!(block_on(expire_due(&world.cx(), 10)).unwrap(), 1);
    assert_eq!((world.state(&pairing_id).as_str(), world.count("PairingExpired")), ("used", 0));
}

#[test]
fn a_use_that_crashed_half_way_is_nobody_elses() {
    let world = World::with_bot();
    let (code, pairing_id) = half_used(&world);
    assert_eq!(refused(block_on(consume(&world.cx(), &code, &account(BJORN)))), "pairing_used");
    assert_eq!(world.state(&pairing_id), "used");
}
