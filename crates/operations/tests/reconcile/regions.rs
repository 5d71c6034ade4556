//! Regions without room.

use clawstead_domain::config::ProviderPolicy;
use clawstead_operations::configs;
use futures::executor::block_on;

use crate::world::World;

fn with_two_regions() -> World {
    let world = World::new(1);
    let provider: ProviderPolicy = world.with_cx(|cx| block_on(configs::load(cx)).unwrap().get().unwrap());
    world.set(&ProviderPolicy { regions: vec!["fra".to_owned(), "ams".to_owned()], ..provider });
    world.enqueue("c1");
    world
}

fn region_of_the_machine(world: &World) -> String {
    let rows = world.with_cx(|cx| block_on(cx.sql("SELECT region FROM workers WHERE state = 'requested'", &[]))).unwrap();
    rows.first().unwrap().text("region").unwrap()
}

#[test]
fn a_region_that_has_no_room_for_the_volume_is_passed_over() {
    let world = with_two_regions();
    world.fly.full.borrow_mut().push("volumes fra".to_owned());
    let error = world.tick().kinds["machines"].error.clone().unwrap();
    assert!(error.contains("Capacity"), "{error}");
    for _ in 0..3 {
        world.tick_well();
    }
    assert_eq!(region_of_the_machine(&world), "ams");
    assert_eq!((world.fly.machines_made.get(), world.fly.volumes_made.get()), (1, 1));
}

#[test]
fn a_region_that_has_no_room_for_the_machine_is_left_with_nothing() {
    let world = with_two_regions();
    world.fly.full.borrow_mut().push("machines fra".to_owned());
    world.tick();
    assert_eq!(world.fly.volumes.borrow().len(), 1);
    for _ in 0..6 {
        world.tick_well();
        world.programs_run();
    }
    assert_eq!(world.done(), 1);
    assert_eq!(world.fly.volumes.borrow().len(), 1, "the volume of the first try is gone");
    assert_eq!(world.count("SELECT count(*) AS n FROM workers WHERE drain_reason = 'no_capacity'"), 1);
}

#[test]
fn when_no_region_has_room_they_are_asked_less_and_less_often_and_every_minute_at_least() {
    let world = with_two_regions();
    world.fly.full.borrow_mut().extend(["volumes fra".to_owned(), "volumes ams".to_owned()]);
    for _ in 0..30 {
        world.tick();
    }
    let tries = world.fly.calls.borrow().iter().filter(|call| *call == "POST /volumes").count();
    assert!((10..=18).contains(&tries), "{tries} tries in five minutes");
    world.fly.full.borrow_mut().clear();
    for _ in 0..8 {
        world.tick();
        world.programs_run();
    }
    assert_eq!(world.done(), 1);
}
