//! Sending what is due.

use clawstead_domain::outbox::{self, Format, GivenUp, OutboxEvent, Said, Waiting};
use clawstead_ledger::{Engine, Expected, Row};
use clawstead_telegram::{ParseMode, SendMessage, TelegramError, without_markup};
use clawstead_transport::Transport;
use futures::future::join_all;

use super::TelegramApi;
use crate::{Cx, OperationError, bindings};

/// So many chats are written to beside each other. Telegram takes about thirty messages a second from a bot.
const CHATS_AT_ONCE: i64 = 16;
/// So many messages go to one chat before the others have their turn again.
const MESSAGES_IN_A_ROW: usize = 20;

/// Sends what is due, until nothing is or `until` has come; a call that is under way then is waited for. Gives how many messages
/// Telegram shows now. May run several times at once: each message has one sender at a time.
///
/// # Errors
/// When the database does not do it. What Telegram does not do is in the log, and tried again.
pub async fn send_due<E: Engine, T: Transport>(
    cx: &Cx<'_, E>,
    api: &TelegramApi<'_, T>,
    until: i64,
) -> Result<i64, OperationError> {
    let mut shown = 0;
    while (api.clock)() < until {
        let due = due(&api.now(cx)).await?;
        if due.is_empty() {
            break;
        }
        let sent = join_all(due.iter().map(|reply_id| send_chat(cx, api, reply_id, until))).await;
        for outcome in sent {
            shown += outcome?;
        }
    }
    Ok(shown)
}

/// The messages whose turn it is, one for each chat.
async fn due<E: Engine>(cx: &Cx<'_, E>) -> Result<Vec<String>, OperationError> {
    let sql = "SELECT reply_id FROM outbox_chats WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2";
    let rows = cx.sql(sql, &[cx.now.into(), CHATS_AT_ONCE.into()]).await?;
    Ok(rows.iter().filter_map(|row| row.text("reply_id")).collect())
}

/// Sends a message and those behind it in its chat.
async fn send_chat<E: Engine, T: Transport>(
    cx: &Cx<'_, E>,
    api: &TelegramApi<'_, T>,
    reply_id: &str,
    until: i64,
) -> Result<i64, OperationError> {
    let (mut next, mut shown) = (Some(reply_id.to_owned()), 0);
    for _ in 0..MESSAGES_IN_A_ROW {
        let Some(reply_id) = next.filter(|_| (api.clock)() < until) else { break };
        let Some(ready) = find(&api.now(cx), &reply_id).await? else { break };
        let Some(event) = send(cx, api, &ready).await? else { break };
        shown += i64::from(matches!(event, OutboxEvent::ReplySent { .. }));
        next = head(&api.now(cx), &ready.waiting).await?;
    }
    Ok(shown)
}

/// A message, and what it says.
struct Ready {
    waiting: Waiting,
    text: String,
    was_html: bool,
    thread_id: Option<i64>,
}

/// A message, if it is its turn and the time has come.
async fn find<E: Engine>(cx: &Cx<'_, E>, reply_id: &str) -> Result<Option<Ready>, OperationError> {
    let sql = "SELECT o.reply_id, o.stream_version, o.bot_id, o.chat_id, o.format, o.attempts, o.give_up_at, \
               e.data ->> '$.text' AS text, e.data ->> '$.format' AS first_format, e.data ->> '$.thread_id' AS thread_id \
               FROM outbox_chats c JOIN outbox o ON o.reply_id = c.reply_id JOIN events e ON e.position = o.position \
               WHERE c.reply_id = ?1 AND c.due_at <= ?2";
    let rows = cx.sql(sql, &[reply_id.into(), cx.now.into()]).await?;
    rows.first().map(|row| ready_of(&row).ok_or_else(|| OperationError::unexpected("a row of outbox"))).transpose()
}

