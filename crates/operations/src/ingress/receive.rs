//! What to do with an update.

use clawstead_domain::Refusal;
use clawstead_domain::binding::Account;
use clawstead_ledger::{Engine, dedup_key};
use clawstead_telegram::update::{ChatKind, Message, Update};
use clawstead_telegram::{Start, start_command};
use serde::Deserialize;

use super::message::to_enqueue;
use super::{IngressBot, Outcome};
use crate::{Cx, OperationError, bindings, pairings, queue};

/// Takes an update that Telegram delivered for a bot. Every `Ok` is final and to be answered with a 2xx: an update that cannot
/// be done now can never be done, and delivering it again would only hold up those behind it.
///
/// # Errors
/// A refusal for a body that is no update at all; anything else may pass, and Telegram should deliver the update again.
pub async fn receive<E: Engine>(cx: &Cx<'_, E>, bot: &IngressBot, body: &[u8]) -> Result<Outcome, OperationError> {
    let update = match serde_json::from_slice::<Update>(body) {
        Ok(update) => update,
        Err(error) => return unreadable(&error, body),
    };
    let Some(message) = update.message() else {
        return Ok(Outcome::Ignored { reason: update.kind() });
    };
    let Some(user) = message.private_user() else {
        return Ok(Outcome::Ignored { reason: why_not_private(message) });
    };
    let account = Account {
        bot_id: bot.bot_id.clone(),
        telegram_user_id: user.id.to_string(),
        telegram_chat_id: message.chat.id.to_string(),
    };
    match start_command(message, &bot.username) {
        Some(Start::Code(code)) => pair(cx, &code, &account).await,
        Some(Start::Bare) => Ok(Outcome::Ignored { reason: "start_without_code" }),
        Some(Start::Malformed) => Ok(Outcome::Refused { reason: "start_malformed" }),
        None => enqueue(cx, bot, &account, update.update_id, message).await,
    }
}

async fn pair<E: Engine>(cx: &Cx<'_, E>, code: &str, account: &Account) -> Result<Outcome, OperationError> {
    final_outcome(pairings::consume(cx, code, account).await.map(|_| Outcome::Paired))
}

async fn enqueue<E: Engine>(
    cx: &Cx<'_, E>,
    bot: &IngressBot,
    account: &Account,
    update_id: i64,
    message: &Message,
) -> Result<Outcome, OperationError> {
    let key = dedup_key(&["telegram", &bot.bot_id, &update_id.to_string()]);
    let binding = bindings::by_telegram(cx, &bot.bot_id, &account.telegram_user_id).await?;
    // A bot that was given to another agent must not carry messages to the agent it spoke for before.
    let Some(binding) = binding.filter(|binding| binding.agent_key == bot.agent_key) else {
        return stranger(cx, &key).await;
    };
    let Some(command) = to_enqueue(message, account, &binding) else {
        return Ok(Outcome::Ignored { reason: "nothing_to_say" });
    };
    let accepted = queue::enqueue(cx, &command, Some(key)).await;
    final_outcome(accepted.map(|accepted| match accepted.repeated {
        true => Outcome::Duplicate { message_id: accepted.message_id },
        false => Outcome::Enqueued { message_id: accepted.message_id },
    }))
}

/// An account that nobody is bound to. What it wrote while it still was bound stays accepted.
async fn stranger<E: Engine>(cx: &Cx<'_, E>, dedup_key: &str) -> Result<Outcome, OperationError> {
    let first = cx.ledger.by_dedup_key(dedup_key).await?;
    match first.as_ref().and_then(|event| event.data["message_id"].as_str()) {
        Some(message_id) => Ok(Outcome::Duplicate { message_id: message_id.to_owned() }),
        None => Ok(Outcome::Refused { reason: "not_paired" }),
    }
}

fn final_outcome(outcome: Result<Outcome, OperationError>) -> Result<Outcome, OperationError> {
    match outcome {
        Err(OperationError::Refused(refusal)) => Ok(Outcome::Refused { reason: refusal.code }),
        other => other,
    }
}

fn why_not_private(message: &Message) -> &'static str {
    match message.chat.kind {
        ChatKind::Private => "not_a_person",
        ChatKind::Group | ChatKind::Supergroup | ChatKind::Channel | ChatKind::Unknown => "group_chat",
    }
}

/// A body that is JSON and has the number of an update is one of Telegram's whose shape we do not know: delivering it again
/// would not make it readable.
fn unreadable(error: &serde_json::Error, body: &[u8]) -> Result<Outcome, OperationError> {
    #[derive(Deserialize)]
    struct Numbered {
        #[serde(rename = "update_id")]
        _update_id: i64,
    }
    if error.is_data() && serde_json::from_slice::<Numbered>(body).is_ok() {
        return Ok(Outcome::Ignored { reason: "unreadable_update" });
    }
    Err(Refusal::invalid("body", "must be an update of the Bot API").into())
}
