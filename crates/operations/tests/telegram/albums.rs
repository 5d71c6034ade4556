//! An album is one message.

use clawstead_operations::ingress::Outcome;
use futures::executor::block_on;

use crate::api::Api;
use crate::desk::{photo, with_ada};
use crate::telegram::{self, ADA};
use crate::world::World;

fn part(world: &World, update_id: i64, caption: Option<&str>) -> Outcome {
    world.receive(&photo(update_id, &format!("F{update_id}"), 6, caption, Some("album"))).unwrap()
}

fn with_files() -> (World, Api) {
    let (world, api) = (with_ada(), Api::default());
    for number in 0..20 {
        api.file(&format!("F{number}"), format!("file {number}").as_bytes());
    }
    (world, api)
}

fn sizes(message: &serde_json::Value) -> Vec<Option<i64>> {
    message["attachments"].as_array().unwrap().iter().map(|file| file["size_bytes"].as_i64()).collect()
}

#[test]
fn w54_an_album_is_one_message_with_all_its_files_and_words() {
    let (world, api) = with_files();
    let Outcome::Enqueued { message_id } = part(&world, 1, Some("three pages")) else { panic!("not taken") };
    world.fetch(&api);
    assert_eq!(world.work(), None, "more may come");
    world.wait(1_000);
    for (update_id, caption) in [(2, None), (3, Some("the last one"))] {
        assert_eq!(part(&world, update_id, caption), Outcome::Added { message_id: message_id.clone() });
    }
    assert_eq!(world.work(), None, "two files are missing");
    world.fetch(&api);
    world.wait(1_500);
    let message = world.work().unwrap();
    assert_eq!(message["text"], "three pages\nthe last one");
    assert_eq!(sizes(&message), [Some(6), Some(6), Some(6)]);
    assert_eq!((world.count("MessageEnqueued"), world.rows("SELECT * FROM albums").len()), (1, 0));
}

#[test]
fn a_part_that_comes_again_is_added_once() {
    let (world, api) = with_files();
    let Outcome::Enqueued { message_id } = part(&world, 1, None) else { panic!("not taken") };
    part(&world, 2, None);
    for update_id in [1, 2, 2] {
        assert_eq!(part(&world, update_id, None), Outcome::Duplicate { message_id: message_id.clone() }, "{update_id}");
    }
    world.fetch(&api);
    world.wait(1_500);
    assert_eq!(sizes(&world.work().unwrap()).len(), 2);
    assert_eq!(part(&world, 2, None), Outcome::Duplicate { message_id });
}

#[test]
fn a_part_that_comes_after_a_worker_has_the_album_is_a_message_of_its_own() {
    let (world, api) = with_files();
    part(&world, 1, Some("first"));
    world.fetch(&api);
    world.wait(1_500);
    let worker = world.worker();
    let job = world.claim(&worker).unwrap();
    assert!(matches!(part(&world, 2, Some("late")), Outcome::Enqueued { .. }));
    assert_eq!(sizes(&world.hydrate(&worker, &job).message).len(), 1);
    world.complete(&worker, &job);
    world.leave(&worker);
    world.fetch(&api);
    world.wait(1_500);
    assert_eq!(world.work().unwrap()["text"], "late");
}

#[test]
fn an_album_cannot_bring_more_files_than_a_message_may_have() {
    let (world, api) = with_files();
    for update_id in 0..12 {
        part(&world, update_id, None);
    }
    world.fetch(&api);
    world.wait(1_500);
    let message = world.work().unwrap();
    let errors: Vec<_> = message["attachments"].as_array().unwrap().iter().filter_map(|file| file["error"].as_str()).collect();
    assert_eq!((errors, api.calls("download")), (vec!["too_many_files"; 2], 10));
}

#[test]
fn albums_of_two_chats_do_not_mix() {
    let (world, _) = with_files();
    world.paired("bjorn", telegram::BJORN);
    part(&world, 1, None);
    let mut other: serde_json::Value = serde_json::from_slice(&photo(2, "F2", 6, None, Some("album"))).unwrap();
    other["message"]["from"]["id"] = telegram::BJORN.into();
    other["message"]["chat"]["id"] = telegram::BJORN.into();
    assert!(matches!(world.receive(other.to_string().as_bytes()).unwrap(), Outcome::Enqueued { .. }));
    assert_ne!(ADA, telegram::BJORN);
}

#[test]
fn an_album_whose_parts_come_all_at_once_is_whole() {
    let (world, api) = with_files();
    part(&world, 1, None);
    world.stage().take_turns();
    let (left, right, bot) = (world.cx(), world.cx(), crate::world::bot());
    let [second, third] = [2, 3].map(|update_id| photo(update_id, &format!("F{update_id}"), 6, None, Some("album")));
    let receive = clawstead_operations::ingress::receive;
    let (first, other) = block_on(async { futures::join!(receive(&left, &bot, &second), receive(&right, &bot, &third)) });
    assert!(matches!((first.unwrap().outcome, other.unwrap().outcome), (Outcome::Added { .. }, Outcome::Added { .. })));
    world.fetch(&api);
    world.wait(1_500);
    assert_eq!(sizes(&world.work().unwrap()).len(), 3);
}
