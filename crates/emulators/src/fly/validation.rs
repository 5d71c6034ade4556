//! Checks of request bodies, with the messages a caller sees.

use serde_json::Value;

use super::answer::{Answer, Refusal};
use super::state::State;

const NAME_MAX: usize = 63;
const VOLUME_NAME_MAX: usize = 30;

pub(crate) fn app_name(name: &str) -> Answer<()> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > NAME_MAX || !name.chars().all(allowed) {
        return Err(Refusal::invalid("app name may hold only a-z, 0-9 and dashes"));
    }
    Ok(())
}

pub(crate) fn machine_name(name: &str) -> Answer<()> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > NAME_MAX || !name.chars().all(allowed) {
        return Err(Refusal::invalid(format!("invalid machine name '{name}'")));
    }
    Ok(())
}

pub(crate) fn volume_name(name: &str) -> Answer<()> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || name.len() > VOLUME_NAME_MAX || !name.chars().all(allowed) {
        return Err(Refusal::invalid("volume name may hold only a-z, 0-9 and underscores, at most 30 characters"));
    }
    Ok(())
}

pub(crate) fn region(region: &str) -> Answer<()> {
    if region.len() != 3 || !region.chars().all(|c| c.is_ascii_lowercase()) {
        return Err(Refusal::invalid(format!("unknown region '{region}'")));
    }
    Ok(())
}

/// The shape of a machine's configuration.
pub(crate) fn config(config: &Value) -> Answer<()> {
    if !config.is_object() {
        return Err(Refusal::invalid("config is required"));
    }
    if config["image"].as_str().is_none_or(str::is_empty) {
        return Err(Refusal::invalid("config.image is required"));
    }
    for field in ["env", "metadata"] {
        map_of_texts(field, &config[field])?;
    }
    guest(&config["guest"])?;
    restart(&config["restart"])?;
    mounts(&config["mounts"])
}

fn map_of_texts(field: &str, value: &Value) -> Answer<()> {
    let valid = match value {
        Value::Null => true,
        Value::Object(entries) => entries.values().all(Value::is_string),
        _ => false,
    };
    if valid { Ok(()) } else { Err(Refusal::invalid(format!("config.{field} is a map of strings"))) }
}

fn guest(guest: &Value) -> Answer<()> {
    let Value::Object(fields) = guest else {
        return if guest.is_null() { Ok(()) } else { Err(Refusal::invalid("config.guest is an object")) };
    };
    let kind = fields.get("cpu_kind").and_then(Value::as_str).unwrap_or("shared");
    if !matches!(kind, "shared" | "performance") {
        return Err(Refusal::invalid(format!("config.guest.cpu_kind '{kind}' is unknown")));
    }
    let cpus = fields.get("cpus").map_or(Some(1), Value::as_u64);
    if !cpus.is_some_and(|cpus| (1..=16).contains(&cpus)) {
        return Err(Refusal::invalid("config.guest.cpus is a number from 1 to 16"));
    }
    let memory = fields.get("memory_mb").map_or(Some(256), Value::as_u64);
    if !memory.is_some_and(|memory| memory >= 256 && memory % 256 == 0) {
        return Err(Refusal::invalid("config.guest.memory_mb is a multiple of 256"));
    }
    Ok(())
}

fn restart(restart: &Value) -> Answer<()> {
    match restart["policy"].as_str() {
        None | Some("no" | "always" | "on-failure" | "spot-price") => Ok(()),
        Some(other) => Err(Refusal::invalid(format!("config.restart.policy '{other}' is unknown"))),
    }
}

fn mounts(mounts: &Value) -> Answer<()> {
    let list = match mounts {
        Value::Null => return Ok(()),
        Value::Array(list) => list,
        _ => return Err(Refusal::invalid("config.mounts is a list")),
    };
    if list.len() > 1 {
        return Err(Refusal::invalid("a machine can mount only one volume"));
    }
    for mount in list {
        let has = |field: &str| mount[field].as_str().is_some_and(|text| !text.is_empty());
        if !has("volume") || !has("path") {
            return Err(Refusal::invalid("config.mounts[0] needs volume and path"));
        }
    }
    Ok(())
}

/// Whether a machine of this app and region may mount the volume.
pub(crate) fn mountable(state: &State, app: &str, region: &str, volume_id: &str, machine_id: Option<&str>) -> Answer<()> {
    let volume = state.volumes.get(volume_id).filter(|volume| volume.app == app);
    let Some(volume) = volume else {
        return Err(Refusal::invalid(format!("volume {volume_id} does not exist")));
    };
    if volume.region != region {
        let actual = &volume.region;
        return Err(Refusal::invalid(format!("volume {volume_id} is in {actual}, not in {region}")));
    }
    match volume.bound_to.as_deref() {
        Some(other) if Some(other) != machine_id => {
            Err(Refusal::precondition(format!("volume {volume_id} is already attached to machine {other}")))
        }
        _ => Ok(()),
    }
}
