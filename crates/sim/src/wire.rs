//! Everything that is said between the parties goes through here: it takes a while, and it may get lost.

mod trouble;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use clawstead_emulators::web::{Sending, Web, WebError};
use clawstead_emulators::{Fly, Telegram};
use clawstead_host::{Outbound, OutboundError, OutboundRequest, body, collect};
use http::{Request, Response};
use tokio::sync::oneshot;

pub use trouble::{Effect, Trouble};

use crate::clock::VirtualClock;
use crate::dice::Dice;
use crate::history::{Exchange, History, Place};
use crate::met;
use crate::plane::Plane;

/// Where clawstead is.
pub const PLANE: &str = "clawstead.sim";
/// Where the Bot API is.
pub const TELEGRAM: &str = "telegram.sim";
/// Where the Machines API is.
pub const FLY: &str = "fly.sim";

/// Who speaks to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Link {
    /// Updates.
    TelegramToPlane,
    /// Machines' and others' workers.
    WorkerToPlane,
    /// Consumer apps.
    AppToPlane,
    /// The operator.
    OperatorToPlane,
    /// Ticks.
    TimerToPlane,
    /// Bots' webhooks and names.
    PlaneToTelegram,
    /// Machines and volumes.
    PlaneToFly,
    /// Replies.
    WorkerToTelegram,
}

impl Link {
    /// Its name in the history.
    pub fn name(self) -> &'static str {
        match self {
            Self::TelegramToPlane => "telegram>plane",
            Self::WorkerToPlane => "worker>plane",
            Self::AppToPlane => "app>plane",
            Self::OperatorToPlane => "operator>plane",
            Self::TimerToPlane => "timer>plane",
            Self::PlaneToTelegram => "plane>telegram",
            Self::PlaneToFly => "plane>fly",
            Self::WorkerToTelegram => "worker>telegram",
        }
    }
}

/// The parties that can be spoken to.
pub struct Parties {
    /// clawstead.
    pub plane: Arc<Plane>,
    /// Telegram.
    pub telegram: Telegram,
    /// Fly.
    pub fly: Fly,
}

/// The network of a run.
pub struct Wire {
    clock: Arc<VirtualClock>,
    history: History,
    dice: Dice,
    troubles: Mutex<Vec<Trouble>>,
    parties: OnceLock<Parties>,
}

impl Wire {
    /// A network with nobody on it.
    pub fn new(clock: Arc<VirtualClock>, history: History, dice: Dice) -> Arc<Self> {
        Arc::new(Self { clock, history, dice, troubles: Mutex::default(), parties: OnceLock::new() })
    }

    /// Puts the parties on it, once.
    pub fn connect(&self, parties: Parties) {
        let _ = self.parties.set(parties);
    }

    /// The parties.
    ///
    /// # Panics
    /// Before [`connect`](Self::connect).
    pub fn parties(&self) -> &Parties {
        self.parties.get().expect("parties are connected before anybody speaks")
    }

    /// Makes coming requests meet a trouble.
    pub fn trouble(&self, trouble: Trouble) {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner).push(trouble);
    }

    /// From now on all goes well.
    pub fn calm(&self) {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn effect(&self, link: Link) -> Option<Effect> {
        let now = self.clock.elapsed_ms();
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        troubles.retain(|trouble| !trouble.is_over(now));
        troubles.iter_mut().find_map(|trouble| trouble.meets(link))
    }

    /// Carries a request. It arrives even when the sender has stopped waiting.
    pub async fn carry(self: &Arc<Self>, link: Link, request: Request<Bytes>) -> Result<Response<Bytes>, WebError> {
        let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        let effect = self.effect(link);
        let passage = Passage {
            wire: Arc::clone(self),
            link,
            path,
            there: self.dice.between(1, 25),
            back: self.dice.between(1, 25),
            effect,
        };
        let (answered, answer) = oneshot::channel();
        tokio::spawn(passage.make(request, answered));
        answer.await.unwrap_or(Err(WebError::Closed))
    }

    async fn ask(&self, request: Request<Bytes>) -> Result<Response<Bytes>, WebError> {
        let parties = self.parties();
        match request.uri().host() {
            Some(PLANE) => parties.plane.ask(request).await,
            Some(TELEGRAM) => Ok(parties.telegram.call(request).await),
            Some(FLY) => Ok(parties.fly.call(request).await),
            _ => Err(WebError::Refused),
        }
    }
}

