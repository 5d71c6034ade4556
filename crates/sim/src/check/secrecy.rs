//! No secret and nothing that somebody wrote is in a log line; no secret is in an event.

use std::collections::BTreeSet;

use super::Findings;
use super::log::Event;
use crate::actors::engine::WHISPER;
use crate::history::Exchange;
use crate::wire::Link;
use crate::world::Remains;

/// Shorter ones would be found by chance.
const SECRET_LEAST: usize = 6;

pub(super) fn check(events: &[Event], exchanges: &[Exchange], remains: &Remains, findings: &mut Findings) {
    let mut secrets: BTreeSet<String> = remains.secrets.iter().cloned().collect();
    secrets.extend(exchanges.iter().flat_map(overheard));
    secrets.retain(|secret| secret.len() >= SECRET_LEAST);
    let holds_one = |text: &str| secrets.iter().any(|secret| text.contains(secret.as_str()));
    let lines = [remains.history.guest_lines(), remains.history.host_lines()].concat();
    for line in lines {
        if line.contains(WHISPER) {
            findings.add("log-lines-are-silent", format!("what somebody wrote is in: {line}"));
        }
        if holds_one(&line) {
            findings.add("log-lines-are-silent", format!("a secret is in: {line}"));
        }
    }
    for event in events.iter().filter(|event| holds_one(&event.data.to_string())) {
        findings.add("events-hold-no-secret", format!("a secret is in {} at {}", event.type_, event.position));
    }
}

/// Secrets that nobody wrote down but that went over the wire: tokens in paths, secrets of webhooks.
fn overheard(exchange: &Exchange) -> Vec<String> {
    let mut segments = exchange.path.split(['/', '?']).skip(1);
    let token = match (segments.next(), segments.next()) {
        (Some("worker" | "files"), Some(token)) => Some(token.to_owned()),
        _ => None,
    };
    let secret = exchange.asked()["secret_token"].as_str().map(str::to_owned);
    token.into_iter().chain(secret.filter(|_| exchange.link == Link::PlaneToTelegram)).collect()
}
