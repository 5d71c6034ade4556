//! Bindings of Telegram accounts to users of consumer apps.

mod direct;
mod heard;
mod legacy;
mod resolve;
mod revoke;
mod settle;

use clawstead_domain::DomainEvent as _;
use clawstead_domain::binding::{self, Bind, Binding, BindingEvent, Bound, Source};
use clawstead_ledger::{Engine, Event, Expected, NewEvent, Row, Value};

use crate::{Cx, OperationError, decide};

pub use direct::{Direct, bind};
pub use heard::heard;
pub use legacy::{Legacy, Migrated, migrate_legacy};
pub use resolve::{Account as AccountQuery, resolve};
pub use revoke::{revoke, revoke_of_bot, revoke_of_user};
pub use settle::settle_due;

const COLUMNS: &str = "binding_id, consumer_user_id, agent_key, conversation_id, bot_id, telegram_user_id, telegram_chat_id, \
    source, metadata, bound_at, revoked_at, blocked_at, stream_version";

/// A user is bound to so many agents at most.
const OF_USER_MAX: i64 = 100;

/// A binding that is there now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The binding.
    pub binding: Binding,
    /// Whether it was there before.
    pub repeated: bool,
}

/// Binds a user to an agent, in the place of the user's earlier binding to it. A user and an agent have one conversation for
/// ever, so that binding anew moves no history.
///
/// A command with a dedup key that made a binding before gives that one, whosever it is.
///
/// # Errors
/// When a value cannot be, or the account speaks for another user.
pub async fn make<E: Engine>(cx: &Cx<'_, E>, wanted: &Bind, dedup_key: Option<&str>) -> Result<Made, OperationError> {
    make_in_place_of(cx, wanted, dedup_key, false).await
}

async fn make_in_place_of<E: Engine>(
    cx: &Cx<'_, E>,
    wanted: &Bind,
    dedup_key: Option<&str>,
    all_of_user: bool,
) -> Result<Made, OperationError> {
    decide(async || {
        let conversation_id = conversation_of(cx, wanted).await?.unwrap_or_else(|| cx.new_id());
        let own = of_user(cx, &wanted.consumer_user_id, &wanted.agent_key).await?;
        let of_account = match &wanted.account {
            Some(account) => by_telegram(cx, &account.bot_id, &account.telegram_user_id).await?,
            None => None,
        };
        let mut others = if all_of_user { active_of_user(cx, &wanted.consumer_user_id).await? } else { Vec::new() };
        match binding::bind(wanted, own, of_account, conversation_id)? {
            Bound::Already { binding, news } => {
                others.retain(|other| other.binding_id != binding.binding_id);
                let mut lines = ends(cx, &others);
                lines.extend(cx.lines(&binding.binding_id, Expected::Version(binding.stream_version), news.as_slice()));
                cx.append_lines::<BindingEvent>(&lines).await?;
                Ok(Made { binding: by_id(cx, &binding.binding_id).await?, repeated: true })
            }
            Bound::Anew { mut ended, made } => {
                others.retain(|other| ended.iter().all(|one| one.binding_id != other.binding_id));
                ended.extend(others);
                append(cx, &ended, made, dedup_key).await
            }
        }
    })
    .await
}

/// A user's bindings, active and revoked, from the newest; those older than the binding `before`, if it is given.
///
/// # Errors
/// When the database does not answer.
pub async fn list<E: Engine>(
    cx: &Cx<'_, E>,
    consumer_user_id: &str,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<Binding>, OperationError> {
    let mut params: Vec<Value> = vec![consumer_user_id.into(), limit.into()];
    let mut older = "";
    if let Some(before) = before {
        params.push(before.into());
        older = " AND (bound_at, binding_id) < (SELECT bound_at, binding_id FROM bindings WHERE binding_id = ?3)";
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM bindings WHERE consumer_user_id = ?1{older} ORDER BY bound_at DESC, binding_id DESC LIMIT ?2"
    );
    cx.sql(&sql, &params).await?.iter().map(|row| binding_of(&row)).collect()
}

/// A binding by its id.
///
/// # Errors
/// When the database does not answer.
pub async fn find<E: Engine>(cx: &Cx<'_, E>, binding_id: &str) -> Result<Option<Binding>, OperationError> {
    one(cx, "binding_id = ?1", &[binding_id.into()]).await
}

/// The newest active binding of a user, to whatever agent.
///
/// # Errors
/// When the database does not answer.
pub async fn newest_of_user<E: Engine>(cx: &Cx<'_, E>, consumer_user_id: &str) -> Result<Option<Binding>, OperationError> {
    let active = active_of_user(cx, consumer_user_id).await?;
    Ok(active.into_iter().max_by(|left, right| (left.bound_at, &left.binding_id).cmp(&(right.bound_at, &right.binding_id))))
}

/// The active bindings of a user.
///
/// # Errors
/// When the database does not answer.
pub async fn active_of_user<E: Engine>(cx: &Cx<'_, E>, consumer_user_id: &str) -> Result<Vec<Binding>, OperationError> {
    let sql = format!("SELECT {COLUMNS} FROM bindings WHERE active_consumer_user_id = ?1 ORDER BY agent_key LIMIT ?2");
    cx.sql(&sql, &[consumer_user_id.into(), OF_USER_MAX.into()]).await?.iter().map(|row| binding_of(&row)).collect()
}

/// Active bindings after a user and an agent, in the order of these.
///
/// # Errors
/// When the database does not answer.
pub async fn active_after<E: Engine>(cx: &Cx<'_, E>, place: (&str, &str), limit: i64) -> Result<Vec<Binding>, OperationError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM bindings WHERE (active_consumer_user_id, agent_key) > (?1, ?2) \
         ORDER BY active_consumer_user_id, agent_key LIMIT ?3"
    );
    cx.sql(&sql, &[place.0.into(), place.1.into(), limit.into()]).await?.iter().map(|row| binding_of(&row)).collect()
}

