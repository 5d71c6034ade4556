//! Files of messages.

use std::collections::BTreeMap;

use clawstead_domain::conversation::{AttachmentKind, Enqueue};
use clawstead_ledger::engines::native::NativeEngine;
use clawstead_operations::files::{self, Action, ExpectedFile, NewAttachment, Shown};
use clawstead_operations::queue::{self, Accepted, Job};
use clawstead_operations::workers::Registered;
use clawstead_operations::{Cx, OperationError};
use futures::executor::block_on;

use crate::memory::{Body, DAY, noise};
use crate::world::{World, code};

fn app<'a>(world: &'a World, actor: &str) -> Cx<'a, NativeEngine> {
    Cx { actor: actor.to_owned(), ..world.cx() }
}

/// A file of that app; its storage id.
fn file_of(world: &World, actor: &str, bytes: &[u8]) -> String {
    let expected = block_on(files::expect_attachment(&app(world, actor), &world.links())).unwrap();
    world.upload(&expected.upload_url, &mut Body::of(bytes)).unwrap()
}

fn photo(storage_id: &str) -> NewAttachment {
    NewAttachment {
        kind: AttachmentKind::Photo,
        storage_id: storage_id.to_owned(),
        telegram_file_id: Some("AgAC".to_owned()),
        file_name: None,
        mime_type: Some("image/jpeg".to_owned()),
        expires_at: None,
    }
}

fn try_send(world: &World, actor: &str, conversation_id: &str, wanted: &[NewAttachment]) -> Result<Accepted, OperationError> {
    let command = Enqueue {
        conversation_id: conversation_id.to_owned(),
        agent_key: "a".to_owned(),
        provider: "app".to_owned(),
        provider_user_id: "5".to_owned(),
        text: "look".to_owned(),
        ..Enqueue::default()
    };
    block_on(files::enqueue_with(&app(world, actor), command, wanted, None))
}

/// Sends, and has a worker take it.
fn sent(world: &World, conversation_id: &str, wanted: &[NewAttachment]) -> (Registered, Job) {
    try_send(world, "service:1", conversation_id, wanted).unwrap();
    let worker = world.worker();
    let job = world.claim_of(&worker, conversation_id);
    (worker, job)
}

fn shown(world: &World, worker: &Registered, job: &Job) -> Vec<Shown> {
    block_on(files::shown(&world.cx(), &world.links(), &world.seen(worker), &job.message)).unwrap()
}

fn media(world: &World, worker: &Registered) -> Result<ExpectedFile, OperationError> {
    block_on(files::expect_media(&world.cx(), &world.links(), &world.seen(worker)))
}

fn file_url(world: &World, worker: &Registered, storage_id: &str) -> Option<String> {
    block_on(files::file_url(&world.cx(), &world.links(), &world.seen(worker), storage_id)).unwrap()
}

#[test]
fn a_file_reaches_the_worker_that_has_the_message() {
    let world = World::new();
    let (worker, job) = sent(&world, "c", &[photo(&file_of(&world, "service:1", b"pixels"))]);
    let shown = shown(&world, &worker, &job);
    assert_eq!((shown[0].status, shown[0].attachment.size_bytes), ("ready", Some(6)));
    assert_eq!(world.fetch(shown[0].download_url.as_ref().unwrap(), 9), b"pixels");
}

#[test]
fn a_file_that_cannot_be_had_does_not_lose_the_text() {
    let world = World::new();
    let missing = photo("attachment_0");
    let late = NewAttachment { expires_at: Some(world.now()), ..photo(&file_of(&world, "service:1", b"x")) };
    let (worker, job) = sent(&world, "c", &[missing, late]);
    assert_eq!(job.message["text"], "look");
    let told: Vec<_> = shown(&world, &worker, &job).into_iter().map(|shown| (shown.status, shown.attachment.error)).collect();
    assert_eq!(told, [("failed", Some("file_not_found".to_owned())), ("failed", Some("attachment_expired".to_owned()))]);
}

#[test]
fn w28_a_message_cannot_name_a_snapshot_or_a_file_of_somebody_else() {
    let world = World::new();
    let holder = world.holder("c");
    world.snapshot(&holder, "c", b"secret");
    let snapshot_file = world.texts("SELECT file_id FROM files").remove(0);
    let theirs = file_of(&world, "service:2", b"theirs");
    let (worker, job) = sent(&world, "d", &[photo(&snapshot_file), photo(&theirs)]);
    assert!(shown(&world, &worker, &job).iter().all(|shown| shown.status == "failed" && shown.download_url.is_none()));
    world.pass(8 * DAY);
    world.tidy();
    assert_eq!(world.fetch(&world.latest(&holder, "c").unwrap().download_url, 9), b"secret", "nor does it end with the message");
}

