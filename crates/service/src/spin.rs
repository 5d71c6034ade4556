//! The loop around one request, on Spin.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use clawstead_domain::id;
use clawstead_ledger::engines::spin::SpinEngine;
use clawstead_ledger::{Ledger, Meta, MigrateError, NewEvent};
use clawstead_mutation::{Mutation, made};
use clawstead_operations::Cx;
use clawstead_operations::files::{Links, S3Store, SqliteStore, Stores};
use clawstead_operations::queue::QueueWatch;
use clawstead_operations::secrets;
use clawstead_transport::SpinTransport;
use futures::StreamExt;
use futures::stream::LocalBoxStream;
use http::StatusCode;
use http_body::Frame;
use http_body_util::{BodyExt, Either, StreamBody};
use spin_sdk::http::{FullBody, Request, Response};

use crate::call::{BODY_BYTES_MAX, Call};
use crate::log::Line;
use crate::rates::Rates;
use crate::reach::{self, Named};
use crate::route::{Component, Found, find};
use crate::{Operation, Principal, Problem, Reply, Settings, authenticate, courier, poke, tally};

/// What an instance keeps from request to request: its one connection, and its settings.
#[derive(Debug)]
pub struct App {
    /// The log and its views.
    pub ledger: Ledger<SpinEngine>,
    /// The variables.
    pub settings: Settings,
    /// What this instance has counted.
    pub rates: Rates,
    /// What workers that wait in this instance last saw of the queue.
    pub queue_watch: QueueWatch,
}

impl App {
    /// The surroundings of an operation that a call asks for.
    pub fn cx(&self, call: &Call) -> Cx<'_, SpinEngine> {
        call.cx(&self.ledger, &entropy)
    }

    /// Where files are.
    pub fn stores(&self) -> Stores<'_, SpinEngine, SpinTransport> {
        Stores { sqlite: SqliteStore(&self.ledger), s3: self.object_store() }
    }

    /// The object store, if there is one.
    pub fn object_store(&self) -> Option<S3Store<'_, SpinTransport>> {
        self.settings.objects.as_ref().map(|objects| S3Store::new(objects, SpinTransport::default(), &now))
    }

    /// How those are given links who have all bytes pass through us.
    ///
    /// # Errors
    /// When the manifest does not give this component what links are signed with.
    pub fn links(&self) -> Result<Links<'_>, Problem> {
        Ok(Links { keys: self.settings.keys()?, public_url: &self.settings.public_url, direct: None })
    }
}

/// So much of a body that is too long is read on.
const BODY_BYTES_DRAINED_MAX: usize = 16 * BODY_BYTES_MAX;

/// What a component answers with.
pub type HttpReply = Response<Either<FullBody<Bytes>, StreamBody<LocalBoxStream<'static, Result<Frame<Bytes>, std::io::Error>>>>>;

/// Bytes that go out as they are asked for. An error breaks the connection off, so that nobody takes a part for the whole.
pub type Chunks = LocalBoxStream<'static, Result<Bytes, std::io::Error>>;

/// The body of a request that is read as it comes.
pub type RequestBody = spin_sdk::wasip3::http_compat::IncomingRequestBody;

/// An answer whose body may be too long to hold.
#[expect(missing_debug_implementations, reason = "a stream has nothing to show")]
pub struct Answer {
    /// Status and headers; also the body, unless there are chunks.
    pub head: Reply,
    /// The body, piece by piece.
    pub chunks: Option<Chunks>,
}

impl From<Reply> for Answer {
    fn from(head: Reply) -> Self {
        Self { head, chunks: None }
    }
}

/// Answers one request: finds the operation, authenticates, reads the body, and hands over to the component.
pub async fn serve(
    component: Component,
    request: Request,
    operate: impl AsyncFn(&App, &Call) -> Result<Reply, Problem>,
) -> HttpReply {
    serve_streams(component, request, async |app: &Rc<App>, call: &mut Call, incoming: RequestBody| {
        match whole(incoming).await? {
            Some(body) => call.body = body,
            // Whoever delivers it again for as long as it is refused must not have it refused.
            None if call.operation == Operation::ReceiveUpdate => call.body_is_too_long = true,
            None => return Err(Problem::body_too_large(BODY_BYTES_MAX)),
        }
        check_reach(app, call).await?;
        operate(app, call).await.map(Answer::from)
    })
    .await
}

