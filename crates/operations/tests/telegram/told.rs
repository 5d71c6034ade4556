//! What people are told, and that they are told it once.

use clawstead_domain::config::MessagesPolicy;
use clawstead_operations::ingress::Outcome;
use clawstead_operations::{bindings, outbox};
use futures::executor::block_on;

use crate::api::Api;
use crate::telegram::{self, ADA, BJORN};
use crate::world::World;

fn policy() -> MessagesPolicy {
    MessagesPolicy {
        reply_paired: "welcome".into(),
        reply_bad_code: "bad code".into(),
        reply_stranger: "who are you?".into(),
        reply_not_taken: "not now".into(),
        ..MessagesPolicy::default()
    }
}

fn told(world: &World, api: &Api) -> Vec<String> {
    world.send(api);
    api.texts(ADA)
}

#[test]
fn w51_people_learn_what_became_of_what_they_sent() {
    let (world, api) = (World::with_bot(), Api::default());
    world.policy(&policy());
    world.receive(&telegram::text(1, ADA, "hello?")).unwrap();
    world.receive(&telegram::text(2, ADA, "/start WRONGWRONG22")).unwrap();
    let start = format!("/start {}", world.pairing("ada").code);
    world.receive(&telegram::text(3, ADA, &start)).unwrap();
    world.configure("default", false);
    world.receive(&telegram::text(4, ADA, "are you there?")).unwrap();
    assert_eq!(told(&world, &api), ["who are you?", "bad code", "welcome", "not now"]);
}

#[test]
fn w51_the_operator_decides_what_is_said_and_may_say_nothing() {
    let (world, api) = (World::with_bot(), Api::default());
    world.policy(&MessagesPolicy { reply_stranger: " ".into(), reply_paired: String::new(), ..policy() });
    world.receive(&telegram::text(1, ADA, "hello?")).unwrap();
    world.receive(&telegram::text(2, ADA, "/start a b")).unwrap();
    let start = format!("/start {}", world.pairing("ada").code);
    world.receive(&telegram::text(3, ADA, &start)).unwrap();
    assert_eq!(told(&world, &api), ["bad code"]);
}

#[test]
fn c04_a_stranger_who_goes_on_writing_is_told_once_an_hour() {
    let (world, api) = (World::with_bot(), Api::default());
    world.policy(&policy());
    for update_id in 0..50 {
        let outcome = world.receive(&telegram::text(update_id, ADA, "hello?")).unwrap();
        assert_eq!(outcome, Outcome::Refused { reason: "not_paired" });
    }
    assert_eq!(told(&world, &api), ["who are you?"]);
    world.receive(&telegram::text(51, BJORN, "hello?")).unwrap();
    world.wait(3_600_000);
    world.receive(&telegram::text(52, ADA, "still here")).unwrap();
    assert_eq!(told(&world, &api).len(), 2);
    assert_eq!(api.texts(BJORN), ["who are you?"]);
    assert_eq!(world.count("MessageEnqueued"), 0);
}

#[test]
fn w26_whoever_opens_the_link_again_is_told_again_and_a_redelivery_says_nothing_new() {
    let (world, api) = (World::with_bot(), Api::default());
    world.policy(&policy());
    let start = format!("/start {}", world.pairing("ada").code);
    for update_id in [1, 1, 2] {
        assert_eq!(world.receive(&telegram::text(update_id, ADA, &start)).unwrap(), Outcome::Paired);
    }
    assert_eq!(told(&world, &api), ["welcome", "welcome"]);
}

#[test]
fn a_code_that_is_opened_again_after_the_binding_was_revoked_is_not_good() {
    let (world, api) = (World::with_bot(), Api::default());
    world.policy(&policy());
    let start = format!("/start {}", world.pairing("ada").code);
    world.receive(&telegram::text(1, ADA, &start)).unwrap();
    // Another account of the same user takes the place of this one.
    world.paired("ada", BJORN);
    assert_eq!(world.receive(&telegram::text(2, ADA, &start)).unwrap(), Outcome::Refused { reason: "pairing_revoked" });
    assert_eq!(told(&world, &api), ["welcome", "bad code"]);
    // By another code the account speaks for the user again; then the old link is as good as the new one.
    world.paired("ada", ADA);
    assert_eq!(world.receive(&telegram::text(3, ADA, &start)).unwrap(), Outcome::Paired);
}

#[test]
fn who_blocked_the_bot_is_known_and_who_writes_again_has_not() {
    let world = World::with_bot();
    world.paired("bjorn", BJORN);
    let blocked_at = || block_on(bindings::list(&world.cx(), "bjorn", None, 10)).unwrap()[0].blocked_at;
    let blocked = telegram::recorded("16-bot-blocked");
    assert_eq!(world.receive(&blocked).unwrap(), Outcome::Noted { what: "blocked" });
    assert_eq!(world.receive(&blocked).unwrap(), Outcome::Noted { what: "blocked" });
    assert_eq!((blocked_at().is_some(), world.count("ChatBlocked")), (true, 1));
    world.receive(&telegram::text(99, BJORN, "hello")).unwrap();
    assert_eq!((blocked_at(), world.count("ChatUnblocked")), (None, 1));
}

#[test]
fn trouble_between_the_deed_and_the_word_loses_neither() {
    let (world, api) = (World::with_bot(), Api::default());
    world.policy(&policy());
    let start = telegram::text(1, ADA, &format!("/start {}", world.pairing("ada").code));
    world.stage().crash_before("ReplyQueued");
    assert!(world.receive(&start).is_err());
    assert_eq!(world.receive(&start).unwrap(), Outcome::Paired);
    assert_eq!((told(&world, &api), world.count("BindingMade")), (vec!["welcome".to_owned()], 1));
    assert_eq!(block_on(outbox::stats(&world.cx())).unwrap().waiting, 0);
}
