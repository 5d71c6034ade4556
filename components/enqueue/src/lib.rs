//! Messages, conversations, and the figures of the queue.
#![cfg(target_arch = "wasm32")]

mod conversations;
mod dead_letters;
mod messages;

use clawstead_operations::queue;
use clawstead_service::spin::{App, HttpReply, serve};
use clawstead_service::{Call, Component, Operation, Problem, Reply};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> HttpReply {
    serve(Component::Enqueue, request, operate).await
}

async fn operate(app: &App, call: &Call) -> Result<Reply, Problem> {
    match call.operation {
        Operation::EnqueueMessage => messages::enqueue(app, call).await,
        Operation::SendMessage => messages::send(app, call).await,
        Operation::GetMessage => messages::show(app, call).await,
        Operation::CancelMessage => messages::cancel(app, call).await,
        Operation::RescheduleMessage => messages::reschedule(app, call).await,
        Operation::ListDeadLetters => dead_letters::list(app, call).await,
        Operation::ReplayDeadLetter => dead_letters::replay(app, call).await,
        Operation::DiscardDeadLetter => dead_letters::discard(app, call).await,
        Operation::ReplayDeadLetters => dead_letters::replay_many(app, call).await,
        Operation::DiscardDeadLetters => dead_letters::discard_many(app, call).await,
        Operation::ListMessages => conversations::messages(app, call).await,
        Operation::GetConversation => conversations::show(app, call).await,
        Operation::ListTurns => conversations::turns(app, call).await,
        Operation::ListSnapshots => conversations::snapshots(app, call).await,
        Operation::QueueStats => Ok(Reply::ok(&queue::stats(&app.cx(call)).await?)),
        other => Err(Problem::internal(format!("{} is not for this component", other.name()))),
    }
}
