//! Agent profiles.

use clawstead_domain::agent::Configure;
use clawstead_operations::agents;
use futures::executor::block_on;

use crate::world::{World, code};

#[test]
fn a_partial_change_keeps_the_rest_and_the_same_again_is_no_event() {
    let world = World::new();
    let configure = |version: Option<&str>, enabled| {
        let change = Configure { version: version.map(str::to_owned), enabled, ..Configure::default() };
        let agent = block_on(agents::configure(&world.cx(), "x", &change)).unwrap();
        (agent.version, agent.enabled, agent.stream_version)
    };
    assert_eq!(configure(Some("2.0"), Some(false)), ("2.0".to_owned(), false, 2));
    assert_eq!(configure(None, Some(false)), ("2.0".to_owned(), false, 2));
    assert_eq!(configure(Some("3.0"), None), ("3.0".to_owned(), false, 3));
    assert_eq!(configure(None, Some(true)), ("3.0".to_owned(), true, 4));
}

#[test]
fn agents_are_listed_by_key() {
    let world = World::new();
    let keys = |after: &str| -> Vec<String> {
        block_on(agents::list(&world.cx(), after, 10)).unwrap().into_iter().map(|agent| agent.agent_key).collect()
    };
    assert_eq!((keys(""), keys("a"), keys("b")), (vec!["a".to_owned(), "b".to_owned()], vec!["b".to_owned()], vec![]));
}

#[test]
fn a_key_that_cannot_be_is_refused() {
    let world = World::new();
    assert_eq!(code(block_on(agents::configure(&world.cx(), "a b", &Configure::default()))), "invalid_field");
}
