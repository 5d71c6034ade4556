//! The views of Telegram are made again from the log.

use clawstead_ledger::{Ledger, VIEW_TABLES};
use futures::executor::block_on;

use crate::api::{Api, Trouble};
use crate::desk::{photo, with_ada};
use crate::telegram::{self, ADA, BJORN};
use crate::world::World;

fn rows(world: &World) -> Vec<Vec<String>> {
    VIEW_TABLES.iter().map(|table| world.rows(&format!("SELECT * FROM {table} ORDER BY 1, 2"))).collect()
}

#[test]
fn c27_replaying_the_log_gives_the_same_rows() {
    let (world, api) = (with_ada(), Api::default());
    let group = serde_json::json!({"id": -7, "type": "group"});
    world.policy(&clawstead_domain::config::TelegramPolicy { group_agents: ["default".to_owned()].into(), ..Default::default() });
    api.file("F1", b"pixels");
    world.receive(&photo(1, "F1", 6, Some("one"), Some("album"))).unwrap();
    world.fetch(&api);
    world.receive(&photo(2, "F2", 6, Some("two"), Some("album"))).unwrap();
    world.receive(&telegram::update(3, ADA, &group, "hello")).unwrap();
    world.receive(&telegram::text(4, BJORN, "a stranger")).unwrap();
    world.receive(&telegram::text(5, ADA, "/start WRONGWRONG22")).unwrap();
    api.trouble("sendMessage", Trouble::Wait(9));
    api.trouble("sendMessage", Trouble::No(403));
    world.send(&api);
    world.receive(&telegram::recorded("16-bot-blocked")).unwrap();
    let before = rows(&world);
    assert!(before.iter().filter(|rows| !rows.is_empty()).count() > 10);
    block_on(world.ledger.rebuild("test", world.cx().now, 7, |_| {})).unwrap();
    assert_eq!(rows(&world), before);
    assert!(block_on(Ledger::head(&world.ledger)).unwrap() > 10);
}
