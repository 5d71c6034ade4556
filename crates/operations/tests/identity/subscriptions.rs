//! Consumer apps that are told what happens.

use clawstead_domain::api_key::Reach;
use clawstead_domain::config::WebhooksPolicy;
use clawstead_operations::subscriptions::{self, Addresses, NewSubscription, deliver_due};
use clawstead_operations::{app_events, configs};
use clawstead_transport::{Matcher, ScriptedTransport, TransportError};
use clawstead_vault::webhook_signature;
use futures::executor::block_on;
use serde_json::Value;

use crate::telegram::{ADA, BJORN};
use crate::world::{World, refused};

const HOOK: &str = "https://hooks.example.org/clawstead";

fn allowed() -> Addresses {
    Addresses::parse("https://hooks.example.org")
}

fn subscribe(world: &World, reach: Reach) -> NewSubscription {
    block_on(subscriptions::make(&world.cx(), &world.keys, &allowed(), HOOK, reach, Some(0))).unwrap()
}

fn deliver(world: &World, transport: &ScriptedTransport) -> i64 {
    block_on(deliver_due(&world.cx(), &world.keys, transport, &allowed(), 5)).unwrap()
}

fn taking() -> ScriptedTransport {
    ScriptedTransport::new().answer(Matcher::any(), 200, "")
}

fn told(transport: &ScriptedTransport) -> Vec<(String, Option<String>)> {
    let bodies = transport.requests().into_iter().map(|request| serde_json::from_slice::<Value>(request.body()).unwrap());
    let events = bodies.flat_map(|body| body["events"].as_array().unwrap().clone());
    events
        .map(|event| (event["type"].as_str().unwrap().to_owned(), event["consumer_user_id"].as_str().map(str::to_owned)))
        .collect()
}

#[test]
fn an_app_is_told_once_in_order_and_signed() {
    let world = World::with_bot();
    world.paired("ada", ADA);
    let made = subscribe(&world, Reach::default());
    let transport = taking();
    assert_eq!(deliver(&world, &transport), 1);
    let types: Vec<String> = told(&transport).into_iter().map(|(name, _)| name).collect();
    assert_eq!(types, ["AgentConfigured", "BotLinked", "WebhookConfigured", "PairingCreated", "BindingMade", "PairingUsed"]);
    let request = transport.requests().remove(0);
    let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
    let timestamp: i64 = header("webhook-timestamp").parse().unwrap();
    let expected = webhook_signature(&made.secret, &header("webhook-id"), timestamp, request.body());
    assert_eq!(Some(header("webhook-signature")), expected);
    assert_eq!(deliver(&world, &ScriptedTransport::new()), 0, "nothing is left to tell");
    world.pairing("bjorn");
    assert_eq!(deliver(&world, &taking()), 1);
}

#[test]
fn nothing_that_is_told_is_a_secret() {
    let world = World::with_bot();
    let code = world.pairing("ada").code;
    subscribe(&world, Reach::default());
    let transport = taking();
    deliver(&world, &transport);
    let text = String::from_utf8(transport.requests().remove(0).body().clone()).unwrap();
    for secret in [code.as_str(), "code_hash", "token_ref", "secret_ref", "AAfirst"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[test]
fn an_app_is_told_of_its_own_users_only() {
    let world = World::with_bot();
    world.paired("ada", ADA);
    world.paired("bjorn", BJORN);
    subscribe(&world, Reach { users: Some(vec!["ada".to_owned()]), ..Reach::default() });
    let transport = taking();
    deliver(&world, &transport);
    let told = told(&transport);
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|(_, user)| user.as_deref() == Some("ada")));
    let reach = Reach { agents: Some(vec!["other".to_owned()]), ..Reach::default() };
    assert!(block_on(app_events::after(&world.cx(), &reach, 0, 10)).unwrap().events.is_empty());
}

#[test]
fn what_is_not_taken_comes_again_and_is_given_up_listed_and_replayed() {
    let world = World::with_bot();
    let policy = WebhooksPolicy { attempts_max: 2, ..WebhooksPolicy::default() };
    block_on(configs::set(&world.cx(), &policy)).unwrap();
    let made = subscribe(&world, Reach::default());
    let failing = || ScriptedTransport::new().answer(Matcher::any(), 502, "busy");
    assert_eq!(deliver(&world, &failing()), 0);
    assert_eq!(deliver(&world, &ScriptedTransport::new()), 0, "not before its time");
    world.wait(5_000);
    assert_eq!(deliver(&world, &ScriptedTransport::new().fail(Matcher::any(), TransportError::Timeout)), 0);
    let dead = || block_on(subscriptions::dead_deliveries(&world.cx(), &made.subscription_id, "", 10)).unwrap();
    assert_eq!((dead().len(), dead()[0].attempts), (1, 2));

    world.pairing("ada");
    let transport = taking();
    assert_eq!(deliver(&world, &transport), 1);
    assert_eq!(told(&transport).len(), 1, "what comes after it goes on");

    let delivery_id = dead()[0].delivery_id.clone();
    let replay = || block_on(subscriptions::replay(&world.cx(), &made.subscription_id, &delivery_id));
    replay().unwrap();
    replay().unwrap();
    assert_eq!(deliver(&world, &failing()), 0);
    assert_eq!(dead()[0].retry_at, None);
    replay().unwrap();
    let transport = taking();
    assert_eq!(deliver(&world, &transport), 1);
    assert_eq!((told(&transport).len(), dead().len()), (3, 0));
    assert_eq!(refused(replay()), "delivery_not_found");
}

#[test]
fn a_crash_after_it_was_taken_sends_the_same_again() {
    let world = World::with_bot();
    subscribe(&world, Reach::default());
    world.stage().crash_before("EventsDelivered");
    let first = taking();
    block_on(deliver_due(&world.cx(), &world.keys, &first, &allowed(), 5)).unwrap_err();
    let again = taking();
    assert_eq!(deliver(&world, &again), 1);
    let id = |transport: &ScriptedTransport| transport.requests()[0].headers()["webhook-id"].clone();
    assert_eq!(id(&first), id(&again));
}

#[test]
fn whoever_is_gone_or_has_ended_it_is_told_nothing_more() {
    let world = World::with_bot();
    let gone = subscribe(&world, Reach::default());
    deliver(&world, &ScriptedTransport::new().answer(Matcher::any(), 410, ""));
    assert!(block_on(subscriptions::get(&world.cx(), &gone.subscription_id)).unwrap().ended_at.is_some());
    let ended = subscribe(&world, Reach::default());
    for _ in 0..2 {
        block_on(subscriptions::end(&world.cx(), &ended.subscription_id)).unwrap();
    }
    assert_eq!(deliver(&world, &ScriptedTransport::new()), 0);
    assert_eq!(refused(block_on(subscriptions::get(&world.cx(), "nothing"))), "subscription_not_found");
}

#[test]
fn only_where_the_operator_says_is_anybody_told() {
    let world = World::with_bot();
    let make =
        |url: &str| block_on(subscriptions::make(&world.cx(), &world.keys, &allowed(), url, Reach::default(), None)).map(drop);
    for url in ["http://127.0.0.1/", "https://evil.test/", "nonsense"] {
        assert_eq!(refused(make(url)), "invalid_field");
    }
    subscribe(&world, Reach::default());
    let transport = ScriptedTransport::new();
    let elsewhere = Addresses::parse("https://other.example.org");
    assert_eq!(block_on(deliver_due(&world.cx(), &world.keys, &transport, &elsewhere, 5)).unwrap(), 0);
    assert!(transport.requests().is_empty());
}
