//! Rows 2 and 3: where machines are made, in the words of existing clients.

use clawstead_domain::config::ProviderPolicy;
use clawstead_ledger::engines::spin::SpinEngine;
use clawstead_operations::{Cx, configs};
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, json};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::consumer::NoArgs;

/// Null when no machines are made. Neither organizations nor names of volumes are chosen by anybody here.
pub(crate) async fn show(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let NoArgs {} = json::from_value(args)?;
    let policy: ProviderPolicy = configs::load(&app.cx(call)).await?.get()?;
    if policy.kind.is_empty() {
        return Ok(Value::Null);
    }
    Ok(json!({
        "kind": policy.kind, "appName": policy.app_name, "organizationSlug": "", "image": policy.image,
        "region": policy.regions.first(), "volumeName": "", "volumePath": policy.volume_path,
        "volumeSizeGb": policy.volume_size_gb,
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SetArgs {
    provider_config: ProviderConfig,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ProviderConfig {
    kind: String,
    app_name: String,
    /// Taken and not used: an app belongs to its organization.
    #[serde(rename = "organizationSlug")]
    _organization_slug: IgnoredAny,
    image: String,
    region: String,
    /// Taken and not used: each worker has a volume of its own.
    #[serde(rename = "volumeName")]
    _volume_name: IgnoredAny,
    volume_path: String,
    volume_size_gb: f64,
}

/// What existing clients do not know of stays as it is. Regions for when the first has no room stay with their first.
pub(crate) async fn set(cx: &Cx<'_, SpinEngine>, args: Value) -> Result<Value, Problem> {
    let SetArgs { provider_config: wanted } = json::from_value(args)?;
    let known: ProviderPolicy = configs::load(cx).await?.get()?;
    let regions = if known.regions.first() == Some(&wanted.region) { known.regions.clone() } else { vec![wanted.region] };
    if wanted.volume_size_gb.fract() != 0.0 {
        return Err(Problem::field("invalid_field", "volume_size_gb", "must be a whole number"));
    }
    let policy = ProviderPolicy {
        kind: wanted.kind,
        app_name: wanted.app_name,
        image: wanted.image,
        regions,
        volume_path: wanted.volume_path,
        volume_size_gb: wanted.volume_size_gb as i64,
        ..known
    };
    configs::set(cx, &policy).await?;
    Ok(Value::Null)
}
