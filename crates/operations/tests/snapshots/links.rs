//! What a URL is good for, and what not.

use clawstead_operations::files::{Action, LinkError};

use crate::memory::Body;
use crate::world::{World, code};

#[test]
fn w28_a_link_for_one_upload_reaches_no_other_object() {
    let world = World::new();
    let worker = world.holder("c");
    let (one, two) = (world.start(&worker, "c"), world.start(&worker, "c"));
    let ids = world.texts("SELECT file_id FROM snapshots ORDER BY position");
    let forged = one.upload_url.replace(&ids[0], &ids[1]);
    assert_eq!(world.link(&forged, Action::Upload), Err(LinkError::Forged));
    assert_eq!(world.link(&one.upload_url, Action::Download), Err(LinkError::Forged));
    assert!(world.link(&two.upload_url, Action::Upload).is_ok());
}

#[test]
fn w28_a_finish_cannot_name_another_object() {
    let world = World::new();
    let (worker, other) = (world.holder("c"), world.holder("d"));
    let theirs = world.start(&other, "d");
    let their_file = world.upload(&theirs.upload_url, &mut Body::of(b"memory")).unwrap();
    let mine = world.start(&worker, "c");
    assert_eq!(code(world.try_finish(&worker, &mine.snapshot_id, &their_file, b"memory")), "invalid_field");
}

#[test]
fn a_link_takes_one_upload() {
    let world = World::new();
    let worker = world.holder("c");
    let started = world.start(&worker, "c");
    world.upload(&started.upload_url, &mut Body::of(b"memory")).unwrap();
    assert_eq!(code(world.upload(&started.upload_url, &mut Body::of(b"forgery"))), "already_uploaded");
    assert_eq!(world.stored_bytes(), 6);
}

#[test]
fn an_upload_link_runs_out_with_its_snapshot() {
    let world = World::new();
    let worker = world.holder("c");
    let started = world.start(&worker, "c");
    world.pass(started.expires_at - world.now());
    assert_eq!(world.link(&started.upload_url, Action::Upload), Err(LinkError::Expired));
}
