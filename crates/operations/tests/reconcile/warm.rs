//! Machines that wait for conversations that are new.

use clawstead_domain::config::ScalingPolicy;

use crate::world::{IDLE_MS, World};

fn with_a_pool() -> World {
    let world = World::new(3);
    let policy =
        ScalingPolicy { machines_max: 3, warm_workers: 1, spawn_step: 3, idle_timeout_ms: IDLE_MS, ..ScalingPolicy::default() };
    world.set(&policy);
    world.tick_well();
    world.programs_run();
    assert_eq!(world.fly.machines.borrow().len(), 1);
    world
}

#[test]
fn a_new_conversation_is_answered_by_the_machine_that_waited_and_the_pool_is_filled_again() {
    let world = with_a_pool();
    world.enqueue("c1");
    world.programs_run();
    assert_eq!(world.done(), 0, "it takes only what it is given");
    world.tick_well();
    world.programs_run();
    assert_eq!(world.done(), 1);
    assert_eq!(world.fly.machines.borrow().len(), 2);
    for _ in 0..30 {
        world.tick_well();
        world.programs_run();
    }
    assert_eq!(world.fly.machines.borrow().len(), 1, "one waits, however long; the other was idle");
}

#[test]
fn d_4_a_conversation_with_a_memory_is_not_given_to_a_machine_that_has_started_without_it() {
    let world = with_a_pool();
    world.enqueue("c1");
    for _ in 0..20 {
        world.tick_well();
        world.programs_run();
    }
    assert_eq!(world.count("SELECT count(*) AS n FROM snapshots WHERE status = 'ready'"), 1);
    let made = world.fly.machines_made.get();
    world.enqueue("c1");
    world.tick_well();
    world.programs_run();
    assert_eq!((world.done(), world.fly.machines_made.get()), (2, made + 1));
}

#[test]
fn an_image_whose_workers_take_anything_needs_fewer_machines() {
    let world = World::new(3);
    world.set(&ScalingPolicy { machines_max: 3, conversations_per_worker: 3, spawn_step: 3, ..ScalingPolicy::default() });
    for conversation in ["c1", "c2", "c3", "c4"] {
        world.enqueue(conversation);
    }
    world.tick_well();
    assert_eq!(world.fly.machines_made.get(), 2);
    for _ in 0..3 {
        world.programs_run();
    }
    assert_eq!(world.done(), 4);
}
