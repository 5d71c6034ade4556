//! Groups and strangers: only where the operator says so, and never in somebody's own conversation.

use clawstead_domain::config::TelegramPolicy;
use clawstead_operations::ingress::Outcome;
use serde_json::{Value, json};

use crate::api::Api;
use crate::desk::with_ada;
use crate::telegram::{self, ADA, BJORN};
use crate::world::{AGENT, World};

const GROUP: i64 = -100_200;

fn group() -> Value {
    json!({"id": GROUP, "type": "supergroup", "title": "Team"})
}

fn in_groups(world: &World) {
    world.policy(&TelegramPolicy { group_agents: [AGENT.to_owned()].into(), ..TelegramPolicy::default() });
}

fn streams(world: &World) -> Vec<String> {
    world.log().into_iter().filter(|event| event.event_type == "MessageEnqueued").map(|event| event.stream).collect()
}

#[test]
fn w05_groups_are_not_listened_to_unless_the_operator_says_so() {
    let world = with_ada();
    let outcome = world.receive(&telegram::update(1, ADA, &group(), "hello")).unwrap();
    assert_eq!(outcome, Outcome::Ignored { reason: "group_chat" });
}

#[test]
fn c06_what_is_said_in_a_group_is_a_conversation_of_the_group() {
    let world = with_ada();
    in_groups(&world);
    world.receive(&telegram::text(1, ADA, "in private")).unwrap();
    for (update_id, user) in [(2, ADA), (3, BJORN)] {
        assert!(matches!(
            world.receive(&telegram::update(update_id, user, &group(), "hello")).unwrap(),
            Outcome::Enqueued { .. }
        ));
    }
    let streams = streams(&world);
    assert_eq!((streams[1] == streams[2], streams[0] == streams[1]), (true, false));
    assert_eq!(world.last("MessageEnqueued")["text"], "[telegram group message from Somebody]\nhello");
    assert_eq!(world.count("ChatOpened"), 1);
}

#[test]
fn c05_nobody_is_paired_in_a_group_also_where_groups_are_listened_to() {
    let world = with_ada();
    in_groups(&world);
    let pairing = world.pairing("bjorn");
    let start = telegram::update(1, BJORN, &group(), &format!("/start {}", pairing.code));
    assert_eq!(world.receive(&start).unwrap(), Outcome::Ignored { reason: "start_in_group" });
    assert_eq!(world.state(&pairing.pairing_id), "pending");
}

#[test]
fn w06_bots_are_not_listened_to_and_who_writes_in_the_name_of_a_chat_is_that_chat() {
    let world = with_ada();
    in_groups(&world);
    let mut update: Value = serde_json::from_slice(&telegram::update(1, 1_087_968_824, &group(), "hello")).unwrap();
    update["message"]["from"]["is_bot"] = true.into();
    let outcome = world.receive(update.to_string().as_bytes()).unwrap();
    assert_eq!(outcome, Outcome::Ignored { reason: "not_a_person" });
    update["message"]["sender_chat"] = group();
    world.receive(update.to_string().as_bytes()).unwrap();
    let data = world.last("MessageEnqueued");
    assert_eq!(
        (data["provider_user_id"].as_str(), data["text"].as_str()),
        (Some("-100200"), Some("[telegram group message from Team]\nhello"))
    );
}

#[test]
fn a_reply_goes_to_the_group_and_its_topic() {
    let (world, api) = (with_ada(), Api::default());
    in_groups(&world);
    let mut update: Value = serde_json::from_slice(&telegram::update(1, ADA, &group(), "hello")).unwrap();
    update["message"]["message_thread_id"] = 77.into();
    update["message"]["is_topic_message"] = true.into();
    world.receive(update.to_string().as_bytes()).unwrap();
    let worker = world.worker();
    let job = world.claim(&worker).unwrap();
    crate::replies::html(&world, &worker, &job, "hello all").unwrap();
    assert_eq!(world.last("ReplyQueued")["thread_id"], 77);
    world.send(&api);
    assert_eq!((api.texts(GROUP), api.texts(ADA).len()), (vec!["hello all".to_owned()], 0));
}

#[test]
fn a_group_that_becomes_a_supergroup_goes_on_where_it_was() {
    let world = with_ada();
    in_groups(&world);
    let small = json!({"id": -5, "type": "group", "title": "Team"});
    world.receive(&telegram::update(1, ADA, &small, "hello")).unwrap();
    let mut update: Value = serde_json::from_slice(&telegram::update(2, ADA, &small, "")).unwrap();
    update["message"]["migrate_to_chat_id"] = GROUP.into();
    let moved = update.to_string();
    for _ in 0..2 {
        assert_eq!(world.receive(moved.as_bytes()).unwrap(), Outcome::Noted { what: "chat_moved" });
    }
    // The numbers of messages begin anew in a supergroup.
    assert!(matches!(world.receive(&telegram::update(1_001, ADA, &group(), "still here")).unwrap(), Outcome::Enqueued { .. }));
    let mut same_number: Value = serde_json::from_slice(&telegram::update(1_002, ADA, &group(), "the same number")).unwrap();
    same_number["message"]["message_id"] = 2.into();
    assert!(matches!(world.receive(same_number.to_string().as_bytes()).unwrap(), Outcome::Enqueued { .. }));
    let streams = streams(&world);
    assert!(streams.iter().all(|stream| *stream == streams[0]), "{streams:?}");
    assert_eq!(world.count("ChatMoved"), 1);
}

#[test]
fn w04_strangers_are_turned_away_unless_an_agent_is_named_for_them() {
    let world = World::with_bot();
    let hello = telegram::text(1, ADA, "hello");
    assert_eq!(world.receive(&hello).unwrap(), Outcome::Refused { reason: "not_paired" });
    world.configure("reception", true);
    let stranger_agents = [(AGENT.to_owned(), "reception".to_owned())].into();
    world.policy(&TelegramPolicy { stranger_agents, ..TelegramPolicy::default() });
    world.receive(&telegram::text(2, ADA, "hello")).unwrap();
    assert_eq!(world.last("MessageEnqueued")["agent_key"], "reception");

    world.paired("ada", ADA);
    world.receive(&telegram::text(3, ADA, "it is me")).unwrap();
    assert_eq!(world.last("MessageEnqueued")["agent_key"], AGENT);
    let streams = streams(&world);
    assert_ne!(streams[0], streams[1], "what a stranger said stays apart");
}
