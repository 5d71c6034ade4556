//! The life of a snapshot, and who may make one.

use clawstead_domain::conversation::Enqueue;
use clawstead_operations::queue::{self, Which};
use futures::executor::block_on;

use crate::memory::{Body, noise};
use crate::world::{World, code, command, ending};

#[test]
fn the_last_holder_of_a_message_that_was_put_away_may_still_snapshot() {
    let world = World::new();
    let worker = world.worker();
    let command = Enqueue { max_attempts: Some(1), ..command("c", "hi") };
    world.enqueue_as(&command, None).unwrap();
    let job = world.claim_of(&worker, "c");
    block_on(queue::fail(&world.cx(), ending(&worker, &job), "x")).unwrap();
    block_on(queue::discard_many(&world.cx(), &Which::Oldest { agent_key: None, limit: 1 })).unwrap();
    world.snapshot(&worker, "c", b"memory");
}

#[test]
fn a_snapshot_goes_from_uploading_to_ready() {
    let world = World::new();
    let worker = world.holder("c");
    let started = world.start(&worker, "c");
    assert_eq!(world.snapshot_status(&started.snapshot_id), "uploading");
    let storage_id = world.upload(&started.upload_url, &mut Body::of(b"memory")).unwrap();
    world.try_finish(&worker, &started.snapshot_id, &storage_id, b"memory").unwrap();
    assert_eq!(world.snapshot_status(&started.snapshot_id), "ready");
    assert_eq!(world.fetch(&world.latest(&worker, "c").unwrap().download_url, 99), b"memory");
}

#[test]
fn only_the_worker_that_had_the_conversation_last_makes_snapshots_of_it() {
    let world = World::new();
    let (earlier, stranger) = (world.holder("c"), world.holder("d"));
    assert_eq!(code(world.try_start(&stranger, "c")), "conversation_not_yours");
    let later = world.holder("c");
    assert_eq!(code(world.try_start(&earlier, "c")), "conversation_not_yours");
    world.start(&later, "c");
    assert_eq!(code(world.try_start(&later, "nowhere")), "conversation_not_found");
    assert_eq!(code(world.try_start(&later, "")), "invalid_field");
}

#[test]
fn a_draining_worker_hands_in_its_memory() {
    let world = World::new();
    let worker = world.holder("c");
    world.drain(&worker.worker_id);
    let snapshot_id = world.snapshot(&worker, "c", b"memory");
    assert_eq!(world.texts("SELECT data ->> '$.snapshot_id' FROM events WHERE type = 'SnapshotAccepted'"), [snapshot_id]);
    let row_is_current = "SELECT state FROM workers WHERE stream_version = \
        (SELECT max(version) FROM events WHERE stream = 'worker-' || worker_id) AND state = 'draining'";
    assert_eq!(world.texts(row_is_current), ["draining"]);
}

#[test]
fn w39_a_late_failure_does_not_take_away_a_good_snapshot() {
    let world = World::new();
    let worker = world.holder("c");
    let snapshot_id = world.snapshot(&worker, "c", b"memory");
    assert_eq!(code(world.fail(&worker, &snapshot_id)), "snapshot_already_ready");
    assert_eq!(world.snapshot_status(&snapshot_id), "ready");
}

#[test]
fn w39_a_late_success_does_not_revive_a_failed_snapshot() {
    let world = World::new();
    let worker = world.holder("c");
    let started = world.start(&worker, "c");
    let storage_id = world.upload(&started.upload_url, &mut Body::of(b"memory")).unwrap();
    world.fail(&worker, &started.snapshot_id).unwrap();
    world.fail(&worker, &started.snapshot_id).unwrap();
    let late = world.try_finish(&worker, &started.snapshot_id, &storage_id, b"memory");
    assert_eq!(code(late), "snapshot_already_failed");
    assert_eq!(world.texts("SELECT count(*) || '' FROM events WHERE type = 'SnapshotFailed'"), ["1"]);
}

#[test]
fn w39_a_second_finish_changes_nothing() {
    let world = World::new();
    let worker = world.holder("c");
    let snapshot_id = world.snapshot(&worker, "c", b"memory");
    let storage_id = world.texts("SELECT file_id FROM snapshots").remove(0);
    world.try_finish(&worker, &snapshot_id, &storage_id, b"memory").unwrap();
    assert_eq!(code(world.try_finish(&worker, &snapshot_id, &storage_id, b"other")), "snapshot_already_ready");
    assert_eq!(world.texts("SELECT count(*) || '' FROM events WHERE type = 'SnapshotReady'"), ["1"]);
}

#[test]
fn w39_the_figures_are_checked_against_the_bytes() {
    let world = World::new();
    let worker = world.holder("c");
    let started = world.start(&worker, "c");
    let file_id = world.texts("SELECT file_id FROM snapshots").remove(0);
    let finish = |bytes: &[u8]| world.try_finish(&worker, &started.snapshot_id, &file_id, bytes);
    assert_eq!(code(finish(b"memory")), "upload_not_finished");
    world.upload(&started.upload_url, &mut Body::of(b"memory")).unwrap();
    for other in [b"Memory".as_slice(), b"memory and more", b""] {
        assert_eq!(code(finish(other)), "invalid_field");
    }
    assert_eq!(world.snapshot_status(&started.snapshot_id), "uploading");
    finish(b"memory").unwrap();
}

#[test]
fn an_upload_that_never_finishes_expires() {
    let world = World::new();
    world.retention(|policy| policy.upload_ms = 60_000);
    let worker = world.holder("c");
    let started = world.start(&worker, "c");
    let storage_id = world.upload(&started.upload_url, &mut Body::of(&noise(1_000_000))).unwrap();
    world.pass(60_000);
    let late = world.try_finish(&worker, &started.snapshot_id, &storage_id, &noise(1_000_000));
    assert_eq!(code(late), "snapshot_expired");
    world.tidy();
    assert_eq!(world.snapshot_status(&started.snapshot_id), "expired");
    assert_eq!(world.stored_bytes(), 0);
}

#[test]
fn unfinished_uploads_are_bounded() {
    let world = World::new();
    let worker = world.holder("c");
    for _ in 0..4 {
        world.start(&worker, "c");
    }
    assert_eq!(code(world.try_start(&worker, "c")), "too_many_uploads");
}

#[test]
fn another_worker_cannot_end_it() {
    let world = World::new();
    let (worker, other) = (world.holder("c"), world.holder("d"));
    let started = world.start(&worker, "c");
    let storage_id = world.upload(&started.upload_url, &mut Body::of(b"memory")).unwrap();
    assert_eq!(code(world.fail(&other, &started.snapshot_id)), "snapshot_not_found");
    assert_eq!(code(world.try_finish(&other, &started.snapshot_id, &storage_id, b"memory")), "snapshot_not_found");
}
