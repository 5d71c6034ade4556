//! Policies.

use clawstead_domain::config::{
    LeasePolicy, LimitsPolicy, MessagesPolicy, Policy, PricesPolicy, ProviderPolicy, QueuePolicy, RetentionPolicy, RetryPolicy,
    ScalingPolicy, TelegramPolicy, WebhooksPolicy,
};
use clawstead_operations::configs;
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use http::StatusCode;

pub(crate) async fn show(app: &App, call: &Call) -> Result<Reply, Problem> {
    match call.param("name") {
        QueuePolicy::NAME => show_policy::<QueuePolicy>(app, call).await,
        LeasePolicy::NAME => show_policy::<LeasePolicy>(app, call).await,
        RetryPolicy::NAME => show_policy::<RetryPolicy>(app, call).await,
        ScalingPolicy::NAME => show_policy::<ScalingPolicy>(app, call).await,
        ProviderPolicy::NAME => show_policy::<ProviderPolicy>(app, call).await,
        MessagesPolicy::NAME => show_policy::<MessagesPolicy>(app, call).await,
        RetentionPolicy::NAME => show_policy::<RetentionPolicy>(app, call).await,
        PricesPolicy::NAME => show_policy::<PricesPolicy>(app, call).await,
        LimitsPolicy::NAME => show_policy::<LimitsPolicy>(app, call).await,
        WebhooksPolicy::NAME => show_policy::<WebhooksPolicy>(app, call).await,
        TelegramPolicy::NAME => show_policy::<TelegramPolicy>(app, call).await,
        _ => Err(not_found()),
    }
}

pub(crate) async fn set(app: &App, call: &Call) -> Result<Reply, Problem> {
    match call.param("name") {
        QueuePolicy::NAME => set_policy::<QueuePolicy>(app, call).await,
        LeasePolicy::NAME => set_policy::<LeasePolicy>(app, call).await,
        RetryPolicy::NAME => set_policy::<RetryPolicy>(app, call).await,
        ScalingPolicy::NAME => set_policy::<ScalingPolicy>(app, call).await,
        ProviderPolicy::NAME => set_policy::<ProviderPolicy>(app, call).await,
        MessagesPolicy::NAME => set_policy::<MessagesPolicy>(app, call).await,
        RetentionPolicy::NAME => set_policy::<RetentionPolicy>(app, call).await,
        PricesPolicy::NAME => set_policy::<PricesPolicy>(app, call).await,
        LimitsPolicy::NAME => set_policy::<LimitsPolicy>(app, call).await,
        WebhooksPolicy::NAME => set_policy::<WebhooksPolicy>(app, call).await,
        TelegramPolicy::NAME => set_policy::<TelegramPolicy>(app, call).await,
        _ => Err(not_found()),
    }
}

async fn show_policy<P: Policy>(app: &App, call: &Call) -> Result<Reply, Problem> {
    let policy: P = configs::load(&app.cx(call)).await?.get()?;
    Ok(Reply::ok(&policy))
}

async fn set_policy<P: Policy>(app: &App, call: &Call) -> Result<Reply, Problem> {
    let policy: P = call.json()?;
    configs::set(&app.cx(call), &policy).await?;
    Ok(Reply::ok(&policy))
}

fn not_found() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "config_not_found",
        "there are queue, lease, retry, scaling, provider, messages, retention, prices, limits, telegram and webhooks",
    )
}
