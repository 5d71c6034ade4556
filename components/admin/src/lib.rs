//! Agents, bots, API keys, policies, workers, the log, figures, and health.
#![cfg(target_arch = "wasm32")]

mod agents;
mod api_keys;
mod bots;
mod broadcasts;
mod configs;
mod events;
mod figures;
mod health;
mod push_jobs;
mod push_templates;
mod secrets;
mod skills;
mod subscriptions;
mod telegram;
mod templates;
mod workers;

use clawstead_service::spin::{App, HttpReply, serve};
use clawstead_service::{Call, Component, Operation, Problem, Reply};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> HttpReply {
    serve(Component::Admin, request, operate).await
}

async fn operate(app: &App, call: &Call) -> Result<Reply, Problem> {
    match call.operation {
        Operation::Health => health::show(app, call).await,
        Operation::Stats => figures::stats(app, call).await,
        Operation::ListCosts => figures::costs(app, call).await,
        Operation::ListMessageCosts => figures::message_costs(app, call).await,
        Operation::ListEvents => events::list(app, call).await,
        Operation::RebuildViews => events::rebuild(app, call).await,
        Operation::ConfigureAgent => agents::configure(app, call).await,
        Operation::GetAgent => agents::show(app, call).await,
        Operation::ListAgents => agents::list(app, call).await,
        Operation::EnableAgent => agents::switch(app, call, true).await,
        Operation::DisableAgent => agents::switch(app, call, false).await,
        Operation::GetRequiredSecrets => agents::required_secrets(app, call).await,
        Operation::GetReadiness => agents::readiness(app, call).await,
        Operation::GetProviderReadiness => agents::provider_readiness(app, call).await,
        Operation::CreateSubscription => subscriptions::create(app, call).await,
        Operation::ListSubscriptions => subscriptions::list(app, call).await,
        Operation::GetSubscription => subscriptions::show(app, call).await,
        Operation::EndSubscription => subscriptions::end(app, call).await,
        Operation::ListDeadDeliveries => subscriptions::dead(app, call).await,
        Operation::ReplayDelivery => subscriptions::replay(app, call).await,
        Operation::ImportSecret => secrets::import(app, call).await,
        Operation::GetSecret => secrets::show(app, call).await,
        Operation::ListSecrets => secrets::list(app, call).await,
        Operation::DestroySecret => secrets::destroy(app, call).await,
        Operation::ResealSecrets => secrets::reseal(app, call).await,
        Operation::DeploySkill => skills::deploy(app, call).await,
        Operation::ListSkills => skills::list(app, call).await,
        Operation::GetSkill => skills::show(app, call).await,
        Operation::ListSkillVersions => skills::versions(app, call).await,
        Operation::GetSkillVersion => skills::version(app, call).await,
        Operation::ActivateSkill => skills::activate(app, call).await,
        Operation::EnableSkill => skills::switch(app, call, true).await,
        Operation::DisableSkill => skills::switch(app, call, false).await,
        Operation::DeleteSkill => skills::delete(app, call).await,
        Operation::ImportBotToken => bots::import(app, call).await,
        Operation::UnlinkBot => bots::unlink(app, call).await,
        Operation::ReconcileBot => bots::reconcile(app, call).await,
        Operation::ConfigureWebhook => bots::configure_webhook(app, call).await,
        Operation::GetWebhook => bots::webhook(app, call).await,
        Operation::LinkBot => bots::link(app, call).await,
        Operation::ListBots => bots::list(app, call).await,
        Operation::CreateApiKey => api_keys::create(app, call).await,
        Operation::ListApiKeys => api_keys::list(app, call).await,
        Operation::RevokeApiKey => api_keys::revoke(app, call).await,
        Operation::GetConfig => configs::show(app, call).await,
        Operation::SetConfig => configs::set(app, call).await,
        Operation::CreateTemplate => templates::create(app, call).await,
        Operation::ListTemplates => templates::list(app, call).await,
        Operation::GetTemplate => templates::show(app, call).await,
        Operation::ChangeTemplate => templates::change(app, call).await,
        Operation::DeleteTemplate => templates::delete(app, call).await,
        Operation::CreatePushTemplate => push_templates::create(app, call).await,
        Operation::ListPushTemplates => push_templates::list(app, call).await,
        Operation::GetPushTemplate => push_templates::show(app, call).await,
        Operation::ChangePushTemplate => push_templates::change(app, call).await,
        Operation::DeletePushTemplate => push_templates::delete(app, call).await,
        Operation::CreatePushJob => push_jobs::create(app, call).await,
        Operation::ListPushJobs => push_jobs::list(app, call).await,
        Operation::GetPushJob => push_jobs::show(app, call).await,
        Operation::ChangePushJob => push_jobs::change(app, call).await,
        Operation::DeletePushJob => push_jobs::delete(app, call).await,
        Operation::TriggerPushJob => push_jobs::trigger(app, call).await,
        Operation::ListPushDispatches => push_jobs::dispatches(app, call).await,
        Operation::DispatchPushJobs => push_jobs::dispatch_due(app, call).await,
        Operation::SendBroadcast => broadcasts::send(app, call).await,
        Operation::GetBroadcast => broadcasts::show(app, call).await,
        Operation::ListBroadcasts => broadcasts::list(app, call).await,
        Operation::TelegramStats => telegram::stats(app, call).await,
        Operation::RegisterWorker => workers::register(app, call).await,
        Operation::ListWorkers => workers::list(app, call).await,
        other => Err(Problem::internal(format!("{} is not for this component", other.name()))),
    }
}
