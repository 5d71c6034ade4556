//! What is kept, and what goes.

use clawstead_domain::config::ProviderPolicy;
use clawstead_operations::configs;
use clawstead_operations::provider::Fly;
use clawstead_operations::subscriptions::Addresses;
use clawstead_operations::tick::{self, Outside};
use clawstead_transport::{AnyTransport, Matcher, ScriptedTransport};
use futures::executor::block_on;

use crate::memory::{Body, DAY, PUBLIC_URL, noise};
use crate::world::World;

#[test]
fn older_snapshots_go_by_count() {
    let world = World::new();
    world.retention(|policy| policy.snapshots_max = 2);
    let worker = world.holder("c");
    let made: Vec<String> = (0..4).map(|_| world.snapshot(&worker, "c", b"memory")).collect();
    let statuses: Vec<String> = made.iter().map(|id| world.snapshot_status(id)).collect();
    assert_eq!(statuses, ["expired", "expired", "ready", "ready"]);
    world.tidy();
    assert_eq!(world.stored_bytes(), 12);
}

#[test]
fn older_snapshots_go_by_age() {
    let world = World::new();
    let worker = world.holder("c");
    let (older, newest) = (world.snapshot(&worker, "c", b"older"), world.snapshot(&worker, "c", b"newest"));
    world.pass(8 * DAY);
    world.tidy();
    assert_eq!((world.snapshot_status(&older).as_str(), world.snapshot_status(&newest).as_str()), ("expired", "ready"));
}

#[test]
fn w40_d7_bytes_of_expired_failed_and_unfinished_uploads_are_removed() {
    let world = World::new();
    let worker = world.holder("c");
    let failed = world.start(&worker, "c");
    world.upload(&failed.upload_url, &mut Body::of(&noise(1_000_000))).unwrap();
    world.fail(&worker, &failed.snapshot_id).unwrap();
    let unfinished = world.start(&worker, "c");
    world.upload(&unfinished.upload_url, &mut Body::of(&noise(1_000_000))).unwrap();
    let never_begun = world.start(&worker, "c");
    world.snapshot(&worker, "c", b"older");
    world.snapshot(&worker, "c", b"good");
    world.pass(8 * DAY);
    world.tidy();
    assert_eq!(world.stored_bytes(), 4);
    assert_eq!(world.texts("SELECT count(*) || '' FROM files"), ["1"]);
    for upload in [unfinished, never_begun] {
        assert_ne!(world.snapshot_status(&upload.snapshot_id), "uploading", "an upload ends, whether anybody says so or not");
    }
}

#[test]
fn bytes_with_an_owner_are_never_removed() {
    let world = World::new();
    let worker = world.holder("c");
    let uploading = world.start(&worker, "c");
    world.upload(&uploading.upload_url, &mut Body::of(b"uploading")).unwrap();
    world.snapshot(&worker, "c", b"ready");
    for _ in 0..3 {
        world.tidy();
    }
    assert_eq!(world.stored_bytes(), 14);
}

#[test]
fn w42_a_file_that_cannot_be_removed_keeps_no_other_from_being_removed() {
    let world = World::new();
    let worker = world.holder("c");
    for bytes in [b"one".as_slice(), b"two"] {
        let started = world.start(&worker, "c");
        world.upload(&started.upload_url, &mut Body::of(bytes)).unwrap();
        world.fail(&worker, &started.snapshot_id).unwrap();
    }
    world.texts("DELETE FROM file_chunks WHERE file_id = (SELECT min(file_id) FROM files)");
    world.tidy();
    world.tidy();
    assert_eq!((world.stored_bytes(), world.texts("SELECT file_id FROM files").len()), (0, 0));
}

#[test]
fn large_files_are_removed_in_bounded_steps() {
    let world = World::new();
    let worker = world.holder("c");
    let started = world.start(&worker, "c");
    world.upload(&started.upload_url, &mut Body::of(&noise(20 << 20))).unwrap();
    world.fail(&worker, &started.snapshot_id).unwrap();
    world.tidy();
    assert_eq!(world.stored_bytes(), 0);
}

#[test]
fn w46_ended_snapshots_of_a_conversation_are_listed_up_to_a_number() {
    let world = World::new();
    let worker = world.holder("c");
    for _ in 0..60 {
        let started = world.start(&worker, "c");
        world.fail(&worker, &started.snapshot_id).unwrap();
    }
    assert_eq!(world.list("c").len(), 51);
}

#[test]
fn w41_files_are_tidied_whatever_else_goes_wrong() {
    let world = World::new();
    let worker = world.holder("c");
    let unfinished = world.start(&worker, "c");
    world.pass(DAY);
    let provider = ProviderPolicy {
        kind: "fly".to_owned(),
        app_name: "workers".to_owned(),
        image: format!("image@sha256:{}", "0".repeat(64)),
        regions: vec!["fra".to_owned()],
        ..ProviderPolicy::default()
    };
    block_on(configs::set(&world.cx(), &provider)).unwrap();
    let fly = Fly {
        transport: ScriptedTransport::new().answer(Matcher::any(), 500, "broken").answer(Matcher::any(), 500, "broken"),
        api_url: "https://fly.example.org",
        api_token: "",
        deployment: "test",
        pace: None,
    };
    let outside = Outside {
        providers: vec![Box::new(fly)],
        transport: AnyTransport::new(ScriptedTransport::new()),
        telegram_api_url: "https://telegram.test",
        app_addresses: Addresses::parse(""),
        clock: &|| world.now(),
        keys: &world.keys,
        public_url: PUBLIC_URL,
    };
    let report = block_on(tick::run(&world.cx(), &outside, &world.store())).unwrap();
    assert!(report.kinds["machines"].error.is_some(), "{report:?}");
    assert_eq!(report.kinds["files"].done, 2, "an upload that expired, and its file");
    assert_eq!(world.snapshot_status(&unfinished.snapshot_id), "expired");
}
