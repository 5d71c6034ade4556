//! A worker of somebody's own, over the REST interface. It is not well behaved: it forgets heartbeats, says things twice, and
//! says them late.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::actors::engine::burden_of;
use crate::dice::Dice;
use crate::wire::Link;
use crate::world::{Answer, Asking, World, pause};

/// Between two questions for work, ms.
const POLL_MS: u64 = 7_000;

/// Between two heartbeats, ms.
const HEARTBEAT_MS: u64 = 10_000;

/// Works for ever.
pub async fn live(world: Arc<World>, token: String, dice: Dice) {
    let worker = External { world, token, dice };
    loop {
        pause(worker.dice.between(POLL_MS / 2, POLL_MS * 2)).await;
        let Some(job) = worker.claim().await else { continue };
        worker.perform(&job).await;
    }
}

struct External {
    world: Arc<World>,
    token: String,
    dice: Dice,
}

impl External {
    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Option<Answer> {
        let path = format!("/worker/{}/v1/{path}", self.token);
        self.world.ask(&Asking::new(Link::WorkerToPlane, method, &path), body).await
    }

    async fn claim(&self) -> Option<Value> {
        let answer = match self.dice.between(0, 6) {
            0 => self.call("GET", "claim?wait=2", None).await,
            _ => self.call("POST", "claim", Some(&json!({}))).await,
        }?;
        (answer.status == 200).then_some(answer.json)
    }

    async fn perform(&self, job: &Value) {
        let message_id = job["message_id"].as_str().unwrap_or_default();
        // It crashes and remembers nothing.
        if self.dice.one_in(12) {
            return;
        }
        let bundle = self.call("GET", &format!("messages/{message_id}"), None).await;
        let text = bundle.and_then(|bundle| bundle.json["message"]["text"].as_str().map(str::to_owned));
        let burden = burden_of(&text.unwrap_or_default());
        self.work(job, burden.seconds).await;
        let holder = json!({"message_id": message_id, "lease_id": job["lease_id"]});
        if burden.failures > 0 && self.dice.one_in(3) {
            let mut failure = holder.clone();
            failure["error"] = json!("it did not work");
            self.call("POST", "fail", Some(&failure)).await;
            // And yet it goes on, as if it had not said so.
            if self.dice.one_in(2) {
                return;
            }
        }
        let conversation_id = job["conversation_id"].as_str().unwrap_or_default();
        let turns = json!({"turns": [
            {"role": "user", "content": "said", "at": self.world.clock.outside_ms()},
            {"role": "assistant", "content": "done", "at": self.world.clock.outside_ms() + 1},
        ]});
        self.call("POST", &format!("conversations/{conversation_id}/turns"), Some(&turns)).await;
        for _ in 0..self.dice.between(1, 4) {
            self.call("POST", "complete", Some(&holder)).await;
            pause(self.dice.between(0, 500)).await;
        }
    }

    /// Takes its time, and mostly says that it is alive.
    async fn work(&self, job: &Value, seconds: u64) {
        let holder = json!({"message_id": job["message_id"], "lease_id": job["lease_id"]});
        let mut left = seconds * 1_000;
        let silent = self.dice.one_in(5);
        while left > HEARTBEAT_MS {
            left -= HEARTBEAT_MS;
            pause(HEARTBEAT_MS).await;
            if !silent && !self.dice.one_in(6) {
                self.call("POST", "heartbeat", Some(&holder)).await;
            }
        }
        pause(left).await;
        // It comes back late.
        if self.dice.one_in(10) {
            pause(self.dice.between(30_000, 150_000)).await;
            if self.dice.one_in(2) {
                self.call("POST", "heartbeat", Some(&holder)).await;
            }
        }
    }
}
