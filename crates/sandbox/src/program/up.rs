//! `up`: clawstead with everything it needs, until Ctrl-C.

use std::{collections::BTreeMap, path::PathBuf, pin::pin};

use anyhow::{Context as _, Result};
use clawstead_emulators::{fly::FlyOptions, telegram::TelegramOptions};
use clawstead_sandbox::{Credentials, DataDir, PlatformKind, Sandbox, SandboxOptions, preferred_address, seed, workspace_file};

use crate::{options::UpOptions, real::Real, signals::asked_to_stop};

const TELEGRAM_API: &str = "https://api.telegram.org";
const FLY_API: &str = "https://api.machines.dev";

/// Starts everything, says what is where, and stops it cleanly when asked to.
pub(crate) async fn run(options: UpOptions) -> Result<()> {
    let real = Real::from_env(options.public_url.as_deref())?;
    let path = data_path(options.data.clone());
    let data = DataDir::open(&path)?;
    if options.reset {
        data.reset()?;
    }
    let mut asked = pin!(asked_to_stop());
    let sandbox = tokio::select! {
        started = start(&options, &real, &data) => started?,
        asked = &mut asked => return asked,
    };
    println!("ready {}", sandbox.api().base_url());
    asked.await?;
    eprintln!("stopping");
    sandbox.stop().await
}

/// The folder that was asked for, or the one in the workspace.
pub(crate) fn data_path(asked: Option<PathBuf>) -> PathBuf {
    asked.unwrap_or_else(|| workspace_file(".clawstead"))
}

async fn start(options: &UpOptions, real: &Real, data: &DataDir) -> Result<Sandbox> {
    let keys = data.keys()?;
    let mut settings = SandboxOptions::new(data.path(), keys.clone());
    settings.platform = PlatformKind::from_env()?;
    settings.port = options.port;
    settings.public_url = options.public_url.clone();
    settings.variables = real_variables(real);
    settings.telegram = real.bot_token.is_none().then(|| telegram_options(options, data));
    settings.fly = real.fly.is_none().then(|| fly_options(options, data));
    let sandbox = settings.start().await?;
    let bot_id = seed_everything(options, real, &sandbox).await?;
    let credentials = Credentials {
        base_url: sandbox.api().base_url().to_owned(),
        operator_key: keys.operator,
        tick_key: keys.tick,
        telegram_api: if real.bot_token.is_some() { TELEGRAM_API.to_owned() } else { sandbox.telegram().base_url() },
        fly_api: if real.fly.is_some() { FLY_API.to_owned() } else { sandbox.fly().base_url() },
        bot_id,
    };
    credentials.write(&data.credentials_file())?;
    print_places(options, real, data, &credentials);
    Ok(sandbox)
}

fn real_variables(real: &Real) -> BTreeMap<String, String> {
    real.fly.iter().map(|fly| ("fly_api_token".to_owned(), fly.token.clone())).collect()
}

fn telegram_options(options: &UpOptions, data: &DataDir) -> TelegramOptions {
    TelegramOptions {
        listen: preferred_address(options.port, 1),
        state_file: Some(data.path().join("telegram.json")),
        ..TelegramOptions::default()
    }
}

fn fly_options(options: &UpOptions, data: &DataDir) -> FlyOptions {
    // A person waits for the reply, so the worker looks more often than it does on a real machine.
    let worker_env = BTreeMap::from([("POLL_INTERVAL_MS".to_owned(), "250".to_owned())]);
    FlyOptions {
        listen: preferred_address(options.port, 2),
        machines_max: Some(options.machines),
        worker_env,
        state_file: Some(data.path().join("fly.json")),
        ..FlyOptions::default()
    }
}

async fn seed_everything(options: &UpOptions, real: &Real, sandbox: &Sandbox) -> Result<String> {
    let api = sandbox.api();
    match &real.fly {
        Some(fly) => seed::config(api, "provider", &fly.provider).await?,
        None => seed::sandbox_provider(api).await?,
    }
    if real.fly.is_none() {
        seed::config(api, "scaling", &serde_json::json!({"machines_max": options.machines})).await?;
    }
    seed::agent(api, seed::AGENT).await?;
    let Some(token) = &real.bot_token else {
        sandbox.telegram().add_bot(seed::bot());
        let bot_id = seed::linked_bot(api, seed::AGENT, seed::BOT_TOKEN).await?;
        let user = (seed::CONSUMER_USER_ID, seed::AGENT, seed::BOT_ID, seed::USER_ID);
        seed::paired_user(api, sandbox.telegram(), user.0, user.1, user.2, user.3).await?;
        return Ok(bot_id);
    };
    let bot_id = seed::linked_bot(api, seed::AGENT, token).await?;
    if !seed::is_paired(api, seed::CONSUMER_USER_ID, seed::AGENT).await? {
        let pairing = seed::pairing(api, seed::CONSUMER_USER_ID, seed::AGENT).await?;
        println!("pair yourself: write to your bot: /start {}", pairing["code"].as_str().context("no code")?);
    }
    Ok(bot_id)
}

fn print_places(options: &UpOptions, real: &Real, data: &DataDir, credentials: &Credentials) {
    println!("clawstead  {}", credentials.base_url);
    match real.bot_token {
        Some(_) => println!("Telegram   {TELEGRAM_API}, bot {}", credentials.bot_id),
        None => {
            println!("Telegram   {} (stand-in), bot {}, user {}", credentials.telegram_api, credentials.bot_id, seed::USER_ID);
        }
    }
    match real.fly {
        Some(_) => println!("Fly        {FLY_API}"),
        None => println!("Fly        {} (stand-in), at most {} machines", credentials.fly_api, options.machines),
    }
    println!("data       {}", data.path().display());
    println!("           credentials.json has addresses and keys, components.log what the components print");
    if real.bot_token.is_none() {
        println!("try        cargo xtask say \"hello\"");
    }
}
