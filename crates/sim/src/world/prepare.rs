//! What there is before anything goes wrong: policies, agents with bots, a consumer app, people, workers.

use anyhow::{Context as _, Result};
use bytes::Bytes;
use clawstead_emulators::Bot;
use http::Request;
use serde_json::{Value, json};

use super::{EXTERNAL_WORKERS, World, pause};
use crate::plane::keys;
use crate::schedule::draw::{AGENTS, CHATS};
use crate::wire::FLY;

/// The Fly app of our machines.
pub(crate) const APP: &str = "clawstead-sim";

/// An agent's key.
pub(super) fn agent_key(agent: u64) -> String {
    format!("agent-{}", agent % AGENTS)
}

/// The id of an agent's bot.
pub(super) fn bot_id(agent: u64) -> i64 {
    7_000_000_001 + i64::try_from(agent % AGENTS).unwrap_or(0)
}

/// The token of an agent's bot.
pub(super) fn bot_token(agent: u64) -> String {
    format!("{}:AAsimulated_simulated_simulated_{:04}", bot_id(agent), agent % AGENTS)
}

/// The Telegram id of a person, who is paired with the agent of that number.
pub(super) fn chat_id(chat: u64) -> i64 {
    5_550_000_000 + i64::try_from(chat).unwrap_or(0)
}

/// An update with a text.
pub(super) fn update(chat_id: i64, message_id: i64, at_ms: u64, text: &str) -> Value {
    json!({"message": {
        "message_id": message_id,
        "from": {"id": chat_id, "is_bot": false, "first_name": "Ada", "language_code": "en"},
        "chat": {"id": chat_id, "type": "private", "first_name": "Ada"},
        "date": at_ms / 1_000,
        "text": text,
    }})
}

impl World {
    /// Makes all that; gives the tokens of workers of somebody's own.
    pub(super) async fn prepare(&self) -> Result<Vec<String>> {
        let policies = [
            ("lease", json!({"lease_ms": 60_000, "silent_after_ms": 40_000, "max_deliveries": 4})),
            ("retry", json!({"max_attempts": 3, "base_delay_ms": 1_000, "max_delay_ms": 20_000})),
            ("scaling", scaling(3)),
            (
                "provider",
                json!({
                    "kind": "fly", "app_name": APP, "image": "registry.fly.io/sim@sha256:0000000000000000000000000000000000000000000000000000000000000000", "regions": ["fra"],
                    "environment": {
                        "TELEGRAM_API_URL": format!("http://{}", crate::wire::TELEGRAM),
                        "POLL_INTERVAL_MS": "5000",
                    },
                }),
            ),
        ];
        for (name, policy) in policies {
            self.insist("PUT", &format!("/v1/config/{name}"), &policy).await.with_context(|| format!("policy {name}"))?;
        }
        self.known().machines_max = 3;
        self.known().secrets.extend((0..AGENTS).map(bot_token));
        for agent in 0..AGENTS {
            let bot = Bot {
                token: bot_token(agent),
                id: bot_id(agent),
                username: format!("helper_{agent}_bot"),
                first_name: "Helper".to_owned(),
            };
            self.wire.parties().telegram.add_bot(bot);
            self.insist("PUT", &format!("/v1/agents/{}", agent_key(agent)), &json!({})).await.context("an agent")?;
            let link = json!({"agent_key": agent_key(agent), "token": bot_token(agent)});
            self.insist("POST", "/v1/bots", &link).await.context("a bot")?;
        }
        let key = json!({"name": "app", "scopes": ["messages", "pairing", "stats"]});
        let key = self.insist("POST", "/v1/api-keys", &key).await.context("an API key")?;
        self.known().api_key = key["key"].as_str().context("a key")?.to_owned();
        let api_key = self.known().api_key.clone();
        self.known().secrets.push(api_key);
        for chat in 0..CHATS {
            self.pair(chat).await?;
        }
        self.strangers().await;
        let mut workers = Vec::new();
        for number in 0..EXTERNAL_WORKERS {
            let worker = self.insist("POST", "/v1/workers", &json!({"name": format!("own-{number}")})).await;
            let token = worker.context("a worker")?["token"].as_str().context("a token")?.to_owned();
            self.known().secrets.push(token.clone());
            workers.push(token);
        }
        Ok(workers)
    }

    async fn pair(&self, chat: u64) -> Result<()> {
        let user = json!({"consumer_user_id": format!("user-{chat}"), "agent_key": agent_key(chat)});
        let pairing = self.insist("POST", "/v1/pairings", &user).await.context("a pairing")?;
        let code = pairing["code"].as_str().context("a code")?.to_owned();
        self.known().secrets.push(code.clone());
        self.say(bot_id(chat), chat_id(chat), &format!("/start {code}"));
        pause(2_000).await;
        Ok(())
    }

    /// Machines and volumes that are somebody else's, in the same Fly app.
    async fn strangers(&self) {
        let make = [
            ("machines", json!({"name": "not-ours", "region": "fra", "config": {"image": "other"}})),
            ("volumes", json!({"name": "not_ours", "region": "fra", "size_gb": 1})),
        ];
        for (what, body) in make {
            let request = Request::builder()
                .method("POST")
                .uri(format!("http://{FLY}/v1/apps/{APP}/{what}"))
                .header("authorization", format!("Bearer {}", keys::FLY))
                .header("content-type", "application/json")
                .body(Bytes::from(body.to_string()));
            if let Ok(request) = request {
                let made = self.wire.parties().fly.call(request).await;
                self.history.note(format_args!("somebody else's {what}: {}", made.status()));
            }
        }
    }

    /// Has a person write to a bot.
    pub(super) fn say(&self, bot_id: i64, chat_id: i64, text: &str) {
        let message_id = {
            let mut known = self.known();
            let next = known.message_ids.entry(bot_id).or_insert(1);
            *next += 1;
            *next
        };
        let update = update(chat_id, message_id, self.clock.outside_ms(), text);
        self.wire.parties().telegram.push(bot_id, update);
    }
}

/// The policy for machines, with this cap.
pub(super) fn scaling(machines_max: u64) -> Value {
    json!({
        "machines_max": machines_max, "spawn_step": 2, "idle_timeout_ms": 120_000, "drain_deadline_ms": 60_000,
        "boot_timeout_ms": 90_000, "salvage_ms": 20_000,
    })
}
