//! Pairing codes, bindings, and how users and agents stand.
#![cfg(target_arch = "wasm32")]

mod bindings;
mod pairings;
mod users;

use clawstead_service::spin::{App, HttpReply, serve};
use clawstead_service::{Call, Component, Operation, Problem, Reply};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> HttpReply {
    serve(Component::Pairing, request, operate).await
}

async fn operate(app: &App, call: &Call) -> Result<Reply, Problem> {
    match call.operation {
        Operation::CreatePairing => pairings::create(app, call).await,
        Operation::GetPairing => pairings::show(app, call).await,
        Operation::ListPairings => pairings::list(app, call).await,
        Operation::FindPairing => pairings::find(app, call).await,
        Operation::RevokePairing => pairings::revoke(app, call).await,
        Operation::ConsumePairing => pairings::consume(app, call).await,
        Operation::ListBindings => bindings::list(app, call).await,
        Operation::MakeBinding => bindings::make(app, call).await,
        Operation::GetBinding => bindings::show(app, call).await,
        Operation::RevokeBinding => bindings::revoke(app, call).await,
        Operation::RevokeUserBindings => bindings::revoke_of_user(app, call).await,
        Operation::ResolveAccount => bindings::resolve(app, call).await,
        Operation::MigrateBindings => bindings::migrate(app, call).await,
        Operation::ListUserAgents => users::list(app, call).await,
        Operation::GetUserAgent => users::show(app, call).await,
        Operation::GetUserAgentStats => users::stats(app, call).await,
        Operation::ListSnapshots => users::snapshots(app, call).await,
        Operation::GetOnboarding => users::onboarding(app, call).await,
        other => Err(Problem::internal(format!("{} is not for this component", other.name()))),
    }
}

/// A user whom the query must name.
fn user_of(query: &clawstead_service::call::Query) -> Result<String, Problem> {
    let user = query.text("consumer_user_id");
    let user = user.ok_or_else(|| Problem::field("missing_field", "consumer_user_id", "the field is missing"))?;
    clawstead_domain::text::check_id("consumer_user_id", &user)?;
    Ok(user)
}
