//! What lies beyond the log, as the settings name it.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use clawstead_operations::bots::Telegram;
use clawstead_operations::provider::{Budget, Fly, Pace, Timer};
use clawstead_operations::subscriptions::Addresses;
use clawstead_operations::tick::Outside;
use clawstead_transport::{AnyTransport, SpinTransport};

use crate::spin::now;
use crate::{Problem, Settings};

/// The host's clock.
#[derive(Debug, Clone, Copy)]
pub struct SpinTimer;

impl Timer for SpinTimer {
    fn now_ms(&self) -> i64 {
        now()
    }

    fn sleep(&self, ms: u64) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(spin_sdk::time::sleep(Duration::from_millis(ms)))
    }
}

thread_local! {
    /// Limits are kept from one request to the next.
    static PACE: Rc<Pace> = Rc::new(Pace::new(Box::new(SpinTimer), Budget::default()));
}

/// Telegram, and where it finds us.
pub fn telegram<'a>(settings: &'a Settings, transport: &'a SpinTransport) -> Telegram<'a, SpinTransport> {
    Telegram { transport, api_url: &settings.telegram_api_url, public_url: &settings.public_url }
}

/// The outside of a component that may reach the providers of machines.
///
/// # Errors
/// When the manifest gives the component no `vault_keys`.
pub fn outside(settings: &Settings) -> Result<Outside<'_>, Problem> {
    let fly = Fly {
        transport: SpinTransport::default(),
        api_url: &settings.fly_api_url,
        api_token: &settings.fly_api_token,
        deployment: &settings.deployment,
        pace: Some(PACE.with(Rc::clone)),
    };
    Ok(Outside {
        providers: vec![Box::new(fly)],
        transport: AnyTransport::new(SpinTransport::default()),
        telegram_api_url: &settings.telegram_api_url,
        app_addresses: Addresses::parse(&settings.app_webhook_host),
        clock: &now,
        keys: settings.keys()?,
        public_url: &settings.public_url,
    })
}
