//! The weak spots of the scheduler that this one replaces (scheduler-fly.md section 17), as far as no other file shows that one
//! is gone: S-4 is in `trouble`, S-6 in `life`, S-8 in `cap`, D-2, D-3, D-5, D-6 in `handover`, D-4 in `warm`; S-7, S-9, S-11, S-16
//! and D-1 are plans (`crates/domain/tests/plan`).

use clawstead_domain::config::ScalingPolicy;
use clawstead_domain::conversation::Enqueue;
use clawstead_domain::worker::{DrainReason, WorkerEvent};
use clawstead_ledger::Expected;
use clawstead_operations::{OperationError, configs, queue, workers};
use futures::executor::block_on;

use crate::fly::Fault;
use crate::world::World;

fn requested(wanted_for: &str) -> WorkerEvent {
    WorkerEvent::WorkerRequested {
        provider: "fly".to_owned(),
        name: None,
        token_hash: format!("hash of {wanted_for}"),
        app_name: Some("workers".to_owned()),
        region: Some("fra".to_owned()),
        wanted_for: Some(wanted_for.to_owned()),
        conversations_max: 1,
    }
}

fn is_refused(outcome: &Result<(), OperationError>, rule: &str) -> bool {
    matches!(outcome, Err(OperationError::Rule(broken)) if broken == rule)
}

/// S-1: two schedulers each made a worker for the same conversation, and then each worker waited for the other.
#[test]
fn s_1_a_conversation_has_one_worker_whoever_decided_what_on_which_facts() {
    let world = World::new(5);
    world.enqueue("c1");
    world.tick_well();
    let second = world.with_cx(|cx| block_on(cx.append("w2", Expected::Version(0), &[requested("c1")])));
    assert!(is_refused(&second, "conversation_has_a_worker"), "{second:?}");
    for _ in 0..3 {
        world.tick_well();
    }
    world.programs_run();
    assert_eq!((world.done(), world.fly.machines_made.get()), (1, 1));
}

/// S-2: workers of the same millisecond had one id, and the failure of one undid the other.
#[test]
fn s_2_a_failure_undoes_nothing_of_another_worker_of_the_same_instant() {
    let world = World::new(2);
    world.enqueue("c1");
    world.enqueue("c2");
    // GET machines, GET volumes, then a volume and a machine for each.
    world.fly.break_call(3, Fault::Trouble);
    let error = world.tick().kinds["machines"].error.clone().unwrap();
    assert!(error.starts_with("request a worker for "), "{error}");
    assert_eq!(world.count("SELECT count(DISTINCT worker_id) AS n FROM workers"), 2);
    assert_eq!((world.fly.machines.borrow().len(), world.fly.volumes.borrow().len()), (1, 2));
    world.tick_well();
    world.programs_run();
    assert_eq!((world.done(), world.fly.machines_made.get(), world.fly.volumes_made.get()), (2, 2, 2));
}

/// S-3: a worker that claimed while the scheduler was looking was drained all the same.
#[test]
fn s_3_a_worker_that_was_just_given_a_message_is_not_drained_for_having_none() {
    let world = World::new(1);
    world.enqueue("c1");
    world.tick_well();
    world.hangs.set(true);
    world.programs_run();
    let worker = world.worker_on("m1");
    let drain = |reason| WorkerEvent::DrainRequested { reason, deadline_at: world.now() };
    for reason in [DrainReason::Idle, DrainReason::Preempted] {
        let outcome = world.with_cx(|cx| block_on(cx.append(&worker.worker_id, Expected::Any, &[drain(reason)])));
        assert!(is_refused(&outcome, "worker_is_busy"), "{outcome:?}");
    }
    let by_order = world.with_cx(|cx| block_on(cx.append(&worker.worker_id, Expected::Any, &[drain(DrainReason::Operator)])));
    assert!(by_order.is_ok());
}

