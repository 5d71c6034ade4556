//! How many machines there are.

use clawstead_domain::config::{ProviderPolicy, ScalingPolicy};
use clawstead_operations::configs;
use futures::executor::block_on;

use crate::world::{IDLE_MS, World};

#[test]
fn never_more_machines_than_the_cap_and_everybody_is_served() {
    let world = World::new(3);
    for number in 0..10 {
        world.enqueue(&format!("c{number}"));
    }
    let mut most = 0;
    for _ in 0..150 {
        world.tick_well();
        most = most.max(world.fly.machines.borrow().len());
        world.programs_run();
    }
    assert_eq!(most, 3);
    assert_eq!(world.done(), 10);
    assert!(world.is_empty());
}

#[test]
fn a_worker_that_rests_makes_room_long_before_it_is_idle() {
    let world = World::new(1);
    world.set(&ScalingPolicy { machines_max: 1, idle_timeout_ms: 1_000 * IDLE_MS, ..ScalingPolicy::default() });
    world.enqueue("c1");
    world.tick_well();
    world.programs_run();
    world.enqueue("c2");
    for _ in 0..12 {
        world.tick_well();
        world.programs_run();
    }
    assert_eq!(world.done(), 2);
    assert_eq!(world.fly.machines.borrow().len(), 1);
}

#[test]
fn with_a_cap_of_none_nothing_is_made() {
    let world = World::new(0);
    world.enqueue("c1");
    world.tick_well();
    assert!(world.worker_events().is_empty());
}

#[test]
fn an_agent_without_a_bot_is_no_reason_for_a_machine_whose_worker_needs_one() {
    let world = World::new(3);
    world.enqueue_for("b", "c1");
    for _ in 0..3 {
        world.tick_well();
    }
    assert_eq!(world.fly.machines.borrow().len(), 0);
    let provider = world.with_cx(|cx| block_on(configs::load(cx)).unwrap().get::<ProviderPolicy>().unwrap());
    world.set(&ProviderPolicy { needs_bot: false, ..provider });
    world.tick_well();
    assert_eq!(world.fly.machines.borrow().len(), 1);
}
