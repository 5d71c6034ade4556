//! The views of Telegram are made again from the log, and found along an index.

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

#[test]
fn no_statement_walks_along_a_whole_table() {
    let world = with_ada();
    for sql in [
        "SELECT reply_id FROM outbox_chats WHERE due_at <= 1 ORDER BY due_at LIMIT 16",
        "SELECT o.reply_id FROM outbox_chats c JOIN outbox o ON o.reply_id = c.reply_id JOIN events e ON e.position = o.position \
         WHERE c.reply_id = 'r' AND c.due_at <= 1",
        "SELECT reply_id FROM outbox_chats WHERE bot_id = '1' AND chat_id = '2' AND due_at <= 3",
        "SELECT bot_id FROM bindings WHERE conversation_id = 'c' AND active_telegram_user_id IS NOT NULL LIMIT 1",
        "SELECT bot_id, chat_id FROM chats WHERE conversation_id = 'c'",
        "SELECT conversation_id FROM chats WHERE bot_id = '1' AND chat_id = '2' AND agent_key = 'a'",
        "SELECT chat_key FROM chats WHERE bot_id = '1' AND chat_id = '2'",
        "SELECT message_id FROM message_files WHERE due_at <= 1 ORDER BY due_at LIMIT 4",
        "SELECT a.message_id FROM albums a JOIN messages m ON m.message_id = a.message_id \
         WHERE a.conversation_id = 'c' AND a.album_id = 'x' AND m.status = 'queued' AND m.deliveries = 0",
        "SELECT count(f.due_at), max(f.give_up_at) FROM message_files f WHERE f.message_id = 'm'",
        "SELECT 1 FROM leases WHERE message_id = 'm' AND lease_id = 'l'",
    ] {
        let plan = world.rows(&format!("EXPLAIN QUERY PLAN {sql}")).join("\n");
        assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
    }
}
