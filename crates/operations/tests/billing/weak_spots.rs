//! Machines, volumes and money: the weak spots of what people use today (scheduler-fly.md section 17.2), each shown to be gone.

use clawstead_domain::config::ProviderPolicy;

use crate::fly::Fault;
use crate::world::World;

/// The calls of a first tick with one message: two listings, then these.
const CREATE_VOLUME: usize = 2;
const CREATE_MACHINE: usize = 3;

/// Ticks and lets programs run until nothing is left of anything; gives the errors that were told.
fn run_out(world: &World) -> Vec<String> {
    let mut errors = Vec::new();
    for _ in 0..60 {
        errors.extend(world.tick().kinds["machines"].error.clone());
        world.programs_run();
    }
    assert!(world.is_empty(), "{:?} {errors:?}", world.worker_events());
    errors
}

#[test]
fn f3_a_machine_whose_creation_was_never_answered_is_adopted_and_removed_like_any_other() {
    for fault in [Fault::LostReply, Fault::KilledAfter] {
        let world = World::new(1);
        world.enqueue("c1");
        world.fly.break_call(CREATE_MACHINE, fault);
        world.pass(10_000);
        let _ = world.try_tick();
        assert_eq!(world.count("SELECT count(*) AS n FROM workers WHERE machine_id IS NOT NULL"), 0, "nobody was told");
        world.pass(60_000);
        world.tick_well();
        assert_eq!(world.count("SELECT count(*) AS n FROM workers WHERE machine_id = 'm1'"), 1);
        run_out(&world);
        assert_eq!((world.done(), world.fly.machines_made.get()), (1, 1));
    }
}

#[test]
fn f5_a_volume_whose_creation_was_never_answered_is_adopted_too() {
    for fault in [Fault::LostReply, Fault::KilledAfter] {
        let world = World::new(1);
        world.enqueue("c1");
        world.fly.break_call(CREATE_VOLUME, fault);
        world.pass(10_000);
        let _ = world.try_tick();
        assert_eq!((world.fly.volumes_made.get(), world.fly.machines_made.get()), (1, 0));
        world.pass(60_000);
        run_out(&world);
        assert_eq!((world.done(), world.fly.volumes_made.get(), world.fly.machines_made.get()), (1, 1, 1));
    }
}

#[test]
fn f6_when_the_app_is_changed_what_is_in_the_old_one_is_drained_and_removed() {
    let world = World::new(1);
    world.enqueue("c1");
    world.tick_well();
    world.programs_run();
    let policy = world.with_cx(|cx| futures::executor::block_on(clawstead_operations::configs::load(cx))).unwrap();
    let policy = policy.get::<ProviderPolicy>().unwrap();
    world.set(&ProviderPolicy { app_name: "another".to_owned(), ..policy });
    run_out(&world);
    assert_eq!(world.count("SELECT count(*) AS n FROM workers WHERE app_name = 'workers' AND drain_reason = 'operator'"), 1);
}

#[test]
fn f7_f8_a_teardown_stops_waits_deletes_and_takes_a_volume_that_is_still_bound_for_a_matter_of_time() {
    let world = World::new(1);
    world.enqueue("c1");
    world.tick_well();
    world.programs_run();
    assert_eq!(run_out(&world), [""; 0], "nothing of that is an error");
    let calls = world.fly.calls.borrow();
    let at = |call: &str| calls.iter().position(|one| one == call);
    let volume_deletes = calls.iter().filter(|call| *call == "DELETE /volumes/vol_1").count();
    assert!(volume_deletes > 1, "it was bound at first, and asked for again");
    assert!(at("DELETE /machines/m1") < at("DELETE /volumes/vol_1"), "{calls:?}");
    assert_eq!(calls.iter().filter(|call| *call == "DELETE /machines/m1").count(), 1, "not before it had stopped: {calls:?}");
}