/// What the path, the query and the body name must be within the reach of the key.
async fn check_reach(app: &App, call: &Call) -> Result<(), Problem> {
    if call.principal.limit().is_none() {
        return Ok(());
    }
    let mut named = Named::default();
    call.params.iter().for_each(|(name, value)| named.add(name, value));
    call.pairs()?.iter().for_each(|(name, value)| named.add(name, value));
    if let Ok(body) = serde_json::from_slice(&call.body) {
        named.object(&body);
    }
    reach::check(&app.cx(call), &call.principal, call.operation, &named).await
}

/// As [`serve`], for a component that reads bodies as they come, and writes them as they are taken.
pub async fn serve_streams(
    component: Component,
    request: Request,
    operate: impl AsyncFn(&Rc<App>, &mut Call, RequestBody) -> Result<Answer, Problem>,
) -> HttpReply {
    let at = now();
    let correlation = id::time_sorted(at, random());
    let path = if made(Mutation::Chatty) { request.uri().path().to_owned() } else { String::new() };
    APPENDED.with_borrow_mut(|appended| appended.insert(correlation.clone(), Vec::new()));
    let mut seen = Seen { operation: None, function: None, actor: Principal::Anonymous.actor() };
    let (outcome, chunks) = match answer(component, request, operate, at, &correlation, &mut seen).await {
        Ok(Answer { head, chunks }) => (Ok(head), chunks),
        Err(problem) => (Err(problem), None),
    };
    let line = Line {
        component: component.id(),
        operation: seen.operation,
        function: seen.function,
        streams: &appended_to(&correlation),
        actor: &seen.actor,
        correlation: &correlation,
        at,
        ms: now() - at,
        outcome: &outcome,
    };
    println!("{}", line.text());
    if made(Mutation::Chatty) {
        println!("{path}");
    }
    respond(outcome.unwrap_or_else(|problem| Reply::from(&problem)), chunks, &correlation)
}

/// What a line of the log can tell, however far the request got.
struct Seen {
    operation: Option<Operation>,
    function: Option<&'static str>,
    actor: String,
}

async fn answer(
    component: Component,
    request: Request,
    operate: impl AsyncFn(&Rc<App>, &mut Call, RequestBody) -> Result<Answer, Problem>,
    now: i64,
    correlation: &str,
    seen: &mut Seen,
) -> Result<Answer, Problem> {
    let (operation, params) = match find(component, request.method(), request.uri().path()) {
        Found::Operation(operation, params) => (operation, params),
        Found::OtherMethods(methods) => {
            let detail = format!("this path takes {}", methods.join(", "));
            return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail));
        }
        Found::Nothing => return Err(Problem::new(StatusCode::NOT_FOUND, "route_not_found", "there is nothing at this path")),
    };
    seen.operation = Some(operation);
    let app = app(now).await?;
    let query = request.uri().query().unwrap_or_default().to_owned();
    let headers = request.headers().clone();
    let mut call = Call {
        operation,
        principal: Principal::Anonymous,
        now,
        correlation: correlation.to_owned(),
        params,
        query,
        headers,
        body: Vec::new(),
        body_is_too_long: false,
        function: Cell::new(None),
        enqueued: Cell::new(false),
        calls_telegram: Cell::new(false),
        update: RefCell::new(None),
    };
    call.principal = authenticate(
        &app.cx(&call),
        &app.settings,
        &app.rates,
        operation,
        &call.headers,
        call.param("token"),
        call.param("bot_id"),
    )
    .await?;
    seen.actor = call.principal.actor();
    let outcome = operate(&app, &mut call, request.into_body()).await;
    seen.function = call.function.get();
    if call.enqueued.get() {
        poke::after_enqueue(app.clone(), &app.cx(&call));
    }
    if call.calls_telegram.get() {
        courier::after_answer(app.clone(), &app.cx(&call));
    }
    if let Some(count) = call.update.take() {
        tally::note(app.clone(), &count);
    }
    outcome
}

