//! What a worker knows is handed in before its machine goes, or its volume is kept.

use clawstead_domain::config::ScalingPolicy;
use clawstead_operations::queue::{self, WaitsFor};
use clawstead_operations::workers;
use futures::executor::block_on;

use crate::world::{IDLE_MS, World};

const DAY_MS: i64 = 86_400_000;

/// A world in which machine `m1` has answered a message of `c1`.
fn after_an_answer() -> World {
    let world = World::new(2);
    world.enqueue("c1");
    world.tick_well();
    world.programs_run();
    assert_eq!(world.done(), 1);
    world
}

fn rounds(world: &World, number: usize) {
    for _ in 0..number {
        world.tick_well();
        world.programs_run();
    }
}

fn happened(world: &World, event: &str) -> usize {
    world.worker_events().iter().filter(|known| *known == event).count()
}

fn called(world: &World, call: &str) -> usize {
    world.fly.calls.borrow().iter().filter(|known| *known == call).count()
}

#[test]
fn d_2_a_snapshot_from_before_the_last_job_is_not_the_final_one() {
    let world = after_an_answer();
    world.hand_in(&world.worker_on("m1"));
    world.enqueue("c1");
    world.programs_run();
    assert_eq!(world.done(), 2);
    world.fly.exit("m1");
    rounds(&world, 2);
    assert_eq!(called(&world, "POST /machines/m1/start"), 1);
    rounds(&world, 12);
    let end = world.worker_events().split_off(4);
    let expected = [
        "DrainRequested",
        "RestartRequested",
        "MachineRestarted",
        "SnapshotAccepted",
        "TeardownStarted",
        "MachineGone",
        "VolumeGone",
        "WorkerStopped",
    ];
    assert_eq!(end, expected);
    assert!(world.is_empty());
}

#[test]
fn d_6_a_snapshot_that_was_begun_before_the_last_job_ended_is_not_the_final_one() {
    let world = after_an_answer();
    let worker = world.worker_on("m1");
    let early = world.begin_to_hand_in(&worker).unwrap();
    world.enqueue("c1");
    world.programs_run();
    world.finish_handing_in(&worker, &early);
    assert_eq!(world.count("SELECT count(*) AS n FROM unsaved_work"), 1);
    world.fly.exit("m1");
    rounds(&world, 1);
    assert_eq!(happened(&world, "SnapshotAccepted"), 0);
    rounds(&world, 12);
    assert_eq!((happened(&world, "SnapshotAccepted"), called(&world, "POST /machines/m1/start")), (1, 1));
    assert!(world.is_empty());
}

#[test]
fn a_worker_that_hands_in_and_ends_by_itself_has_ended_well() {
    let world = after_an_answer();
    world.hand_in(&world.worker_on("m1"));
    world.fly.exit("m1");
    rounds(&world, 8);
    assert_eq!(called(&world, "POST /machines/m1/start"), 0);
    assert_eq!(world.count("SELECT count(*) AS n FROM workers WHERE drain_reason = 'exited'"), 1);
    assert!(world.is_empty());
}

#[test]
fn d_3_a_machine_that_dies_twice_before_it_hands_in_leaves_its_volume_for_a_while() {
    let world = after_an_answer();
    world.fly.exit("m1");
    world.tick_well();
    world.enqueue("c1");
    world.tick_well();
    assert_eq!(called(&world, "POST /machines/m1/start"), 1);
    world.fly.exit("m1");
    assert_eq!(world.fly.machines_made.get(), 1, "nobody takes the conversation up yet");
    rounds(&world, 12);
    assert_eq!(world.done(), 2, "and then somebody does, without what was lost");
    assert_eq!((happened(&world, "DrainAbandoned"), happened(&world, "VolumeSnapshotTaken")), (1, 1));
    assert_eq!(world.fly.copies.borrow().len(), 1);
    let volumes: Vec<_> = world.fly.volumes.borrow().iter().map(|volume| volume.id.clone()).collect();
    assert_eq!(volumes, ["vol_1", "vol_2"]);
    rounds(&world, 20);
    assert_eq!(world.fly.machines.borrow().len(), 0);
    assert_eq!(world.fly.volumes.borrow().len(), 1, "only the one that is kept");

    let before = called(&world, "GET /volumes");
    rounds(&world, 30);
    assert_eq!(called(&world, "GET /volumes") - before, 1, "what is only kept is looked at every five minutes");
    world.pass(7 * DAY_MS);
    rounds(&world, 3);
    assert!(world.is_empty());
}

