//! Bindings without a code, and their end.

use std::collections::BTreeMap;

use clawstead_domain::binding::{Bind, Source};
use clawstead_operations::bindings::{self, AccountQuery, Direct, Legacy, bind, make, migrate_legacy, resolve};
use futures::executor::block_on;

use crate::telegram::{ADA, BJORN, BOT_ID};
use crate::world::{AGENT, World, account, refused};

fn direct(consumer_user_id: &str, agent_key: &str) -> Direct {
    Direct { consumer_user_id: consumer_user_id.to_owned(), agent_key: agent_key.to_owned(), ..Direct::default() }
}

fn with_account(consumer_user_id: &str, telegram_user_id: i64) -> Direct {
    Direct { telegram_user_id: Some(telegram_user_id.to_string()), ..direct(consumer_user_id, AGENT) }
}

fn resolved(world: &World, account: &AccountQuery) -> Option<String> {
    block_on(resolve(&world.cx(), account)).unwrap().map(|binding| binding.consumer_user_id)
}

fn by_user(telegram_user_id: i64) -> AccountQuery {
    AccountQuery { telegram_user_id: Some(telegram_user_id.to_string()), ..AccountQuery::default() }
}

#[test]
fn a_user_is_bound_by_hand_with_and_without_an_account() {
    let world = World::with_bot();
    let bare = block_on(bind(&world.cx(), direct("ada", AGENT))).unwrap();
    assert_eq!((bare.repeated, bare.binding.source, bare.binding.bot_id.clone()), (false, Source::Api, None));
    let bound = block_on(bind(&world.cx(), with_account("ada", ADA))).unwrap().binding;
    assert_eq!((bound.bot_id.as_deref(), bound.telegram_chat_id.clone()), (Some(BOT_ID), Some(ADA.to_string())));
    assert_eq!(bound.conversation_id, bare.binding.conversation_id);
    assert_eq!(refused(block_on(bind(&world.cx(), direct("ada", "nobody")))), "agent_not_found");
}

#[test]
fn an_account_needs_the_bot_of_its_agent() {
    let world = World::with_bot();
    world.configure("other", true);
    let without = Direct { agent_key: "other".to_owned(), ..with_account("ada", ADA) };
    assert_eq!(refused(block_on(bind(&world.cx(), without))), "bot_missing");
    let foreign = Direct { bot_id: Some("8000000002".to_owned()), ..with_account("ada", ADA) };
    assert_eq!(refused(block_on(bind(&world.cx(), foreign))), "bot_of_another_agent");
}

/// W16: an account is taken from nobody without somebody ending its binding first.
#[test]
fn w16_an_account_is_not_taken_from_its_user_by_hand() {
    let world = World::with_bot();
    world.paired("ada", ADA);
    assert_eq!(refused(block_on(bind(&world.cx(), with_account("mallory", ADA)))), "account_of_another_user");
    assert_eq!(resolved(&world, &by_user(ADA)).as_deref(), Some("ada"));
    block_on(bindings::revoke_of_user(&world.cx(), "ada", "test")).unwrap();
    assert!(block_on(bind(&world.cx(), with_account("mallory", ADA))).is_ok());
}

/// W05: who speaks in a chat is not whose chat it is.
#[test]
fn w05_a_chat_says_nothing_about_whoever_else_speaks_in_it() {
    let world = World::with_bot();
    world.paired("ada", ADA);
    let chat = Some(ADA.to_string());
    let by_chat = AccountQuery { telegram_chat_id: chat.clone(), ..AccountQuery::default() };
    assert_eq!(resolved(&world, &by_chat).as_deref(), Some("ada"));
    assert_eq!(resolved(&world, &AccountQuery { telegram_chat_id: chat, ..by_user(BJORN) }), None);
    assert_eq!(resolved(&world, &AccountQuery { bot_id: Some("8".to_owned()), ..by_user(ADA) }), None);
    assert_eq!(resolved(&world, &AccountQuery { bot_id: Some(format!(" {BOT_ID} ")), ..by_user(ADA) }).as_deref(), Some("ada"));
    assert_eq!(resolved(&world, &AccountQuery::default()), None);
    let group = Direct { telegram_chat_id: Some("-100".to_owned()), ..with_account("bjorn", BJORN) };
    assert_eq!(refused(block_on(bind(&world.cx(), group))), "invalid_field");
}

/// W31: the same again is no event, and what the app told stays.
#[test]
fn w31_binding_again_adds_what_is_told_and_drops_nothing() {
    let world = World::with_bot();
    let told = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    let with = |metadata| Direct { metadata, ..with_account("ada", ADA) };
    block_on(bind(&world.cx(), with(told("displayName", "Ada")))).unwrap();
    let before = world.story();
    assert!(block_on(bind(&world.cx(), with(told("displayName", "Ada")))).unwrap().repeated);
    assert_eq!(world.story(), before);
    let binding = block_on(bind(&world.cx(), with(told("companyId", "7")))).unwrap().binding;
    assert_eq!(binding.metadata.len(), 2);
    assert_eq!((world.count("BindingAnnotated"), world.count("BindingMade")), (1, 1));
    world.paired("ada", BJORN);
    let paired = block_on(bindings::newest_of_user(&world.cx(), "ada")).unwrap().unwrap();
    assert_eq!(paired.metadata, binding.metadata);
}

