//! Who says what, and when.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use clawstead_sandbox::{Api, seed};
use serde_json::json;

const WAVES: usize = 5;

/// Each conversation says so much when it begins, one line more in the wave after, when its machine is gone.
const LINES: usize = 2;

/// The waves, and every message that was sent.
pub(crate) struct Waves {
    conversations: usize,
    next: usize,
    /// What each conversation was sent, in order: the message's id and its text.
    pub(crate) sent: BTreeMap<String, Vec<(String, String)>>,
}

impl Waves {
    pub(crate) fn new(conversations: usize) -> Self {
        Self { conversations, next: 0, sent: BTreeMap::new() }
    }

    /// The messages of the next wave: those of conversations that begin, and one each of some that began in the wave before.
    pub(crate) fn next_wave(&mut self) -> Option<Vec<(String, String)>> {
        let wave = self.next;
        self.next += 1;
        let of_wave = |wave: usize| (0..self.conversations).filter(move |number| number % WAVES == wave);
        if wave >= WAVES {
            return None;
        }
        let begin = of_wave(wave).flat_map(|number| (1..=LINES).map(move |line| (number, format!("line {line}"))));
        let before = wave.checked_sub(1).into_iter().flat_map(of_wave).step_by(3);
        let again = before.map(|number| (number, "are you still there?".to_owned()));
        Some(begin.chain(again).map(|(number, text)| (format!("demo-{number:02}"), text)).collect())
    }

    pub(crate) async fn send(&mut self, api: &Api, wave: Vec<(String, String)>) -> Result<()> {
        for (conversation_id, text) in wave {
            let body = json!({
                "conversation_id": conversation_id, "agent_key": seed::AGENT, "provider": "api", "provider_user_id": "demo",
                "text": text,
            });
            let answer = api.post("/v1/messages", &body).await?.success().context("a message was not accepted")?;
            let id = answer["message_id"].as_str().context("an accepted message has no id")?.to_owned();
            self.sent.entry(conversation_id).or_default().push((id, text));
        }
        Ok(())
    }
}
