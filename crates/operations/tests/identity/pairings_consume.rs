use clawstead_domain::binding::{Account, Bind};
use clawstead_operations::OperationError;
use clawstead_operations::bindings::{self, make};
use clawstead_operations::pairings::{Used, consume};
use futures::executor::block_on;

use crate::telegram::{self, ADA, BJORN};
use crate::world::{AGENT, World, account, refused};

fn used(world: &World, code: &str, telegram_user_id: i64) -> Result<Used, OperationError> {
    block_on(consume(&world.cx(), code, &account(telegram_user_id)))
}

fn refusals(world: &World) -> Vec<String> {
    let refused = world.log().into_iter().filter(|event| event.event_type == "PairingRefused");
    refused.map(|event| event.data["reason"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_code_binds_the_account_that_brings_it_however_it_is_typed() {
    let world = World::with_bot();
    let pairing = world.pairing("ada");
    let used = used(&world, &format!(" {}\n", pairing.code.to_lowercase()), ADA).unwrap();
    assert!(!used.repeated && used.pairing_id == pairing.pairing_id);
    assert_eq!((used.binding.consumer_user_id.as_str(), used.binding.agent_key.as_str()), ("ada", AGENT));
    assert!(used.binding.is_of(Some(&account(ADA))));
    assert_eq!(used.binding.conversation_id.len(), 36);
    assert!(!used.binding.conversation_id.contains("ada"));
}

#[test]
fn the_same_account_again_is_answered_as_the_first_time() {
    let world = World::with_bot();
    let code = world.pairing("ada").code;
    let first = used(&world, &code, ADA).unwrap();
    let before = world.story();
    world.wait(86_400_000);
    let again = used(&world, &code, ADA).unwrap();
    assert!(again.repeated && again.binding == first.binding);
    assert_eq!(world.story(), before);
}

#[test]
fn every_refusal_reads_the_same_and_is_kept_once() {
    let world = World::with_bot();
    let code = world.pairing("ada").code;
    used(&world, &code, ADA).unwrap();
    let expired = world.pairing("bjorn").code;
    world.wait(15 * 60_000);
    let mut texts = Vec::new();
    for code in [&code, &code, &expired, &"WRONGWRONG22".to_owned()] {
        let Err(OperationError::Refused(refusal)) = used(&world, code, BJORN) else { panic!("taken") };
        texts.push(refusal.detail);
    }
    texts.dedup();
    assert_eq!(texts.len(), 1);
    assert_eq!(refusals(&world), ["pairing_used", "pairing_expired"]);
}

#[test]
fn a_code_is_for_the_bot_and_the_agent_of_today() {
    let world = World::with_bot();
    let pairing = world.pairing("ada");
    let through_another = Account { bot_id: "8000000002".to_owned(), ..account(ADA) };
    assert_eq!(refused(block_on(consume(&world.cx(), &pairing.code, &through_another))), "pairing_of_another_bot");
    world.configure(AGENT, false);
    assert_eq!(refused(used(&world, &pairing.code, ADA)), "agent_disabled");
    world.configure(AGENT, true);
    assert!(used(&world, &pairing.code, ADA).is_ok());

    let pairing = world.pairing("ada");
    world.link(&telegram::agreeing("8000000002", "second_bot"), AGENT, "8000000002:BB").unwrap();
    assert_eq!(refused(used(&world, &pairing.code, ADA)), "pairing_of_another_bot");
}

#[test]
fn binding_another_account_ends_the_first_and_keeps_the_conversation() {
    let world = World::with_bot();
    let first = used(&world, &world.pairing("ada").code, ADA).unwrap().binding;
    world.wait(1);
    let second = used(&world, &world.pairing("ada").code, BJORN).unwrap().binding;
    assert_eq!(second.conversation_id, first.conversation_id);
    assert!(block_on(bindings::by_telegram(&world.cx(), &first.bot_id.unwrap(), &ADA.to_string())).unwrap().is_none());

    let listed = block_on(bindings::list(&world.cx(), "ada", None, 10)).unwrap();
    let ended: Vec<(String, bool)> = listed.into_iter().map(|one| (one.binding_id, one.revoked_at.is_some())).collect();
    assert_eq!(ended, [(second.binding_id, false), (first.binding_id, true)]);
}

#[test]
fn a_user_binds_the_same_account_anew_in_the_same_conversation() {
    let world = World::with_bot();
    let first = used(&world, &world.pairing("ada").code, ADA).unwrap().binding;
    let second = used(&world, &world.pairing("ada").code, ADA).unwrap().binding;
    assert_eq!(second.conversation_id, first.conversation_id);
    assert_eq!((world.count("BindingMade"), world.count("BindingRevoked")), (2, 1));
}

#[test]
fn an_account_is_not_taken_from_the_user_it_speaks_for() {
    let world = World::with_bot();
    world.paired("ada", ADA);
    let pairing = world.pairing("mallory");
    assert_eq!(refused(used(&world, &pairing.code, ADA)), "account_of_another_user");
    let bound = block_on(bindings::by_telegram(&world.cx(), "7000000001", &ADA.to_string())).unwrap().unwrap();
    assert_eq!(bound.consumer_user_id, "ada");
    assert_eq!(
        (world.state(&pairing.pairing_id).as_str(), refusals(&world)),
        ("pending", vec!["account_of_another_user".to_owned()])
    );
}

#[test]
fn the_same_binding_without_a_code_is_no_event() {
    let world = World::with_bot();
    world.paired("ada", ADA);
    let before = world.story();
    let wanted =
        Bind { consumer_user_id: "ada".to_owned(), agent_key: AGENT.to_owned(), account: Some(account(ADA)), ..Bind::default() };
    assert!(block_on(make(&world.cx(), &wanted, None)).unwrap().repeated);
    assert_eq!(world.story(), before);
}
