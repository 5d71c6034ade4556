//! Whatever was answered with a 2xx is in the log, once.

use std::collections::{BTreeMap, BTreeSet};

use clawstead_emulators::Outcome;

use super::Findings;
use super::queue::Messages;
use crate::actors::engine::WHISPER;
use crate::history::Exchange;
use crate::wire::Link;
use crate::world::Remains;

pub(super) fn check(exchanges: &[Exchange], messages: &Messages, remains: &Remains, findings: &mut Findings) {
    answered(exchanges, messages, findings);
    names_are_unique(messages, findings);
    updates(exchanges, messages, findings);
    for delivery in remains.deliveries.iter().filter(|one| one.outcome != Outcome::Delivered) {
        findings.add("nothing-stuck", format!("update {} of bot {} is not delivered", delivery.update_id, delivery.bot_id));
    }
}

/// The same key, or the same update, is the same message, and that is in the log.
fn answered(exchanges: &[Exchange], messages: &Messages, findings: &mut Findings) {
    let mut by_name: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for exchange in exchanges.iter().filter(|one| one.is_success()) {
        let answer = exchange.json();
        let Some(id) = answer["message_id"].as_str() else { continue };
        let name = match exchange.link {
            Link::AppToPlane if exchange.path == "/v1/messages" => exchange.key.clone().unwrap_or_default(),
            Link::TelegramToPlane => name_of_update(exchange),
            _ => continue,
        };
        if !messages.contains_key(id) {
            let text = format!("{id} was answered at {} and is not in the log", exchange.answered_ms);
            findings.add("accepted-is-kept", text);
        }
        by_name.entry(name).or_default().insert(id.to_owned());
    }
    for (name, ids) in by_name.iter().filter(|(_, ids)| ids.len() > 1) {
        findings.add("accepted-once", format!("{name} is {ids:?}"));
    }
}

fn names_are_unique(messages: &Messages, findings: &mut Findings) {
    let mut times: BTreeMap<&str, u32> = BTreeMap::new();
    for external_id in messages.values().filter_map(|message| message.external_id.as_deref()) {
        *times.entry(external_id).or_default() += 1;
    }
    for (external_id, times) in times.into_iter().filter(|(_, times)| *times > 1) {
        findings.add("accepted-once", format!("{external_id} is in the log {times} times"));
    }
}

/// What people write is taken: no 2xx without a line of the log.
fn updates(exchanges: &[Exchange], messages: &Messages, findings: &mut Findings) {
    let known: BTreeSet<&str> = messages.values().filter_map(|message| message.external_id.as_deref()).collect();
    for exchange in exchanges.iter().filter(|one| one.link == Link::TelegramToPlane && one.is_success()) {
        let update = exchange.asked();
        if !update["message"]["text"].as_str().is_some_and(|text| text.starts_with(WHISPER)) {
            continue;
        }
        let (name, outcome) = (name_of_update(exchange), exchange.json());
        let is_turned_away = outcome["reason"] == "agent_disabled";
        if !known.contains(name.as_str()) && !is_turned_away {
            findings.add("accepted-is-kept", format!("update {name} was answered with 2xx, {outcome}, and is not in the log"));
        }
    }
}

/// `<bot>:<message>`, as the log calls it.
fn name_of_update(exchange: &Exchange) -> String {
    let bot = exchange.path.split('/').nth(2).unwrap_or_default();
    format!("{bot}:{}", exchange.asked()["message"]["message_id"])
}
