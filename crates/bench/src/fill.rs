//! Databases with much of one thing, written through the log as everything is.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow};
use clawstead_domain::agent::{Agent, Configure};
use clawstead_domain::config::{QueuePolicy, RetryPolicy};
use clawstead_domain::conversation::{self, ConversationEvent, Enqueue};
use clawstead_domain::worker::{self, WorkerEvent};
use clawstead_ledger::engines::native::NativeEngine;
use clawstead_ledger::{Durability, Engine as _, Expected, Ledger, NewEvent};
use clawstead_operations::{Cx, agents};
use clawstead_vault::sha256_hex;
use serde::Serialize;

use crate::bare::{entropy, now};

/// The agent whose messages are queued before anything is measured, and that measurements enqueue for.
pub(crate) const BACKLOG: &str = "backlog";

/// Messages of one conversation.
const PER_CONVERSATION: u64 = 4;
/// Events of one statement.
const BATCH: u64 = 1_000;
/// Pieces between two lines that tell how far it is.
const TELL_EVERY: u64 = 100_000;

/// What a database has much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Much {
    /// Messages that wait, four in each conversation.
    Messages,
    /// Conversations, each with a message that waits.
    Conversations,
    /// Workers that nobody has heard of yet.
    Workers,
    /// Events of messages that have ended; none waits.
    Events,
}

impl fmt::Display for Much {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Messages => "messages",
            Self::Conversations => "conversations",
            Self::Workers => "workers",
            Self::Events => "events",
        })
    }
}

/// Makes the database `file` with so much of it, all messages ready.
pub(crate) async fn fill(file: &Path, much: Much, number: u64) -> Result<()> {
    let ledger = Ledger::new(NativeEngine::open(file, Durability::Normal).await?);
    // Nobody needs this file after a power cut.
    ledger.engine().execute("PRAGMA synchronous = OFF", &[]).await?;
    ledger.migrate("bench", now()).await.map_err(|error| anyhow!("{error}"))?;
    let cx = Cx { ledger: &ledger, now: now(), entropy: &entropy, actor: "operator".to_owned(), correlation: "bench".to_owned() };
    let agent = agents::configure(&cx, BACKLOG, &Configure::default()).await?;
    let begun = Instant::now();
    let mut done = 0;
    while done < number {
        let cx = cx.at(now());
        let next = done..number.min(done + BATCH);
        match much {
            Much::Workers => cx.append_lines::<WorkerEvent>(&collected(next.clone(), |_| worker(&cx))?).await?,
            Much::Messages | Much::Conversations | Much::Events => {
                let lines = collected(next.clone(), |index| message_lines(&cx, &agent, much, index, number))?;
                cx.append_lines::<ConversationEvent>(&lines).await?;
            }
        }
        done = next.end;
        if done.is_multiple_of(TELL_EVERY) {
            eprintln!("    {done} of {number} {much}, {:.0} s", begun.elapsed().as_secs_f64());
        }
    }
    ledger.engine().execute("PRAGMA wal_checkpoint(TRUNCATE)", &[]).await?;
    Ok(())
}

fn collected(range: Range<u64>, lines: impl Fn(u64) -> Result<Vec<NewEvent>>) -> Result<Vec<NewEvent>> {
    Ok(range.map(lines).collect::<Result<Vec<_>>>()?.concat())
}

fn worker(cx: &Cx<'_, NativeEngine>) -> Result<Vec<NewEvent>> {
    let worker_id = cx.new_id();
    let event = worker::register(None, sha256_hex(&worker_id)).map_err(|refusal| anyhow!("{}", refusal.detail))?;
    Ok(cx.lines(&worker_id, Expected::Version(0), &[event]))
}

/// One event of one message: that it came, or, where messages have ended, at each second place that the one before has.
fn message_lines(cx: &Cx<'_, NativeEngine>, agent: &Agent, much: Much, index: u64, number: u64) -> Result<Vec<NewEvent>> {
    let (message, conversations) = match much {
        Much::Events => (index / 2, number.div_ceil(2)),
        Much::Conversations => (index, number),
        Much::Messages | Much::Workers => (index, number.div_ceil(PER_CONVERSATION)),
    };
    let conversation_id = format!("backlog-{}", message % conversations);
    let message_id = format!("backlog-message-{message}");
    if much == Much::Events && !index.is_multiple_of(2) {
        let ended = ConversationEvent::MessageCancelled { message_id, worker_id: None, lease_id: None };
        return Ok(cx.lines(&conversation_id, Expected::Any, &[ended]));
    }
    let command = self::message(BACKLOG, Some(conversation_id.clone()), cx);
    let event =
        conversation::enqueue(&command, Some(agent), &QueuePolicy::default(), &RetryPolicy::default(), message_id, cx.now)
            .map_err(|refusal| anyhow!("{}", refusal.detail))
            .context("a message of the backlog")?;
    Ok(cx.lines(&conversation_id, Expected::Any, &[event]))
}

/// A message as every measurement enqueues it, in a conversation of its own unless told otherwise.
pub(crate) fn message(agent_key: &str, conversation_id: Option<String>, cx: &Cx<'_, NativeEngine>) -> Enqueue {
    Enqueue {
        conversation_id: conversation_id.unwrap_or_else(|| cx.new_id()),
        agent_key: agent_key.to_owned(),
        provider: "app".to_owned(),
        provider_user_id: "ada".to_owned(),
        text: TEXT.to_owned(),
        ..Enqueue::default()
    }
}

/// What is written in it.
pub(crate) const TEXT: &str = "Could you have a look at the figures of last week, and tell me what stands out?";
