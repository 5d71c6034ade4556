//! Playing a schedule.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::prepare::{agent_key, bot_id, bot_token, chat_id, scaling};
use super::{Answer, Asking, World, pause};
use crate::actors::engine::text_of;
use crate::history::Place;
use crate::plane::{Ambush, keys};
use crate::schedule::{Action, Burden, Step};
use crate::wire::{Link, Trouble};

/// A trouble that nobody has met after so long is over.
const TROUBLE_MS: u64 = 90_000;

/// What is left of the schedule's requests when it ends may go on for so long.
const LAST_MS: u64 = 20_000;

impl World {
    /// Does each step at its time, whatever those before still do. Returns when all are done or out of time.
    pub(super) async fn play(self: &Arc<Self>, schedule: &[Step]) {
        let beginning = Instant::now();
        let mut steps = JoinSet::new();
        for (number, step) in schedule.iter().enumerate() {
            tokio::time::sleep_until(beginning + Duration::from_millis(step.at_ms)).await;
            self.history.note(format_args!("step {number} {:?}", step.action));
            steps.spawn(Arc::clone(self).act(number as u64, step.action.clone()));
            while steps.try_join_next().is_some() {}
        }
        let all = async { while steps.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(Duration::from_millis(LAST_MS), all).await;
    }

    async fn act(self: Arc<Self>, number: u64, action: Action) {
        match action {
            Action::Say { chat, burden } => {
                let text = text_of(number, burden);
                self.say(bot_id(chat), chat_id(chat), &text);
            }
            Action::Enqueue { conversation, key, copies, priority, in_ms, burden } => {
                self.enqueue(&Enqueue { conversation, key, priority, in_ms, burden }, copies).await;
            }
            Action::PairingRace { race } => self.race(race).await,
            Action::PairingForgotten => {
                let user = json!({"consumer_user_id": format!("forgetful-{number}"), "agent_key": agent_key(number),
                    "ttl_ms": 60_000});
                self.code(&user).await;
            }
            Action::Cancel { nth } => self.with_message(nth, "cancel", &json!({})).await,
            Action::Reschedule { nth, by_ms } => {
                self.with_message(nth, "reschedule", &json!({"scheduled_for": self.clock.wall_ms() + by_ms})).await;
            }
            Action::ReplayAll => drop(self.operate("POST", "/v1/dead-letters/replay", &json!({"limit": 50})).await),
            Action::Discard { nth } => self.with_message(nth, "discard", &json!({})).await,
            Action::Agent { agent, enabled } => {
                let path = format!("/v1/agents/{}", agent_key(agent));
                self.operate("PUT", &path, &json!({"enabled": enabled})).await;
            }
            Action::RotateSecret { agent } => {
                let link = json!({"agent_key": agent_key(agent), "token": bot_token(agent)});
                self.operate("POST", "/v1/bots", &link).await;
            }
            Action::Machines { max } => {
                let most = self.known().machines_max.max(max);
                self.known().machines_max = most;
                self.operate("PUT", "/v1/config/scaling", &scaling(max)).await;
            }
            Action::Leases { lease_ms } => {
                let policy = json!({"lease_ms": lease_ms, "silent_after_ms": 40_000, "max_deliveries": 4});
                self.operate("PUT", "/v1/config/lease", &policy).await;
            }
            Action::Ticks { count } => self.ticks(count).await,
            Action::Rebuild => drop(self.operate("POST", "/v1/views/rebuild", &json!({})).await),
            fault => self.trouble(fault).await,
        }
    }

    async fn trouble(&self, action: Action) {
        let parties = self.wire.parties();
        match action {
            Action::Trouble { link, effect, times, .. } => {
                let until_ms = self.clock.elapsed_ms() + TROUBLE_MS;
                self.wire.trouble(Trouble { link, effect, times, until_ms });
            }
            Action::Full { ms } => {
                parties.fly.fill_region("fra", true);
                pause(ms).await;
                parties.fly.fill_region("fra", false);
            }
            Action::KillMachine { nth } => {
                if let Some(id) = self.living_machine(nth) {
                    parties.fly.kill(&id);
                    self.history.met("machine killed".to_owned());
                }
            }
            Action::CrashMachine { nth } => {
                if let Some(id) = self.living_machine(nth) {
                    parties.fly.crash(&id);
                    self.history.met("machine crashed".to_owned());
                }
            }
            Action::Statement { which, skip, fault, times } => parties.plane.ambush(Ambush { which, skip, fault, times }),
            Action::Lock { ms } => self.lock(ms).await,
            Action::Restart { down_ms } => self.restart(down_ms).await,
            Action::SetForward { ms } => {
                self.clock.set_forward(ms);
                self.history.met("clock set forward".to_owned());
            }
            Action::Freeze { ms } => parties.plane.freeze(ms).await,
            _ => {}
        }
    }

    async fn restart(&self, down_ms: u64) {
        let plane = &self.wire.parties().plane;
        if plane.is_up() {
            self.history.met("host restarted".to_owned());
        }
        plane.kill().await;
        pause(down_ms).await;
        if let Err(error) = plane.start(&self.wire).await {
            self.history.note(format_args!("not started again: {error:#}"));
        }
    }

    /// Holds the write lock, as another process would.
    async fn lock(&self, ms: u64) {
        let Ok(connection) = Connection::open(self.wire.parties().plane.database()) else { return };
        if connection.execute_batch("BEGIN IMMEDIATE").is_err() {
            return;
        }
        let (from_ms, plane) = (self.clock.wall_ms(), &self.wire.parties().plane);
        let before = plane.writes();
        pause(ms).await;
        let _ = connection.execute_batch("ROLLBACK");
        self.history.mishap(Place::Database, from_ms);
        if plane.writes() > before {
            self.history.met("database locked".to_owned());
        }
    }

    /// One of the machines that are ours and live.
    fn living_machine(&self, nth: u64) -> Option<String> {
        let machines = self.wire.parties().fly.machines();
        let ours: Vec<_> = machines.into_iter().filter(|one| one.name != "not-ours" && one.state.name() == "started").collect();
        let at = usize::try_from(nth).ok()?.checked_rem(ours.len())?;
        ours.into_iter().nth(at).map(|machine| machine.id)
    }

    async fn with_message(&self, nth: u64, verb: &str, body: &serde_json::Value) {
        let message_id = {
            let known = self.known();
            let at = usize::try_from(nth).ok().and_then(|nth| nth.checked_rem(known.messages.len()));
            at.map(|at| known.messages[at].clone())
        };
        if let Some(message_id) = message_id {
            self.operate("POST", &format!("/v1/messages/{message_id}/{verb}"), body).await;
        }
    }

    async fn ticks(self: &Arc<Self>, count: u64) {
        let mut ticks = JoinSet::new();
        for _ in 0..count {
            let world = Arc::clone(self);
            ticks.spawn(async move {
                let tick = Asking::new(Link::TimerToPlane, "POST", "/internal/tick").bearer(keys::TICK);
                world.ask(&tick, Some(&json!({}))).await;
            });
        }
        while ticks.join_next().await.is_some() {}
    }

    /// A pairing code for this user.
    async fn code(&self, user: &serde_json::Value) -> Option<String> {
        let answer = self.operate("POST", "/v1/pairings", user).await.filter(Answer::is_success)?;
        let code = answer.json["code"].as_str()?.to_owned();
        self.known().secrets.push(code.clone());
        Some(code)
    }

    /// Two strangers bring the same code at the same time.
    async fn race(&self, race: u64) {
        let user = json!({"consumer_user_id": format!("racer-{race}"), "agent_key": agent_key(race)});
        let Some(code) = self.code(&user).await else { return };
        for rival in 0..2 {
            self.say(bot_id(race), chat_id(1_000 + race * 2 + rival), &format!("/start {code}"));
        }
    }

    /// A consumer app enqueues, and tries again with the same key until it is answered.
    async fn enqueue(self: &Arc<Self>, message: &Enqueue, copies: u64) {
        let mut body = json!({
            "conversation_id": format!("app-{}", message.conversation),
            "agent_key": agent_key(message.conversation),
            "provider": "app",
            "provider_user_id": "ada",
            "text": text_of(10_000 + message.key, message.burden),
            "priority": message.priority,
        });
        if message.in_ms > 0 {
            body["scheduled_for"] = (self.clock.wall_ms() + message.in_ms).into();
        }
        let mut requests = JoinSet::new();
        for _ in 0..copies {
            requests.spawn(Arc::clone(self).enqueue_once(message.key, body.clone()));
        }
        while requests.join_next().await.is_some() {}
    }

    async fn enqueue_once(self: Arc<Self>, key: u64, body: serde_json::Value) {
        let api_key = self.known().api_key.clone();
        for _ in 0..5 {
            let post = Asking::new(Link::AppToPlane, "POST", "/v1/messages").bearer(&api_key).key(format!("key-{key}"));
            let answer = self.ask(&post, Some(&body)).await;
            match answer {
                Some(answer) if answer.is_success() => {
                    self.known().messages.extend(answer.json["message_id"].as_str().map(str::to_owned));
                    return;
                }
                Some(answer) if answer.status < 500 && answer.status != 429 => return,
                _ => pause(4_000).await,
            }
        }
    }
}

/// What a consumer app enqueues.
struct Enqueue {
    conversation: u64,
    key: u64,
    priority: u64,
    in_ms: u64,
    burden: Burden,
}
