//! How an agent reaches the functions of the app that it serves: the bridge.

use serde::{Deserialize, Deserializer, Serialize};

use crate::{Refusal, text};

/// Bridge of an agent, as far as its profile says. What it leaves open is looked up among the secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bridge {
    /// Whether the agent has one.
    pub enabled: bool,
    /// Where the app is.
    pub base_url: Option<String>,
    /// As what the agent calls.
    pub service_id: Option<String>,
    /// Which app it calls.
    pub app_key: Option<String>,
    /// Secret with the key of the service.
    pub service_key_ref: Option<String>,
    /// Secret with the base URLs of the apps: a JSON object from app key to URL.
    pub base_url_map_ref: Option<String>,
}

/// A change of a bridge. What is left out stays; `null` takes a value away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of the bridge")]
pub struct BridgeChange {
    pub enabled: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    pub base_url: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    pub service_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    pub app_key: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    pub service_key_ref: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    pub base_url_map_ref: Option<Option<String>>,
}

/// Tells a value that is `null` from one that is left out.
fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// The bridge after a change; blank is absent.
pub(super) fn changed(known: Option<&Bridge>, change: &BridgeChange) -> Result<Bridge, Refusal> {
    let known = known.cloned().unwrap_or_default();
    Ok(Bridge {
        enabled: change.enabled.unwrap_or(known.enabled),
        base_url: value("base_url", change.base_url.as_ref(), known.base_url)?,
        service_id: value("service_id", change.service_id.as_ref(), known.service_id)?,
        app_key: value("app_key", change.app_key.as_ref(), known.app_key)?,
        service_key_ref: value("service_key_ref", change.service_key_ref.as_ref(), known.service_key_ref)?,
        base_url_map_ref: value("base_url_map_ref", change.base_url_map_ref.as_ref(), known.base_url_map_ref)?,
    })
}

fn value(field: &'static str, change: Option<&Option<String>>, known: Option<String>) -> Result<Option<String>, Refusal> {
    let Some(new) = change else {
        return Ok(known);
    };
    let Some(new) = new.as_deref().map(str::trim).filter(|new| !new.is_empty()) else {
        return Ok(None);
    };
    text::check_text(field, new, 2_048)?;
    Ok(Some(new.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(json: &str) -> BridgeChange {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_is_left_out_stays_and_null_takes_away() {
        let first = changed(None, &change(r#"{"enabled": true, "base_url": " https://app.test ", "app_key": "shop"}"#)).unwrap();
        assert_eq!((first.enabled, first.base_url.as_deref()), (true, Some("https://app.test")));
        let second = changed(Some(&first), &change(r#"{"app_key": null, "service_id": "s"}"#)).unwrap();
        assert_eq!(second, Bridge { app_key: None, service_id: Some("s".into()), ..first });
    }

    #[test]
    fn blank_is_absent() {
        let known = Bridge { base_url: Some("https://app.test".into()), ..Bridge::default() };
        assert_eq!(changed(Some(&known), &change(r#"{"base_url": "  "}"#)).unwrap().base_url, None);
    }
}
