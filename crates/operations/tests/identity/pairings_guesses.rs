//! Guessing codes.

use clawstead_domain::config::LimitsPolicy;
use clawstead_operations::pairings::consume;
use clawstead_operations::{configs, counts};
use futures::executor::block_on;

use crate::telegram::{ADA, BJORN};
use crate::world::{World, account, refused};

fn limited(guesses: i64) -> World {
    let world = World::with_bot();
    let policy = LimitsPolicy { pairing_guesses_max: guesses, ..LimitsPolicy::default() };
    block_on(configs::set(&world.cx(), &policy)).unwrap();
    world
}

fn bring(world: &World, code: &str, id: i64) -> &'static str {
    refused(block_on(consume(&world.cx(), code, &account(id))))
}

/// W13: a chat that guesses learns nothing more after a few tries, not even whether a code is good.
#[test]
fn w13_a_chat_may_try_so_many_codes_an_hour() {
    let world = limited(3);
    let code = world.pairing("ada").code;
    for guess in ["AAAAAAAAAAAA", "BBBBBBBBBBBB", "CCCCCCCCCCCC"] {
        assert_eq!(bring(&world, guess, ADA), "pairing_not_found");
    }
    assert_eq!(bring(&world, "DDDDDDDDDDDD", ADA), "pairing_guesses_spent");
    assert_eq!(bring(&world, &code, ADA), "pairing_guesses_spent");
    assert!(block_on(consume(&world.cx(), &code, &account(BJORN))).is_ok(), "another chat is another matter");
    world.wait(3_600_000);
    assert_eq!(bring(&world, "EEEEEEEEEEEE", ADA), "pairing_not_found");
}

#[test]
fn good_codes_are_no_guesses() {
    let world = limited(1);
    for _ in 0..3 {
        let code = world.pairing("ada").code;
        assert!(block_on(consume(&world.cx(), &code, &account(ADA))).is_ok());
        assert!(block_on(consume(&world.cx(), &code, &account(ADA))).unwrap().repeated);
    }
}

#[test]
fn many_guesses_at_once_are_all_counted() {
    let world = limited(3);
    world.stage().take_turns();
    let cxs: Vec<_> = (0..10).map(|_| world.cx()).collect();
    let ada = account(ADA);
    let tries = cxs.iter().map(|cx| consume(cx, "AAAAAAAAAAAA", &ada));
    let outcomes = block_on(futures::future::join_all(tries));
    let looked_at = outcomes.into_iter().map(refused).filter(|code| *code == "pairing_not_found").count();
    assert_eq!(looked_at, 3);
}

#[test]
fn what_was_counted_for_a_while_is_forgotten_after_it() {
    let world = limited(3);
    bring(&world, "AAAAAAAAAAAA", ADA);
    assert_eq!(block_on(counts::forget(&world.cx(), 10)).unwrap(), 0);
    assert_eq!(block_on(counts::beginning_with(&world.cx(), "guess:")).unwrap().len(), 1);
    world.wait(3_600_000);
    assert_eq!(block_on(counts::beginning_with(&world.cx(), "guess:")).unwrap().len(), 0);
    assert_eq!(block_on(counts::forget(&world.cx(), 10)).unwrap(), 1);
}
