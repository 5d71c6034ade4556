//! One call of a whole life goes wrong; every call in turn, in every way.

use clawstead_domain::config::ScalingPolicy;

use crate::fly::Fault;
use crate::world::{IDLE_MS, World};

/// How a life goes.
#[derive(Debug, Clone, Copy)]
enum Life {
    /// It hands in what it knows.
    Good,
    /// Its machine stops before it handed in, and does so when it is started again.
    Restarted,
    /// It never hands in.
    Abandoned,
}

/// A life with one broken call. Gives whether that call was reached.
fn live_with(life: Life, index: usize, fault: Fault) -> bool {
    let world = World::new(2);
    let policy = ScalingPolicy { machines_max: 2, idle_timeout_ms: IDLE_MS, salvage_ms: 60_000, ..ScalingPolicy::default() };
    world.set(&policy);
    world.hands_in.set(!matches!(life, Life::Abandoned));
    world.fly.break_call(index, fault);
    world.enqueue("c1");
    let mut stops = matches!(life, Life::Restarted);
    let mut quiet = 0;
    for _ in 0..110 {
        world.pass(10_000);
        world.try_tick();
        world.programs_run();
        if stops && world.done() == 1 {
            world.fly.exit("m1");
            stops = false;
        }
        assert!(world.fly.machines.borrow().len() <= 1, "{fault:?} at call {index}: two machines at once");
        quiet = if world.done() == 1 && world.is_empty() { quiet + 1 } else { 0 };
        if quiet == 8 {
            break;
        }
    }
    let calls = world.fly.calls.borrow();
    let about = || format!("{life:?}, {fault:?} at call {index} of {calls:#?}\n{:?}", world.worker_events());
    assert_eq!(world.done(), 1, "{}", about());
    assert!(world.is_empty(), "{}", about());
    assert_eq!((world.fly.machines_made.get(), world.fly.volumes_made.get()), (1, 1), "{}", about());
    let happened = |event: &str| world.worker_events().iter().filter(|known| *known == event).count();
    assert_eq!(happened("WorkerRequested"), 1, "{}", about());
    let (handed_in, given_up) = (happened("SnapshotAccepted"), happened("DrainAbandoned"));
    assert_eq!(given_up, usize::from(matches!(life, Life::Abandoned)), "{}", about());
    assert_eq!(handed_in + given_up, 1, "{}", about());
    index < calls.len()
}

fn live_with_each(life: Life, fault: Fault) {
    let reached = (0..200).take_while(|index| live_with(life, *index, fault)).count();
    assert!(reached >= 20, "only {reached} calls went wrong");
}

#[test]
fn a_lost_reply_makes_no_second_machine_and_leaves_nothing() {
    live_with_each(Life::Good, Fault::LostReply);
}

#[test]
fn f_1_an_error_of_fly_is_never_taken_for_an_absence() {
    live_with_each(Life::Good, Fault::Trouble);
}

#[test]
fn a_reconciler_that_is_killed_after_a_call_is_resumed() {
    live_with_each(Life::Good, Fault::KilledAfter);
}

#[test]
fn a_reconciler_that_is_killed_before_a_call_is_resumed() {
    live_with_each(Life::Good, Fault::KilledBefore);
}

#[test]
fn a_restart_survives_a_lost_reply() {
    live_with_each(Life::Restarted, Fault::LostReply);
}

#[test]
fn a_restart_survives_trouble_of_fly() {
    live_with_each(Life::Restarted, Fault::Trouble);
}

#[test]
fn a_restart_survives_a_kill_after_a_call() {
    live_with_each(Life::Restarted, Fault::KilledAfter);
}

#[test]
fn a_restart_survives_a_kill_before_a_call() {
    live_with_each(Life::Restarted, Fault::KilledBefore);
}

/// Its first and middle part is as in the other lives, and it is long: the calls are those from the deadline on.
fn give_up_with_each(fault: Fault) {
    let world = World::new(2);
    world.hands_in.set(false);
    world.enqueue("c1");
    while !world.worker_events().contains(&"DrainAbandoned".to_owned()) {
        world.pass(10_000);
        world.try_tick();
        world.programs_run();
    }
    let from = world.fly.calls.borrow().len();
    let reached = (from - 2..from + 40).take_while(|index| live_with(Life::Abandoned, *index, fault)).count();
    assert!(reached >= 15, "only {reached} calls went wrong");
}

#[test]
fn giving_up_survives_a_lost_reply() {
    give_up_with_each(Fault::LostReply);
}

#[test]
fn giving_up_survives_trouble_of_fly() {
    give_up_with_each(Fault::Trouble);
}

#[test]
fn giving_up_survives_a_kill_after_a_call() {
    give_up_with_each(Fault::KilledAfter);
}

#[test]
fn giving_up_survives_a_kill_before_a_call() {
    give_up_with_each(Fault::KilledBefore);
}