#[test]
fn w28_a_worker_gets_links_to_files_of_its_own_message_only() {
    let world = World::new();
    world.enqueue("c", "hi");
    let worker = world.worker();
    assert_eq!(code(media(&world, &worker)), "lease_not_yours");
    world.claim_of(&worker, "c");
    let expected = media(&world, &worker).unwrap();
    assert_eq!(file_url(&world, &worker, &expected.file_id), None, "nothing is there yet");
    world.upload(&expected.upload_url, &mut Body::of(b"voice")).unwrap();
    assert_eq!(world.fetch(&file_url(&world, &worker, &expected.file_id).unwrap(), 9), b"voice");

    world.enqueue("d", "hi");
    let other = world.worker();
    world.claim_of(&other, "d");
    assert_eq!(file_url(&world, &other, &expected.file_id), None);
    let snapshot = world.snapshot(&world.holder("e"), "e", b"secret");
    let snapshot_file = world.texts(&format!("SELECT file_id FROM snapshots WHERE snapshot_id = '{snapshot}'")).remove(0);
    assert_eq!(file_url(&world, &other, &snapshot_file), None);
    world.pass(90_001);
    assert_eq!(file_url(&world, &worker, &expected.file_id), None, "its lease has ended");
}

#[test]
fn w40_files_that_were_never_sent_and_files_whose_time_is_up_are_removed() {
    let world = World::new();
    let _unsent = file_of(&world, "service:1", &noise(300_000));
    let kept = file_of(&world, "service:1", b"sent");
    world.pass(6 * DAY);
    sent(&world, "c", &[photo(&kept)]);
    let _never_uploaded = block_on(files::expect_attachment(&world.cx(), &world.links())).unwrap();
    world.pass(2 * DAY);
    world.tidy();
    assert_eq!(world.texts("SELECT file_id FROM files"), [kept]);
    assert_eq!(world.stored_bytes(), 4);
    world.pass(6 * DAY);
    world.tidy();
    assert_eq!(world.stored_bytes(), 0);
}

#[test]
fn w43_whether_a_file_has_expired_is_looked_at_when_it_is_read() {
    let world = World::new();
    let soon = NewAttachment { expires_at: Some(world.now() + 60_000), ..photo(&file_of(&world, "service:1", b"pixels")) };
    let (worker, job) = sent(&world, "c", &[soon]);
    let url = shown(&world, &worker, &job).remove(0).download_url.unwrap();
    world.pass(60_000);
    assert!(world.link(&url, Action::Download).is_err(), "the link ends with the file");
    let later = shown(&world, &worker, &job).remove(0);
    assert_eq!((later.status, later.download_url), ("expired", None));
}

#[test]
fn w43_files_are_bounded_in_number_and_size() {
    let world = World::new();
    world.retention(|policy| {
        policy.attachments_max = 2;
        policy.attachment_bytes_max = 1_000;
        policy.uploads_max = 3;
    });
    let many: Vec<_> = (0..3).map(|_| photo("attachment_0")).collect();
    assert_eq!(code(try_send(&world, "service:1", "c", &many)), "invalid_field");
    let expected = block_on(files::expect_attachment(&app(&world, "service:1"), &world.links())).unwrap();
    assert_eq!(code(world.upload(&expected.upload_url, &mut Body::of(&noise(1_001)))), "file_too_large");
    for _ in 0..2 {
        block_on(files::expect_attachment(&app(&world, "service:1"), &world.links())).unwrap();
    }
    assert_eq!(code(block_on(files::expect_attachment(&app(&world, "service:1"), &world.links()))), "too_many_uploads");
}

#[test]
fn metadata_is_attached_under_the_lease_and_the_new_wins() {
    let world = World::new();
    let (worker, job) = sent(&world, "c", &[]);
    let entries = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let attach = |message_id: &str, pairs: &[(&str, &str)]| {
        block_on(queue::attach_metadata(&world.cx(), &world.seen(&worker), message_id, &entries(pairs)))
    };
    attach(&job.message_id, &[("a", "1"), ("b", "1")]).unwrap();
    attach(&job.message_id, &[("b", "2")]).unwrap();
    let bundle = block_on(queue::hydrate(&world.cx(), &world.keys, &world.seen(&worker), &job.message_id)).unwrap();
    assert_eq!(bundle.message["metadata"], serde_json::json!({ "a": "1", "b": "2" }));
    assert_eq!(code(attach("unknown", &[("a", "1")])), "message_not_found");
    world.pass(90_001);
    assert_eq!(code(attach(&job.message_id, &[("a", "3")])), "lease_expired");
}
