//! Whether a key that acts for some agents, users or companies only may do this. Looked at in one place, whatever the protocol: by the
//! names that stand in the path, the query, the body or the arguments.

use clawstead_domain::api_key::Reach;
use clawstead_domain::push::{PushJob, job_not_found, template_not_found};
use clawstead_domain::template;
use clawstead_ledger::Engine;
use clawstead_operations::bindings::{self, Whose};
use clawstead_operations::{Cx, OperationError, pairings, push, templates};
use serde_json::Value;

use crate::operation::About;
use crate::{Operation, Principal, Problem};

/// What a request names.
#[derive(Debug, Default)]
pub struct Named(Vec<(String, String)>);

impl Named {
    /// Adds the texts of a JSON object, whose names may be in camel case.
    pub fn object(&mut self, object: &Value) {
        for (name, value) in object.as_object().into_iter().flatten() {
            if let Some(text) = value.as_str() {
                self.0.push((snake_case(name), text.to_owned()));
            }
        }
    }

    /// Adds a name of the path or the query.
    pub fn add(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Refuses what is about agents or users that the principal may not act for. Who is not limited may act for everybody.
///
/// # Errors
/// `forbidden`.
pub async fn check<E: Engine>(cx: &Cx<'_, E>, principal: &Principal, operation: Operation, named: &Named) -> Result<(), Problem> {
    let Some(reach) = principal.limit() else {
        return Ok(());
    };
    companies(cx, reach, named).await?;
    let mut about = named_directly(named);
    about.extend(looked_up(cx, named).await?);
    let fits = about.iter().all(|whose| holds(reach, whose));
    let agent_known = reach.agents.is_none() || about.iter().any(|whose| whose.agent_key.is_some());
    let user_known = reach.users.is_none() || about.iter().any(|whose| whose.consumer_user_id.is_some());
    let enough = match operation.about() {
        About::Everybody => false,
        About::Agent => agent_known && reach.users.is_none(),
        About::User => agent_known && user_known,
        About::Company => reach.companies.is_some(),
        About::Audience => reach.agents.is_some() || reach.users.is_some(),
        About::Several => true,
    };
    if fits && enough { Ok(()) } else { Err(Problem::forbidden()) }
}

/// Refuses companies that the key is not for. A template of theirs is not there for it: nobody learns which ids exist.
async fn companies<E: Engine>(cx: &Cx<'_, E>, reach: &Reach, named: &Named) -> Result<(), Problem> {
    if !named.all("company_id").all(|company_id| reach.has_company(Some(company_id))) {
        return Err(Problem::forbidden());
    }
    for template_id in named.all("template_id") {
        let template = templates::find(cx, template_id).await?;
        if template.is_some_and(|template| !reach.has_company(template.company_id.as_deref())) {
            return Err(template::not_found().into());
        }
        let template = push::find_template(cx, template_id).await?;
        if template.is_some_and(|template| !reach.has_company(template.company_id.as_deref())) {
            return Err(template_not_found().into());
        }
    }
    for job_id in named.all("job_id") {
        let job = push::find_job(cx, job_id).await?;
        if job.is_some_and(|job| !reach.has_company(job.company_id.as_deref())) {
            return Err(job_not_found().into());
        }
    }
    Ok(())
}

fn holds(reach: &Reach, whose: &Whose) -> bool {
    whose.agent_key.as_deref().is_none_or(|agent_key| reach.has_agent(agent_key))
        && whose.consumer_user_id.as_deref().is_none_or(|user| reach.has_user(user))
}

fn named_directly(named: &Named) -> Vec<Whose> {
    let agents = named.all("agent_key").map(|agent| Whose { agent_key: Some(agent.to_owned()), ..Whose::default() });
    let users = named.all("consumer_user_id").map(|user| Whose { consumer_user_id: Some(user.to_owned()), ..Whose::default() });
    agents.chain(users).collect()
}

/// What conversations, messages, pairings and bindings are about. What does not exist is about nobody, and so not enough.
async fn looked_up<E: Engine>(cx: &Cx<'_, E>, named: &Named) -> Result<Vec<Whose>, OperationError> {
    let of = |agent_key, consumer_user_id| Whose { agent_key: Some(agent_key), consumer_user_id: Some(consumer_user_id) };
    let mut about = Vec::new();
    for conversation_id in named.all("conversation_id") {
        about.push(bindings::whose(cx, conversation_id).await?);
    }
    for message_id in named.all("message_id") {
        about.push(bindings::whose_message(cx, message_id).await?);
    }
    for job_id in named.all("job_id") {
        // One that follows its user may go to any agent.
        let whose = |job: PushJob| Whose {
            agent_key: job.agent_key.filter(|_| !job.follows_user),
            consumer_user_id: Some(job.consumer_user_id),
        };
        about.extend(push::find_job(cx, job_id).await?.map(whose));
    }
    for pairing_id in named.all("pairing_id") {
        about.extend(pairings::get(cx, pairing_id).await?.map(|one| of(one.agent_key, one.consumer_user_id)));
    }
    for binding_id in named.all("binding_id") {
        about.extend(bindings::find(cx, binding_id).await?.map(|one| of(one.agent_key, one.consumer_user_id)));
    }
    Ok(about)
}

fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
