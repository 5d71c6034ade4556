//! Images that die whenever they are started.

use clawstead_domain::config::{ProviderPolicy, ScalingPolicy};
use clawstead_operations::{configs, stats};
use futures::executor::block_on;

use crate::world::{IDLE_MS, World};

/// A tick; then every machine that runs ends before it called.
fn tick_and_die(world: &World) -> Option<String> {
    let error = world.tick().kinds["machines"].error.clone();
    let running: Vec<String> = world.fly.machines.borrow().iter().map(|machine| machine.id.clone()).collect();
    running.iter().for_each(|id| world.fly.exit(id));
    error
}

fn failed_boots(world: &World) -> Vec<i64> {
    let stats = world.with_cx(|cx| block_on(stats::read(cx))).unwrap();
    stats.workers.failed_boots.into_values().collect()
}

#[test]
fn an_image_that_dies_at_every_boot_is_tried_less_and_less_often_until_another_one_comes_up() {
    let world = World::new(4);
    world.set(&ScalingPolicy { machines_max: 4, spawn_step: 2, idle_timeout_ms: IDLE_MS, ..ScalingPolicy::default() });
    world.enqueue("c1");
    world.enqueue("c2");
    let told: Vec<String> = (0..180).filter_map(|_| tick_and_die(&world)).collect();
    let made = world.fly.machines_made.get();
    assert!((6..=12).contains(&made), "{made} machines in half an hour");
    assert!(told.iter().any(|error| error.contains("5 in a row did not come up")), "{told:?}");
    assert!(failed_boots(&world)[0] >= 5, "{:?}", failed_boots(&world));
    assert!(world.fly.machines.borrow().len() <= 2, "what died is removed");

    let provider: ProviderPolicy = world.with_cx(|cx| block_on(configs::load(cx)).unwrap().get().unwrap());
    world.set(&ProviderPolicy { image: format!("registry.test/worker@sha256:{}", "1".repeat(64)), ..provider });
    assert_eq!(failed_boots(&world), [0; 0], "another image has its chance at once");
    for _ in 0..4 {
        world.tick_well();
        world.programs_run();
    }
    assert_eq!(world.done(), 2);
}

#[test]
fn one_that_comes_up_ends_the_row() {
    let world = World::new(2);
    world.enqueue("c1");
    for _ in 0..9 {
        tick_and_die(&world);
    }
    assert!(failed_boots(&world)[0] >= 2);
    for _ in 0..20 {
        world.tick();
        world.programs_run();
    }
    assert_eq!(world.done(), 1);
    assert_eq!(failed_boots(&world), [0; 0]);
}
