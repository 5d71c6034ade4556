//! One of every operation, on an engine that records how SQLite carries out its statements.

use clawstead_domain::agent::AgentEvent;
use clawstead_domain::api_key::{Reach, Scope};
use clawstead_domain::binding::{Account, Bind};
use clawstead_domain::config::{ConfigEvent, LeasePolicy, ProviderPolicy, WebhooksPolicy};
use clawstead_domain::conversation::{Ending, Enqueue, NewTurn, Role, Status};
use clawstead_domain::template::{Change, Draft};
use clawstead_domain::worker::{DrainReason, WorkerEvent};
use clawstead_ledger::{Expected, Ledger, TailQuery};
use clawstead_operations::bindings::{AccountQuery, Direct, Legacy};
use clawstead_operations::bots::Telegram;
use clawstead_operations::files::SqliteStore;
use clawstead_operations::provider::Fly;
use clawstead_operations::queue::{Page, Said, UserMessage, Which};
use clawstead_operations::subscriptions::Addresses;
use clawstead_operations::templates::{self, Templates};
use clawstead_operations::tick::Outside;
use clawstead_operations::workers::Worker;
use clawstead_operations::{
    Cx, OperationError, agents, api_keys, app_events, bindings, bots, cleanup, configs, counts, money, pairings, queue, secrets,
    stats, subscriptions, users, workers,
};
use clawstead_transport::{AnyTransport, Matcher, ScriptedTransport};
use clawstead_vault::KeyRing;

use crate::recording::{Plans, Recording};
use crate::world::{START, World, command};

/// One of everything.
pub(crate) async fn every_operation(world: &World, plans: &Plans) -> Result<(), OperationError> {
    let ledger = Ledger::new(Recording::open(&world.folder.path().join("test.db"), plans).await?);
    let cx = Cx { ledger: &ledger, now: START, entropy: world.cx().entropy, actor: "test:1".into(), correlation: "c".into() };
    identities(&cx).await?;
    pairing(&cx).await?;
    messages(&cx).await?;
    crate::everything_files::files(&cx, &world.keys).await?;
    crate::everything_telegram::telegram(&cx, &world.keys).await?;
    crate::everything_skills::skills(&cx).await?;
    read_log(&ledger).await;
    Ok(())
}

