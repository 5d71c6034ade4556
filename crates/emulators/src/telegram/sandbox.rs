//! Control routes: play the user, see what bots sent, make trouble.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State as Shares};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::state::{Bot, Delivery, Sent, State};
use super::{Shared, delivery};
use crate::faults::Fault;

fn refuse(why: impl Into<String>) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": why.into() }))).into_response()
}

pub(crate) async fn list_bots(Shares(shared): Shares<Arc<Shared>>) -> Json<Value> {
    Json(shared.store.read(|state| {
        let view = |account: &super::state::Account| {
            json!({
                "bot": account.user(),
                "webhook": account.webhook.as_ref().map(|webhook| &webhook.url),
                "pending": account.pending.len(),
            })
        };
        state.accounts.values().map(view).collect()
    }))
}

pub(crate) async fn add_bot(Shares(shared): Shares<Arc<Shared>>, Json(bot): Json<Bot>) -> Json<Value> {
    shared.store.change(|state| state.add_bot(bot));
    Json(json!({ "ok": true }))
}

#[derive(Deserialize)]
pub(crate) struct PushQuery {
    #[serde(default)]
    wait: bool,
}

pub(crate) async fn push_update(
    Shares(shared): Shares<Arc<Shared>>,
    Query(query): Query<PushQuery>,
    Json(body): Json<Value>,
) -> Response {
    let (bot_id, update) = match shared.store.read(|state| addressed(state, body)) {
        Ok(addressed) => addressed,
        Err(why) => return refuse(why),
    };
    let seq = delivery::push(&shared, bot_id, update);
    if query.wait {
        return Json(delivery::ended(&shared, seq).await).into_response();
    }
    let queued = shared.store.read(|state| state.deliveries.get(&seq).cloned());
    (StatusCode::ACCEPTED, Json(queued)).into_response()
}

/// The bot and the update of a request: a bare update goes to the only bot.
fn addressed(state: &State, mut body: Value) -> Result<(i64, Value), String> {
    let named = body["bot_id"].as_i64();
    let update = if body["update"].is_object() { body["update"].take() } else { body };
    if !update.is_object() {
        return Err("an update is an object".to_owned());
    }
    let mut bots = state.accounts.keys();
    match (named, bots.next(), bots.next()) {
        (Some(bot_id), _, _) if state.accounts.contains_key(&bot_id) => Ok((bot_id, update)),
        (Some(bot_id), _, _) => Err(format!("there is no bot {bot_id}")),
        (None, Some(only), None) => Ok((*only, update)),
        (None, None, _) => Err("there is no bot".to_owned()),
        (None, Some(_), Some(_)) => Err("there are several bots: name one as bot_id".to_owned()),
    }
}

#[derive(Deserialize)]
pub(crate) struct SentQuery {
    bot_id: Option<i64>,
    chat_id: Option<i64>,
    #[serde(default)]
    after: u64,
    wait: Option<u64>,
}

impl SentQuery {
    fn select(&self, state: &State) -> Vec<Sent> {
        let fits = |sent: &&Sent| {
            sent.seq > self.after
                && self.bot_id.is_none_or(|bot_id| sent.bot_id == bot_id)
                && self.chat_id.is_none_or(|chat_id| sent.chat_id == chat_id)
        };
        state.sent.iter().filter(fits).cloned().collect()
    }
}

pub(crate) async fn list_sent(Shares(shared): Shares<Arc<Shared>>, Query(query): Query<SentQuery>) -> Json<Vec<Sent>> {
    let limit = Duration::from_secs(query.wait.unwrap_or(0));
    let found = |state: &State| Some(query.select(state)).filter(|sent| !sent.is_empty());
    Json(shared.store.wait_for(limit, found).await.unwrap_or_default())
}

#[derive(Deserialize)]
pub(crate) struct DeliveriesQuery {
    bot_id: Option<i64>,
    #[serde(default)]
    after: u64,
}

pub(crate) async fn list_deliveries(
    Shares(shared): Shares<Arc<Shared>>,
    Query(query): Query<DeliveriesQuery>,
) -> Json<Vec<Delivery>> {
    let fits = |one: &&Delivery| query.bot_id.is_none_or(|bot_id| one.bot_id == bot_id);
    Json(shared.store.read(|state| state.deliveries.range(query.after + 1..).map(|(_, one)| one).filter(fits).cloned().collect()))
}

#[derive(Deserialize)]
pub(crate) struct FileQuery {
    #[serde(default)]
    name: String,
}

pub(crate) async fn register_file(
    Shares(shared): Shares<Arc<Shared>>,
    Query(query): Query<FileQuery>,
    bytes: Bytes,
) -> Json<Value> {
    let file = shared.store.change(|state| state.files.register(&query.name, bytes.to_vec()));
    Json(json!({
        "file_id": file.file_id,
        "file_unique_id": file.file_unique_id,
        "file_size": file.size,
    }))
}

/// A trouble for coming calls, or the standing of a chat.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Trouble {
    Block { blocked_chat: i64 },
    Unblock { unblocked_chat: i64 },
    Forget { unknown_chat: i64 },
    Clear { clear: bool },
    Fault(Fault),
}

pub(crate) async fn set_fault(Shares(shared): Shares<Arc<Shared>>, Json(trouble): Json<Trouble>) -> Json<Value> {
    match trouble {
        Trouble::Block { blocked_chat } => {
            shared.store.change(|state| state.block(blocked_chat, true));
        }
        Trouble::Unblock { unblocked_chat } => {
            shared.store.change(|state| state.block(unblocked_chat, false));
        }
        Trouble::Forget { unknown_chat } => {
            shared.store.change(|state| state.unknown_chats.insert(unknown_chat));
        }
        Trouble::Clear { clear: false } => {}
        Trouble::Clear { clear: true } => {
            shared.faults().clear();
            shared.store.change(|state| {
                state.blocked_chats.clear();
                state.unknown_chats.clear();
            });
        }
        Trouble::Fault(fault) => shared.faults().add(fault),
    }
    Json(json!({ "ok": true }))
}
