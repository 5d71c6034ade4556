//! Fly refuses, or is not there.

use clawstead_domain::config::ProviderPolicy;

use crate::world::World;

fn error_of(world: &World) -> String {
    world.tick().kinds["machines"].error.clone().expect("there is trouble")
}

#[test]
fn without_a_token_nothing_is_half_done_and_the_report_says_why() {
    let world = World::new(1);
    world.enqueue("c1");
    for token in ["", "not good"] {
        world.token.set(token);
        assert!(error_of(&world).starts_with("list workers: fly:"), "{}", error_of(&world));
    }
    assert!(error_of(&world).contains("401"));
    assert!(world.worker_events().is_empty());
    assert_eq!(world.count("SELECT count(*) AS n FROM sealed_secrets"), 0);
    world.token.set(crate::fly::TOKEN);
    assert_eq!(world.tick_well(), 1);
}

#[test]
fn an_app_that_does_not_exist_is_told_of_and_nothing_is_asked_for() {
    let world = World::new(1);
    world.set(&ProviderPolicy {
        kind: "fly".to_owned(),
        app_name: "typo".to_owned(),
        image: format!("i@sha256:{}", "0".repeat(64)),
        regions: vec!["fra".to_owned()],
        ..ProviderPolicy::default()
    });
    world.enqueue("c1");
    assert_eq!(error_of(&world), "list typo: there is no such app");
    assert!(world.worker_events().is_empty());
}

#[test]
fn a_404_is_success_when_something_should_go() {
    let world = World::new(1);
    world.enqueue("c1");
    world.tick_well();
    world.programs_run();
    world.fly.wipe();
    for _ in 0..50 {
        world.tick_well();
    }
    assert!(world.is_empty());
    assert_eq!(world.fly.machines_made.get(), 1);
}

#[test]
fn s_4_one_that_cannot_be_removed_does_not_hold_up_the_others() {
    let world = World::new(2);
    world.enqueue("c1");
    world.enqueue("c2");
    world.tick_well();
    world.programs_run();
    *world.fly.broken.borrow_mut() = Some("DELETE /machines/m1".to_owned());
    let mut told = String::new();
    for _ in 0..25 {
        told = world.tick().kinds["machines"].error.clone().unwrap_or_default();
        world.programs_run();
    }
    assert!(told.starts_with("delete machine m1 of "), "{told}");
    let left: Vec<_> = world.fly.machines.borrow().iter().map(|machine| machine.id.clone()).collect();
    assert_eq!(left, ["m1"]);
    assert_eq!(world.count("SELECT count(*) AS n FROM workers WHERE state = 'stopped'"), 1);
    *world.fly.broken.borrow_mut() = None;
    for _ in 0..8 {
        world.tick_well();
    }
    assert!(world.is_empty());
}

#[test]
fn while_fly_cannot_be_listed_nothing_is_made_or_removed() {
    let world = World::new(2);
    world.enqueue("c1");
    world.tick_well();
    *world.fly.broken.borrow_mut() = Some("GET /machines".to_owned());
    world.enqueue("c2");
    let before = world.fly.calls.borrow().len();
    assert!(error_of(&world).contains("list workers"));
    let calls: Vec<_> = world.fly.calls.borrow()[before..].to_vec();
    assert_eq!(calls, ["GET /machines"], "one listing a tick, and nothing else");
}