async fn identities(cx: &Cx<'_, Recording>) -> Result<(), OperationError> {
    for enabled in [true, false, true] {
        let change = clawstead_domain::agent::Configure { enabled: Some(enabled), ..Default::default() };
        agents::configure(cx, "a", &change).await?;
    }
    agents::list(cx, "", 10).await?;
    let made = api_keys::create(cx, "app", vec![Scope::Stats], Reach::default()).await?;
    let key = api_keys::find(cx, &made.key).await?.unwrap();
    api_keys::saw(cx, &key.key_id).await?;
    api_keys::list(cx, "", 10).await?;
    api_keys::revoke(cx, &made.key_id).await?;
    configs::set(cx, &LeasePolicy { lease_ms: 1_000, ..LeasePolicy::default() }).await?;
    let keys = KeyRing::parse("k:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    secrets::import(cx, &keys, "bot", "value").await?;
    secrets::open(cx, &keys, "bot").await?;
    vault(cx, &keys).await
}

/// What becomes of secrets, and of the keys they are sealed with.
async fn vault(cx: &Cx<'_, Recording>, keys: &KeyRing) -> Result<(), OperationError> {
    secrets::check_keys(cx, keys).await.unwrap();
    secrets::rotate_held(cx, keys, "hook", || "first".to_owned()).await?;
    secrets::rotate_held(cx, keys, "hook", || "second".to_owned()).await?;
    secrets::held(cx, keys, "hook").await?;
    secrets::import(cx, keys, "gone", "value").await?;
    secrets::import(cx, keys, "gone", "another").await?;
    secrets::collect(cx, 10).await?;
    secrets::destroy(cx, "gone").await?;
    secrets::status(cx, &["bot".to_owned()]).await?;
    secrets::list(cx, "", 10).await?;
    secrets::reseal(cx, keys, "", 10).await?;
    counts::add(cx, "guess:1", 1, 1_000).await?;
    counts::beginning_with(cx, "guess:").await?;
    counts::forget(cx, 10).await.map(drop)
}

async fn link(cx: &Cx<'_, Recording>, agent_key: &str) -> Result<(), OperationError> {
    let bot = AgentEvent::BotLinked { bot_id: "9".into(), username: "helper_bot".into(), token_ref: "bot".into() };
    cx.append(agent_key, Expected::Any, &[bot]).await
}

async fn pairing(cx: &Cx<'_, Recording>) -> Result<(), OperationError> {
    let keys = KeyRing::parse("k:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    agents::configure(cx, "p", &clawstead_domain::agent::Configure::default()).await?;
    link(cx, "p").await?;
    let account = Account { bot_id: "9".into(), telegram_user_id: "7".into(), telegram_chat_id: "7".into() };
    let wanted = Bind { consumer_user_id: "u".into(), agent_key: "a".into(), account: Some(account.clone()), ..Bind::default() };
    bindings::make(cx, &wanted, Some("k")).await?;
    bindings::list(cx, "u", None, 10).await?;
    bindings::by_telegram(cx, "9", "7").await?;
    bindings::list(cx, "u", Some("z"), 10).await?;
    for (user, chat) in [(Some("7"), None), (None, Some("7"))] {
        let account =
            AccountQuery { bot_id: None, telegram_user_id: user.map(str::to_owned), telegram_chat_id: chat.map(str::to_owned) };
        bindings::resolve(cx, &account).await?;
        bindings::resolve(cx, &AccountQuery { bot_id: Some("9".into()), ..account }).await?;
    }
    bindings::whose(cx, "c1").await?;
    bindings::whose_message(cx, "m").await?;
    bindings::newest_of_user(cx, "u").await?;
    bots::token_refs(cx, 10).await?;
    bots::find(cx, "9").await?;
    bots::of_agent(cx, "a").await?;
    bots::list(cx, "", 10).await?;
    let made = pairings::create(cx, &keys, "u", "p", None).await?;
    let other = Account { telegram_user_id: "8".into(), telegram_chat_id: "8".into(), ..account };
    pairings::consume(cx, &made.code, &other).await.map(drop).or_else(refused)?;
    pairings::get(cx, &made.pairing_id).await?;
    pairings::by_code(cx, &made.code).await?;
    pairings::list(cx, "u", None, 10).await?;
    pairings::list(cx, "u", Some("z"), 10).await?;
    let taken_back = pairings::create(cx, &keys, "u3", "p", None).await?;
    pairings::revoke(cx, &taken_back.pairing_id).await?;
    pairings::create(cx, &keys, "u3", "p", None).await?;
    users::overview(cx, "u3").await?;
    users::onboarding(cx, &keys, "u3", "p").await?;
    users::agent_readiness(cx, "p").await?;
    users::required_secrets(cx, None).await?;
    bindings::bind(cx, Direct { consumer_user_id: "u3".into(), agent_key: "p".into(), replaces_all: true, ..Direct::default() })
        .await?;
    bindings::revoke_of_user(cx, "u3", "test").await?;
    bindings::migrate_legacy(cx, Legacy { revokes_active: true, ends_pairings: true }).await?;
    replaced_bot(cx, &keys).await?;
    told(cx, &keys).await?;
    pairings::create(cx, &keys, "u2", "p", Some(60_000)).await?;
    let late = Cx { now: cx.now + 10_000_000, correlation: String::new(), actor: String::new(), ..*cx };
    pairings::expire_due(&late, 10).await.map(drop)
}

/// A consumer app is told what happens, at an address that takes nothing.
async fn told(cx: &Cx<'_, Recording>, keys: &KeyRing) -> Result<(), OperationError> {
    configs::set(cx, &WebhooksPolicy { attempts_max: 1, ..WebhooksPolicy::default() }).await?;
    let addresses = Addresses::parse("https://hooks.test");
    let made = subscriptions::make(cx, keys, &addresses, "https://hooks.test/", Reach::default(), Some(0)).await?;
    let transport = ScriptedTransport::new().answer(Matcher::any(), 502, "").answer(Matcher::any(), 502, "");
    subscriptions::deliver_due(cx, keys, &transport, &addresses, 5).await?;
    let dead = subscriptions::dead_deliveries(cx, &made.subscription_id, "", 10).await?;
    subscriptions::replay(cx, &made.subscription_id, &dead[0].delivery_id).await?;
    subscriptions::deliver_due(cx, keys, &transport, &addresses, 5).await?;
    subscriptions::list(cx, "", 10).await?;
    subscriptions::end(cx, &made.subscription_id).await?;
    app_events::newest(cx).await.map(drop)
}

/// Another bot takes the place of the one that everybody is bound to, and that one is cleared away.
async fn replaced_bot(cx: &Cx<'_, Recording>, keys: &KeyRing) -> Result<(), OperationError> {
    agents::configure(cx, "other", &clawstead_domain::agent::Configure::default()).await?;
    for bot_id in ["71", "72"] {
        let bot = AgentEvent::BotLinked { bot_id: bot_id.into(), username: "b".into(), token_ref: format!("t{bot_id}") };
        cx.append("other", Expected::Any, &[bot]).await?;
    }
    let transport = ScriptedTransport::new();
    let telegram = Telegram { transport: &transport, api_url: "https://telegram.test", public_url: "https://claw.test" };
    bots::settle_webhooks(cx, keys, telegram, 10).await?;
    assert_eq!(bots::retire_due(cx, keys, telegram, 10).await?, 1);
    Ok(())
}

/// A code for no bot cannot be used; it was looked at all the same.
fn refused(error: OperationError) -> Result<(), OperationError> {
    if matches!(error, OperationError::Refused(_)) { Ok(()) } else { Err(error) }
}

async fn messages(cx: &Cx<'_, Recording>) -> Result<(), OperationError> {
    let registered = workers::register(cx, None).await?;
    let worker = workers::by_token(cx, &registered.token).await?.unwrap();
    workers::saw(cx, &worker).await?;
    workers::list(cx, "", 10).await?;
    workers::live(cx).await?;
    for (conversation, key) in [("c1", "k1"), ("c1", "k1"), ("c1", "k2"), ("c2", "k3")] {
        queue::enqueue(cx, &command(conversation, "hi"), Some(key.to_owned())).await?;
    }
    for round in 0..4 {
        work(&Cx { now: cx.now + round * 60_000, correlation: String::new(), actor: String::new(), ..*cx }, &worker, round)
            .await?;
    }
    let late = Cx { now: cx.now + 10_000_000, correlation: String::new(), actor: String::new(), ..*cx };
    queue::recover_leases(&late, 10).await?;
    stats::read(cx).await?;
    costs(cx).await?;
    ticks(&late).await?;
    queue::conversation(cx, "c1").await?;
    queue::turns(cx, "c1", 0, 10).await?;
    operators(cx).await?;
    let drain = WorkerEvent::DrainRequested { reason: DrainReason::Idle, deadline_at: 0 };
    let events = [drain, WorkerEvent::TeardownStarted {}, WorkerEvent::WorkerStopped {}];
    cx.append(&worker.worker_id, Expected::Any, &events).await
}

/// What the operator sees of costs.
async fn costs(cx: &Cx<'_, Recording>) -> Result<(), OperationError> {
    for after in [None, Some("2023-11-14/a")] {
        money::days(cx, None, after, 10).await?;
    }
    money::messages(cx, "", 10).await.map(drop)
}

/// A tick, and what the operator has done about machines, where there are none. Workers that have stopped are never looked at
/// again (scheduler-fly.md F-13).
async fn ticks(cx: &Cx<'_, Recording>) -> Result<(), OperationError> {
    let keys = KeyRing::parse("k:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    let nothing = |script: ScriptedTransport, _| script.answer(Matcher::any(), 200, "[]");
    let fly = Fly {
        transport: (0..20).fold(ScriptedTransport::new(), nothing),
        api_url: "https://fly.example.org",
        api_token: "t",
        deployment: "test",
        pace: None,
    };
    let clock = || cx.now;
    let outside = Outside {
        providers: vec![Box::new(fly)],
        transport: AnyTransport::new(ScriptedTransport::new()),
        telegram_api_url: "https://telegram.test",
        app_addresses: Addresses::parse(""),
        clock: &clock,
        keys: &keys,
        public_url: "https://claw.example.org",
    };
    let provider = ProviderPolicy { kind: "fly".to_owned(), app_name: "w".to_owned(), ..ProviderPolicy::default() };
    let set = ConfigEvent::ConfigChanged { value: serde_json::to_value(provider).unwrap() };
    cx.append("provider", Expected::Version(0), &[set]).await?;
    cleanup::counted(cx, &outside, &SqliteStore(cx.ledger)).await?;
    cleanup::delete_volume(cx, &outside, "w", "v").await
}

/// What the operator and the consumer app do with messages.
async fn operators(cx: &Cx<'_, Recording>) -> Result<(), OperationError> {
    let told = Enqueue { external_id: Some("x1".to_owned()), max_attempts: Some(1), ..command("c3", "hi") };
    let first = queue::enqueue(cx, &told, None).await?;
    let again = queue::enqueue(cx, &told, None).await?;
    assert_eq!((first.message_id, true), (again.message_id.clone(), again.repeated));
    queue::reschedule(cx, &again.message_id, cx.now + 10_000).await?;
    queue::cancel(cx, &again.message_id).await?;
    for status in [None, Some(Status::Cancelled)] {
        for page in [Page::After(0), Page::Newest] {
            let statuses = status.as_ref().map(std::slice::from_ref);
            assert_eq!(queue::messages(cx, "c3", statuses, page, 10).await?.len(), 1);
        }
    }
    let poison = queue::enqueue(cx, &Enqueue { max_attempts: Some(1), ..command("c4", "poison") }, None).await?;
    let registered = workers::register(cx, None).await?;
    let worker = workers::by_token(cx, &registered.token).await?.unwrap();
    let job = queue::claim(cx, &worker, Some("c4")).await?.unwrap();
    let ending = Ending { worker_id: &worker.worker_id, message_id: &job.message_id, lease_id: &job.lease_id };
    queue::fail(cx, ending, "x").await?;
    queue::dead_letters(cx, Some("a"), "", 10).await?;
    let oldest = Which::Oldest { agent_key: None, limit: 10 };
    assert_eq!(queue::replay_many(cx, &oldest).await?.message_ids, [poison.message_id]);
    queue::discard_many(cx, &oldest).await?;
    said(cx).await?;
    crate::everything_pushes::pushes(cx).await?;
    queue::user_conversation(cx, "u", "a", 10).await?;
    queue::user_messages(cx, "u", "a", Some(&Status::ALL), 10).await.map(drop)
}

/// A template is made, sent, renamed and deleted.
async fn said(cx: &Cx<'_, Recording>) -> Result<(), OperationError> {
    queue::send_as_user(cx, &UserMessage::new("u", "a", Said::Text("hi".to_owned())), None).await?;
    let draft = Draft { title: "Hello".into(), text: "hello".into(), enabled: true, by: "u".into(), ..Draft::default() };
    let made = templates::create(cx, &draft).await?;
    let of_template = UserMessage::new("u", "a", Said::Template(made.template_id.clone()));
    assert_eq!(queue::send_as_user(cx, &of_template, None).await?.usage_count, Some(1));
    let renamed = Change { title: Some("Hello again".to_owned()), by: "u".to_owned(), ..Change::default() };
    templates::change(cx, &made.template_id, &renamed).await?;
    for include_disabled in [true, false] {
        templates::list(cx, Templates { include_disabled, ..Templates::default() }, 10).await?;
    }
    templates::delete(cx, &made.template_id).await
}

async fn work(cx: &Cx<'_, Recording>, worker: &Worker, round: i64) -> Result<(), OperationError> {
    queue::has_queued(cx, worker, "c1").await?;
    // These are of an agent without a bot.
    let existing = Worker { needs_bot: true, ..worker.clone() };
    assert!(queue::claim(cx, &existing, None).await?.is_none());
    let wanted = (round % 2 == 1).then_some("c1");
    let Some(job) = queue::claim(cx, worker, wanted).await? else {
        return Ok(());
    };
    let ending = Ending { worker_id: &worker.worker_id, message_id: &job.message_id, lease_id: &job.lease_id };
    queue::heartbeat(cx, ending).await?;
    let turn = NewTurn { role: Role::User, content: "hi".to_owned(), at: None };
    queue::append_turns(cx, worker, &job.conversation_id, &[turn]).await?;
    let keys = KeyRing::parse("k:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    queue::hydrate(cx, &keys, worker, &job.message_id).await?;
    queue::message(cx, &job.message_id).await?;
    match round {
        0 => queue::complete(cx, ending).await,
        1 => queue::fail(cx, ending, "x").await.map(drop),
        // Held until the lease is taken back.
        _ => Ok(()),
    }
}

async fn read_log(ledger: &Ledger<Recording>) {
    ledger.head().await.unwrap();
    ledger.load("conversation-c1", 0, 10).await.unwrap();
    for stream in [None, Some("conversation-c1".to_owned())] {
        for event_type in [None, Some("MessageEnqueued".to_owned())] {
            ledger.tail(&TailQuery { after: 1, limit: 10, stream: stream.clone(), event_type }).await.unwrap();
        }
    }
}
