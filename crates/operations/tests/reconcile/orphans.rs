//! What carries our tag and has no owner, and what does not carry it.

use serde_json::json;

use crate::world::{World, ours};

#[test]
fn f_4_a_machine_without_an_owner_is_found_by_the_sweep_and_a_foreign_one_is_left_alone() {
    let world = World::new(1);
    world.fly.plant_machine("lost", &ours("nobody"));
    world.fly.plant_machine("foreign", &json!({ "clawstead_deployment": "another" }));
    world.fly.plant_machine("untagged", &json!({}));
    for _ in 0..70 {
        world.tick_well();
    }
    let left: Vec<_> = world.fly.machines.borrow().iter().map(|machine| machine.id.clone()).collect();
    assert_eq!(left, ["foreign", "untagged"]);
    let listings = world.fly.calls.borrow().iter().filter(|call| *call == "GET /machines").count();
    assert_eq!(listings, 3, "without workers and work, Fly is asked every five minutes");
}
