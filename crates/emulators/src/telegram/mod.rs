//! A Telegram Bot API: methods for bots, updates for their webhooks, and control routes to play the user.
//!
//! | control route | |
//! |---|---|
//! | `GET, POST /sandbox/bots` | the bots; adds one (`{token, id, username, first_name}`) |
//! | `POST /sandbox/updates` | an update, or `{bot_id, update}`; `?wait=true` answers when its delivery has ended |
//! | `GET /sandbox/sent` | what bots sent: `?bot_id=&chat_id=&after=<seq>&wait=<seconds>` |
//! | `GET /sandbox/deliveries` | the history of deliveries: `?bot_id=&after=<seq>` |
//! | `POST /sandbox/files?name=` | the body becomes a file; answers its `file_id` |
//! | `POST /sandbox/faults` | a [`Fault`], `{blocked_chat}`, `{unblocked_chat}`, `{unknown_chat}` or `{clear: true}` |

mod answer;
mod calls;
mod connections;
mod delivery;
mod files;
mod html;
mod methods;
mod parameters;
mod sandbox;
mod sending;
mod state;
mod webhook;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::{Request, Response};
use axum::routing::{get, post};
use serde_json::Value;

use crate::faults::{Fault, Faults};
use crate::server::{self, Bound, Server};
use crate::store::Store;
use crate::tasks::Tasks;
use crate::web::{Client, Web};
use connections::Connections;
use delivery::Lanes;
use state::State;

pub use state::{Bot, Delivery, Outcome, Sent};

/// The largest upload Telegram takes from a bot.
const UPLOAD_MAX: usize = 50 * 1024 * 1024;

/// How the emulator listens, retries and remembers.
#[derive(Clone, Debug)]
pub struct TelegramOptions {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The delay before the third attempt of a delivery (the second comes at once); then it doubles.
    pub retry_base: Duration,
    /// The longest delay between two attempts.
    pub retry_max: Duration,
    /// How long a webhook may take to answer.
    pub webhook_timeout: Duration,
    /// How long [`Telegram::deliver`] and `?wait=true` wait for a delivery to end.
    pub deliver_wait: Duration,
    /// Refuse to send to chats that no update came from. Otherwise any numeric chat exists.
    pub known_chats_only: bool,
    /// Where bots, webhooks, pending updates and sent messages are kept between runs.
    pub state_file: Option<PathBuf>,
}

impl Default for TelegramOptions {
    fn default() -> TelegramOptions {
        TelegramOptions {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            retry_base: Duration::from_millis(200),
            retry_max: Duration::from_secs(60),
            webhook_timeout: Duration::from_secs(60),
            deliver_wait: Duration::from_secs(60),
            known_chats_only: false,
            state_file: None,
        }
    }
}

/// What all requests and deliveries share.
pub(crate) struct Shared {
    pub(crate) store: Arc<Store<State>>,
    pub(crate) options: TelegramOptions,
    pub(crate) lanes: Lanes,
    pub(crate) connections: Connections,
    pub(crate) tasks: Tasks,
    pub(crate) http: Client,
    faults: Mutex<Faults>,
}

impl Shared {
    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running Telegram emulator.
pub struct Telegram {
    shared: Arc<Shared>,
    router: Router,
    server: Option<Server>,
}

impl Telegram {
    /// Starts to listen; updates still pending from an earlier run are delivered.
    pub async fn start(options: TelegramOptions) -> anyhow::Result<Telegram> {
        let bound = Bound::to(options.listen).await?;
        let mut telegram = Telegram::with(options, Client::of_sockets())?;
        telegram.server = Some(bound.serve(telegram.router.clone()));
        Ok(telegram)
    }

    /// Starts without a socket: bots' requests come by [`call`](Self::call), updates go to webhooks by `web`.
    pub fn in_process(options: TelegramOptions, web: Arc<dyn Web>) -> anyhow::Result<Telegram> {
        Telegram::with(options, Client::of(web))
    }