fn ready_of(row: &Row<'_>) -> Option<Ready> {
    let waiting = Waiting {
        reply_id: row.text("reply_id")?,
        stream_version: row.integer("stream_version")?,
        bot_id: row.text("bot_id")?,
        chat_id: row.text("chat_id")?,
        format: Format::parse(&row.text("format")?)?,
        attempts: row.integer("attempts")?,
        give_up_at: row.integer("give_up_at")?,
    };
    let was_html = row.text("first_format")? == Format::Html.as_str();
    Some(Ready { waiting, text: row.text("text")?, was_html, thread_id: row.integer("thread_id") })
}

/// The message whose turn it is in the same chat.
async fn head<E: Engine>(cx: &Cx<'_, E>, waiting: &Waiting) -> Result<Option<String>, OperationError> {
    let sql = "SELECT reply_id FROM outbox_chats WHERE bot_id = ?1 AND chat_id = ?2 AND due_at <= ?3";
    let rows = cx.sql(sql, &[(&waiting.bot_id).into(), (&waiting.chat_id).into(), cx.now.into()]).await?;
    Ok(rows.first().and_then(|row| row.text("reply_id")))
}

/// Announces an attempt, makes it, and writes down what came of it. `None` when another sender has the message.
async fn send<E: Engine, T: Transport>(
    cx: &Cx<'_, E>,
    api: &TelegramApi<'_, T>,
    ready: &Ready,
) -> Result<Option<OutboxEvent>, OperationError> {
    let bot = api.bot(cx, &ready.waiting.bot_id).await?;
    let at = api.now(cx);
    let announced = if bot.is_some() { outbox::attempt(&ready.waiting, at.now) } else { outbox::no_bot() };
    let mut waiting = ready.waiting.clone();
    match append(&at, &waiting, &announced).await {
        Ok(()) => waiting.stream_version += 1,
        Err(OperationError::Raced) => return Ok(None),
        Err(error) => return Err(error),
    }
    let (Some(bot), OutboxEvent::ReplyAttempted { attempt, .. }) = (bot, &announced) else {
        return Ok(Some(announced));
    };
    waiting.attempts = *attempt;
    let message = SendMessage {
        message_thread_id: ready.thread_id,
        parse_mode: (waiting.format == Format::Html).then_some(ParseMode::Html),
        ..SendMessage::plain(waiting.chat_id.parse().unwrap_or(0), text_of(ready))
    };
    let said = said(&bot.send_message(&message).await.map(|shown| shown.message_id));
    let at = api.now(cx);
    let event = outbox::after(&waiting, said, at.roll(), at.now);
    match append(&at, &waiting, &event).await {
        Ok(()) => {}
        // It took so long that another sender began; the message may be shown twice.
        Err(OperationError::Raced) => return Ok(None),
        Err(error) => return Err(error),
    }
    if event == (OutboxEvent::ReplyGivenUp { reason: GivenUp::Blocked }) {
        bindings::heard(&at, &waiting.bot_id, &waiting.chat_id, true).await?;
    }
    Ok(Some(event))
}

async fn append<E: Engine>(cx: &Cx<'_, E>, waiting: &Waiting, event: &OutboxEvent) -> Result<(), OperationError> {
    cx.append(&waiting.reply_id, Expected::Version(waiting.stream_version), std::slice::from_ref(event)).await
}

/// The text of a message whose markup was refused is what people would have seen.
fn text_of(ready: &Ready) -> String {
    match (ready.waiting.format, ready.was_html) {
        (Format::Plain, true) => without_markup(&ready.text),
        _ => ready.text.clone(),
    }
}

fn said(outcome: &Result<i64, TelegramError>) -> Said {
    match outcome {
        Ok(telegram_message_id) => Said::Shown { telegram_message_id: *telegram_message_id },
        Err(TelegramError::RetryAfter { retry_after_ms }) => Said::Wait(*retry_after_ms),
        Err(TelegramError::Forbidden(_)) => Said::Blocked,
        Err(TelegramError::BadRequest(_)) => Said::Refused,
        Err(TelegramError::Unauthorized | TelegramError::NotFound) => Said::TokenRefused,
        Err(TelegramError::Unavailable { .. } | TelegramError::Malformed { .. } | TelegramError::Transport(_)) => Said::Nothing,
    }
}
