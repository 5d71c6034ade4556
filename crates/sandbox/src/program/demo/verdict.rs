//! What was said and what came back: every message that wants a reply has exactly one, in order.

use std::time::Duration;

use anyhow::{Result, ensure};
use clawstead_emulators::telegram::{Delivery, Sent};
use clawstead_sandbox::seed;

use super::samples::Sample;

/// The mark of the echo worker's replies.
const ECHO: &str = "echo: ";
const SHOWN_CHARACTERS_MAX: usize = 60;

/// Which reply belongs to which message.
pub(crate) struct Verdict {
    exchanges: Vec<Exchange>,
    problems: Vec<String>,
}

/// A message and its reply.
struct Exchange {
    name: String,
    words: String,
    update_id: i64,
    reply: Option<Sent>,
}

impl Verdict {
    /// A conversation is a strict queue, so the n-th reply belongs to the n-th message that wants one.
    pub(crate) fn of(samples: &[Sample], sent: &[Sent]) -> Self {
        let (replies, others): (Vec<&Sent>, Vec<&Sent>) =
            sent.iter().filter(|sent| sent.text.starts_with(ECHO)).partition(|sent| sent.chat_id == seed::USER_ID);
        let mut problems: Vec<String> =
            others.iter().map(|sent| format!("a reply went to chat {}, which nobody paired", sent.chat_id)).collect();
        let mut coming = replies.into_iter();
        let exchanges: Vec<Exchange> = samples
            .iter()
            .filter(|sample| sample.wants_reply)
            .map(|sample| Exchange {
                name: sample.name.clone(),
                words: sample.words().unwrap_or("(no words)").to_owned(),
                update_id: sample.update["update_id"].as_i64().unwrap_or_default(),
                reply: coming.next().cloned(),
            })
            .collect();
        problems.extend(coming.map(|extra| format!("one reply too many: {}", shown(&extra.text))));
        problems.extend(exchanges.iter().filter_map(Exchange::problem));
        Self { exchanges, problems }
    }

    pub(crate) fn print_conversation(&self) {
        println!("conversation:");
        for exchange in &self.exchanges {
            println!("  user  {}", shown(&exchange.words));
            println!("  bot   {}", exchange.reply.as_ref().map_or("(nothing)".to_owned(), |reply| shown(&reply.text)));
        }
        println!();
    }

    /// From the moment Telegram got the update to the reply.
    pub(crate) fn print_timings(&self, deliveries: &[Delivery], took: Duration) {
        let mut latencies: Vec<i64> = self
            .exchanges
            .iter()
            .filter_map(|exchange| {
                let delivery = deliveries.iter().find(|delivery| delivery.update_id == exchange.update_id)?;
                Some(exchange.reply.as_ref()?.at_ms - delivery.queued_at_ms)
            })
            .collect();
        latencies.sort_unstable();
        let (Some(least), Some(most)) = (latencies.first(), latencies.last()) else { return };
        let median = latencies[latencies.len() / 2];
        println!(
            "{} replies in {:.1} s; update to reply: {least} ms, median {median} ms, {most} ms",
            latencies.len(),
            took.as_secs_f64()
        );
    }

    pub(crate) fn into_result(self) -> Result<()> {
        ensure!(self.problems.is_empty(), "not every message was answered exactly once:\n  {}", self.problems.join("\n  "));
        println!("every message was answered exactly once");
        Ok(())
    }
}

impl Exchange {
    fn problem(&self) -> Option<String> {
        let Some(reply) = &self.reply else {
            return Some(format!("{}: no reply", self.name));
        };
        let echoed = &reply.text[ECHO.len()..];
        // A reply holds at most 4,096 characters, so the longest message comes back shortened. What is told to the agent may begin with
        // a note of ours, for instance that it was forwarded.
        let is_whole = echoed.ends_with(&self.words);
        let fits = self.words == "(no words)" || is_whole || (!echoed.is_empty() && self.words.starts_with(echoed));
        (!fits).then(|| format!("{}: the reply is to something else: {}", self.name, shown(&reply.text)))
    }
}

fn shown(text: &str) -> String {
    if text.chars().count() <= SHOWN_CHARACTERS_MAX {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(SHOWN_CHARACTERS_MAX).collect();
    format!("{beginning}… ({} characters)", text.chars().count())
}