/// S-5: a step that another run had taken already made the whole run fail.
#[test]
fn s_5_a_worker_that_is_further_on_than_the_plan_knew_is_no_error() {
    let world = World::new(1);
    world.enqueue("c1");
    world.tick_well();
    world.programs_run();
    for _ in 0..6 {
        world.tick_well();
    }
    let worker = world.worker_on("m1");
    // A machine that ended and that somebody takes down while the tick is at Fly.
    let steps = [
        WorkerEvent::DrainRequested { reason: DrainReason::Operator, deadline_at: world.now() },
        WorkerEvent::TeardownStarted {},
        WorkerEvent::MachineGone {},
    ];
    world.with_cx(|cx| block_on(cx.append(&worker.worker_id, Expected::Any, &steps))).unwrap();
    world.fly.wipe();
    for _ in 0..4 {
        world.tick_well();
    }
    assert!(world.is_empty());
}

/// S-10: a worker saw its own messages only among the 25 oldest of all.
#[test]
fn s_10_a_worker_finds_its_conversation_behind_any_number_of_others() {
    let world = World::new(1);
    world.enqueue("mine");
    world.tick_well();
    world.programs_run();
    for number in 0..40 {
        world.enqueue(&format!("other{number}"));
    }
    world.enqueue("mine");
    world.programs_run();
    assert_eq!(world.count("SELECT count(*) AS n FROM messages WHERE conversation_id = 'mine' AND status = 'done'"), 2);
}

/// S-12: nobody looked when a message that was scheduled for later became due.
#[test]
fn s_12_a_message_for_later_gets_its_machine_when_its_time_has_come() {
    let world = World::new(1);
    let later = Enqueue {
        conversation_id: "c1".to_owned(),
        agent_key: "a".to_owned(),
        provider: "api".to_owned(),
        provider_user_id: "u".to_owned(),
        text: "hello".to_owned(),
        scheduled_for: Some(world.now() + 3_600_000),
        ..Enqueue::default()
    };
    world.with_cx(|cx| block_on(queue::enqueue(cx, &later, None))).unwrap();
    for _ in 0..3 {
        world.tick_well();
    }
    assert_eq!(world.fly.machines_made.get(), 0);
    world.pass(3_600_000);
    world.tick_well();
    assert_eq!(world.fly.machines_made.get(), 1);
}

/// S-13: what was configured held for one run.
#[test]
fn s_13_a_policy_holds_until_it_is_changed() {
    let world = World::new(3);
    let policy = ScalingPolicy { machines_max: 3, spawn_step: 3, idle_timeout_ms: 7 * 60_000, ..ScalingPolicy::default() };
    world.set(&policy);
    for conversation in ["c1", "c2", "c3"] {
        world.enqueue(conversation);
        world.tick_well();
        world.programs_run();
    }
    assert_eq!(world.fly.machines.borrow().len(), 3);
    for _ in 0..40 {
        world.tick_well();
        world.programs_run();
    }
    assert_eq!(world.fly.machines.borrow().len(), 3, "idle for less than seven minutes");
    for _ in 0..10 {
        world.tick_well();
        world.programs_run();
    }
    assert_eq!(world.fly.machines.borrow().len(), 0);
    assert_eq!(world.with_cx(|cx| block_on(configs::load(cx))).unwrap().get::<ScalingPolicy>().unwrap(), policy);
}

/// S-14: every message, claim and machine set a timer of its own, and each asked Fly for everything.
#[test]
fn s_14_however_often_ticks_come_fly_is_listed_once_a_second() {
    let world = World::new(1);
    for number in 0..20 {
        world.enqueue(&format!("c{number}"));
    }
    for _ in 0..50 {
        world.pass(20);
        world.try_tick().unwrap();
    }
    let listings = world.fly.calls.borrow().iter().filter(|call| *call == "GET /machines").count();
    assert_eq!(listings, 1);
}

/// S-15: a message that killed its worker was tried for ever.
#[test]
fn s_15_a_message_that_kills_its_workers_is_given_up() {
    let world = World::new(1);
    world.hangs.set(true);
    world.enqueue("c1");
    for _ in 0..500 {
        world.tick_well();
        world.programs_run();
    }
    assert_eq!(world.count("SELECT count(*) AS n FROM messages WHERE status = 'dead_letter'"), 1);
    assert_eq!(world.fly.machines_made.get(), 5, "one for each delivery");
    assert_eq!(world.fly.machines.borrow().len(), 0);
}

