//! Telegram bots.

use clawstead_operations::bots::{self, Telegram};
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use clawstead_transport::SpinTransport;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Link {
    agent_key: String,
    token: String,
}

pub(crate) async fn link(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Link { agent_key, token } = call.json()?;
    let settings = &app.settings;
    let telegram =
        Telegram { transport: &SpinTransport::default(), api_url: &settings.telegram_api_url, public_url: &settings.public_url };
    let linked = bots::link(&app.cx(call), settings.keys()?, telegram, &agent_key, &token).await?;
    let status = if linked.new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(Reply::json(status, &linked.bot))
}

pub(crate) async fn list(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["after", "limit"])?;
    let bots = bots::list(&app.cx(call), &query.text("after").unwrap_or_default(), query.limit()?).await?;
    let next_after = bots.last().map(|bot| bot.bot_id.clone());
    Ok(Reply::ok(&json!({ "bots": bots, "next_after": next_after })))
}
