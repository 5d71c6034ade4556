//! Bytes in and out.

use clawstead_operations::files::{self, Action};
use clawstead_vault::sha256_hex;
use futures::executor::block_on;

use crate::memory::{Body, noise};
use crate::world::{World, code};

#[test]
fn bytes_come_out_as_they_went_in_whatever_their_pieces() {
    for (length, piece) in [(0, 1), (1, 1), (262_144, 65_536), (262_145, 1_000), (1_000_000, 999_999)] {
        let world = World::new();
        let worker = world.holder("c");
        let bytes = noise(length);
        let started = world.start(&worker, "c");
        let storage_id = world.upload(&started.upload_url, &mut Body::in_pieces(&bytes, piece)).unwrap();
        let found = block_on(files::stored(&world.cx(), &storage_id)).unwrap().unwrap();
        assert_eq!((found.figures.size_bytes as usize, found.figures.sha256.clone()), (length, sha256_hex(&bytes)));
        world.try_finish(&worker, &started.snapshot_id, &storage_id, &bytes).unwrap();
        assert_eq!(world.fetch(&world.latest(&worker, "c").unwrap().download_url, 99), bytes);
    }
}

#[test]
fn an_upload_that_breaks_leaves_nothing_and_can_be_made_again() {
    let world = World::new();
    let worker = world.holder("c");
    let started = world.start(&worker, "c");
    let broken = world.upload(&started.upload_url, &mut Body::that_breaks(&noise(700_000)));
    assert_eq!(code(broken), "upload_interrupted");
    assert_eq!(world.stored_bytes(), 0);
    world.upload(&started.upload_url, &mut Body::of(b"whole")).unwrap();
    assert_eq!(world.stored_bytes(), 5);
}

#[test]
fn w43_a_file_that_is_too_large_is_refused_while_it_comes() {
    let world = World::new();
    world.retention(|policy| policy.snapshot_bytes_max = 500_000);
    let worker = world.holder("c");
    let started = world.start(&worker, "c");
    assert_eq!(code(world.upload(&started.upload_url, &mut Body::of(&noise(500_001)))), "file_too_large");
    assert_eq!(world.stored_bytes(), 0);
    world.upload(&started.upload_url, &mut Body::of(&noise(500_000))).unwrap();
}

#[test]
fn a_worker_that_transfers_is_alive() {
    let world = World::new();
    let worker = world.holder("c");
    world.snapshot(&worker, "c", &noise(600_000));
    let seen = || world.seen_without_a_call(&worker);
    let started = world.start(&worker, "c");
    let link = world.link(&started.upload_url, Action::Upload).unwrap();
    let before = seen();
    let clock = || world.now() + 40_000;
    let mut body = Body::in_pieces(&noise(10), 5);
    block_on(files::receive(&world.cx(), &clock, &world.store(), &link, "", &mut body)).unwrap();
    assert_eq!(seen(), before + 40_000);
    let download = world.link(&world.latest(&worker, "c").unwrap().download_url, Action::Download).unwrap();
    let mut outgoing = block_on(files::open(&world.cx(), download)).unwrap();
    block_on(outgoing.next(&world.cx(), &|| world.now() + 50_000, &world.store())).unwrap();
    assert_eq!(seen(), before + 50_000);
}
