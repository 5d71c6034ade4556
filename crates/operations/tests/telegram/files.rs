//! Files are fetched after the answer, and never cost a message its text.

use clawstead_domain::config::{RetentionPolicy, TelegramPolicy};
use clawstead_operations::files;
use clawstead_operations::ingress::{Outcome, fetch_due};
use futures::executor::block_on;
use serde_json::Value;

use crate::api::{Api, Trouble};
use crate::desk::{photo, with_ada};
use crate::telegram::{self, ADA};
use crate::world::World;

fn receive(world: &World, body: &[u8]) {
    assert!(matches!(world.receive(body).unwrap(), Outcome::Enqueued { .. }));
}

/// What became of the only file of a message.
fn told(message: &Value) -> (Option<&str>, Option<i64>) {
    (message["attachments"][0]["error"].as_str(), message["attachments"][0]["size_bytes"].as_i64())
}

fn stored(world: &World) -> Vec<String> {
    world.rows("SELECT owner LIKE 'conversation:%', kind, size_bytes, content_type FROM files WHERE state = 'stored'")
}

#[test]
fn w23_a_message_is_taken_before_its_files_are_fetched_and_handed_out_with_them() {
    let (world, api) = (with_ada(), Api::default());
    api.file("F", &[7; 300_000]);
    receive(&world, &photo(1, "F", 300_000, Some("look"), None));
    assert_eq!((api.calls("getFile"), world.work()), (0, None), "taken, not fetched, and not handed out yet");
    assert_eq!(world.fetch(&api), 1);
    let message = world.work().unwrap();
    assert_eq!((message["text"].as_str(), told(&message)), (Some("look"), (None, Some(300_000))));
    assert_eq!(stored(&world), ["1 attachment 300000 image/jpeg"]);
    let bytes = world.rows("SELECT sum(length(bytes)) FROM file_chunks");
    assert_eq!(
        (bytes[0].as_str(), world.rows("SELECT * FROM message_files").len()),
        ("300000", 0),
        "nothing is kept of the wait"
    );
}

#[test]
fn c24_a_text_behind_a_photo_stays_behind_it() {
    let (world, api) = (with_ada(), Api::default());
    api.file("F", b"pixels");
    receive(&world, &photo(1, "F", 6, Some("first"), None));
    receive(&world, &telegram::text(2, ADA, "second"));
    assert_eq!(world.work(), None);
    world.fetch(&api);
    assert_eq!(world.work().unwrap()["text"], "first");
    assert_eq!(world.work().unwrap()["text"], "second");
}

#[test]
fn w53_a_file_that_cannot_be_had_does_not_cost_the_text() {
    let (world, api) = (with_ada(), Api::default());
    receive(&world, &photo(1, "UNKNOWN", 6, Some("look"), None));
    world.fetch(&api);
    let message = world.work().unwrap();
    assert_eq!((message["text"].as_str(), told(&message).0), (Some("look"), Some("not_to_be_had")));
    assert!(message["attachments"][0]["file_id"].is_null());
}

#[test]
fn c22_a_file_that_says_it_is_too_large_is_not_asked_for_and_nothing_waits() {
    let (world, api) = (with_ada(), Api::default());
    receive(&world, &photo(1, "F", 20_000_001, Some("look"), None));
    let message = world.work().unwrap();
    assert_eq!(told(&message), (Some("file_too_large"), Some(20_000_001)));
    assert_eq!((world.fetch(&api), api.calls("getFile")), (0, 0));
}

#[test]
fn w38_the_size_is_counted_and_not_believed() {
    let (world, api) = (with_ada(), Api::default());
    world.policy(&RetentionPolicy { attachment_bytes_max: 500_000, ..RetentionPolicy::default() });
    api.file_that_lies("LIAR", 10, &[7; 600_000]);
    api.file_that_lies("HONEST", 600_000, &[7; 600_000]);
    for (update_id, file_id) in [(1, "LIAR"), (2, "HONEST")] {
        receive(&world, &photo(update_id, file_id, 10, None, None));
        world.fetch(&api);
        assert_eq!(told(&world.work().unwrap()).0, Some("file_too_large"), "{file_id}");
    }
    assert_eq!(api.calls("download"), 1, "what Telegram calls too large is not begun");
    assert_eq!((stored(&world).len(), world.rows("SELECT 1 FROM file_chunks").len()), (0, 0));
}

#[test]
fn w23_telegram_may_be_slow_or_broken_and_the_message_waits_a_bounded_time() {
    let (world, api) = (with_ada(), Api::default());
    api.file("F", b"pixels");
    for _ in 0..3 {
        api.trouble("getFile", Trouble::NoAnswer);
    }
    receive(&world, &photo(1, "F", 6, Some("look"), None));
    for _ in 0..3 {
        assert_eq!((world.fetch(&api), world.work()), (0, None));
        world.wait(10_000);
    }
    assert_eq!(world.fetch(&api), 1);
    assert_eq!(told(&world.work().unwrap()), (None, Some(6)));

    receive(&world, &photo(2, "F", 6, Some("again"), None));
    for _ in 0..9 {
        api.trouble("getFile", Trouble::No(502));
    }
    world.fetch(&api);
    world.wait(59_999);
    assert_eq!(world.work(), None);
    world.wait(1);
    let message = world.work().unwrap();
    assert_eq!((message["text"].as_str(), told(&message).0), (Some("again"), Some("no_answer")));
}