/// One request on its way.
struct Passage {
    wire: Arc<Wire>,
    link: Link,
    path: String,
    there: u64,
    back: u64,
    effect: Option<Effect>,
}

impl Passage {
    async fn make(self, request: Request<Bytes>, answered: oneshot::Sender<Result<Response<Bytes>, WebError>>) {
        if let Some(effect) = &self.effect {
            self.wire.history.note(format_args!("trouble {} {} {effect:?}", self.link.name(), self.path));
            self.wire.history.met(met::on_the_wire(self.link, effect.name()));
        }
        let from_ms = self.wire.clock.wall_ms();
        let delay = if let Some(Effect::Late(ms)) = self.effect { ms } else { 0 };
        sleep(self.there + delay).await;
        let answer = match &self.effect {
            Some(Effect::Unreachable) => Err(WebError::Refused),
            Some(Effect::Answers { status, retry_after }) => Ok(refusal(*status, *retry_after)),
            _ => self.arrive(request).await,
        };
        let delay = if let Some(Effect::AnswerLate(ms)) = self.effect { ms } else { 0 };
        sleep(self.back + delay).await;
        let answer = match (&self.effect, answer) {
            (Some(Effect::AnswerLost), _) => Err(WebError::Closed),
            (Some(Effect::AnswersAfter { status }), Ok(_)) => Ok(refusal(*status, None)),
            (_, answer) => answer,
        };
        if self.effect.is_some() && matches!(self.link, Link::PlaneToTelegram | Link::PlaneToFly) {
            self.wire.history.mishap(Place::Outside, from_ms);
        }
        // Nobody may be waiting any more.
        let _ = answered.send(answer);
    }

    async fn arrive(&self, request: Request<Bytes>) -> Result<Response<Bytes>, WebError> {
        let key = request.headers().get("idempotency-key").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (method, sent) = (request.method().to_string(), request.body().clone());
        let arrived_ms = self.wire.clock.wall_ms();
        let answer = self.wire.ask(request).await;
        self.wire.history.exchange(Exchange {
            arrived_ms,
            answered_ms: self.wire.clock.wall_ms(),
            link: self.link,
            method,
            path: self.path.clone(),
            key,
            sent,
            status: answer.as_ref().ok().map(|answer| answer.status().as_u16()),
            answer: answer.as_ref().map(|answer| answer.body().clone()).unwrap_or_default(),
            heard: !matches!(self.effect, Some(Effect::AnswerLost | Effect::AnswersAfter { .. })),
        });
        answer
    }
}

async fn sleep(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

fn refusal(status: u16, retry_after: Option<u64>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(br#"{"ok":false,"error":"trouble","description":"trouble"}"#));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::BAD_GATEWAY);
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
    }
    response
}

/// The network as one of the emulators sees it: whatever goes to clawstead goes by this link.
pub struct Side {
    /// The network.
    pub wire: Arc<Wire>,
    /// How it is seen.
    pub link: Link,
}

impl Web for Side {
    fn send(&self, request: Request<Bytes>) -> Sending {
        let wire = Arc::clone(&self.wire);
        let link = if request.uri().host() == Some(TELEGRAM) { Link::WorkerToTelegram } else { self.link };
        Box::pin(async move { wire.carry(link, request).await })
    }
}

/// The network as the host sees it.
pub struct WayOut(pub Arc<Wire>);

impl Outbound for WayOut {
    fn send(&self, outbound: OutboundRequest) -> clawstead_host::Sending {
        let wire = Arc::clone(&self.0);
        Box::pin(async move {
            wire.clock.thawed().await;
            let (parts, sent) = outbound.request.into_parts();
            let request = Request::from_parts(parts, collect(sent).await?);
            let link = if request.uri().host() == Some(FLY) { Link::PlaneToFly } else { Link::PlaneToTelegram };
            let answer = tokio::time::timeout(outbound.timeouts.first_byte, wire.carry(link, request)).await;
            wire.clock.thawed().await;
            match answer {
                Ok(Ok(answer)) => Ok(answer.map(body)),
                Ok(Err(WebError::Refused)) => Err(OutboundError::ConnectionRefused),
                Ok(Err(WebError::Closed)) => Err(OutboundError::ConnectionTerminated),
                Err(_) | Ok(Err(WebError::TimedOut)) => Err(OutboundError::ConnectionReadTimeout),
            }
        })
    }
}
