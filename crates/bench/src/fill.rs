//! Databases with a number of queued messages, written through the log as everything is.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow};
use clawstead_domain::agent::{Agent, Configure};
use clawstead_domain::config::{QueuePolicy, RetryPolicy};
use clawstead_domain::conversation::{self, ConversationEvent, Enqueue};
use clawstead_ledger::engines::native::NativeEngine;
use clawstead_ledger::{Durability, Engine as _, Expected, Ledger, NewEvent};
use clawstead_operations::{Cx, agents};

use crate::bare::{entropy, now};

/// The agent whose messages are queued before anything is measured, and that measurements enqueue for.
pub(crate) const BACKLOG: &str = "backlog";

/// Messages of one conversation.
const PER_CONVERSATION: u64 = 4;
/// Events of one statement.
const BATCH: u64 = 1_000;
/// Messages between two lines that tell how far it is.
const TELL_EVERY: u64 = 100_000;

/// Makes the database `file` with `messages` queued messages, all of them ready.
pub(crate) async fn fill(file: &Path, messages: u64) -> Result<()> {
    let ledger = Ledger::new(NativeEngine::open(file, Durability::Normal).await?);
    // Nobody needs this file after a power cut.
    ledger.engine().execute("PRAGMA synchronous = OFF", &[]).await?;
    ledger.migrate("bench", now()).await.map_err(|error| anyhow!("{error}"))?;
    let cx = Cx { ledger: &ledger, now: now(), entropy: &entropy, actor: "operator".to_owned(), correlation: "bench".to_owned() };
    let agent = agents::configure(&cx, BACKLOG, &Configure::default()).await?;
    let begun = Instant::now();
    let mut done = 0;
    while done < messages {
        let cx = cx.at(now());
        let batch = BATCH.min(messages - done);
        let conversations = messages.div_ceil(PER_CONVERSATION);
        let lines =
            (done..done + batch).map(|number| line(&cx, &agent, number % conversations)).collect::<Result<Vec<_>>>()?.concat();
        cx.append_lines::<ConversationEvent>(&lines).await?;
        done += batch;
        if done.is_multiple_of(TELL_EVERY) {
            eprintln!("    {done} of {messages} messages are queued, {:.0} s", begun.elapsed().as_secs_f64());
        }
    }
    ledger.engine().execute("PRAGMA wal_checkpoint(TRUNCATE)", &[]).await?;
    Ok(())
}

fn line(cx: &Cx<'_, NativeEngine>, agent: &Agent, conversation: u64) -> Result<Vec<NewEvent>> {
    let conversation_id = format!("backlog-{conversation}");
    let command = message(BACKLOG, Some(conversation_id.clone()), cx);
    let event =
        conversation::enqueue(&command, Some(agent), &QueuePolicy::default(), &RetryPolicy::default(), cx.new_id(), cx.now)
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
