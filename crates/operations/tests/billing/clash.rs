//! Two deployments that share a name and an app by mistake.

use clawstead_fly::volume_name;
use serde_json::json;

use super::volumes::plant;
use crate::world::{DEPLOYMENT, World};

#[test]
fn what_another_log_knows_is_told_of_and_never_removed() {
    let world = World::new(1);
    let theirs = json!({ "clawstead_deployment": DEPLOYMENT, "clawstead_log": "another", "clawstead_worker": "w" });
    world.fly.plant_machine("theirs", &theirs);
    let volume = plant(&world, &volume_name(DEPLOYMENT, "w"));
    world.enqueue("c1");
    let mut told = String::new();
    for _ in 0..70 {
        told = world.tick().kinds["machines"].error.clone().unwrap_or(told);
        world.programs_run();
    }
    assert!(told.starts_with("machine theirs in workers carries the name of this deployment"), "{told}");
    assert_eq!(world.done(), 1, "our own work goes on");
    world.pass(2 * 86_400_000);
    world.tick();
    assert_eq!(world.fly.machines.borrow().iter().map(|one| one.id.clone()).collect::<Vec<_>>(), ["theirs"]);
    assert_eq!(world.fly.volumes.borrow().iter().map(|one| one.id.clone()).collect::<Vec<_>>(), [volume]);
}

#[test]
fn our_machines_carry_the_name_of_our_log() {
    let world = World::new(1);
    world.enqueue("c1");
    world.tick_well();
    let tag = world.fly.machines.borrow()[0].config["metadata"]["clawstead_log"].clone();
    assert_eq!(tag.as_str().map(str::len), Some(20), "{tag}");
}
