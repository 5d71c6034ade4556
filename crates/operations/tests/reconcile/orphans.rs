//! What carries our tag and has no owner, and what does not carry it.

use clawstead_operations::tick;
use futures::executor::block_on;
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

#[test]
fn what_belongs_to_no_worker_can_be_read_and_when_it_goes() {
    let world = World::new(1);
    world.enqueue("c1");
    world.tick_well();
    world.fly.plant_machine("lost", &ours("nobody"));
    world.fly.plant_machine("foreign", &json!({}));
    let page = |after: &str, limit| {
        let report = world.with_cx(|cx| block_on(tick::report_unowned(cx, &world.outside(), after, limit))).unwrap();
        assert!(report.errors.is_empty());
        report.unowned
    };
    let found = page("", 10);
    let told: Vec<_> = found.iter().map(|one| (one.id.as_str(), one.is_ours, one.removed_from)).collect();
    assert_eq!(told, [("foreign", false, None), ("lost", true, Some(world.now() + 300_000))]);
    assert_eq!((page("", 1).len(), page("foreign", 10).len(), page("lost", 10).len()), (1, 1, 0));
    assert_eq!(world.fly.machines.borrow().len(), 3, "nothing is touched");
}
