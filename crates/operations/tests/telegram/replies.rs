//! Replies that workers hand over: they need no bot token.

use clawstead_domain::outbox::Format;
use clawstead_operations::OperationError;
use clawstead_operations::outbox::{Queued, Reply, reply};
use clawstead_operations::queue;
use clawstead_operations::queue::Job;
use clawstead_operations::workers::Worker;
use futures::executor::block_on;

use crate::api::Api;
use crate::desk::with_ada;
use crate::stage::Stage;
use crate::telegram::{self, ADA, BJORN};
use crate::world::{World, refused};

fn answer<'a>(job: &'a Job, text: &'a str, key: &'a str) -> Reply<'a> {
    Reply { message_id: &job.message_id, lease_id: &job.lease_id, text, format: Format::Plain, idempotency_key: key }
}

fn say(world: &World, worker: &Worker, job: &Job, text: &str, key: &str) -> Result<Queued, OperationError> {
    block_on(reply::<Stage>(&world.cx(), worker, answer(job, text, key)))
}

pub(crate) fn html(world: &World, worker: &Worker, job: &Job, text: &str) -> Result<Queued, OperationError> {
    block_on(reply(&world.cx(), worker, Reply { format: Format::Html, ..answer(job, text, "k") }))
}

fn in_hand(world: &World) -> (Worker, Job) {
    let worker = world.worker();
    world.receive(&telegram::text(1, ADA, "hi")).unwrap();
    let job = world.claim(&worker).unwrap();
    (worker, job)
}

#[test]
fn a_reply_reaches_the_chat_of_the_message_once() {
    let (world, api) = (with_ada(), Api::default());
    let (worker, job) = in_hand(&world);
    let first = say(&world, &worker, &job, "hello Ada", "1").unwrap();
    let again = say(&world, &worker, &job, "hello Ada", "1").unwrap();
    assert_eq!((again.reply_id, again.repeated, first.repeated), (first.reply_id, true, false));
    say(&world, &worker, &job, "and more", "2").unwrap();
    world.send(&api);
    assert_eq!(api.texts(ADA), ["hello Ada", "and more"]);
    assert_eq!(refused(say(&world, &worker, &job, "something else", "1")), "idempotency_key_reused");
    assert_eq!(refused(say(&world, &worker, &job, " \n", "3")), "invalid_field");
}

#[test]
fn a_long_reply_comes_in_parts_and_in_order() {
    let (world, api) = (with_ada(), Api::default());
    let (worker, job) = in_hand(&world);
    let text: String = (0..3_000).map(|number| format!("{number} ")).collect();
    let queued = say(&world, &worker, &job, &text, "1").unwrap();
    world.send(&api);
    let shown = api.texts(ADA);
    assert_eq!((shown.len() as i64, shown.join(" ")), (queued.parts, text.trim().to_owned()));
    assert!(queued.parts > 1);
}

#[test]
fn only_the_holder_of_the_live_lease_is_heard() {
    let (world, api) = (with_ada(), Api::default());
    let (worker, job) = in_hand(&world);
    let other = world.worker();
    assert_eq!(refused(say(&world, &other, &job, "x", "1")), "lease_not_yours");
    let forged = Job { lease_id: "guess".into(), ..job.clone() };
    assert_eq!(refused(say(&world, &worker, &forged, "x", "1")), "lease_not_yours");
    say(&world, &worker, &job, "half of it", "1").unwrap();
    world.wait(90_000);
    assert_eq!(refused(say(&world, &worker, &job, "x", "2")), "lease_expired");
    block_on(queue::recover_leases(&world.cx(), 10)).unwrap();
    world.wait(130_000);
    let job = world.claim(&other).unwrap();
    assert!(say(&world, &other, &job, "half of it", "1").unwrap().repeated, "the next worker does not say it again");
    world.complete(&other, &job);
    assert_eq!(refused(say(&world, &other, &job, "late", "3")), "lease_not_yours");
    world.send(&api);
    assert_eq!(api.texts(ADA), ["half of it"]);
}

#[test]
fn a_lease_that_ends_between_the_look_and_the_word_ends_the_word() {
    let world = with_ada();
    let (worker, job) = in_hand(&world);
    world.stage().take_turns();
    let (left, right) = (world.cx(), world.cx());
    let (said, cancelled) =
        block_on(async { futures::join!(reply(&left, &worker, answer(&job, "x", "1")), queue::cancel(&right, &job.message_id)) });
    cancelled.unwrap();
    // Whichever came first, nothing is said under a lease that had ended.
    let queued = world.story().iter().position(|name| name == "ReplyQueued");
    let ended = world.story().iter().position(|name| name == "MessageCancelled");
    assert!(said.is_err() || queued < ended, "{:?}", world.story());
}

#[test]
fn w31_metadata_do_not_say_where_a_reply_goes() {
    let (world, api) = (with_ada(), Api::default());
    let (worker, job) = in_hand(&world);
    let planted =
        [("telegramChatId".to_owned(), BJORN.to_string()), ("telegramMessageThreadId".to_owned(), "7".to_owned())].into();
    block_on(queue::attach_metadata(&world.cx(), &worker, &job.message_id, &planted)).unwrap();
    say(&world, &worker, &job, "for Ada", "1").unwrap();
    world.send(&api);
    assert_eq!((api.texts(ADA).len(), api.texts(BJORN).len()), (1, 0));
}

#[test]
fn nobody_is_written_to_whose_binding_has_ended() {
    let world = with_ada();
    let (worker, job) = in_hand(&world);
    world.paired("ada", BJORN);
    say(&world, &worker, &job, "the user's other account", "1").unwrap();
    assert_eq!(world.last("ReplyQueued")["chat_id"], BJORN.to_string(), "the conversation went along with the user");

    let command = clawstead_domain::conversation::Enqueue {
        conversation_id: "app".into(),
        agent_key: "default".into(),
        provider: "app".into(),
        provider_user_id: "ada".into(),
        text: "hi".into(),
        metadata: [("telegramChatId".to_owned(), ADA.to_string())].into(),
        ..Default::default()
    };
    block_on(queue::enqueue(&world.cx(), &command, None)).unwrap();
    let other = world.worker();
    let job = world.claim(&other).unwrap();
    assert_eq!(refused(say(&world, &other, &job, "x", "1")), "no_chat");
}
