use clawstead_operations::secrets::{import_if_new, open, open_or_mint};
use futures::executor::block_on;

use crate::world::World;

#[test]
fn a_secret_that_several_ask_for_at_once_is_minted_once() {
    for lag in 0..8 {
        let world = World::new();
        world.stage().take_turns();
        let (left, right) = (world.cx(), world.cx());
        let late = async {
            world.lag(lag).await;
            open_or_mint(&right, &world.keys, "ref", || "second".to_owned()).await
        };
        let early = open_or_mint(&left, &world.keys, "ref", || "first".to_owned());
        let (first, second) = block_on(async { futures::join!(early, late) });
        assert_eq!(first.unwrap().expose(), second.unwrap().expose(), "{lag}");
        assert_eq!(world.story(), ["SecretImported"], "{lag}");
    }
}

#[test]
fn a_value_that_is_in_force_gets_no_new_version() {
    let world = World::new();
    let versions = ["one", "one", "two", "one"]
        .map(|value| block_on(import_if_new(&world.cx(), &world.keys, "ref", value)).unwrap().version);
    assert_eq!(versions, [1, 1, 2, 3]);
    assert_eq!(block_on(open(&world.cx(), &world.keys, "ref")).unwrap().unwrap().expose(), "one");
}
