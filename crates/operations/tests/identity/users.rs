//! How users and agents stand.

use clawstead_operations::bots::{Telegram, WebhookOptions, configure_webhook, import_token, reconcile};
use clawstead_operations::users::{
    NextAction, UserAgentStatus, agent_of, agent_readiness, onboarding, overview, required_secrets,
};
use clawstead_operations::{bindings, pairings, secrets};
use clawstead_transport::ScriptedTransport;
use futures::executor::block_on;
use serde_json::json;

use crate::telegram::{self, ADA, BOT_ID, TOKEN, on};
use crate::world::{AGENT, API, PUBLIC, World, account, refused};

fn next(world: &World) -> NextAction {
    block_on(onboarding(&world.cx(), &world.keys, "ada", AGENT)).unwrap().next_action
}

fn by(transport: &ScriptedTransport) -> Telegram<'_, ScriptedTransport> {
    Telegram { transport, api_url: API, public_url: PUBLIC }
}

fn status(world: &World, agent_key: &str) -> UserAgentStatus {
    block_on(agent_of(&world.cx(), "ada", agent_key)).unwrap().unwrap().status
}

/// W43: every step can be reached, and follows from the one before. W44: the link names the bot as Telegram does.
#[test]
fn w43_w44_onboarding_goes_through_every_step() {
    let world = World::new();
    assert_eq!(next(&world), NextAction::ImportToken);
    world.configure(AGENT, true);
    assert_eq!(next(&world), NextAction::ImportToken);
    block_on(import_token(&world.cx(), &world.keys, by(&telegram::knowing(BOT_ID, "RealBot")), AGENT, TOKEN)).unwrap();
    assert_eq!(next(&world), NextAction::ConfigureWebhook);
    let agrees = ScriptedTransport::new().answer(on("/setWebhook"), 200, json!({"ok": true, "result": true}).to_string());
    block_on(configure_webhook(&world.cx(), &world.keys, by(&agrees), AGENT, WebhookOptions::default())).unwrap();
    assert_eq!(next(&world), NextAction::CreatePairing);
    let pairing = world.pairing("ada");
    let stand = block_on(onboarding(&world.cx(), &world.keys, "ada", AGENT)).unwrap();
    assert_eq!(stand.next_action, NextAction::CompletePairing);
    assert_eq!(stand.pairing_code.as_deref(), Some(pairing.code.as_str()));
    assert_eq!(stand.pairing_deep_link, Some(format!("https://t.me/RealBot?start={}", pairing.code)));
    block_on(pairings::consume(&world.cx(), &pairing.code, &account(ADA))).unwrap();
    assert_eq!(next(&world), NextAction::Ready);
}

#[test]
fn a_code_that_ran_out_leads_back_to_making_one() {
    let world = World::with_bot();
    world.pairing("ada");
    world.wait(86_400_000);
    let stand = block_on(onboarding(&world.cx(), &world.keys, "ada", AGENT)).unwrap();
    assert_eq!((stand.next_action, stand.pairing_status.as_deref()), (NextAction::CreatePairing, Some("expired")));
    assert_eq!(stand.pairing_code, None);
}

/// W55: what is shown as active can be talked to.
#[test]
fn w55_the_state_of_a_user_and_an_agent_follows_what_they_can_do() {
    let world = World::with_bot();
    assert_eq!(block_on(overview(&world.cx(), "ada")).unwrap().agents, []);
    world.pairing("ada");
    assert_eq!(status(&world, AGENT), UserAgentStatus::Pairing);
    world.wait(86_400_000);
    assert_eq!(status(&world, AGENT), UserAgentStatus::Draft);
    world.paired("ada", ADA);
    assert_eq!(status(&world, AGENT), UserAgentStatus::Active);
    world.configure(AGENT, false);
    assert_eq!(status(&world, AGENT), UserAgentStatus::Failed);
    assert_eq!(block_on(overview(&world.cx(), "ada")).unwrap().active_agent_key.as_deref(), Some(AGENT));
    world.configure(AGENT, true);
    block_on(bindings::revoke_of_user(&world.cx(), "ada", "test")).unwrap();
    assert_eq!(status(&world, AGENT), UserAgentStatus::Disabled);
    assert_eq!(block_on(overview(&world.cx(), "ada")).unwrap().active_agent_key, None);
}

/// W37: the newest of many is found.
#[test]
fn w37_a_hundred_old_bindings_hide_nothing() {
    let world = World::with_bot();
    for agent in ["old", "new"] {
        world.configure(agent, true);
    }
    let bind = |agent: &str| {
        world.wait(1);
        let direct =
            bindings::Direct { consumer_user_id: "ada".to_owned(), agent_key: agent.to_owned(), ..bindings::Direct::default() };
        block_on(bindings::bind(&world.cx(), direct)).unwrap();
        block_on(bindings::revoke_of_user(&world.cx(), "ada", "test")).unwrap();
    };
    (0..101).for_each(|_| bind("old"));
    bind("new");
    let agents: Vec<String> =
        block_on(overview(&world.cx(), "ada")).unwrap().agents.into_iter().map(|agent| agent.agent_key).collect();
    assert_eq!(agents, ["new", "old"]);
}

/// W45: changing the profile takes the bot from nobody. W47: one rule says where a token is.
#[test]
fn w45_w47_an_agent_needs_the_token_of_its_bot_whatever_its_profile_says() {
    let world = World::with_agent();
    let needs = |world: &World| block_on(required_secrets(&world.cx(), Some(AGENT))).unwrap();
    assert_eq!(needs(&world), ["telegram.botToken.default"]);
    block_on(secrets::import(&world.cx(), &world.keys, "telegram.botToken.default", TOKEN)).unwrap();
    block_on(reconcile(&world.cx(), &world.keys, by(&telegram::knowing(BOT_ID, "helper_bot")), AGENT, None)).unwrap();
    assert_eq!(needs(&world), ["telegram.botToken.7000000001"]);
    world.configure(AGENT, false);
    world.configure(AGENT, true);
    assert_eq!(needs(&world), ["telegram.botToken.7000000001"]);
    assert_eq!(block_on(required_secrets(&world.cx(), None)).unwrap(), ["telegram.botToken.7000000001"]);
    let ready = block_on(agent_readiness(&world.cx(), AGENT)).unwrap();
    assert!(ready.has_bot_token && ready.missing_secrets.is_empty());
    assert_eq!(ready.issues, ["missing_provider_runtime_config", "webhook_not_verified"]);
}

#[test]
fn reconciling_without_a_token_is_refused() {
    let world = World::with_agent();
    let transport = ScriptedTransport::new();
    let outcome = block_on(reconcile(&world.cx(), &world.keys, by(&transport), AGENT, None)).map(drop);
    assert_eq!(refused(outcome), "token_missing");
    assert!(transport.requests().is_empty());
}

/// W46: two agents never share a token by accident.
#[test]
fn w46_a_token_belongs_to_its_bot() {
    let world = World::with_bot();
    world.configure("other", true);
    let second = telegram::knowing("8000000002", "second_bot");
    block_on(import_token(&world.cx(), &world.keys, by(&second), "other", "8000000002:BB")).unwrap();
    let token = |id: &str| block_on(secrets::open(&world.cx(), &world.keys, &format!("telegram.botToken.{id}"))).unwrap();
    assert_eq!(token(BOT_ID).unwrap().expose(), TOKEN);
    assert_eq!(token("8000000002").unwrap().expose(), "8000000002:BB");
}
