//! The outbox: at least once, in order, obeying Telegram.

use clawstead_ledger::dedup_key;
use clawstead_operations::bindings;
use clawstead_operations::outbox::{Place, say, send_due, stats};
use futures::executor::block_on;

use crate::api::{Api, Trouble};
use crate::desk::with_ada;
use crate::telegram::{self, ADA, BJORN, BOT_ID, TOKEN};
use crate::world::{AGENT, World, refused};

fn queue(world: &World, chat_id: i64, text: &str) {
    let place = Place { bot_id: BOT_ID.into(), chat_id: chat_id.to_string(), thread_id: None };
    block_on(say(&world.cx(), &place, text, dedup_key(&["test", &chat_id.to_string(), text]))).unwrap();
}

#[test]
fn what_is_queued_is_shown_once_and_in_order() {
    let (world, api) = (with_ada(), Api::default());
    for text in ["one", "two", "two", "three"] {
        queue(&world, ADA, text);
    }
    queue(&world, BJORN, "hello");
    assert_eq!(world.send(&api), 4);
    assert_eq!((api.texts(ADA), api.texts(BJORN)), (vec!["one".into(), "two".into(), "three".into()], vec!["hello".into()]));
    assert_eq!(world.send(&api), 0);
    let stats = block_on(stats(&world.cx())).unwrap();
    assert_eq!((stats.waiting, stats.oldest_due_at, stats.bots[BOT_ID]["sent"]), (0, None, 4));
    assert!(world.rows("SELECT * FROM outbox UNION ALL SELECT *, 0, 0, 0 FROM outbox_chats").is_empty(), "nothing is kept");
}

#[test]
fn telegram_is_obeyed_when_it_asks_to_wait_and_others_need_not() {
    let (world, api) = (with_ada(), Api::default());
    queue(&world, ADA, "one");
    queue(&world, ADA, "two");
    api.trouble("sendMessage", Trouble::Wait(7));
    assert_eq!(world.send(&api), 0);
    queue(&world, BJORN, "hello");
    world.wait(6_999);
    assert_eq!(world.send(&api), 1);
    assert!(api.texts(ADA).is_empty(), "not before, and not past the one that waits");
    world.wait(1);
    assert_eq!(world.send(&api), 2);
    assert_eq!(api.texts(ADA), ["one", "two"]);
}

#[test]
fn markup_that_telegram_refuses_is_sent_as_it_would_have_been_seen() {
    let (world, api) = (with_ada(), Api::default());
    let worker = world.worker();
    world.receive(&telegram::text(1, ADA, "hi")).unwrap();
    let job = world.claim(&worker).unwrap();
    crate::replies::html(&world, &worker, &job, "<b>1 &lt; 2</b> & <made-up>").unwrap();
    api.trouble("sendMessage", Trouble::No(400));
    assert_eq!(world.send(&api), 1);
    assert_eq!((api.texts(ADA), api.modes()), (vec!["1 < 2 & <made-up>".to_owned()], vec![String::new()]));
    assert_eq!(world.count("ReplyMadePlain"), 1);
}

#[test]
fn what_is_refused_also_without_markup_is_given_up_and_the_next_goes_on() {
    let (world, api) = (with_ada(), Api::default());
    queue(&world, ADA, "one");
    queue(&world, ADA, "two");
    api.trouble("sendMessage", Trouble::No(400));
    world.send(&api);
    assert_eq!(api.texts(ADA), ["two"]);
    assert_eq!(world.last("ReplyGivenUp")["reason"], "refused");
}

#[test]
fn who_blocked_the_bot_is_written_down_with_the_binding() {
    let (world, api) = (with_ada(), Api::default());
    queue(&world, ADA, "one");
    api.trouble("sendMessage", Trouble::No(403));
    world.send(&api);
    assert_eq!(world.last("ReplyGivenUp")["reason"], "blocked");
    assert!(block_on(bindings::list(&world.cx(), "ada", None, 10)).unwrap()[0].blocked_at.is_some());
    queue(&world, BJORN, "two");
    api.trouble("sendMessage", Trouble::No(403));
    world.send(&api);
    assert_eq!(world.count("ChatBlocked"), 1, "a chat without a binding has none to mark");
}

#[test]
fn an_answer_that_is_lost_is_asked_for_again() {
    let (world, api) = (with_ada(), Api::default());
    queue(&world, ADA, "one");
    queue(&world, ADA, "two");
    for trouble in [Trouble::NoAnswer, Trouble::LostAnswer, Trouble::No(502), Trouble::No(401)] {
        api.trouble("sendMessage", trouble);
        assert_eq!(world.send(&api), 0, "{trouble:?}");
        world.wait(300_000);
    }
    world.send(&api);
    assert_eq!(api.texts(ADA), ["one", "one", "two"], "nobody knew that the second attempt was shown");
    assert!(!format!("{:?}", world.log()).contains("AAfirst-token"));
}

#[test]
fn a_crash_in_the_middle_of_an_attempt_is_made_good() {
    let (world, api) = (with_ada(), Api::default());
    queue(&world, ADA, "one");
    world.stage().crash_before("ReplySent");
    let clock = || world.cx().now;
    assert!(block_on(send_due(&world.cx(), &world.to(&api, &clock), i64::MAX)).is_err());
    world.wait(59_999);
    assert_eq!(world.send(&api), 0, "somebody may still be at it");
    world.wait(1);
    assert_eq!(world.send(&api), 1);
    assert_eq!(api.texts(ADA), ["one", "one"]);
}

#[test]
fn two_senders_at_once_send_each_message_once() {
    let (world, api) = (with_ada(), Api::default());
    for text in ["one", "two", "three", "four"] {
        queue(&world, ADA, text);
        queue(&world, BJORN, text);
    }
    world.stage().take_turns();
    let (left, right, clock) = (world.cx(), world.cx(), || world.cx().now);
    let to = world.to(&api, &clock);
    let (first, second) = block_on(async { futures::join!(send_due(&left, &to, i64::MAX), send_due(&right, &to, i64::MAX)) });
    assert_eq!(first.unwrap() + second.unwrap(), 8);
    for chat in [ADA, BJORN] {
        assert_eq!(api.texts(chat), ["one", "two", "three", "four"]);
    }
}

#[test]
fn what_cannot_be_sent_in_a_day_is_given_up() {
    let (world, api) = (with_ada(), Api::default());
    queue(&world, ADA, "news");
    world.wait(86_400_000);
    assert_eq!(world.send(&api), 0);
    assert_eq!((world.last("ReplyGivenUp")["reason"].as_str(), api.calls("sendMessage")), (Some("too_late"), 0));
}

#[test]
fn w29_what_was_to_be_said_by_a_bot_that_is_gone_is_not_said_by_another() {
    let (world, api) = (with_ada(), Api::default());
    queue(&world, ADA, "one");
    world.link(&telegram::agreeing("8000000002", "second_bot"), AGENT, "8000000002:BB").unwrap();
    world.send(&api);
    assert_eq!((world.last("ReplyGivenUp")["reason"].as_str(), api.calls("sendMessage")), (Some("no_bot"), 0));
    assert_ne!(TOKEN, "8000000002:BB");
}

#[test]
fn a_chat_that_takes_nothing_holds_a_bounded_number() {
    let world = with_ada();
    for number in 0..500 {
        queue(&world, ADA, &number.to_string());
    }
    let place = Place { bot_id: BOT_ID.into(), chat_id: ADA.to_string(), thread_id: None };
    assert_eq!(refused(block_on(say(&world.cx(), &place, "one more", "k".into()))), "chat_full");
    queue(&world, BJORN, "others have room");
}
