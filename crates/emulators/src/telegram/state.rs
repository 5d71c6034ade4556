//! What the emulator remembers: bots, their webhooks, chats, pending updates, and what was sent.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::files::Files;
use super::webhook::Webhook;
use crate::clock::now_ms;

/// Older history is forgotten.
const HISTORY_MAX: usize = 100_000;

/// A bot as BotFather would make it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bot {
    /// The secret in the path of every call.
    pub token: String,
    /// The bot's user id.
    pub id: i64,
    /// The user name, without `@`.
    pub username: String,
    /// The name people see.
    pub first_name: String,
}

/// A message that a bot sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sent {
    /// Counts up over all bots.
    pub seq: u64,
    /// Who sent it.
    pub bot_id: i64,
    /// The Bot API method.
    pub method: String,
    /// To which chat.
    pub chat_id: i64,
    /// Text or caption as the user sees it: entities parsed.
    pub text: String,
    /// When, in milliseconds since the epoch.
    pub at_ms: i64,
    /// The id the message got.
    pub message_id: i64,
    /// The parameters as they were sent.
    pub parameters: Map<String, Value>,
}

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Waiting for its turn, for the next attempt, or for a webhook.
    Pending,
    /// The webhook answered 2xx.
    Delivered,
    /// Given up: too old, or the pending updates were dropped.
    Dropped,
    /// The bot did not ask for this kind of update.
    NotWanted,
}

/// The history of one update on its way to a webhook.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// Counts up over all bots.
    pub seq: u64,
    /// Whose update.
    pub bot_id: i64,
    /// The update's own id.
    pub update_id: i64,
    /// The chat whose order it keeps.
    pub chat_id: i64,
    /// Requests made so far.
    pub attempts: u32,
    /// The HTTP status of the last attempt, if there was an answer.
    pub status: Option<u16>,
    /// The body of the last answer.
    pub body: String,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// How it stands.
    pub outcome: Outcome,
    /// When the update was made, in milliseconds since the epoch.
    pub queued_at_ms: i64,
    /// When it was delivered or given up.
    pub ended_at_ms: Option<i64>,
}

impl Delivery {
    pub(crate) fn end(&mut self, outcome: Outcome) {
        self.outcome = outcome;
        self.ended_at_ms = Some(now_ms());
    }
}

/// An update that was not delivered yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PendingUpdate {
    pub(crate) seq: u64,
    pub(crate) chat_id: i64,
    pub(crate) update: Value,
}

/// A bot and everything that belongs to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) bot: Bot,
    pub(crate) webhook: Option<Webhook>,
    /// What `setWebhook` falls back to when it does not name the kinds.
    pub(crate) allowed_updates: Vec<String>,
    pub(crate) pending: VecDeque<PendingUpdate>,
    pub(crate) chats: BTreeMap<i64, Value>,
    pub(crate) next_update_id: i64,
    pub(crate) next_message_id: i64,
}

impl Account {
    fn new(bot: Bot) -> Account {
        Account {
            bot,
            webhook: None,
            allowed_updates: Vec::new(),
            pending: VecDeque::new(),
            chats: BTreeMap::new(),
            next_update_id: 1,
            next_message_id: 1_000,
        }
    }

    /// The bot as a `User` of the API.
    pub(crate) fn user(&self) -> Value {
        json!({
            "id": self.bot.id,
            "is_bot": true,
            "first_name": self.bot.first_name,
            "username": self.bot.username,
        })
    }

    pub(crate) fn take_message_id(&mut self) -> i64 {
        self.next_message_id += 1;
        self.next_message_id - 1
    }
}

/// Everything that outlives a restart.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) accounts: BTreeMap<i64, Account>,
    pub(crate) sent: VecDeque<Sent>,
    pub(crate) deliveries: BTreeMap<u64, Delivery>,
    pub(crate) files: Files,
    pub(crate) blocked_chats: BTreeSet<i64>,
    pub(crate) unknown_chats: BTreeSet<i64>,
    next_seq: u64,
}

impl State {
    pub(crate) fn add_bot(&mut self, bot: Bot) {
        match self.accounts.get_mut(&bot.id) {
            Some(account) => account.bot = bot,
            None => {
                self.accounts.insert(bot.id, Account::new(bot));
            }
        }
    }

    pub(crate) fn account_of_token(&self, token: &str) -> Option<&Account> {
        self.accounts.values().find(|account| account.bot.token == token)
    }

    pub(crate) fn block(&mut self, chat_id: i64, blocked: bool) {
        if blocked {
            self.blocked_chats.insert(chat_id);
        } else {
            self.blocked_chats.remove(&chat_id);
        }
    }

    pub(crate) fn take_seq(&mut self) -> u64 {
        self.next_seq += 1;
        self.next_seq
    }

    pub(crate) fn record_sent(&mut self, sent: Sent) {
        self.sent.push_back(sent);
        if self.sent.len() > HISTORY_MAX {
            self.sent.pop_front();
        }
    }

    pub(crate) fn record_delivery(&mut self, delivery: Delivery) {
        self.deliveries.insert(delivery.seq, delivery);
        if self.deliveries.len() <= HISTORY_MAX {
            return;
        }
        // A pending one is still needed, however old.
        let oldest = self.deliveries.values().find(|one| one.outcome != Outcome::Pending);
        if let Some(seq) = oldest.map(|one| one.seq) {
            self.deliveries.remove(&seq);
        }
    }
}
