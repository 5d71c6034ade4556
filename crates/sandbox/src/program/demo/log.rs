//! The log of a demo, as the operator reads it.

use anyhow::{Context as _, Result};
use clawstead_sandbox::Api;
use serde_json::Value;

/// Prints every event, page by page.
pub(crate) async fn print(api: &Api) -> Result<()> {
    println!("log:");
    let mut after = 0;
    let mut first_at = None;
    loop {
        let page = api.get(&format!("/v1/events?after={after}&limit=200")).await?.success()?;
        for event in page["events"].as_array().context("a page of the log has events")? {
            let at = event["at"].as_i64().unwrap_or_default();
            println!("{}", line(event, at - *first_at.get_or_insert(at)));
        }
        after = page["next_after"].as_i64().unwrap_or(after);
        if page["has_more"] != true {
            println!();
            return Ok(());
        }
    }
}

fn line(event: &Value, since_first_ms: i64) -> String {
    let text = |name: &str| event[name].as_str().unwrap_or_default();
    let number = |name: &str| event[name].as_u64().unwrap_or_default();
    let since_first_s = since_first_ms as f64 / 1_000.0;
    let (kind, stream) = (text("type"), text("stream"));
    format!("{:>5}  {since_first_s:>8.3} s  {kind:<20} {stream} v{}", number("position"), number("version"))
}