#[test]
fn a_user_has_several_agents_unless_one_is_to_replace_the_others() {
    let world = World::with_bot();
    for agent in ["other", "third"] {
        world.configure(agent, true);
    }
    for agent in [AGENT, "other"] {
        world.wait(1);
        block_on(bind(&world.cx(), direct("ada", agent))).unwrap();
    }
    let active = || block_on(bindings::active_of_user(&world.cx(), "ada")).unwrap().len();
    assert_eq!(active(), 2);
    world.wait(1);
    block_on(bind(&world.cx(), Direct { replaces_all: true, ..direct("ada", "third") })).unwrap();
    assert_eq!(active(), 1);
    block_on(bind(&world.cx(), direct("ada", "other"))).unwrap();
    block_on(bind(&world.cx(), Direct { replaces_all: true, ..direct("ada", "third") })).unwrap();
    assert_eq!(block_on(bindings::newest_of_user(&world.cx(), "ada")).unwrap().unwrap().agent_key, "third");
}

/// W57: what would undo the end of a binding ends with it.
#[test]
fn w57_the_codes_of_a_binding_end_with_it() {
    let world = World::with_bot();
    world.paired("ada", ADA);
    let waiting = world.pairing("ada");
    let binding = block_on(bindings::newest_of_user(&world.cx(), "ada")).unwrap().unwrap();
    assert!(block_on(bindings::revoke(&world.cx(), &binding.binding_id, "test")).unwrap());
    assert!(!block_on(bindings::revoke(&world.cx(), &binding.binding_id, "test")).unwrap());
    assert_eq!(world.state(&waiting.pairing_id), "revoked");
    assert_eq!(refused(block_on(bindings::revoke(&world.cx(), "nothing", "test"))), "binding_not_found");
    assert_eq!(block_on(bindings::revoke_of_user(&world.cx(), "ada", "test")).unwrap(), 0);
}

/// Another binding came and went between the look and the append: the conversation is still the first one.
#[test]
fn a_user_and_an_agent_have_one_conversation_whatever_comes_in_between() {
    for lag in 0..12 {
        let world = World::with_bot();
        world.stage().take_turns();
        let (left, right) = (world.cx(), world.cx());
        let wanted = |id: i64| Bind {
            consumer_user_id: "ada".to_owned(),
            agent_key: AGENT.to_owned(),
            account: Some(account(id)),
            ..Bind::default()
        };
        let quick = async {
            let made = make(&left, &wanted(ADA), None).await.unwrap();
            bindings::revoke_of_user(&left, "ada", "test").await.unwrap();
            made.binding.conversation_id
        };
        let slow = async {
            world.lag(lag).await;
            make(&right, &wanted(BJORN), None).await.unwrap().binding.conversation_id
        };
        let (first, second) = block_on(async { futures::join!(quick, slow) });
        assert_eq!(first, second, "{lag}");
    }
}

/// W34: each is counted once, however often it is asked for.
#[test]
fn w34_bindings_of_unknown_bots_end_or_are_marked_once() {
    let world = World::with_bot();
    world.paired("ada", ADA);
    for user in ["bjorn", "carol"] {
        block_on(bind(&world.cx(), Direct { source: Source::TelegramPairing, ..direct(user, AGENT) })).unwrap();
    }
    let run = |revokes_active| block_on(migrate_legacy(&world.cx(), Legacy { revokes_active, ends_pairings: true })).unwrap();
    let (first, second) = (run(false), run(false));
    assert_eq!((first.annotated_bindings, first.revoked_bindings, first.legacy_bindings), (2, 0, 2));
    assert_eq!((second.annotated_bindings, second.legacy_bindings), (0, 2));
    let (third, fourth) = (run(true), run(true));
    assert_eq!((third.revoked_bindings, third.annotated_bindings), (2, 0));
    assert_eq!((fourth.revoked_bindings, fourth.annotated_bindings), (0, 0));
    assert_eq!(resolved(&world, &by_user(ADA)).as_deref(), Some("ada"), "whose bot is known stays");
    world.configure("other", true);
    assert_eq!(run(true).agents_without_bot, 1);
}

/// W48: names that would make one text make two conversations, and tell nobody who talks there.
#[test]
fn w48_conversations_do_not_collide_and_give_nothing_away() {
    let world = World::with_bot();
    for agent in ["a:b", "a"] {
        world.configure(agent, true);
    }
    let left = block_on(bind(&world.cx(), direct("c", "a:b"))).unwrap().binding.conversation_id;
    let right = block_on(bind(&world.cx(), direct("b:c", "a"))).unwrap().binding.conversation_id;
    assert_ne!(left, right);
    assert_eq!(left.len(), 36);
    assert_eq!(block_on(bindings::whose(&world.cx(), &left)).unwrap().consumer_user_id.as_deref(), Some("c"));
}

#[test]
fn bindings_are_listed_from_the_newest_a_page_at_a_time() {
    let world = World::with_bot();
    for id in [ADA, BJORN, ADA] {
        world.wait(1);
        block_on(bind(&world.cx(), with_account("ada", id))).unwrap();
    }
    let first = block_on(bindings::list(&world.cx(), "ada", None, 2)).unwrap();
    let rest = block_on(bindings::list(&world.cx(), "ada", Some(&first[1].binding_id), 2)).unwrap();
    assert_eq!((first.len(), rest.len()), (2, 1));
    assert!(first[0].bound_at > first[1].bound_at && first[1].bound_at > rest[0].bound_at);
    assert!(first[0].revoked_at.is_none() && rest[0].revoked_at.is_some());
}
