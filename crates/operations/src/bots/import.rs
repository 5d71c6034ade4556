//! Importing the token of a bot: it says which bot speaks for an agent from now on.

use clawstead_domain::bot::{self, Bot};
use clawstead_domain::{Refusal, agent::Agent};
use clawstead_ledger::{Engine, Expected};
use clawstead_telegram::BotToken;
use clawstead_telegram::update::User;
use clawstead_transport::Transport;
use clawstead_vault::KeyRing;

use super::reach::{TOKEN_REFUSED, Telegram, is_token_refused, outside};
use super::{find, of_agent};
use crate::secrets::InForce;
use crate::{Cx, OperationError, agents, decide, secrets};

/// The field that whoever brings a token brings it in.
const TOKEN: &str = "token";

/// A bot whose token is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The bot.
    pub bot: Bot,
    /// Whether it did not speak for this agent before.
    pub new: bool,
    /// Its token.
    pub token: InForce,
}

/// Makes the bot of a token the bot of an agent, in the place of an earlier one. Its webhook is not touched.
///
/// # Errors
/// When the token is not one that Telegram knows, the agent does not exist, or the bot belongs to another agent. None holds
/// the token.
pub async fn import_token<E: Engine, T: Transport>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    telegram: Telegram<'_, T>,
    agent_key: &str,
    token: &str,
) -> Result<Imported, OperationError> {
    let parsed = BotToken::parse(token).map_err(|error| bad_token(&error.to_string()))?;
    agents::get(cx, agent_key).await?;
    let me = match telegram.by(parsed).get_me().await {
        Ok(me) if me.is_bot => me,
        Ok(_) => return Err(bad_token("it is not the token of a bot").into()),
        Err(error) if is_token_refused(&error) => return Err(not_accepted().into()),
        Err(error) => return Err(outside(&error)),
    };
    take_over(cx, keys, agent_key, &me, token.trim()).await
}

/// Asks Telegram anew who the bot of an agent is, by the token in `secret_ref`, or the one that the bot has, or the one that
/// was imported for the agent; whoever it is speaks for the agent from now on.
///
/// # Errors
/// When there is no such token, and as for [`import_token`].
pub async fn reconcile<E: Engine, T: Transport>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    telegram: Telegram<'_, T>,
    agent_key: &str,
    secret_ref: Option<&str>,
) -> Result<Imported, OperationError> {
    let agent = agents::get(cx, agent_key).await?;
    for secret_ref in token_refs(cx, &agent, secret_ref).await? {
        if let Some(token) = secrets::open(cx, keys, &secret_ref).await? {
            return import_token(cx, keys, telegram, agent_key, token.expose()).await.map_err(blame_nothing_asked);
        }
    }
    Err(Refusal::conflict("token_missing", "no token was imported for the agent").into())
}

/// Where the token of an agent's bot may be, the one that counts first. The only such rule.
async fn token_refs<E: Engine>(cx: &Cx<'_, E>, agent: &Agent, secret_ref: Option<&str>) -> Result<Vec<String>, OperationError> {
    if let Some(secret_ref) = secret_ref.map(str::trim).filter(|secret_ref| !secret_ref.is_empty()) {
        return Ok(vec![secret_ref.to_owned()]);
    }
    let own = of_agent(cx, &agent.agent_key).await?.map(|bot| bot.token_ref);
    let named = agent.secret_refs.iter().filter(|name| name.starts_with("telegram.botToken")).cloned();
    Ok(own.into_iter().chain([bot::agent_token_ref(&agent.agent_key)]).chain(named).collect())
}

/// Seals the token, then says whose bot it is; whether it was another's or nobody's until now.
async fn take_over<E: Engine>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    agent_key: &str,
    me: &User,
    token: &str,
) -> Result<Imported, OperationError> {
    let bot_id = me.id.to_string();
    let username = me.username.as_deref().ok_or_else(|| OperationError::unexpected("a bot without a user name"))?;
    // Before the token is sealed: a refused link must leave the token of the bot's owner as it is.
    bot::link(agent_key, find(cx, &bot_id).await?.as_ref(), &bot_id, username)?;
    secrets::import_if_new(cx, keys, &bot::token_ref(&bot_id), token).await?;
    let new = decide(async || {
        let version = agents::get(cx, agent_key).await?.stream_version;
        let known = find(cx, &bot_id).await?;
        let event = bot::link(agent_key, known.as_ref(), &bot_id, username)?;
        match cx.append(agent_key, Expected::Version(version), event.as_slice()).await {
            Err(OperationError::Rule(rule)) if rule == "bot_belongs_to_another_agent" => Err(bot::of_another_agent().into()),
            outcome => outcome.map(|()| known.is_none()),
        }
    })
    .await?;
    // A bot that was just being retired may have lost its token meanwhile. Now that it is linked, nobody takes it.
    let token = secrets::import_if_new(cx, keys, &bot::token_ref(&bot_id), token).await?;
    let bot = find(cx, &bot_id).await?.ok_or_else(|| OperationError::unexpected("the bot that was just linked"))?;
    Ok(Imported { bot, new, token })
}

/// For whoever brought the token that Telegram refuses: it is the field at fault.
pub(super) fn blame_token(error: OperationError) -> OperationError {
    match error {
        OperationError::Refused(refusal) if refusal.code == TOKEN_REFUSED => not_accepted().into(),
        error => error,
    }
}

/// For whoever did not bring the token that is refused: no field of what was asked is at fault.
fn blame_nothing_asked(error: OperationError) -> OperationError {
    match error {
        OperationError::Refused(refusal) if refusal.field == Some(TOKEN) => {
            Refusal::conflict(TOKEN_REFUSED, format!("the token that was imported is of no use: {}", refusal.detail)).into()
        }
        error => error,
    }
}

fn not_accepted() -> Refusal {
    bad_token("Telegram does not accept it")
}

fn bad_token(why: &str) -> Refusal {
    Refusal::invalid(TOKEN, why)
}
