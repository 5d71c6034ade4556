//! A whole clawstead, started and stopped as one.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use clawstead_emulators::{
    fly::{Fly, FlyOptions},
    telegram::{Telegram, TelegramOptions},
};

use crate::{
    Answer, Api, Keys, PlatformKind,
    platform::{Launch, Platform},
    ports,
    ticker::Ticker,
};

/// The first request after a cold start compiles the components and migrates the database.
const READY_DEADLINE: Duration = Duration::from_secs(180);
const READY_POLL: Duration = Duration::from_millis(50);

/// What to start.
pub struct SandboxOptions {
    /// What runs the components.
    pub platform: PlatformKind,
    /// The folder for the platform's databases.
    pub state: PathBuf,
    /// The file to which the components' own log lines are appended.
    pub log: PathBuf,
    /// The port of clawstead on this machine; 0 for a free one.
    pub port: u16,
    /// Where the outside reaches clawstead; none for its address on this machine.
    pub public_url: Option<String>,
    /// The secrets it is started with.
    pub keys: Keys,
    /// More variables of the manifest, or other values for those set here.
    pub variables: BTreeMap<String, String>,
    /// The stand-in for Telegram; none leaves the real one.
    pub telegram: Option<TelegramOptions>,
    /// The stand-in for Fly; none leaves the real one.
    pub fly: Option<FlyOptions>,
    /// How often the tick route is called; none leaves ticks to the caller.
    pub tick_every: Option<Duration>,
    /// How much memory an instance of a component may have, bytes; none for the local host's default. Spin has its own.
    pub memory_bytes_max: Option<usize>,
}

impl SandboxOptions {
    /// Everything in one folder; our own host on a free port, both stand-ins, a tick every second.
    pub fn new(folder: &Path, keys: Keys) -> Self {
        Self {
            platform: PlatformKind::Local,
            state: folder.join("host"),
            log: folder.join("components.log"),
            port: 0,
            public_url: None,
            keys,
            variables: BTreeMap::new(),
            telegram: Some(TelegramOptions::default()),
            fly: Some(FlyOptions::default()),
            tick_every: Some(Duration::from_secs(1)),
            memory_bytes_max: None,
        }
    }

    /// Starts the stand-ins, then the platform, and waits until clawstead answers.
    pub async fn start(self) -> Result<Sandbox> {
        let listener = ports::local(self.port)?;
        let address = listener.local_addr()?;
        let telegram = match self.telegram {
            Some(options) => Some(Telegram::start(options).await.context("the stand-in for Telegram does not start")?),
            None => None,
        };
        let fly_token = self.fly.as_ref().map(|options| options.token.clone());
        let fly = match self.fly {
            Some(options) => Some(start_fly(options, telegram.as_ref()).await?),
            None => None,
        };
        let base_url = format!("http://{address}");
        let mut variables = BTreeMap::from([
            ("operator_key".to_owned(), self.keys.operator.clone()),
            ("tick_key".to_owned(), self.keys.tick.clone()),
            ("vault_keys".to_owned(), self.keys.vault.clone()),
            ("public_url".to_owned(), self.public_url.unwrap_or_else(|| base_url.clone())),
        ]);
        if let Some(telegram) = &telegram {
            variables.insert("telegram_api_url".to_owned(), telegram.base_url());
        }
        if let (Some(fly), Some(token)) = (&fly, fly_token) {
            variables.insert("fly_api_url".to_owned(), fly.base_url());
            variables.insert("fly_api_token".to_owned(), token);
        }
        variables.extend(self.variables);
        let launch = Launch {
            kind: self.platform,
            manifest: workspace_file("spin.toml"),
            address,
            listener: Some(listener),
            state: self.state,
            cache: workspace_file("target/component-cache"),
            log: self.log,
            variables,
            memory_bytes_max: self.memory_bytes_max,
        };
        let api = Api::new(base_url, &self.keys.operator);
        let tick_api = api.with_key(&self.keys.tick);
        let mut sandbox = Sandbox { launch, platform: None, telegram, fly, api, tick_api, ticker: None };
        sandbox.start_host().await?;
        sandbox.ticker = self.tick_every.map(|every| Ticker::start(sandbox.tick_api.clone(), every));
        Ok(sandbox)
    }
}

async fn start_fly(mut options: FlyOptions, telegram: Option<&Telegram>) -> Result<Fly> {
    if let Some(telegram) = telegram {
        options.worker_env.insert("TELEGRAM_API_URL".to_owned(), telegram.base_url());
    }
    Fly::start(options).await.context("the stand-in for Fly does not start")
}

/// A running clawstead with its stand-ins.
pub struct Sandbox {
    launch: Launch,
    platform: Option<Platform>,
    telegram: Option<Telegram>,
    fly: Option<Fly>,
    api: Api,
    tick_api: Api,
    ticker: Option<Ticker>,
}

impl Sandbox {
    /// clawstead, spoken to with the operator key.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// The stand-in for Telegram.
    ///
    /// # Panics
    /// When the real Telegram is used.
    pub fn telegram(&self) -> &Telegram {
        self.telegram.as_ref().expect("started with a stand-in for Telegram")
    }

    /// The stand-in for Fly.
    ///
    /// # Panics
    /// When the real Fly is used.
    pub fn fly(&self) -> &Fly {
        self.fly.as_ref().expect("started with a stand-in for Fly")
    }

    /// Calls the tick route once.
    pub async fn tick(&self) -> Result<Answer> {
        self.tick_api.post("/internal/tick", &serde_json::json!({})).await
    }

    /// Stops what runs the components; the stand-ins stay.
    pub async fn stop_host(&mut self) -> Result<()> {
        match self.platform.take() {
            Some(platform) => platform.stop().await,
            None => Ok(()),
        }
    }

    /// Starts it again, on the same address and data, and waits until clawstead answers.
    pub async fn start_host(&mut self) -> Result<()> {
        let mut platform = self.launch.start().await?;
        let ready = wait_until_ready(&mut platform, &self.api).await;
        self.platform = Some(platform);
        ready
    }

    /// Stops everything; what is kept is on disk afterwards.
    pub async fn stop(mut self) -> Result<()> {
        self.ticker = None;
        self.stop_host().await?;
        if let Some(fly) = self.fly {
            fly.stop().await;
        }
        if let Some(telegram) = self.telegram {
            telegram.stop().await;
        }
        Ok(())
    }
}

async fn wait_until_ready(platform: &mut Platform, api: &Api) -> Result<()> {
    let started = Instant::now();
    let api = api.anonymous();
    loop {
        let answer = api.get("/healthz").await;
        if answer.as_ref().is_ok_and(Answer::is_success) {
            return Ok(());
        }
        platform.check()?;
        if started.elapsed() > READY_DEADLINE {
            let last = answer.map(|answer| format!("status {}: {}", answer.status, answer.text));
            bail!("clawstead does not answer: {}", last.unwrap_or_else(|error| format!("{error:#}")));
        }
        tokio::time::sleep(READY_POLL).await;
    }
}

/// A file of this workspace, by its path from the root.
pub fn workspace_file(path: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().unwrap_or(root).join(path)
}
