//! Profiles and bridges: W-55, W-56.

use clawstead_domain::agent::{BridgeChange, Configure};
use clawstead_operations::queue::{self, BridgeRuntime};
use clawstead_operations::{agents, secrets};
use clawstead_vault::KeyRing;
use futures::executor::block_on;

use crate::world::World;

fn keys() -> KeyRing {
    KeyRing::parse("k:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
}

fn change(world: &World, bridge: &str) {
    let bridge: BridgeChange = serde_json::from_str(bridge).unwrap();
    let change = Configure { bridge: Some(Some(bridge)), ..Configure::default() };
    block_on(agents::configure(&world.cx(), "a", &change)).unwrap();
}

fn import(world: &World, secret_ref: &str, value: &str) {
    block_on(secrets::import(&world.cx(), &keys(), secret_ref, value)).unwrap();
}

fn resolved(world: &World) -> Option<BridgeRuntime> {
    let agent = block_on(agents::find(&world.cx(), "a")).unwrap().unwrap();
    block_on(queue::resolve_bridge(&world.cx(), &keys(), &agent, Some("9".to_owned()))).unwrap()
}

#[test]
fn w55_a_partial_update_keeps_the_rest_and_null_takes_away() {
    let world = World::new();
    change(&world, r#"{"enabled": true, "base_url": "https://app.test", "app_key": "shop"}"#);
    let other = Configure { version: Some("2".to_owned()), ..Configure::default() };
    block_on(agents::configure(&world.cx(), "a", &other)).unwrap();
    change(&world, r#"{"service_id": "s", "app_key": null}"#);
    let bridge = resolved(&world).unwrap();
    assert_eq!(bridge.base_url.as_deref(), Some("https://app.test"));
    assert_eq!((bridge.service_id.as_deref(), bridge.app_key), (Some("s"), None));
}

#[test]
fn w56_the_profile_wins_over_the_agents_secret_and_that_over_the_global_one() {
    let world = World::new();
    change(&world, r#"{"enabled": true}"#);
    let base_url = |world: &World| resolved(world).unwrap().base_url;
    assert_eq!(base_url(&world), None);
    import(&world, "agent-bridge.baseUrl", "https://global.test");
    assert_eq!(base_url(&world).as_deref(), Some("https://global.test"));
    import(&world, "agent-bridge.baseUrl.a", "https://agent.test");
    import(&world, "agent-bridge.baseUrl.b", "https://other-agent.test");
    assert_eq!(base_url(&world).as_deref(), Some("https://agent.test"));
    change(&world, r#"{"base_url": "https://profile.test"}"#);
    assert_eq!(base_url(&world).as_deref(), Some("https://profile.test"));
    change(&world, r#"{"base_url": "  "}"#);
    assert_eq!(base_url(&world).as_deref(), Some("https://agent.test"), "blank is absent");
}

#[test]
fn w56_the_key_comes_with_the_ref_it_was_found_under() {
    let world = World::new();
    change(&world, r#"{"enabled": true, "service_key_ref": "shop.key"}"#);
    import(&world, "agent-bridge.serviceKey", "global");
    let key = |world: &World| {
        let bridge = resolved(world).unwrap();
        (bridge.service_key_ref.unwrap(), bridge.service_key.unwrap().expose().clone())
    };
    assert_eq!(key(&world), ("agent-bridge.serviceKey".to_owned(), "global".to_owned()), "the named one is not there");
    import(&world, "shop.key", "own");
    assert_eq!(key(&world), ("shop.key".to_owned(), "own".to_owned()));
}

#[test]
fn w56_a_bridge_that_is_off_gives_nothing() {
    let world = World::new();
    import(&world, "agent-bridge.serviceKey", "global");
    assert!(resolved(&world).is_none());
    change(&world, r#"{"enabled": false, "base_url": "https://app.test"}"#);
    assert!(resolved(&world).is_none());
}