/// Whom something is about, as far as it is about anybody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Whose {
    /// The agent.
    pub agent_key: Option<String>,
    /// The user.
    pub consumer_user_id: Option<String>,
}

/// Whose conversation it is. One that no user is bound to has none, and one in which nothing was said has no agent.
///
/// # Errors
/// When the database does not answer.
pub async fn whose<E: Engine>(cx: &Cx<'_, E>, conversation_id: &str) -> Result<Whose, OperationError> {
    let sql = "SELECT consumer_user_id, agent_key FROM user_agents WHERE conversation_id = ?1 \
               UNION ALL SELECT NULL, agent_key FROM conversations WHERE conversation_id = ?1";
    let rows = cx.sql(sql, &[conversation_id.into()]).await?;
    let of = |row: Row<'_>| Whose { agent_key: row.text("agent_key"), consumer_user_id: row.text("consumer_user_id") };
    Ok(rows.first().map(of).unwrap_or_default())
}

/// Whose message it is: that of its conversation.
///
/// # Errors
/// When the database does not answer.
pub async fn whose_message<E: Engine>(cx: &Cx<'_, E>, message_id: &str) -> Result<Whose, OperationError> {
    let rows = cx.sql("SELECT conversation_id FROM messages WHERE message_id = ?1", &[message_id.into()]).await?;
    match rows.first().and_then(|row| row.text("conversation_id")) {
        Some(conversation_id) => whose(cx, &conversation_id).await,
        None => Ok(Whose::default()),
    }
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
    let mut lines = ends(cx, ended);
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
        // Another command gave the user and the agent their conversation first, even if its binding has ended since.
        Err(OperationError::Rule(rule)) if rule == "user_has_another_conversation" => Err(OperationError::Raced),
        Err(error) => Err(error),
    }
}

fn ends<E: Engine>(cx: &Cx<'_, E>, ended: &[Binding]) -> Vec<NewEvent> {
    let revoked = [BindingEvent::BindingRevoked { reason: "rebound".to_owned() }];
    let line = |binding: &Binding| cx.lines(&binding.binding_id, Expected::Version(binding.stream_version), &revoked);
    ended.iter().flat_map(line).collect()
}

async fn conversation_of<E: Engine>(cx: &Cx<'_, E>, wanted: &Bind) -> Result<Option<String>, OperationError> {
    let sql = "SELECT conversation_id FROM user_agents WHERE consumer_user_id = ?1 AND agent_key = ?2";
    let rows = cx.sql(sql, &[(&wanted.consumer_user_id).into(), (&wanted.agent_key).into()]).await?;
    Ok(rows.first().and_then(|row| row.text("conversation_id")))
}

async fn of_event<E: Engine>(cx: &Cx<'_, E>, event: &Event) -> Result<Binding, OperationError> {
    let binding_id = event.stream.strip_prefix(BindingEvent::KIND).and_then(|rest| rest.strip_prefix('-'));
    by_id(cx, binding_id.ok_or_else(|| OperationError::unexpected("the first outcome of a binding"))?).await
}

async fn by_id<E: Engine>(cx: &Cx<'_, E>, binding_id: &str) -> Result<Binding, OperationError> {
    find(cx, binding_id).await?.ok_or_else(|| OperationError::unexpected("a binding of the log"))
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
            source: Source::parse(&row.text("source")?)?,
            metadata: serde_json::from_str(&row.text("metadata")?).ok()?,
            bound_at: row.integer("bound_at")?,
            revoked_at: row.integer("revoked_at"),
            blocked_at: row.integer("blocked_at"),
            stream_version: row.integer("stream_version")?,
        })
    };
    read().ok_or_else(|| OperationError::unexpected("a row of bindings"))
}