/// Reads a body; gives none for one that is too long. That is read on for a while and thrown away: a client that is still sending when
/// it is answered sees a broken connection, not the answer.
async fn whole(mut incoming: RequestBody) -> Result<Option<Vec<u8>>, Problem> {
    let mut body = Vec::new();
    let mut length = 0;
    while let Some(frame) = incoming.frame().await {
        let interrupted = |_| Problem::new(StatusCode::BAD_REQUEST, "body_interrupted", "the body did not arrive whole");
        let Ok(data) = frame.map_err(interrupted)?.into_data() else { continue };
        length += data.len();
        if length > BODY_BYTES_DRAINED_MAX {
            break;
        }
        if length <= BODY_BYTES_MAX {
            body.extend_from_slice(&data);
        }
    }
    Ok((length <= BODY_BYTES_MAX).then_some(body))
}

fn respond(head: Reply, chunks: Option<Chunks>, correlation: &str) -> HttpReply {
    let mut builder = http::Response::builder().status(head.status).header("x-correlation-id", correlation);
    if !head.body.is_empty() || chunks.is_some() {
        builder = builder.header(http::header::CONTENT_TYPE, head.content_type);
    }
    for (name, value) in &head.headers {
        builder = builder.header(*name, value);
    }
    let body = match chunks {
        Some(chunks) => Either::Right(StreamBody::new(chunks.map(|bytes| bytes.map(Frame::data)).boxed_local())),
        None => Either::Left(FullBody::new(Bytes::from(head.body))),
    };
    builder.body(body).unwrap_or_else(|_| Response::new(Either::Left(FullBody::new(Bytes::new()))))
}

thread_local! {
    static APP: RefCell<Option<Rc<App>>> = const { RefCell::new(None) };
    /// Streams appended to by requests under way, by their correlation.
    static APPENDED: RefCell<BTreeMap<String, Vec<String>>> = const { RefCell::new(BTreeMap::new()) };
}

fn note_append(kind: &str, events: &[NewEvent], meta: &Meta) {
    APPENDED.with_borrow_mut(|appended| {
        // The line of a request whose body still goes out has been written.
        let Some(streams) = appended.get_mut(&meta.correlation) else { return };
        for stream in events.iter().map(|event| format!("{kind}-{}", event.id)) {
            if !streams.contains(&stream) {
                streams.push(stream);
            }
        }
    });
}

fn appended_to(correlation: &str) -> Vec<String> {
    APPENDED.with_borrow_mut(|appended| appended.remove(correlation)).unwrap_or_default()
}

/// The app of this instance; its first request opens the database and brings the schema up to date.
async fn app(now: i64) -> Result<Rc<App>, Problem> {
    if let Some(app) = APP.with_borrow(Clone::clone) {
        return Ok(app);
    }
    let unavailable = |cause: String| {
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_configured", "clawstead is not ready; its log says why");
        Problem { cause: Some(cause), ..problem }
    };
    let read = async |name: &'static str| spin_sdk::variables::get(name).await.ok();
    let settings = Settings::load(read).await.map_err(|error| unavailable(error.to_string()))?;
    #[cfg(feature = "mistakes")]
    clawstead_mutation::choose(&read("mutation").await.unwrap_or_default());
    let engine = SpinEngine::open("default", settings.durability).await?;
    let ledger = Ledger::new(engine).recalling().observed_by(note_append);
    let holder = id::time_sorted(now, random());
    ledger.migrate(&holder, now).await.map_err(|error| match error {
        MigrateError::Engine(error) if error.is_io() => error.into(),
        error => unavailable(error.to_string()),
    })?;
    if let Some(keys) = &settings.vault_keys {
        let (actor, correlation) = ("start".to_owned(), holder);
        let cx = Cx { ledger: &ledger, now, entropy: &entropy, actor, correlation };
        let wrong = |error: secrets::KeysError| unavailable(format!("variable vault_keys: {error}"));
        secrets::check_keys(&cx, keys).await.map_err(wrong)?;
    }
    let app = Rc::new(App { ledger, settings, rates: Rates::default(), queue_watch: QueueWatch::default() });
    APP.replace(Some(app.clone()));
    Ok(app)
}

/// The instant, ms since the epoch.
pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Lets time pass while other requests of the instance run.
pub async fn pause(duration: Duration) {
    spin_sdk::time::sleep(duration).await;
}

/// Fills a buffer from the host's secure source.
pub fn entropy(buffer: &mut [u8]) {
    getrandom::fill(buffer).expect("the host has a source of randomness");
}

fn random() -> [u8; 10] {
    let mut bytes = [0; 10];
    entropy(&mut bytes);
    bytes
}
