//! One call of a whole life goes wrong; every call in turn, in every way.

use crate::fly::Fault;
use crate::world::World;

/// A life with one broken call. Gives whether that call was reached.
fn live_with(index: usize, fault: Fault) -> bool {
    let world = World::new(2);
    world.fly.break_call(index, fault);
    world.enqueue("c1");
    for _ in 0..90 {
        world.pass(10_000);
        world.try_tick();
        world.programs_run();
        assert!(world.fly.machines.borrow().len() <= 1, "{fault:?} at call {index}: two machines at once");
    }
    let calls = world.fly.calls.borrow();
    let about = || format!("{fault:?} at call {index} of {calls:#?}\n{:?}", world.worker_events());
    assert_eq!(world.done(), 1, "{}", about());
    assert!(world.is_empty(), "{}", about());
    assert_eq!((world.fly.machines_made.get(), world.fly.volumes_made.get()), (1, 1), "{}", about());
    let requested = world.worker_events().iter().filter(|event| *event == "WorkerRequested").count();
    assert_eq!(requested, 1, "{}", about());
    index < calls.len()
}

fn live_with_each(fault: Fault) {
    let reached = (0..60).take_while(|index| live_with(*index, fault)).count();
    assert!(reached >= 20, "only {reached} calls went wrong");
}

#[test]
fn a_lost_reply_makes_no_second_machine_and_leaves_nothing() {
    live_with_each(Fault::LostReply);
}

#[test]
fn f_1_an_error_of_fly_is_never_taken_for_an_absence() {
    live_with_each(Fault::Trouble);
}

#[test]
fn a_reconciler_that_is_killed_after_a_call_is_resumed() {
    live_with_each(Fault::KilledAfter);
}

#[test]
fn a_reconciler_that_is_killed_before_a_call_is_resumed() {
    live_with_each(Fault::KilledBefore);
}
