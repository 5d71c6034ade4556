//! One deployment: a database file, keys, a clock and dice.

use std::cell::Cell;

use clawstead_domain::agent::Configure;
use clawstead_domain::binding::Account;
use clawstead_ledger::engines::native::NativeEngine;
use clawstead_ledger::{Durability, Event, Ledger, TailQuery};
use clawstead_operations::bots::{Linked, Telegram, WebhookOptions};
use clawstead_operations::ingress::{self, IngressBot, Outcome};
use clawstead_operations::pairings::NewPairing;
use clawstead_operations::{Cx, OperationError, agents, bots, pairings};
use clawstead_transport::ScriptedTransport;
use clawstead_vault::KeyRing;
use futures::executor::block_on;
use tempfile::TempDir;

use crate::stage::Stage;
use crate::telegram::{self, BOT_ID, TOKEN};

pub(crate) const START: i64 = 1_763_619_600_000;
pub(crate) const AGENT: &str = "default";
pub(crate) const API: &str = "https://telegram.test";
pub(crate) const PUBLIC: &str = "https://clawstead.test/";

type Dice = Box<dyn Fn(&mut [u8])>;

pub(crate) struct World {
    pub(crate) ledger: Ledger<Stage>,
    pub(crate) keys: KeyRing,
    now: Cell<i64>,
    dice: Dice,
    _folder: TempDir,
}

impl World {
    /// An empty deployment.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("log.db");
        let ledger = block_on(async {
            let ledger = Ledger::new(Stage::new(NativeEngine::open(&file, Durability::Normal).await.unwrap()));
            ledger.migrate("test", START).await.unwrap();
            ledger
        });
        let keys = KeyRing::parse("k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
        Self { ledger, keys, now: Cell::new(START), dice: dice(), _folder: folder }
    }

    /// A deployment with an enabled agent.
    pub(crate) fn with_agent() -> Self {
        let world = Self::new();
        world.configure(AGENT, true);
        world
    }

    /// A deployment with an agent and its bot.
    pub(crate) fn with_bot() -> Self {
        let world = Self::with_agent();
        world.link(&telegram::agreeing(BOT_ID, "helper_bot"), AGENT, TOKEN).unwrap();
        world
    }

    pub(crate) fn cx(&self) -> Cx<'_, Stage> {
        Cx {
            ledger: &self.ledger,
            now: self.now.get(),
            entropy: &*self.dice,
            actor: "test:test".to_owned(),
            correlation: "test".to_owned(),
        }
    }

    pub(crate) fn stage(&self) -> &Stage {
        self.ledger.engine()
    }

    /// Lets the other side be so many statements ahead.
    pub(crate) async fn lag(&self, statements: usize) {
        for _ in 0..statements {
            self.cx().sql("SELECT 1", &[]).await.unwrap();
        }
    }

    pub(crate) fn wait(&self, ms: i64) {
        self.now.set(self.now.get() + ms);
    }

    pub(crate) fn configure(&self, agent_key: &str, enabled: bool) {
        let change = Configure { enabled: Some(enabled), ..Default::default() };
        block_on(agents::configure(&self.cx(), agent_key, &change)).unwrap();
    }

    pub(crate) fn link(&self, transport: &ScriptedTransport, agent_key: &str, token: &str) -> Result<Linked, OperationError> {
        let telegram = Telegram { transport, api_url: API, public_url: PUBLIC };
        block_on(bots::link(&self.cx(), &self.keys, telegram, agent_key, token, WebhookOptions::default()))
    }

    pub(crate) fn pairing(&self, consumer_user_id: &str) -> NewPairing {
        block_on(pairings::create(&self.cx(), &self.keys, consumer_user_id, AGENT, None)).unwrap()
    }

    pub(crate) fn state(&self, pairing_id: &str) -> String {
        block_on(pairings::get(&self.cx(), pairing_id)).unwrap().unwrap().state
    }

    /// The user pairs this account with the agent.
    pub(crate) fn paired(&self, consumer_user_id: &str, telegram_user_id: i64) {
        let code = self.pairing(consumer_user_id).code;
        block_on(pairings::consume(&self.cx(), &code, &account(telegram_user_id))).unwrap();
    }

    /// An update comes in for the bot.
    pub(crate) fn receive(&self, body: &[u8]) -> Result<Outcome, OperationError> {
        block_on(ingress::receive(&self.cx(), &bot(), body)).map(|received| received.outcome)
    }

    pub(crate) fn log(&self) -> Vec<Event> {
        block_on(self.ledger.tail(&TailQuery { limit: 1_000, ..TailQuery::default() })).unwrap().events
    }

    /// Names of the events, from the first.
    pub(crate) fn story(&self) -> Vec<String> {
        self.log().into_iter().map(|event| event.event_type).collect()
    }

    /// What the last event of a type says.
    pub(crate) fn last(&self, event_type: &str) -> serde_json::Value {
        self.log().into_iter().rfind(|event| event.event_type == event_type).unwrap().data
    }

    pub(crate) fn count(&self, event_type: &str) -> usize {
        self.story().iter().filter(|name| *name == event_type).count()
    }
}

/// The bot of [`World::with_bot`], as its updates prove it.
pub(crate) fn bot() -> IngressBot {
    IngressBot { bot_id: BOT_ID.to_owned(), agent_key: AGENT.to_owned(), username: "helper_bot".to_owned() }
}

/// The private chat of a person with that bot.
pub(crate) fn account(telegram_user_id: i64) -> Account {
    let id = telegram_user_id.to_string();
    Account { bot_id: BOT_ID.to_owned(), telegram_user_id: id.clone(), telegram_chat_id: id }
}

/// The code of a refusal, which it must be.
pub(crate) fn refused<T>(outcome: Result<T, OperationError>) -> &'static str {
    match outcome {
        Err(OperationError::Refused(refusal)) => refusal.code,
        Err(error) => panic!("not refused, but {error}"),
        Ok(_) => panic!("not refused"),
    }
}

/// Numbers that look random and are the same in every run (SplitMix64).
fn dice() -> Dice {
    let state = Cell::new(1_u64);
    Box::new(move |bytes| {
        for chunk in bytes.chunks_mut(8) {
            state.set(state.get().wrapping_add(0x9E37_79B9_7F4A_7C15));
            let mut mixed = state.get();
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            let mixed = (mixed ^ (mixed >> 31)).to_le_bytes();
            chunk.copy_from_slice(&mixed[..chunk.len()]);
        }
    })
}