#[test]
fn f_2_a_worker_that_does_not_stop_is_given_up_at_the_deadline_and_its_volume_is_kept() {
    let world = after_an_answer();
    world.hands_in.set(false);
    rounds(&world, 7);
    assert_eq!(happened(&world, "DrainRequested"), 1);
    rounds(&world, 28);
    assert_eq!((happened(&world, "DrainAbandoned"), called(&world, "POST /machines/m1/stop")), (0, 0));
    rounds(&world, 6);
    assert_eq!((happened(&world, "DrainAbandoned"), called(&world, "POST /machines/m1/stop")), (1, 1));
    let calls = world.fly.calls.borrow().clone();
    let changes: Vec<_> = calls.iter().filter(|call| !call.starts_with("GET")).skip(2).map(String::as_str).collect();
    let expected = ["POST /volumes/vol_1/snapshots", "POST /machines/m1/cordon", "POST /machines/m1/stop", "DELETE /machines/m1"];
    assert_eq!(changes, expected);
    assert_eq!((world.fly.machines.borrow().len(), world.fly.volumes.borrow().len()), (0, 1));
}

#[test]
fn the_operator_may_delete_a_kept_volume_before_its_time() {
    let world = after_an_answer();
    world.hands_in.set(false);
    rounds(&world, 45);
    assert_eq!(world.fly.volumes.borrow().len(), 1);
    world.fly.wipe();
    rounds(&world, 35);
    assert!(world.is_empty());
}

#[test]
fn without_a_time_for_salvage_the_volume_goes_at_once() {
    let world = after_an_answer();
    world.set(&ScalingPolicy { machines_max: 2, idle_timeout_ms: IDLE_MS, salvage_ms: 0, ..ScalingPolicy::default() });
    world.hands_in.set(false);
    rounds(&world, 50);
    assert!(world.is_empty());
}

#[test]
fn d_5_a_conversation_that_is_handed_over_waits_for_the_final_snapshot() {
    let world = after_an_answer();
    world.hands_in.set(false);
    rounds(&world, 7);
    assert_eq!(world.worker_on("m1").state.as_str(), "draining");
    world.enqueue("c1");
    rounds(&world, 5);
    assert_eq!(world.fly.machines_made.get(), 1, "no machine that would start without it");
    let waits_for = || world.with_cx(|cx| block_on(queue::conversation(cx, "c1"))).unwrap().next_waits_for;
    assert_eq!(waits_for(), Some(WaitsFor::Handover));
    world.hand_in(&world.worker_on("m1"));
    assert_eq!(waits_for(), Some(WaitsFor::Worker));
    world.tick_well();
    assert_eq!(world.fly.machines_made.get(), 2, "the old machine need not have gone");
    assert_eq!(world.fly.machines.borrow().len(), 2);
}

#[test]
fn d_5_no_other_worker_claims_what_is_being_handed_over() {
    let world = after_an_answer();
    world.hands_in.set(false);
    rounds(&world, 7);
    world.enqueue("c1");
    let other = world.with_cx(|cx| block_on(workers::register(cx, None))).unwrap();
    let claim = || {
        let worker = world.with_cx(|cx| block_on(workers::by_token(cx, &other.token))).unwrap().unwrap();
        world.with_cx(|cx| block_on(queue::claim(cx, &worker, None))).unwrap()
    };
    assert!(claim().is_none());
    world.hand_in(&world.worker_on("m1"));
    assert!(claim().is_some());
}

#[test]
fn a_handover_that_nobody_can_watch_ends_with_its_deadline() {
    let world = after_an_answer();
    world.hands_in.set(false);
    rounds(&world, 7);
    world.enqueue("c1");
    *world.fly.broken.borrow_mut() = Some("GET /machines".to_owned());
    for _ in 0..31 {
        world.tick();
    }
    let other = world.with_cx(|cx| block_on(workers::register(cx, None))).unwrap();
    let worker = world.with_cx(|cx| block_on(workers::by_token(cx, &other.token))).unwrap().unwrap();
    assert!(world.with_cx(|cx| block_on(queue::claim(cx, &worker, Some("c1")))).unwrap().is_some());
}
