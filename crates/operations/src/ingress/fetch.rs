//! Fetching the files of messages from Telegram, after the messages were accepted.

use clawstead_domain::config::{QueuePolicy, RetentionPolicy};
use clawstead_domain::conversation::{self, Attachment, ConversationEvent, FetchTrouble, Fetching, FileNumber};
use clawstead_ledger::{Engine, Expected, Row};
use clawstead_telegram::{Bot, TelegramError};
use clawstead_transport::{Body, Transport};
use futures::future::join_all;

use super::message::FILE_BYTES_MAX;
use crate::files::{self, Action, Broken, FileKind, Incoming, Link, NewFile, Store};
use crate::outbox::TelegramApi;
use crate::queue::gathering;
use crate::{Cx, OperationError, configs, decide};

/// So many files come at once: each may take its time, and two pieces of memory.
const AT_ONCE: i64 = 4;
/// An arrival that was broken off is forgotten after so long.
const ARRIVAL_MS: i64 = 300_000;

/// Fetches what is due, until nothing is or `until` has come; a file that is under way then is waited for. Gives how many files came.
/// May run several times at once.
///
/// # Errors
/// When the database does not do it. What Telegram does not do is in the log, and tried again.
pub async fn fetch_due<E: Engine, T: Transport>(
    cx: &Cx<'_, E>,
    api: &TelegramApi<'_, T>,
    store: &impl Store,
    until: i64,
) -> Result<i64, OperationError> {
    let mut fetched = 0;
    while (api.clock)() < until {
        let due = due(&api.now(cx)).await?;
        if due.is_empty() {
            break;
        }
        for outcome in join_all(due.iter().map(|file| fetch(cx, api, store, file))).await {
            fetched += i64::from(outcome?);
        }
    }
    Ok(fetched)
}

/// A file that is to be fetched.
struct Due {
    message_id: String,
    number: i64,
    conversation_id: String,
    attachment: Attachment,
    state: Fetching,
}

impl Due {
    fn file(&self) -> FileNumber<'_> {
        FileNumber { message_id: &self.message_id, number: self.number }
    }
}

async fn due<E: Engine>(cx: &Cx<'_, E>) -> Result<Vec<Due>, OperationError> {
    let sql = "SELECT message_id, number, conversation_id, attachment, attempts, give_up_at FROM message_files \
               WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2";
    let rows = cx.sql(sql, &[cx.now.into(), AT_ONCE.into()]).await?;
    rows.iter().map(|row| due_of(&row).ok_or_else(|| OperationError::unexpected("a row of message_files"))).collect()
}

fn due_of(row: &Row<'_>) -> Option<Due> {
    Some(Due {
        message_id: row.text("message_id")?,
        number: row.integer("number")?,
        conversation_id: row.text("conversation_id")?,
        attachment: serde_json::from_str(&row.text("attachment")?).ok()?,
        state: Fetching { attempts: row.integer("attempts")?, give_up_at: row.integer("give_up_at")? },
    })
}

/// Announces an attempt, makes it, and writes down what came of it. Whether the file is here now.
async fn fetch<E: Engine, T: Transport>(
    cx: &Cx<'_, E>,
    api: &TelegramApi<'_, T>,
    store: &impl Store,
    due: &Due,
) -> Result<bool, OperationError> {
    let at = api.now(cx);
    let file_id = FileKind::Attachment.new_file_id(&at);
    let announced = conversation::fetch(due.file(), due.state, &file_id, at.now);
    let ConversationEvent::FileFetchBegun { attempt, .. } = announced else {
        settle(&at, due, announced).await?;
        return Ok(false);
    };
    match at.append(&due.conversation_id, Expected::Any, std::slice::from_ref(&announced)).await {
        Ok(()) => {}
        // Somebody else fetches it.
        Err(OperationError::Rule(rule)) if rule == "fetch_under_way" => return Ok(false),
        Err(error) => return Err(error),
    }
    let came = take(cx, api, store, due, &file_id).await;
    let at = api.now(cx);
    let event = match &came {
        Ok(size_bytes) => ConversationEvent::FileFetched {
            message_id: due.message_id.clone(),
            number: due.number,
            file_id,
            size_bytes: *size_bytes,
        },
        Err(Trouble::Telegram(trouble)) => {
            let state = Fetching { attempts: attempt, ..due.state };
            conversation::not_fetched(due.file(), state, *trouble, at.roll(), at.now)
        }
        Err(Trouble::Ours(_)) => return came.map(|_| false).map_err(Trouble::into_ours),
    };
    settle(&at, due, event).await?;
    Ok(came.is_ok())
}

