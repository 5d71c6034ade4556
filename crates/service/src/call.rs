//! One request, after routing, authentication and reading.

use std::cell::{Cell, RefCell};

use clawstead_domain::text;
use clawstead_ledger::{Engine, Ledger, dedup_key};
use clawstead_operations::Cx;
use clawstead_operations::ingress::UpdateCount;
use clawstead_operations::workers::Worker;
use clawstead_vault::sha256_hex;
use http::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::operation::Operation;
use crate::principal::Principal;
use crate::route::percent_decoded;
use crate::{Problem, json};

/// Longest body that is read, bytes.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Entries of a page when nobody says.
pub const LIMIT_DEFAULT: i64 = 100;
/// Entries of a page at most.
pub const LIMIT_MAX: i64 = 1_000;

/// One request.
#[derive(Debug)]
pub struct Call {
    /// What is asked for.
    pub operation: Operation,
    /// Who asks.
    pub principal: Principal,
    /// When, ms since the epoch.
    pub now: i64,
    /// One id for everything this leads to.
    pub correlation: String,
    /// What stood at the braces of the path.
    pub params: Vec<(&'static str, String)>,
    /// The query, as it came.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// Whether there was a body longer than [`BODY_BYTES_MAX`], which was thrown away. Only updates of Telegram come with that; the rest
    /// is refused.
    pub body_is_too_long: bool,
    /// The function that is called, for the log; set by the component that finds it.
    pub function: Cell<Option<&'static str>>,
    /// Whether a message was enqueued that somebody should take; set by the component.
    pub enqueued: Cell<bool>,
    /// Whether something is to be sent to Telegram or fetched from there; set by the component.
    pub calls_telegram: Cell<bool>,
    /// What an update came to, for the counters; set by the component.
    pub update: RefCell<Option<UpdateCount>>,
}

impl Call {
    /// The surroundings of the operation.
    pub fn cx<'a, E: Engine>(&self, ledger: &'a Ledger<E>, entropy: &'a dyn Fn(&mut [u8])) -> Cx<'a, E> {
        Cx { ledger, now: self.now, entropy, actor: self.principal.actor(), correlation: self.correlation.clone() }
    }

    /// What stood at a brace of the path.
    pub fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// The body, read as JSON. An empty one is read as an empty object.
    ///
    /// # Errors
    /// As [`json::read`].
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let body: &[u8] = if self.body.is_empty() { b"{}" } else { &self.body };
        json::read(body)
    }

    /// The dedup key of a message that comes with the header `Idempotency-Key`; each principal has keys of its own.
    ///
    /// # Errors
    /// `invalid_field`, when the header cannot be one.
    pub fn message_key(&self, principal: &Principal) -> Result<Option<String>, Problem> {
        let Some(header) = self.headers.get("idempotency-key") else { return Ok(None) };
        let key = header.to_str().unwrap_or_default();
        text::check_id("Idempotency-Key", key)?;
        Ok(Some(dedup_key(&["enqueue", &principal.actor(), key])))
    }

    /// Fingerprint of what path and body say, not of how it is written.
    pub fn request_hash(&self) -> String {
        let said: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let path: Vec<&str> = self.params.iter().map(|(_, value)| value.as_str()).collect();
        if path.is_empty() { sha256_hex(said.to_string()) } else { sha256_hex(format!("{path:?} {said}")) }
    }

    /// The worker that asks.
    ///
    /// # Errors
    /// When it is not one; authentication has seen to that.
    pub fn worker(&self) -> Result<&Worker, Problem> {
        match &self.principal {
            Principal::Worker(worker) => Ok(worker),
            _ => Err(Problem::forbidden()),
        }
    }

    /// The query as pairs, none of them twice and none unknown.
    ///
    /// # Errors
    /// `unknown_field` or `invalid_field`, with the name.
    pub fn query(&self, known: &[&str]) -> Result<Query, Problem> {
        let pairs = self.pairs()?;
        for (index, (name, _)) in pairs.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                return Err(Problem::field("unknown_field", name, "there is no such query parameter"));
            }
            if pairs[..index].iter().any(|(earlier, _)| earlier == name) {
                return Err(Problem::field("invalid_field", name, "stands twice"));
            }
        }
        Ok(Query(pairs))
    }

    /// The query as it came, pair by pair.
    ///
    /// # Errors
    /// `invalid_field`, with the name.
    pub(crate) fn pairs(&self) -> Result<Vec<(String, String)>, Problem> {
        let decoded = |text: &str| percent_decoded(&text.replace('+', " "));
        let pair = |part: &str| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let both = decoded(name).zip(decoded(value));
            both.ok_or_else(|| Problem::field("invalid_field", name, "is badly escaped"))
        };
        self.query.split('&').filter(|part| !part.is_empty()).map(pair).collect()
    }
}

/// The query of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// A text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    /// A whole number within bounds.
    ///
    /// # Errors
    /// `invalid_field`.
    pub fn integer(&self, name: &'static str, default: i64, least: i64, most: i64) -> Result<i64, Problem> {
        let Some(text) = self.text(name) else { return Ok(default) };
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| Problem::field("invalid_field", name, format!("must be a whole number from {least} to {most}")))
    }

    /// Yes or no; no when it is not there.
    ///
    /// # Errors
    /// `invalid_field`.
    pub fn flag(&self, name: &'static str) -> Result<bool, Problem> {
        let Some(text) = self.text(name) else { return Ok(false) };
        text.parse().map_err(|_| Problem::field("invalid_field", name, "must be true or false"))
    }

    /// The length of a page.
    ///
    /// # Errors
    /// `invalid_field`.
    pub fn limit(&self) -> Result<i64, Problem> {
        self.integer("limit", LIMIT_DEFAULT, 1, LIMIT_MAX)
    }
}
