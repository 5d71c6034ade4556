//! A database in a file of its own, a clock, dice, and a Fly.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use clawstead_domain::agent::{AgentEvent, Configure};
use clawstead_domain::config::{Policy, ProviderPolicy, ScalingPolicy};
use clawstead_domain::conversation::Enqueue;
use clawstead_ledger::engines::native::NativeEngine;
use clawstead_ledger::{Durability, Engine, Expected, Ledger};
use clawstead_operations::files::SqliteStore;
use clawstead_operations::subscriptions::Addresses;
use clawstead_operations::tick::{self, Outside, TickReport};
use clawstead_operations::{Cx, agents, configs, provider, queue};
use clawstead_transport::AnyTransport;
use clawstead_vault::KeyRing;
use futures::FutureExt;
use futures::executor::block_on;
use serde_json::json;
use tempfile::TempDir;

use crate::fly::{APP, Fly, TOKEN};

pub(crate) const DEPLOYMENT: &str = "test";
pub(crate) const IDLE_MS: i64 = 60_000;

pub(crate) struct World {
    pub(crate) ledger: Ledger<NativeEngine>,
    pub(crate) clock: Rc<Cell<i64>>,
    pub(crate) fly: Fly,
    pub(crate) token: Cell<&'static str>,
    /// Machines whose program makes no call any more.
    pub(crate) dead: RefCell<Vec<String>>,
    /// Whether a program that gets a message hangs.
    pub(crate) hangs: Cell<bool>,
    /// Whether a program that is told to stop hands in what it knows, and ends.
    pub(crate) hands_in: Cell<bool>,
    now_of_ticks: Box<dyn Fn() -> i64>,
    pub(crate) keys: KeyRing,
    dice: Cell<u64>,
    _folder: TempDir,
}

impl World {
    /// With an agent `a` that has a bot, an agent `b` that has none, and a policy that wants machines: at most `machines_max`.
    pub(crate) fn new(machines_max: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = block_on(NativeEngine::open(&folder.path().join("test.db"), Durability::Normal)).unwrap();
        let clock = Rc::new(Cell::new(1_700_000_000_000));
        let world = Self {
            ledger: Ledger::new(engine),
            fly: Fly::new(clock.clone()),
            now_of_ticks: {
                let clock = clock.clone();
                Box::new(move || clock.get())
            },
            clock,
            token: Cell::new(TOKEN),
            dead: RefCell::default(),
            hangs: Cell::new(false),
            hands_in: Cell::new(true),
            keys: KeyRing::parse("k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap(),
            dice: Cell::new(0),
            _folder: folder,
        };
        block_on(world.ledger.migrate("test", world.now())).unwrap();
        for agent in ["a", "b"] {
            world.with_cx(|cx| block_on(agents::configure(cx, agent, &Configure::default())).map(drop).unwrap());
        }
        let bot = AgentEvent::BotLinked { bot_id: "9".into(), username: "helper_bot".into(), token_ref: "bot".into() };
        world.with_cx(|cx| block_on(cx.append("a", Expected::Any, &[bot])).unwrap());
        world.set(&ScalingPolicy { machines_max, spawn_step: 2, idle_timeout_ms: IDLE_MS, ..ScalingPolicy::default() });
        world.set(&ProviderPolicy {
            kind: "fly".to_owned(),
            app_name: APP.to_owned(),
            image: "registry.test/worker@sha256:0000000000000000000000000000000000000000000000000000000000000000".to_owned(),
            regions: vec!["fra".to_owned()],
            ..ProviderPolicy::default()
        });
        world
    }

    pub(crate) fn with_cx<R>(&self, work: impl FnOnce(&Cx<'_, NativeEngine>) -> R) -> R {
        let entropy = |bytes: &mut [u8]| bytes.iter_mut().for_each(|byte| *byte = self.roll());
        work(&Cx {
            ledger: &self.ledger,
            now: self.now(),
            entropy: &entropy,
            actor: "tick:test".to_owned(),
            correlation: "c".to_owned(),
        })
    }

    /// A tick; none when it was killed on the way.
    pub(crate) fn try_tick(&self) -> Option<TickReport> {
        self.with_cx(|cx| tick::run(cx, &self.outside(), &SqliteStore(cx.ledger)).now_or_never()).map(Result::unwrap)
    }

    /// Ten seconds later, a tick.
    pub(crate) fn tick(&self) -> TickReport {
        self.pass(10_000);
        self.try_tick().expect("nothing is killed")
    }

    /// A tick that must go well.
    pub(crate) fn tick_well(&self) -> i64 {
        let machines = self.tick().kinds.remove("machines").unwrap();
        assert_eq!(machines.error, None);
        machines.done
    }

    pub(crate) fn outside(&self) -> Outside<'_> {
        let fly = provider::Fly {
            transport: &self.fly,
            api_url: "https://api.machines.test/v1",
            api_token: self.token.get(),
            deployment: DEPLOYMENT,
            pace: None,
        };
        Outside {
            providers: vec![Box::new(fly)],
            transport: AnyTransport::new(&self.fly),
            telegram_api_url: "https://telegram.test",
            app_addresses: Addresses::parse(""),
            clock: &*self.now_of_ticks,
            keys: &self.keys,
            public_url: "https://claw.test/",
        }
    }

    pub(crate) fn enqueue(&self, conversation_id: &str) {
        self.enqueue_for("a", conversation_id);
    }

    pub(crate) fn enqueue_for(&self, agent_key: &str, conversation_id: &str) {
        let command = Enqueue {
            conversation_id: conversation_id.to_owned(),
            agent_key: agent_key.to_owned(),
            provider: "api".to_owned(),
            provider_user_id: "u".to_owned(),
            text: "hello".to_owned(),
            ..Enqueue::default()
        };
        self.with_cx(|cx| block_on(queue::enqueue(cx, &command, None)).map(drop).unwrap());
    }

    pub(crate) fn pass(&self, ms: i64) {
        self.clock.set(self.clock.get() + ms);
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.get()
    }

    pub(crate) fn count(&self, sql: &str) -> i64 {
        block_on(self.ledger.engine().execute(sql, &[])).unwrap().first().unwrap().integer("n").unwrap()
    }

    /// Messages that are done.
    pub(crate) fn done(&self) -> i64 {
        self.count("SELECT count(*) AS n FROM messages WHERE status = 'done'")
    }

    /// What happened to workers, in order, without ids.
    pub(crate) fn worker_events(&self) -> Vec<String> {
        let sql = "SELECT type FROM events WHERE stream LIKE 'worker-%' ORDER BY position";
        block_on(self.ledger.engine().execute(sql, &[])).unwrap().iter().filter_map(|row| row.text("type")).collect()
    }

    /// Nothing at Fly, no live worker, no sealed token.
    pub(crate) fn is_empty(&self) -> bool {
        self.fly.machines.borrow().is_empty()
            && self.fly.volumes.borrow().is_empty()
            && self.count("SELECT count(*) AS n FROM workers WHERE state <> 'stopped'") == 0
            && self.count("SELECT count(*) AS n FROM sealed_secrets") == 0
    }

    pub(crate) fn set<P: Policy>(&self, policy: &P) {
        self.with_cx(|cx| block_on(configs::set(cx, policy)).unwrap());
    }

    fn roll(&self) -> u8 {
        // A linear congruential generator (Knuth, MMIX): the same dice in every run.
        self.dice.set(self.dice.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
        self.dice.get().to_be_bytes()[0]
    }
}

pub(crate) fn ours(worker_id: &str) -> serde_json::Value {
    json!({ "clawstead_deployment": DEPLOYMENT, "clawstead_worker": worker_id })
}