/// S-17: whoever called himself a worker became one.
#[test]
fn s_17_and_x_3_nobody_is_a_worker_without_a_token_that_was_minted_for_it() {
    let world = World::new(1);
    world.enqueue("c1");
    world.tick_well();
    let worker = world.worker_on("m1");
    for guess in ["", "cwk_guess", &worker.worker_id, "m1"] {
        assert!(world.with_cx(|cx| block_on(workers::by_token(cx, guess))).unwrap().is_none());
    }
    // And with its own it gets its own conversation only.
    world.enqueue("c2");
    world.with_cx(|cx| block_on(workers::saw(cx, &worker))).unwrap();
    assert!(world.with_cx(|cx| block_on(queue::claim(cx, &worker, Some("c2")))).unwrap().is_none());
    assert!(
        world.with_cx(|cx| block_on(queue::claim(cx, &worker, None))).unwrap().is_some_and(|job| job.conversation_id == "c1")
    );
}

/// S-18: the watch over a lease did not know of its renewals.
#[test]
fn s_18_a_lease_that_is_renewed_is_not_taken_back() {
    let world = World::new(1);
    world.enqueue("c1");
    world.tick_well();
    let worker = world.worker_on("m1");
    world.with_cx(|cx| block_on(workers::saw(cx, &worker))).unwrap();
    let job = world.with_cx(|cx| block_on(queue::claim(cx, &worker, None))).unwrap().unwrap();
    let holder = clawstead_domain::conversation::Ending {
        message_id: &job.message_id,
        lease_id: &job.lease_id,
        worker_id: &worker.worker_id,
    };
    for _ in 0..60 {
        world.with_cx(|cx| block_on(workers::saw(cx, &worker))).unwrap();
        world.with_cx(|cx| block_on(queue::heartbeat(cx, holder))).unwrap();
        world.tick_well();
    }
    assert_eq!(world.count("SELECT count(*) AS n FROM leases"), 1);
    assert_eq!(world.worker_on("m1").state.as_str(), "active");
}

/// S-19: configuration that nothing read was accepted.
#[test]
fn s_19_a_setting_that_nothing_reads_is_refused() {
    for setting in ["queuePerWorkerTarget", "reconcileIntervalMs", "heartbeatIntervalMs"] {
        let policy = format!("{{\"{setting}\": 5}}");
        assert!(serde_json::from_str::<ScalingPolicy>(&policy).is_err(), "{setting}");
    }
}

/// S-20: what was counted as ended had only been asked to end.
#[test]
fn s_20_a_worker_has_stopped_when_nothing_of_it_is_left() {
    let world = World::new(1);
    world.enqueue("c1");
    world.tick_well();
    world.programs_run();
    for _ in 0..20 {
        world.tick_well();
        world.programs_run();
        let stopped = world.count("SELECT count(*) AS n FROM workers WHERE state = 'stopped'");
        let left = world.fly.machines.borrow().len() + world.fly.volumes.borrow().len();
        assert!(stopped == 0 || left == 0, "{:?}", world.worker_events());
    }
    assert!(world.is_empty());
}

/// every machine had the same keys in its environment.
#[test]
fn x_6_a_machine_is_given_its_own_token_and_nothing_secret_that_nobody_configured_for_it() {
    let world = World::new(2);
    for (secret_ref, value) in [("fly.apiToken", "fly-secret"), ("telegram.botToken", "bot-secret"), ("bot", "bot-secret")] {
        world.with_cx(|cx| block_on(clawstead_operations::secrets::import(cx, &world.keys, secret_ref, value))).unwrap();
    }
    world.enqueue("c1");
    world.enqueue("c2");
    world.tick_well();
    let machines = world.fly.machines.borrow();
    let tokens: Vec<_> = machines.iter().map(|machine| machine.config["env"]["CONVEX_URL"].to_string()).collect();
    assert_ne!(tokens[0], tokens[1]);
    for machine in machines.iter() {
        let config = machine.config.to_string();
        assert!(!config.contains("-secret"), "{config}");
        assert_eq!(config.matches("cwk").count(), 1, "one token, its own");
    }
}