/// Writes down what came of a file. With the last one, its message waits no longer.
async fn settle<E: Engine>(cx: &Cx<'_, E>, due: &Due, event: ConversationEvent) -> Result<(), OperationError> {
    let policy: QueuePolicy = configs::load(cx).await?.get()?;
    let ends = !matches!(event, ConversationEvent::FileFetchFailed { retry_at: Some(_), .. });
    decide(async || {
        let (version, mut state) = match gathering(cx, &due.message_id).await {
            // A message that has ended needs no files.
            Err(OperationError::Refused(_)) => return Ok(()),
            found => found?,
        };
        state.files_missing -= i64::from(ends);
        let ready = if ends { conversation::gathered(&due.message_id, &state, &policy, cx.now) } else { None };
        let events: Vec<_> = [event.clone()].into_iter().chain(ready).collect();
        cx.append(&due.conversation_id, Expected::Version(version), &events).await
    })
    .await
}

/// Why a file is not here.
enum Trouble {
    Telegram(FetchTrouble),
    Ours(OperationError),
}

impl Trouble {
    fn into_ours(self) -> OperationError {
        match self {
            Self::Ours(error) => error,
            Self::Telegram(_) => OperationError::unexpected("trouble of Telegram's"),
        }
    }
}

impl From<OperationError> for Trouble {
    fn from(error: OperationError) -> Self {
        Self::Ours(error)
    }
}

impl From<TelegramError> for Trouble {
    fn from(error: TelegramError) -> Self {
        Self::Telegram(match error {
            TelegramError::BadRequest(_) | TelegramError::Forbidden(_) => FetchTrouble::Final("not_to_be_had"),
            TelegramError::RetryAfter { retry_after_ms } => FetchTrouble::Passing("telegram_asks_to_wait", retry_after_ms),
            TelegramError::Unauthorized => FetchTrouble::Passing("token_refused", 0),
            TelegramError::NotFound
            | TelegramError::Unavailable { .. }
            | TelegramError::Malformed { .. }
            | TelegramError::Transport(_) => FetchTrouble::Passing("no_answer", 0),
        })
    }
}

/// Takes a file, and gives how many bytes it has. They are counted as they come: what Telegram and the sender say of it is only said.
async fn take<E: Engine, T: Transport>(
    cx: &Cx<'_, E>,
    api: &TelegramApi<'_, T>,
    store: &impl Store,
    due: &Due,
    file_id: &str,
) -> Result<i64, Trouble> {
    let (Some(fetch), Some(telegram_file_id)) = (&due.attachment.fetch, &due.attachment.telegram_file_id) else {
        return Err(Trouble::Telegram(FetchTrouble::Final("not_to_be_had")));
    };
    let bot: Option<Bot<&T>> = api.bot(cx, &fetch.bot_id).await?;
    let bot = bot.ok_or(Trouble::Telegram(FetchTrouble::Final("no_bot")))?;
    let retention: RetentionPolicy = configs::load(cx).await?.get()?;
    let size_max = retention.attachment_bytes_max.min(FILE_BYTES_MAX);
    let too_large = || Trouble::Telegram(FetchTrouble::Final("file_too_large"));
    let prepared = bot.get_file(telegram_file_id).await?;
    if prepared.size_bytes.is_some_and(|size| i64::try_from(size).is_ok_and(|size| size > size_max)) {
        return Err(too_large());
    }
    let path = prepared.file_path.ok_or(Trouble::Telegram(FetchTrouble::Final("not_to_be_had")))?;
    let body = bot.download(&path).await?;
    let at = api.now(cx);
    let upload_by = at.now + ARRIVAL_MS;
    let owner = files::conversation_owner(&due.conversation_id);
    let keep_until = Some(due.attachment.expires_at);
    let room = NewFile {
        file_id,
        kind: FileKind::Attachment,
        owner: &owner,
        worker_id: None,
        size_max,
        upload_by,
        keep_until,
        place: store.place(),
    };
    files::expect(&at, &room).await?;
    let link = Link { action: Action::Upload, file_id: file_id.to_owned(), worker_id: None, expires_at: upload_by };
    let content_type = due.attachment.mime_type.as_deref().unwrap_or("application/octet-stream");
    let mut arriving = Arriving(body);
    match files::receive(&at, api.clock, store, &link, content_type, &mut arriving).await {
        Ok(figures) => Ok(figures.size_bytes),
        Err(OperationError::Refused(refusal)) if refusal.code == "file_too_large" => Err(too_large()),
        Err(OperationError::Refused(_)) => Err(Trouble::Telegram(FetchTrouble::Passing("broken_off", 0))),
        Err(error) => Err(error.into()),
    }
}

/// A body from Telegram, as the store takes it.
struct Arriving(Body);

impl Incoming for Arriving {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        self.0.next().await.map_err(|_| Broken)
    }
}
