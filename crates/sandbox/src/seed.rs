//! What a new sandbox is given, over HTTP with the operator key. Every step may be repeated.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clawstead_emulators::telegram::{Bot, Telegram};
use serde_json::{Value, json};

use crate::{Api, updates};

/// The agent of the sandbox.
pub const AGENT: &str = "default";
/// The bot of the sandbox, as in the sample updates.
pub const BOT_ID: i64 = 7_000_000_001;
/// Its token, good for the stand-in only.
pub const BOT_TOKEN: &str = "7000000001:AAsandbox_sandbox_sandbox_sandbox_1";
/// The paired person, as in the sample updates.
pub const USER_ID: i64 = 5_551_234_001;
/// What the consumer app calls that person.
pub const CONSUMER_USER_ID: &str = "ada";

/// How often it is looked whether people have been told, and how long between.
const TOLD_LOOKS: u32 = 200;
const TOLD_EVERY: Duration = Duration::from_millis(50);

/// The bot as BotFather would make it.
pub fn bot() -> Bot {
    Bot { token: BOT_TOKEN.to_owned(), id: BOT_ID, username: "helper_bot".to_owned(), first_name: "Helper".to_owned() }
}

/// Sets a policy under `/v1/config`, unless it says so already.
pub async fn config(api: &Api, name: &str, wanted: &Value) -> Result<()> {
    let path = format!("/v1/config/{name}");
    let current = api.get(&path).await?;
    let fields = wanted.as_object().context("a policy is an object")?;
    if current.is_success() && fields.iter().all(|(field, value)| current.json.get(field) == Some(value)) {
        return Ok(());
    }
    api.put(&path, wanted).await?.success().with_context(|| format!("cannot set the policy `{name}`"))?;
    Ok(())
}

/// The image of the stand-in's machines. Nobody ever fetches it.
const IMAGE: &str = "registry.fly.io/clawstead-sandbox@sha256:ec40000000000000000000000000000000000000000000000000000000000000";

/// The Fly app and image of the stand-in.
pub async fn sandbox_provider(api: &Api) -> Result<()> {
    let provider = json!({
        "kind": "fly",
        "app_name": "clawstead-sandbox",
        "image": IMAGE,
        "regions": ["fra"],
    });
    config(api, "provider", &provider).await
}

/// Makes the agent when it is missing; one that was disabled stays so.
pub async fn agent(api: &Api, agent_key: &str) -> Result<()> {
    let path = format!("/v1/agents/{agent_key}");
    if api.get(&path).await?.is_success() {
        return Ok(());
    }
    api.put(&path, &json!({})).await?.success().with_context(|| format!("cannot make the agent `{agent_key}`"))?;
    Ok(())
}

/// Links a bot to an agent, which sets its webhook to where clawstead is now; gives the bot's id.
pub async fn linked_bot(api: &Api, agent_key: &str, token: &str) -> Result<String> {
    let linked = api.post("/v1/bots", &json!({"agent_key": agent_key, "token": token})).await?;
    let linked = linked.success().context("cannot link the bot")?;
    Ok(linked["bot_id"].as_str().context("the linked bot has no id")?.to_owned())
}

/// Whether the consumer's user has a Telegram account that is paired with the agent.
pub async fn is_paired(api: &Api, consumer_user_id: &str, agent_key: &str) -> Result<bool> {
    let bindings = api.get(&format!("/v1/bindings?consumer_user_id={consumer_user_id}")).await?;
    let bindings = bindings.success().context("cannot list the bindings")?;
    let bindings = bindings["bindings"].as_array().cloned().unwrap_or_default();
    Ok(bindings.iter().any(|binding| binding["agent_key"] == agent_key && binding["revoked_at"].is_null()))
}

/// A new pairing: its code and everything else that it answers.
pub async fn pairing(api: &Api, consumer_user_id: &str, agent_key: &str) -> Result<Value> {
    let body = json!({"consumer_user_id": consumer_user_id, "agent_key": agent_key});
    api.post("/v1/pairings", &body).await?.success().context("cannot make a pairing code")
}

/// Pairs a person, unless they are: they write `/start <code>` to the bot, as from the deep link.
pub async fn paired_user(
    api: &Api,
    telegram: &Telegram,
    consumer_user_id: &str,
    agent_key: &str,
    bot_id: i64,
    user_id: i64,
) -> Result<()> {
    if is_paired(api, consumer_user_id, agent_key).await? {
        return Ok(());
    }
    let pairing = pairing(api, consumer_user_id, agent_key).await?;
    let code = pairing["code"].as_str().context("the pairing has no code")?;
    let delivery = telegram.deliver(bot_id, updates::text(user_id, &format!("/start {code}"))).await;
    let answer: Value = serde_json::from_str(&delivery.body).unwrap_or_default();
    ensure!(answer["outcome"] == "paired", "the pairing code was not taken: {delivery:?}");
    until_told(api).await
}

/// Waits until what is to be said to people has been said: whoever writes next sees the answer to that, and not a greeting.
async fn until_told(api: &Api) -> Result<()> {
    for _ in 0..TOLD_LOOKS {
        let stats = api.get("/v1/telegram/stats").await?.success()?;
        if stats["outbox"]["waiting"] == 0 {
            return Ok(());
        }
        tokio::time::sleep(TOLD_EVERY).await;
    }
    bail!("the person who was paired has not been told of it")
}
