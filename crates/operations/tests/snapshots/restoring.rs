//! What a new worker starts from.

use clawstead_operations::files::Action;
use clawstead_operations::files::LinkError;

use crate::memory::{Body, DAY, noise};
use crate::world::{World, code};

#[test]
fn w37_a_failed_upload_does_not_hide_the_last_good_snapshot() {
    let world = World::new();
    let worker = world.holder("c");
    let good = world.snapshot(&worker, "c", b"good");
    let failed = world.start(&worker, "c");
    world.fail(&worker, &failed.snapshot_id).unwrap();
    assert_eq!(world.latest(&worker, "c").unwrap().snapshot_id, good);
}

#[test]
fn w37_an_unfinished_upload_does_not_hide_the_last_good_snapshot() {
    let world = World::new();
    let worker = world.holder("c");
    let good = world.snapshot(&worker, "c", b"good");
    let unfinished = world.start(&worker, "c");
    assert_eq!(world.latest(&worker, "c").unwrap().snapshot_id, good);
    world.upload(&unfinished.upload_url, &mut Body::of(b"newer")).unwrap();
    assert_eq!(world.latest(&worker, "c").unwrap().snapshot_id, good);
}

#[test]
fn w38_the_newest_good_snapshot_is_kept_whatever_its_age() {
    let world = World::new();
    let worker = world.holder("c");
    let good = world.snapshot(&worker, "c", &noise(300_000));
    world.pass(400 * DAY);
    world.tidy();
    let offer = world.latest(&worker, "c").unwrap();
    assert_eq!(offer.snapshot_id, good);
    assert_eq!(world.fetch(&offer.download_url, 99), noise(300_000));
}

#[test]
fn an_upload_that_began_earlier_and_ended_later_is_not_the_newest() {
    let world = World::new();
    let worker = world.holder("c");
    let slow = world.start(&worker, "c");
    let newest = world.snapshot(&worker, "c", b"newest");
    let storage_id = world.upload(&slow.upload_url, &mut Body::of(b"older")).unwrap();
    world.try_finish(&worker, &slow.snapshot_id, &storage_id, b"older").unwrap();
    assert_eq!(world.latest(&worker, "c").unwrap().snapshot_id, newest);
    world.retention(|policy| policy.snapshot_age_ms = 1);
    world.pass(10);
    world.tidy();
    assert_eq!(
        (world.snapshot_status(&slow.snapshot_id).as_str(), world.snapshot_status(&newest).as_str()),
        ("expired", "ready")
    );
}

#[test]
fn a_conversation_is_restored_by_its_own_workers_only() {
    let world = World::new();
    let worker = world.holder("c");
    world.snapshot(&worker, "c", b"private");
    let other = world.holder("d");
    assert_eq!(code(world.try_latest(&other, "c")), "conversation_not_yours");
    assert!(world.latest(&other, "d").is_none());
    assert!(world.latest(&world.worker(), "nowhere").is_none());
    assert!(world.latest(&world.worker(), "c").is_some(), "a worker of somebody's own that is bound to nothing yet");
}

#[test]
fn a_worker_that_did_not_fetch_what_it_was_offered_does_not_replace_it() {
    let world = World::new();
    let bytes = noise(600_000);
    let good = world.snapshot(&world.holder("c"), "c", &bytes);
    let careless = world.worker();
    let offer = world.latest(&careless, "c").unwrap();
    assert_eq!(world.fetch(&offer.download_url, 2).len(), 2 * 262_144, "the connection broke before the last piece");
    world.works_on(&careless, "c");
    let hollow = world.snapshot(&careless, "c", b"nothing");
    assert_eq!(world.latest(&careless, "c").unwrap().snapshot_id, good);
    let listed = world.list("c");
    let shown = listed.iter().find(|view| view.snapshot_id == hollow).unwrap();
    assert_eq!((shown.status.as_str(), shown.restorable, shown.superseded), ("ready", false, true));
}

#[test]
fn a_worker_that_fetched_the_whole_of_it_does_replace_it() {
    let world = World::new();
    let bytes = noise(600_000);
    let good = world.snapshot(&world.holder("c"), "c", &bytes);
    let careful = world.worker();
    let offer = world.latest(&careful, "c").unwrap();
    assert_eq!(world.fetch(&offer.download_url, 99), bytes);
    world.works_on(&careful, "c");
    let next = world.snapshot(&careful, "c", b"more");
    assert_eq!(world.latest(&careful, "c").unwrap().snapshot_id, next);
    assert_eq!(world.list("c")[0].based_on.as_deref(), Some(good.as_str()));
}

#[test]
fn a_second_offer_must_be_fetched_anew() {
    let world = World::new();
    world.snapshot(&world.holder("c"), "c", b"good");
    let worker = world.worker();
    world.fetch(&world.latest(&worker, "c").unwrap().download_url, 99);
    world.latest(&worker, "c").unwrap();
    world.works_on(&worker, "c");
    world.snapshot(&worker, "c", b"hollow");
    assert!(!world.list("c")[0].restorable);
}

#[test]
fn a_link_to_a_snapshot_runs_out() {
    let world = World::new();
    let worker = world.holder("c");
    world.snapshot(&worker, "c", b"good");
    let offer = world.latest(&worker, "c").unwrap();
    assert!(world.link(&offer.download_url, Action::Download).is_ok());
    world.pass(3_600_000);
    assert_eq!(world.link(&offer.download_url, Action::Download), Err(LinkError::Expired));
}