#[test]
fn a_message_at_the_end_of_its_wait_is_handed_out_also_when_nobody_looked() {
    let world = with_ada();
    world.policy(&TelegramPolicy { files_wait_ms: 5_000, ..TelegramPolicy::default() });
    receive(&world, &photo(1, "F", 6, Some("look"), None));
    world.wait(5_000);
    assert_eq!(told(&world.work().unwrap()).0, Some("not_fetched_in_time"));
}

#[test]
fn telegram_is_obeyed_when_it_asks_to_wait_for_a_file() {
    let (world, api) = (with_ada(), Api::default());
    api.file("F", b"pixels");
    api.trouble("getFile", Trouble::Wait(20));
    receive(&world, &photo(1, "F", 6, None, None));
    world.fetch(&api);
    world.wait(19_999);
    assert_eq!(world.fetch(&api), 0);
    world.wait(1);
    assert_eq!(world.fetch(&api), 1);
}

#[test]
fn a_download_that_breaks_off_leaves_nothing_and_is_tried_again() {
    let (world, api) = (with_ada(), Api::default());
    api.file("F", &[7; 700_000]);
    api.break_off("F");
    receive(&world, &photo(1, "F", 700_000, None, None));
    assert_eq!((world.fetch(&api), world.rows("SELECT 1 FROM file_chunks").len()), (0, 0));
    world.wait(30_000);
    assert_eq!(world.fetch(&api), 1);
    assert_eq!(told(&world.work().unwrap()), (None, Some(700_000)));
}

#[test]
fn two_that_fetch_at_once_fetch_each_file_once() {
    let (world, api) = (with_ada(), Api::default());
    for update_id in 0..4 {
        api.file(&format!("F{update_id}"), b"pixels");
        receive(&world, &photo(update_id, &format!("F{update_id}"), 6, None, None));
    }
    world.stage().take_turns();
    let (left, right, clock) = (world.cx(), world.cx(), || world.cx().now);
    let (to, store) = (world.to(&api, &clock), world.store());
    let (first, second) =
        block_on(async { futures::join!(fetch_due(&left, &to, &store, i64::MAX), fetch_due(&right, &to, &store, i64::MAX)) });
    assert_eq!((first.unwrap() + second.unwrap(), api.calls("download")), (4, 4));
}

#[test]
fn a_crash_in_the_middle_of_a_fetch_is_made_good() {
    let (world, api) = (with_ada(), Api::default());
    api.file("F", b"pixels");
    world.policy(&TelegramPolicy { files_wait_ms: 300_000, ..TelegramPolicy::default() });
    receive(&world, &photo(1, "F", 6, None, None));
    world.stage().crash_before("FileFetched");
    let clock = || world.cx().now;
    assert!(block_on(fetch_due(&world.cx(), &world.to(&api, &clock), &world.store(), i64::MAX)).is_err());
    assert_eq!(world.fetch(&api), 0, "somebody may still be at it");
    world.wait(60_000);
    assert_eq!(world.fetch(&api), 1);
    assert_eq!(told(&world.work().unwrap()), (None, Some(6)));
}

#[test]
fn a_message_that_was_withdrawn_meanwhile_needs_no_files() {
    let (world, api) = (with_ada(), Api::default());
    api.file("F", b"pixels");
    receive(&world, &photo(1, "F", 6, None, None));
    let message_id = world.last("MessageEnqueued")["message_id"].as_str().unwrap().to_owned();
    block_on(clawstead_operations::queue::cancel(&world.cx(), &message_id)).unwrap();
    assert_eq!((world.fetch(&api), api.calls("getFile")), (0, 0));
}

#[test]
fn a_name_from_outside_is_no_path_and_hides_nothing() {
    let world = with_ada();
    let mut update: Value = serde_json::from_slice(&telegram::text(1, ADA, "x")).unwrap();
    update["message"]["document"] =
        serde_json::json!({"file_id": "F", "file_name": "../../etc/in\u{202E}fdp.sh", "mime_type": " "});
    receive(&world, update.to_string().as_bytes());
    let attachment = world.last("MessageEnqueued")["attachments"][0].clone();
    assert_eq!((attachment["file_name"].as_str(), attachment["mime_type"].as_str()), (Some("infdp.sh"), None));
}

/// W24: what came of a file that was given up is nobody's, and goes.
#[test]
fn w24_a_file_that_breaks_off_leaves_no_bytes() {
    let (world, api) = (with_ada(), Api::default());
    world.policy(&TelegramPolicy { files_wait_ms: 5_000, ..TelegramPolicy::default() });
    api.file("F", &[7; 700_000]);
    api.break_off("F");
    receive(&world, &photo(1, "F", 700_000, Some("look"), None));
    assert_eq!(world.fetch(&api), 0);
    world.wait(6_000);
    assert_eq!(world.fetch(&api), 0, "there is no time for another attempt");
    assert_eq!(world.work().unwrap()["text"], "look");
    world.wait(3_600_000);
    block_on(files::collect(&world.cx(), &world.store(), 100)).unwrap();
    assert_eq!(world.rows("SELECT 1 FROM files UNION ALL SELECT 2 FROM file_chunks"), [""; 0]);
}
