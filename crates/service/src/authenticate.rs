//! Who asks, and whether he may.

use clawstead_ledger::Engine;
use clawstead_operations::files::{Link, LinkError};
use clawstead_operations::{Cx, api_keys, ingress, workers};
use clawstead_vault::constant_time_eq;
use http::{HeaderMap, StatusCode};

use crate::operation::Permission;
use crate::principal::Principal;
use crate::rates::Rates;
use crate::{Operation, Problem, Settings};

const WEBHOOK_SECRET_HEADER: &str = "x-telegram-bot-api-secret-token";

/// Finds out who asks, as the permission demands, and refuses whoever may not, or asks too much.
///
/// `token` and `bot_id` are what stands at those braces of the path.
///
/// # Errors
/// `unauthenticated`, `forbidden` or `rate_limited`.
pub async fn authenticate<E: Engine>(
    cx: &Cx<'_, E>,
    settings: &Settings,
    rates: &Rates,
    operation: Operation,
    headers: &HeaderMap,
    token: &str,
    bot_id: &str,
) -> Result<Principal, Problem> {
    let permission = operation.permission();
    let outcome = prove(cx, settings, permission, headers, token, bot_id).await;
    match &outcome {
        Ok(principal) => rates.take(cx, principal).await?,
        Err(problem) if problem.status == StatusCode::UNAUTHORIZED || problem.code == "link_invalid" => {
            rates.note_failure(cx, came_as(permission)).await;
        }
        Err(_) => {}
    }
    outcome
}

/// What failed attempts are counted as.
fn came_as(permission: Permission) -> &'static str {
    match permission {
        Permission::Public => "anybody",
        Permission::Operator | Permission::Service(..) | Permission::Tick => "key",
        Permission::Worker => "worker",
        Permission::Bot => "bot",
        Permission::FileLink(_) => "file_link",
    }
}

async fn prove<E: Engine>(
    cx: &Cx<'_, E>,
    settings: &Settings,
    permission: Permission,
    headers: &HeaderMap,
    token: &str,
    bot_id: &str,
) -> Result<Principal, Problem> {
    match permission {
        Permission::Public => Ok(Principal::Anonymous),
        Permission::Operator | Permission::Service(..) | Permission::Tick => {
            let principal = bearer(cx, settings, headers).await?;
            if allows(permission, &principal) { Ok(principal) } else { Err(Problem::forbidden()) }
        }
        Permission::Worker => {
            let worker = workers::by_token(cx, token).await?.ok_or_else(Problem::unauthenticated)?;
            workers::saw(cx, &worker).await?;
            Ok(Principal::Worker(Box::new(worker)))
        }
        Permission::FileLink(action) => {
            let refused = |code, detail| Problem::new(StatusCode::FORBIDDEN, code, detail);
            let link = Link::parse(settings.keys()?, token, action, cx.now).map_err(|error| match error {
                LinkError::Forged => refused("link_invalid", "the link is not good for this"),
                LinkError::Expired => refused("link_expired", "the link has expired"),
            })?;
            Ok(Principal::FileLink(Box::new(link)))
        }
        Permission::Bot => {
            let presented = headers.get(WEBHOOK_SECRET_HEADER).and_then(|value| value.to_str().ok());
            let bot = ingress::authenticate(cx, settings.keys()?, bot_id, presented).await?;
            Ok(Principal::Bot(Box::new(bot.ok_or_else(Problem::unauthenticated)?)))
        }
    }
}

async fn bearer<E: Engine>(cx: &Cx<'_, E>, settings: &Settings, headers: &HeaderMap) -> Result<Principal, Problem> {
    let header = headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let presented = header.and_then(|text| text.strip_prefix("Bearer ")).map(str::trim).ok_or_else(Problem::unauthenticated)?;
    let is = |key: &Option<String>| key.as_ref().is_some_and(|key| constant_time_eq(key.as_bytes(), presented.as_bytes()));
    if is(&settings.operator_key) {
        return Ok(Principal::Operator);
    }
    if is(&settings.tick_key) {
        return Ok(Principal::Tick);
    }
    let key = api_keys::find(cx, presented).await?.ok_or_else(Problem::unauthenticated)?;
    Ok(Principal::Service { key_id: key.key_id, scopes: key.scopes, reach: key.reach })
}

/// Whether a principal that came with a bearer key may do what needs this permission.
fn allows(permission: Permission, principal: &Principal) -> bool {
    match (permission, principal) {
        (Permission::Public, _) => true,
        (Permission::Operator | Permission::Service(..) | Permission::Tick, Principal::Operator) => true,
        (Permission::Service(scope, _), Principal::Service { scopes, .. }) => scopes.contains(&scope),
        (Permission::Tick, Principal::Tick) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::About;
    use clawstead_domain::api_key::{Reach, Scope};

    #[test]
    fn a_scope_allows_its_own_operations_and_no_others() {
        let service = Principal::Service { key_id: "k".into(), scopes: vec![Scope::Stats], reach: Reach::default() };
        assert!(allows(Permission::Service(Scope::Stats, About::Everybody), &service));
        assert!(!allows(Permission::Service(Scope::Messages, About::User), &service));
        assert!(!allows(Permission::Operator, &service));
        assert!(!allows(Permission::Tick, &service));
    }

    #[test]
    fn the_tick_key_allows_ticks_only() {
        assert!(allows(Permission::Tick, &Principal::Tick));
        assert!(!allows(Permission::Operator, &Principal::Tick));
        assert!(!allows(Permission::Service(Scope::Stats, About::Everybody), &Principal::Tick));
    }
}
