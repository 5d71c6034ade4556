use clawstead_operations::OperationError;
use clawstead_operations::ingress::{IngressBot, Outcome, receive};
use futures::executor::block_on;

use crate::telegram::{self, ADA, BJORN};
use crate::world::{World, bot};

fn message_id(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Enqueued { message_id } | Outcome::Duplicate { message_id } => message_id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn w22_an_update_that_comes_again_is_one_message_whatever_happened_in_between() {
    let world = World::with_bot();
    world.paired("ada", ADA);
    let update = telegram::text(1, ADA, "hello");
    let first = world.receive(&update).unwrap();
    let mut again = vec![world.receive(&update).unwrap()];
    world.configure("default", false);
    again.push(world.receive(&update).unwrap());
    world.configure("default", true);
    world.paired("ada", BJORN);
    again.push(world.receive(&update).unwrap());

    assert!(matches!(first, Outcome::Enqueued { .. }));
    for outcome in again {
        assert_eq!(outcome, Outcome::Duplicate { message_id: message_id(&first).to_owned() });
    }
    assert_eq!(world.count("MessageEnqueued"), 1);
}

#[test]
fn w22_an_update_that_comes_twice_at_once_is_one_message() {
    let world = World::with_bot();
    world.paired("ada", ADA);
    world.stage().take_turns();
    let update = telegram::text(1, ADA, "hello");
    let (left, right, bot) = (world.cx(), world.cx(), bot());
    let (first, second) = block_on(async { futures::join!(receive(&left, &bot, &update), receive(&right, &bot, &update)) });
    assert_eq!(message_id(&first.unwrap().outcome), message_id(&second.unwrap().outcome));
    assert_eq!(world.count("MessageEnqueued"), 1);
}

#[test]
fn the_same_number_from_another_bot_is_another_update() {
    let world = World::with_bot();
    world.paired("ada", ADA);
    world.configure("other", true);
    world.link(&telegram::agreeing("8000000002", "second_bot"), "other", "8000000002:BB").unwrap();
    let other = IngressBot { bot_id: "8000000002".to_owned(), agent_key: "other".to_owned(), username: "second_bot".to_owned() };
    let code = block_on(clawstead_operations::pairings::create(&world.cx(), &world.keys, "ada", "other", None)).unwrap().code;
    let start = telegram::text(1, ADA, &format!("/start {code}"));
    assert_eq!(block_on(receive(&world.cx(), &other, &start)).unwrap().outcome, Outcome::Paired);

    let update = telegram::text(2, ADA, "hello");
    assert!(matches!(world.receive(&update).unwrap(), Outcome::Enqueued { .. }));
    assert!(matches!(block_on(receive(&world.cx(), &other, &update)).unwrap().outcome, Outcome::Enqueued { .. }));
    let conversations: Vec<String> =
        world.log().into_iter().filter(|event| event.event_type == "MessageEnqueued").map(|event| event.stream).collect();
    assert_ne!(conversations[0], conversations[1]);
}

#[test]
fn trouble_of_ours_is_no_answer_and_the_next_delivery_is_taken() {
    let world = World::with_bot();
    world.paired("ada", ADA);
    world.stage().crash_before("MessageEnqueued");
    let update = telegram::text(1, ADA, "hello from Ada");
    let Err(error) = world.receive(&update) else { panic!("taken") };
    assert!(matches!(error, OperationError::Engine(_)));
    assert!(!format!("{error} {error:?}").contains("hello"));
    assert!(matches!(world.receive(&update).unwrap(), Outcome::Enqueued { .. }));
    assert_eq!(world.count("MessageEnqueued"), 1);
}