    fn with(options: TelegramOptions, http: Client) -> anyhow::Result<Telegram> {
        let store = Store::open(options.state_file.clone())?;
        let shared = Arc::new(Shared {
            store: store.clone(),
            options,
            lanes: Lanes::default(),
            connections: Connections::default(),
            tasks: Tasks::default(),
            http,
            faults: Mutex::default(),
        });
        shared.tasks.spawn(store.keep_saved());
        let router = Router::new()
            .route("/sandbox/bots", get(sandbox::list_bots).post(sandbox::add_bot))
            .route("/sandbox/updates", post(sandbox::push_update))
            .route("/sandbox/sent", get(sandbox::list_sent))
            .route("/sandbox/files", post(sandbox::register_file))
            .route("/sandbox/faults", post(sandbox::set_fault))
            .route("/sandbox/deliveries", get(sandbox::list_deliveries))
            .fallback(calls::serve)
            .layer(DefaultBodyLimit::max(UPLOAD_MAX))
            .with_state(shared.clone());
        delivery::resume(&shared);
        Ok(Telegram { shared, router, server: None })
    }

    /// Answers one request without a socket.
    pub async fn call(&self, request: Request<Bytes>) -> Response<Bytes> {
        server::call(&self.router, request).await
    }

    /// The address to use instead of `https://api.telegram.org`; empty without a socket.
    pub fn base_url(&self) -> String {
        self.server.as_ref().map(Server::base_url).unwrap_or_default()
    }

    /// Registers a bot, or changes the token and name of a known one.
    pub fn add_bot(&self, bot: Bot) {
        self.shared.store.change(|state| state.add_bot(bot));
    }

    /// Sends an update to the bot's webhook and waits until it was delivered or given up.
    ///
    /// Without a webhook the update stays pending and the answer comes at once.
    pub async fn deliver(&self, bot_id: i64, update: Value) -> Delivery {
        let seq = delivery::push(&self.shared, bot_id, update);
        delivery::ended(&self.shared, seq).await
    }

    /// Sends an update to the bot's webhook without waiting; the number finds it among
    /// [`Telegram::deliveries`].
    pub fn push(&self, bot_id: i64, update: Value) -> u64 {
        delivery::push(&self.shared, bot_id, update)
    }

    /// The secret that goes along with updates of a bot, for whoever delivers them without us.
    pub fn webhook_secret(&self, bot_id: i64) -> Option<String> {
        self.shared.store.read(|state| state.accounts.get(&bot_id)?.webhook.as_ref()?.secret_token.clone())
    }

    /// Every message that bots sent, oldest first.
    pub fn sent(&self) -> Vec<Sent> {
        self.shared.store.read(|state| state.sent.iter().cloned().collect())
    }

    /// Waits until `enough` says yes to everything sent so far; `None` when it did not within `limit`.
    pub async fn sent_when(&self, limit: Duration, enough: impl Fn(&[Sent]) -> bool) -> Option<Vec<Sent>> {
        let look = |state: &State| {
            let sent: Vec<Sent> = state.sent.iter().cloned().collect();
            enough(&sent).then_some(sent)
        };
        self.shared.store.wait_for(limit, look).await
    }

    /// The history of deliveries, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.store.read(|state| state.deliveries.values().cloned().collect())
    }

    /// Makes coming calls of bots meet a trouble.
    pub fn fault(&self, fault: Fault) {
        self.shared.faults().add(fault);
    }

    /// Makes a chat refuse messages, as after the user blocked the bot, or take them again.
    pub fn block_chat(&self, chat_id: i64, blocked: bool) {
        self.shared.store.change(|state| state.block(chat_id, blocked));
    }

    /// Registers a file that bots can download, and returns its `file_id`.
    pub fn add_file(&self, name: &str, bytes: Vec<u8>) -> String {
        self.shared.store.change(|state| state.files.register(name, bytes)).file_id
    }

    /// Ends the listener and all deliveries, and writes the state file.
    pub async fn stop(self) {
        if let Some(server) = self.server {
            server.stop().await;
        }
        self.shared.tasks.stop().await;
        if let Err(error) = self.shared.store.save() {
            tracing::warn!(%error, "Telegram state not saved");
        }
    }
}
