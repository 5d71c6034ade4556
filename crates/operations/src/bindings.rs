//! Bindings of Telegram accounts to users of consumer apps.

use clawstead_domain::DomainEvent as _;
use clawstead_domain::binding::{self, Bind, Binding, BindingEvent, Bound};
use clawstead_ledger::{Engine, Event, Expected, Row, Value};

use crate::{Cx, OperationError, decide};

/// So many bindings of a user are shown.
const SHOWN_MAX: i64 = 100;

const COLUMNS: &str = "binding_id, consumer_user_id, agent_key, conversation_id, bot_id, telegram_user_id, telegram_chat_id, \
    bound_at, revoked_at, stream_version";

/// A binding that is there now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The binding.
    pub binding: Binding,
    /// Whether it was there before.
    pub repeated: bool,
}

/// Binds a user to an agent, in the place of the user's earlier binding to it. The conversation is that of the user's newest
/// earlier binding to the agent, so that binding anew moves no history.
///
/// A command with a dedup key that made a binding before gives that one, whosever it is.
///
/// # Errors
/// When a value cannot be, or the account speaks for another user.
pub async fn make<E: Engine>(cx: &Cx<'_, E>, wanted: &Bind, dedup_key: Option<&str>) -> Result<Made, OperationError> {
    decide(async || {
        let conversation_id = earlier_conversation(cx, wanted).await?.unwrap_or_else(|| cx.new_id());
        let own = of_user(cx, &wanted.consumer_user_id, &wanted.agent_key).await?;
        let of_account = match &wanted.account {
            Some(account) => by_telegram(cx, &account.bot_id, &account.telegram_user_id).await?,
            None => None,
        };
        match binding::bind(wanted, own, of_account, conversation_id)? {
            Bound::Already(binding) => Ok(Made { binding, repeated: true }),
            Bound::Anew { ended, made } => append(cx, &ended, made, dedup_key).await,
        }
    })
    .await
}

/// A user's bindings: the active ones first, then the revoked ones from the newest, at most a hundred.
///
/// # Errors
/// When the database does not answer.
pub async fn list<E: Engine>(cx: &Cx<'_, E>, consumer_user_id: &str) -> Result<Vec<Binding>, OperationError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM bindings WHERE consumer_user_id = ?1 \
         ORDER BY revoked_at IS NOT NULL, bound_at DESC, binding_id DESC LIMIT ?2"
    );
    cx.sql(&sql, &[consumer_user_id.into(), SHOWN_MAX.into()]).await?.iter().map(|row| binding_of(&row)).collect()
}

/// The active binding of a user to an agent.
///
/// # Errors
/// When the database does not answer.
pub async fn of_user<E: Engine>(
    cx: &Cx<'_, E>,
    consumer_user_id: &str,
    agent_key: &str,
) -> Result<Option<Binding>, OperationError> {
    one(cx, OF_USER, &[consumer_user_id.into(), agent_key.into()]).await
}

/// The active binding of an account on a bot.
///
/// # Errors
/// When the database does not answer.
pub async fn by_telegram<E: Engine>(
    cx: &Cx<'_, E>,
    bot_id: &str,
    telegram_user_id: &str,
) -> Result<Option<Binding>, OperationError> {
    one(cx, "active_telegram_user_id = ?1 AND bot_id = ?2", &[telegram_user_id.into(), bot_id.into()]).await
}

/// The binding that the command with this dedup key made, if it was carried out.
///
/// # Errors
/// When the database does not answer.
pub async fn made_by<E: Engine>(cx: &Cx<'_, E>, dedup_key: &str) -> Result<Option<Binding>, OperationError> {
    match cx.ledger.by_dedup_key(dedup_key).await? {
        Some(event) => of_event(cx, &event).await.map(Some),
        None => Ok(None),
    }
}

const OF_USER: &str = "active_consumer_user_id = ?1 AND agent_key = ?2";

/// Ends and makes in one statement. The ends come first, for the unique indexes look at every line as it comes.
async fn append<E: Engine>(
    cx: &Cx<'_, E>,
    ended: &[Binding],
    made: BindingEvent,
    dedup_key: Option<&str>,
) -> Result<Made, OperationError> {
    let revoked = [BindingEvent::BindingRevoked { reason: "rebound".to_owned() }];
    let mut lines = Vec::new();
    for binding in ended {
        lines.extend(cx.lines(&binding.binding_id, Expected::Version(binding.stream_version), &revoked));
    }
    let binding_id = cx.new_id();
    for mut line in cx.lines(&binding_id, Expected::Version(0), &[made]) {
        line.dedup_key = dedup_key.map(str::to_owned);
        lines.push(line);
    }
    match cx.append_lines::<BindingEvent>(&lines).await {
        Ok(()) => Ok(Made { binding: by_id(cx, &binding_id).await?, repeated: false }),
        Err(OperationError::Duplicate(first)) => Ok(Made { binding: of_event(cx, &first).await?, repeated: true }),
        // Another command bound the same user or account first: its binding is a fact for the next attempt.
        Err(OperationError::Rule(rule)) if rule.starts_with("bindings.active_") => Err(OperationError::Raced),
        Err(error) => Err(error),
    }
}

async fn earlier_conversation<E: Engine>(cx: &Cx<'_, E>, wanted: &Bind) -> Result<Option<String>, OperationError> {
    let newest = "consumer_user_id = ?1 AND agent_key = ?2 ORDER BY bound_at DESC, binding_id DESC LIMIT 1";
    let earlier = one(cx, newest, &[(&wanted.consumer_user_id).into(), (&wanted.agent_key).into()]).await?;
    Ok(earlier.map(|binding| binding.conversation_id))
}

async fn of_event<E: Engine>(cx: &Cx<'_, E>, event: &Event) -> Result<Binding, OperationError> {
    let binding_id = event.stream.strip_prefix(BindingEvent::KIND).and_then(|rest| rest.strip_prefix('-'));
    by_id(cx, binding_id.ok_or_else(|| OperationError::unexpected("the first outcome of a binding"))?).await
}

async fn by_id<E: Engine>(cx: &Cx<'_, E>, binding_id: &str) -> Result<Binding, OperationError> {
    let binding = one(cx, "binding_id = ?1", &[binding_id.into()]).await?;
    binding.ok_or_else(|| OperationError::unexpected("a binding of the log"))
}

async fn one<E: Engine>(cx: &Cx<'_, E>, which: &str, params: &[Value]) -> Result<Option<Binding>, OperationError> {
    let rows = cx.sql(&format!("SELECT {COLUMNS} FROM bindings WHERE {which}"), params).await?;
    rows.first().map(|row| binding_of(&row)).transpose()
}

fn binding_of(row: &Row<'_>) -> Result<Binding, OperationError> {
    let read = || {
        Some(Binding {
            binding_id: row.text("binding_id")?,
            consumer_user_id: row.text("consumer_user_id")?,
            agent_key: row.text("agent_key")?,
            conversation_id: row.text("conversation_id")?,
            bot_id: row.text("bot_id"),
            telegram_user_id: row.text("telegram_user_id"),
            telegram_chat_id: row.text("telegram_chat_id"),
            bound_at: row.integer("bound_at")?,
            revoked_at: row.integer("revoked_at"),
            stream_version: row.integer("stream_version")?,
        })
    };
    read().ok_or_else(|| OperationError::unexpected("a row of bindings"))
}
