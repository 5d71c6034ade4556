//! Policies.

use clawstead_domain::config::{LeasePolicy, ProviderPolicy, QueuePolicy, RetryPolicy};
use clawstead_operations::{OperationError, configs};
use futures::executor::block_on;

use crate::world::{World, code};

#[test]
fn what_was_never_set_has_its_default() {
    let world = World::new();
    let policies = block_on(configs::load(&world.cx())).unwrap();
    assert_eq!(policies.get::<LeasePolicy>().unwrap(), LeasePolicy::default());
}

#[test]
fn setting_the_same_again_is_no_event() {
    let world = World::new();
    let short = LeasePolicy { lease_ms: 5_000, ..LeasePolicy::default() };
    let long = LeasePolicy { lease_ms: 50_000, ..LeasePolicy::default() };
    for policy in [short, short, long, short] {
        block_on(configs::set(&world.cx(), &policy)).unwrap();
        assert_eq!(block_on(configs::load(&world.cx())).unwrap().get::<LeasePolicy>().unwrap(), policy);
    }
    assert_eq!(world.rows("SELECT 1 FROM events WHERE type = 'ConfigChanged'").len(), 3);
    assert_eq!(block_on(configs::load(&world.cx())).unwrap().get::<RetryPolicy>().unwrap(), RetryPolicy::default());
}

#[test]
fn a_policy_that_cannot_be_is_refused() {
    let world = World::new();
    let never = QueuePolicy { default_priority: 101, ..QueuePolicy::default() };
    assert_eq!(code(block_on(configs::set(&world.cx(), &never))), "invalid_field");
    assert_eq!(world.rows("SELECT * FROM configs"), Vec::<String>::new());
}

#[test]
fn a_policy_of_another_release_is_an_error_and_not_a_default() {
    let world = World::new();
    block_on(configs::set(&world.cx(), &LeasePolicy::default())).unwrap();
    world.rows(r#"UPDATE configs SET value = '{"lease_years": 1}'"#);
    let policies = block_on(configs::load(&world.cx())).unwrap();
    assert!(matches!(policies.get::<LeasePolicy>(), Err(OperationError::Unexpected(_))));
    assert!(policies.get::<QueuePolicy>().is_ok());
}

#[test]
fn s21_a_provider_that_nobody_has_written_is_refused_when_it_is_configured() {
    let world = World::new();
    for kind in ["runpod", "ecs", "Fly", " fly"] {
        let policy = ProviderPolicy {
            kind: kind.to_owned(),
            app_name: "workers".to_owned(),
            image: format!("i@sha256:{}", "0".repeat(64)),
            regions: vec!["fra".to_owned()],
            ..ProviderPolicy::default()
        };
        assert_eq!(code(block_on(configs::set(&world.cx(), &policy))), "invalid_field", "{kind}");
    }
    assert_eq!(world.rows("SELECT * FROM configs"), Vec::<String>::new());
}
