//! One of everything that goes on between Telegram and us.

use clawstead_domain::agent::AgentEvent;
use clawstead_domain::binding::{Account, Bind};
use clawstead_domain::config::TelegramPolicy;
use clawstead_domain::outbox::Format;
use clawstead_ledger::Expected;
use clawstead_operations::files::SqliteStore;
use clawstead_operations::ingress::{self, IngressBot, Outcome, UpdateCount};
use clawstead_operations::outbox::{self, Reply, TelegramApi};
use clawstead_operations::workers::Worker;
use clawstead_operations::{Cx, OperationError, agents, bindings, bots, configs, queue, secrets, workers};
use clawstead_transport::{Matcher, ScriptedTransport};
use clawstead_vault::KeyRing;
use serde_json::{Value, json};

use crate::recording::Recording;

const AGENT: &str = "chatty";
const BOT: &str = "77";
const ADA: i64 = 5_551_234_001;

/// Updates of every sort, their files, what people are told, and a worker's replies.
pub(crate) async fn telegram(cx: &Cx<'_, Recording>, keys: &KeyRing) -> Result<(), OperationError> {
    agents::configure(cx, AGENT, &clawstead_domain::agent::Configure::default()).await?;
    let token_ref = clawstead_domain::bot::token_ref(BOT);
    secrets::import(cx, keys, &token_ref, "77:AAtoken").await?;
    let linked = AgentEvent::BotLinked { bot_id: BOT.into(), username: "chatty_bot".into(), token_ref };
    cx.append(AGENT, Expected::Any, &[linked]).await?;
    let account = Account { bot_id: BOT.into(), telegram_user_id: ADA.to_string(), telegram_chat_id: ADA.to_string() };
    let ada = Bind { consumer_user_id: "ada".into(), agent_key: AGENT.into(), account: Some(account), ..Bind::default() };
    bindings::make(cx, &ada, None).await?;
    let policy = TelegramPolicy {
        group_agents: [AGENT.to_owned()].into(),
        stranger_agents: [(AGENT.to_owned(), AGENT.to_owned())].into(),
        ..TelegramPolicy::default()
    };
    configs::set(cx, &policy).await?;
    updates(cx).await?;
    let api = telegram_that_does_everything();
    let clock = || cx.now;
    let to = TelegramApi { transport: &api, api_url: "https://telegram.test", keys, clock: &clock };
    ingress::fetch_due(cx, &to, &SqliteStore(cx.ledger), i64::MAX).await?;
    replies(cx).await?;
    outbox::send_due(cx, &to, i64::MAX).await?;
    outbox::stats(cx).await?;
    bots::unlink(cx, AGENT).await?;
    bindings::revoke_of_bot(cx, BOT, "test", 10).await?;
    bindings::settle_due(cx, 10).await.map(drop)
}

async fn updates(cx: &Cx<'_, Recording>) -> Result<(), OperationError> {
    let bot = IngressBot { bot_id: BOT.into(), agent_key: AGENT.into(), username: "chatty_bot".into() };
    let private = json!({"id": ADA, "type": "private"});
    let of = |chat: &Value, from: i64, rest: Value| {
        let mut message = json!({"date": 1, "chat": chat, "from": {"id": from, "is_bot": false, "first_name": "A"}});
        message.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        message
    };
    let photo = |id: i64, album: Value| json!({"message_id": id, "photo": [{"file_id": format!("F{id}"), "file_size": 6}], "media_group_id": album});
    let stranger = json!({"id": 9, "type": "private"});
    let group = json!({"id": -9, "type": "group"});
    let standing = |status: &str| {
        let member = |status: &str| json!({"user": {"id": 77, "is_bot": true, "first_name": "B"}, "status": status});
        json!({"chat": private, "from": {"id": ADA, "is_bot": false, "first_name": "A"}, "date": 1,
            "old_chat_member": member("member"), "new_chat_member": member(status)})
    };
    let all = [
        ("message", of(&private, ADA, json!({"message_id": 1, "text": "hello"}))),
        ("message", of(&private, ADA, photo(2, json!("album")))),
        ("message", of(&private, ADA, photo(3, json!("album")))),
        ("message", of(&private, ADA, photo(4, Value::Null))),
        ("edited_message", of(&private, ADA, json!({"message_id": 1, "text": "bye", "edit_date": 2}))),
        (
            "message",
            of(
                &private,
                ADA,
                json!({"message_id": 5, "text": "/start",
            "entities": [{"type": "bot_command", "offset": 0, "length": 6}]}),
            ),
        ),
        ("message", of(&stranger, 9, json!({"message_id": 6, "text": "who is there?"}))),
        ("message", of(&group, 9, json!({"message_id": 7, "text": "hello all"}))),
        ("message", of(&group, 9, json!({"message_id": 8, "migrate_to_chat_id": -1_009}))),
        ("my_chat_member", standing("kicked")),
        ("my_chat_member", standing("member")),
        ("poll", json!({})),
    ];
    for (number, (kind, content)) in (1..).zip(&all) {
        for _ in 0..2 {
            let update = json!({"update_id": number, *kind: content}).to_string();
            let received = ingress::receive(cx, &bot, update.as_bytes()).await?;
            assert_ne!(received.outcome, Outcome::Ignored { reason: "unreadable" }, "{update}");
            let (kind, outcome) = (received.kind.to_owned(), received.outcome.name());
            ingress::count(cx, &[UpdateCount { bot_id: BOT.into(), kind, outcome, count: 1, last_at: cx.now }]).await?;
        }
    }
    ingress::counts(cx, "", 10).await.map(drop)
}

/// Every file has six bytes, and every message is shown.
fn telegram_that_does_everything() -> ScriptedTransport {
    let ends_in = |end: &'static str| Matcher::when(move |request| request.uri().path().ends_with(end));
    let file = json!({"ok": true, "result": {"file_id": "F", "file_unique_id": "u", "file_size": 6, "file_path": "f.jpg"}});
    let shown = json!({"ok": true, "result": {"message_id": 1, "date": 1, "chat": {"id": ADA, "type": "private"}}});
    (0..20).fold(ScriptedTransport::new(), |script, _| {
        script.answer(ends_in("/getFile"), 200, file.to_string()).answer(ends_in("/f.jpg"), 200, "pixels").answer(
            ends_in("/sendMessage"),
            200,
            shown.to_string(),
        )
    })
}

async fn replies(cx: &Cx<'_, Recording>) -> Result<(), OperationError> {
    let registered = workers::register(cx, None).await?;
    let worker: Worker = workers::by_token(cx, &registered.token).await?.unwrap();
    workers::saw(cx, &worker).await?;
    let of_ada = bindings::newest_of_user(cx, "ada").await?.unwrap().conversation_id;
    let Some(job) = queue::claim(cx, &worker, Some(&of_ada)).await? else { panic!("there is a message of Ada's") };
    for (key, text) in [("1", "hello"), ("1", "hello"), ("2", "and more")] {
        let reply =
            Reply { message_id: &job.message_id, lease_id: &job.lease_id, text, format: Format::Plain, idempotency_key: key };
        outbox::reply(cx, &worker, reply).await?;
    }
    Ok(())
}
