//! The methods a bot can call.

use std::sync::Arc;

use serde_json::Value;

use super::answer::{Answer, Refusal};
use super::parameters::Parameters;
use super::{Shared, files, sending, webhook};

/// Executes one method for a bot that exists; method names are not case-sensitive.
pub(crate) fn call(shared: &Arc<Shared>, bot_id: i64, method: &str, parameters: Parameters) -> Answer {
    match method.to_ascii_lowercase().as_str() {
        "getme" => get_me(shared, bot_id),
        "setwebhook" => webhook::set(shared, bot_id, &parameters),
        "getwebhookinfo" => webhook::info(shared, bot_id),
        "deletewebhook" => webhook::delete(shared, bot_id, &parameters),
        "getfile" => files::get_file(shared, &parameters),
        "sendmessage" => sending::send_message(shared, bot_id, parameters),
        "sendaudio" => sending::send_audio(shared, bot_id, parameters),
        _ => Err(Refusal::not_found()),
    }
}

fn get_me(shared: &Shared, bot_id: i64) -> Answer {
    let mut user: Value = shared
        .store
        .read(|state| state.accounts.get(&bot_id).map(super::state::Account::user))
        .ok_or_else(Refusal::unauthorized)?;
    // Only getMe tells these.
    user["can_join_groups"] = true.into();
    user["can_read_all_group_messages"] = false.into();
    user["supports_inline_queries"] = false.into();
    Ok(user)
}
