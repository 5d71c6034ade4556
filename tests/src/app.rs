//! One clawstead, for one test.

use std::time::Duration;

use clawstead_emulators::{
    fly::FlyOptions,
    telegram::{Delivery, Sent, Telegram},
};
use clawstead_sandbox::{Answer, Api, Keys, PlatformKind, Sandbox, SandboxOptions, seed, updates};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{TestWorker, eventually, function_calls, function_calls::FunctionKind};

const TICK_EVERY: Duration = Duration::from_millis(100);
const LOG_LINES_SHOWN: usize = 40;

/// What a test needs before it begins.
#[derive(Default)]
pub struct AppBuilder {
    agent: bool,
    bot: bool,
    paired: bool,
    ticks: bool,
    machines: i64,
    memory_bytes_max: Option<usize>,
    worker_env: Vec<(&'static str, &'static str)>,
    configs: Vec<(&'static str, Value)>,
    variables: Vec<(&'static str, String)>,
}

impl AppBuilder {
    /// The agent `default`.
    #[must_use]
    pub fn agent(mut self) -> Self {
        self.agent = true;
        self
    }

    /// The agent and its bot, with the webhook set.
    #[must_use]
    pub fn bot(mut self) -> Self {
        self.bot = true;
        self.agent()
    }

    /// The agent, its bot, and one person who is paired.
    #[must_use]
    pub fn paired(mut self) -> Self {
        self.paired = true;
        self.bot()
    }

    /// Ticks from the background; without it a test ticks by itself.
    #[must_use]
    pub fn ticking(mut self) -> Self {
        self.ticks = true;
        self
    }

    /// At most this many machines, made by ticks from the background.
    #[must_use]
    pub fn machines(mut self, most: i64) -> Self {
        self.machines = most;
        self.ticking()
    }

    /// At most this much memory for an instance of a component.
    #[must_use]
    pub fn memory_bytes_max(mut self, bytes: usize) -> Self {
        self.memory_bytes_max = Some(bytes);
        self
    }

    /// One more variable in the environment of every machine's worker.
    #[must_use]
    pub fn worker_env(mut self, name: &'static str, value: &'static str) -> Self {
        self.worker_env.push((name, value));
        self
    }

    /// A variable of the manifest.
    #[must_use]
    pub fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// A policy under `/v1/config`.
    #[must_use]
    pub fn config(mut self, name: &'static str, value: Value) -> Self {
        self.configs.push((name, value));
        self
    }

    /// Starts it all.
    pub async fn start(self) -> App {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let keys = Keys::generate().expect("keys");
        let mut options = SandboxOptions::new(folder.path(), keys.clone());
        options.platform = PlatformKind::from_env().expect("CLAWSTEAD_HOST names a platform");
        options.tick_every = self.ticks.then_some(TICK_EVERY);
        options.fly = Some(self.fly_options());
        options.memory_bytes_max = self.memory_bytes_max;
        options.variables.extend(self.variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let sandbox = options.start().await.expect("clawstead starts");
        let app = App { sandbox, keys, folder };
        self.seed(&app).await;
        app
    }

    fn fly_options(&self) -> FlyOptions {
        let mut options = FlyOptions::default();
        let env = &mut options.worker_env;
        for (name, value) in [("POLL_INTERVAL_MS", "50"), ("HEARTBEAT_INTERVAL_MS", "200"), ("ECHO_ERROR_WAIT_MS", "100")] {
            env.insert(name.to_owned(), value.to_owned());
        }
        env.extend(self.worker_env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        options
    }

    async fn seed(&self, app: &App) {
        let api = app.api();
        for (name, value) in &self.configs {
            seed::config(api, name, value).await.expect("the policy is taken");
        }
        if self.machines > 0 {
            seed::sandbox_provider(api).await.expect("the provider is taken");
            let scaling = json!({"machines_max": self.machines, "spawn_step": self.machines});
            seed::config(api, "scaling", &scaling).await.expect("the cap is taken");
        }
        if self.agent {
            seed::agent(api, seed::AGENT).await.expect("the agent is made");
        }
        if self.bot {
            app.telegram().add_bot(seed::bot());
            seed::linked_bot(api, seed::AGENT, seed::BOT_TOKEN).await.expect("the bot is linked");
        }
        if self.paired {
            app.pair(seed::CONSUMER_USER_ID, seed::USER_ID).await;
        }
    }
}

/// A running clawstead with its stand-ins.
pub struct App {
    sandbox: Sandbox,
    keys: Keys,
    folder: TempDir,
}

impl App {
    /// Says what is needed; nothing by default but clawstead itself.
    pub fn builder() -> AppBuilder {
        AppBuilder::default()
    }

    /// clawstead with the agent `default` and its bot, without ticks.
    pub async fn start() -> Self {
        Self::builder().bot().start().await
    }

    /// The whole sandbox.
    pub fn sandbox(&mut self) -> &mut Sandbox {
        &mut self.sandbox
    }

    /// The secrets clawstead was started with.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The operator's client.
    pub fn api(&self) -> &Api {
        self.sandbox.api()
    }

    /// The stand-in for Telegram.
    pub fn telegram(&self) -> &Telegram {
        self.sandbox.telegram()
    }

    /// The stand-in for Fly.
    pub fn fly(&self) -> &clawstead_emulators::fly::Fly {
        self.sandbox.fly()
    }

    /// `GET path` as the operator.
    pub async fn get(&self, path: &str) -> Answer {
        self.api().get(path).await.expect("clawstead answers")
    }

    /// `POST path` as the operator.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.api().post(path, body).await.expect("clawstead answers")
    }

    /// `PUT path` as the operator.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.api().put(path, body).await.expect("clawstead answers")
    }

    /// `DELETE path` as the operator.
    pub async fn delete(&self, path: &str) -> Answer {
        self.api().delete(path).await.expect("clawstead answers")
    }

    /// Does once what is due.
    pub async fn tick(&self) -> Value {
        self.sandbox.tick().await.expect("clawstead answers").success().expect("the tick ran")
    }

    /// The position of the last event in the log.
    pub async fn position(&self) -> u64 {
        self.get("/healthz").await.json["position"].as_u64().expect("a position")
    }

    /// All events of a type, oldest first.
    pub async fn events(&self, event_type: &str) -> Vec<Value> {
        let page = self.get(&format!("/v1/events?type={event_type}&limit=1000")).await.success().expect("the log is readable");
        page["events"].as_array().expect("a page of events").clone()
    }

    /// Calls a function of the function-call protocol as the operator.
    pub async fn call(&self, kind: FunctionKind, name: &str, arguments: &Value) -> Answer {
        function_calls::call(self.api(), kind, name, arguments).await
    }

    /// Registers a worker of one's own.
    pub async fn worker(&self) -> TestWorker {
        TestWorker::register(self.api()).await
    }

    /// Pairs a person with the agent `default` through the bot.
    pub async fn pair(&self, consumer_user_id: &str, user_id: i64) {
        seed::paired_user(self.api(), self.telegram(), consumer_user_id, seed::AGENT, seed::BOT_ID, user_id)
            .await
            .expect("the person gets paired");
        self.until_told().await;
    }

    /// A person writes to the bot; waits until clawstead has taken the update.
    pub async fn write(&self, user_id: i64, text: &str) -> Delivery {
        self.telegram().deliver(seed::BOT_ID, updates::text(user_id, text)).await
    }

    /// Enqueues a text over the user-facing interface; gives the message's id.
    pub async fn enqueue(&self, conversation_id: &str, text: &str) -> String {
        let body = json!({
            "conversation_id": conversation_id, "agent_key": seed::AGENT, "provider": "app", "provider_user_id": "ada", "text": text,
        });
        let answer = self.post("/v1/messages", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json["message_id"].as_str().expect("a message id").to_owned()
    }

    /// The state of a message, as the operator sees it.
    pub async fn message(&self, message_id: &str) -> Value {
        self.get(&format!("/v1/messages/{message_id}")).await.success().expect("the message is known")
    }

    /// Waits until a chat was sent `count` messages; gives their texts, oldest first.
    pub async fn replies(&self, chat_id: i64, count: usize) -> Vec<String> {
        let texts = |sent: &[Sent]| -> Vec<String> {
            sent.iter()
                .filter(|sent| sent.chat_id == chat_id && sent.text.starts_with("echo: "))
                .map(|sent| sent.text.clone())
                .collect()
        };
        eventually(&format!("{count} replies in chat {chat_id}"), || async {
            let found = texts(&self.telegram().sent());
            (found.len() >= count).then_some(found)
        })
        .await
    }

    /// Waits until everything that clawstead says to people has been said: the outbox writes no more events.
    pub async fn until_told(&self) {
        eventually("an empty outbox", || async {
            (self.get("/v1/telegram/stats").await.json["outbox"]["waiting"] == 0).then_some(())
        })
        .await;
    }

    /// Waits until nothing is queued or in flight: no reply can come any more.
    pub async fn until_idle(&self) {
        eventually("an empty queue", || async {
            let stats = self.get("/v1/queue/stats").await.json;
            ["queued_ready", "queued_later", "processing"].iter().all(|name| stats[name] == 0).then_some(())
        })
        .await;
    }
}

impl Drop for App {
    /// A test that fails shows what the components logged last; ticks go on for ever and say little.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let log = std::fs::read_to_string(self.folder.path().join("components.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().filter(|line| !line.contains("\"Tick\"")).collect();
        println!("the last lines of the components' log:");
        for line in &lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..] {
            println!("{line}");
        }
    }
}
