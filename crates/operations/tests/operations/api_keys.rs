//! Keys of consumer apps.

use clawstead_domain::api_key::{Reach, Scope};
use clawstead_operations::api_keys;
use futures::executor::block_on;

use crate::world::{World, code};

#[test]
fn a_key_is_found_by_its_value_until_it_is_revoked() {
    let world = World::new();
    let made = block_on(api_keys::create(&world.cx(), "shop", vec![Scope::Messages, Scope::Stats], Reach::default())).unwrap();
    let found = block_on(api_keys::find(&world.cx(), &made.key)).unwrap().unwrap();
    assert_eq!((found.key_id.as_str(), found.name.as_str()), (made.key_id.as_str(), "shop"));
    assert_eq!(found.scopes, [Scope::Messages, Scope::Stats]);
    assert_eq!(block_on(api_keys::find(&world.cx(), &format!("{}x", made.key))).unwrap(), None);
    for _ in 0..2 {
        block_on(api_keys::revoke(&world.cx(), &made.key_id)).unwrap();
        assert_eq!(block_on(api_keys::find(&world.cx(), &made.key)).unwrap(), None);
    }
    let listed = block_on(api_keys::list(&world.cx(), "", 10)).unwrap();
    assert_eq!(listed[0].revoked_at, Some(world.now()));
    assert_eq!(world.rows("SELECT 1 FROM events WHERE type = 'ApiKeyRevoked'").len(), 1);
}

#[test]
fn the_value_of_a_key_is_not_kept() {
    let world = World::new();
    let made = block_on(api_keys::create(&world.cx(), "shop", vec![Scope::Messages], Reach::default())).unwrap();
    let everything = world.rows("SELECT data, meta FROM events").join(" ") + &world.views().join(" ");
    assert!(everything.contains("shop"));
    assert!(!everything.contains(&made.key));
}

#[test]
fn what_cannot_be_is_refused() {
    let world = World::new();
    assert_eq!(code(block_on(api_keys::create(&world.cx(), "shop", vec![], Reach::default()))), "invalid_field");
    assert_eq!(code(block_on(api_keys::create(&world.cx(), " ", vec![Scope::Stats], Reach::default()))), "invalid_field");
    assert_eq!(code(block_on(api_keys::revoke(&world.cx(), "nothing"))), "api_key_not_found");
}

#[test]
fn keys_are_listed_by_id_a_page_at_a_time() {
    let world = World::new();
    let made: Vec<_> = (0..5)
        .map(|n| {
            world.pass(1);
            block_on(api_keys::create(&world.cx(), &format!("app {n}"), vec![Scope::Stats], Reach::default())).unwrap().key_id
        })
        .collect();
    let first = block_on(api_keys::list(&world.cx(), "", 3)).unwrap();
    let rest = block_on(api_keys::list(&world.cx(), &first[2].key_id, 3)).unwrap();
    let listed: Vec<_> = first.iter().chain(&rest).map(|key| key.key_id.clone()).collect();
    assert_eq!(listed, made);
}
