//! What the reconciler reaches beyond the log.

use clawstead_transport::AnyTransport;
use clawstead_vault::KeyRing;

use crate::OperationError;
use crate::bots::Telegram;
use crate::outbox::TelegramApi;
use crate::provider::Provider;
use crate::subscriptions::Addresses;

/// The outside, as a component configures it.
pub struct Outside<'a> {
    /// Who rents out machines, one for each kind.
    pub providers: Vec<Box<dyn Provider + 'a>>,
    /// Sends requests to whoever else is out there.
    pub transport: AnyTransport<'a>,
    /// Base of the Bot API of Telegram.
    pub telegram_api_url: &'a str,
    /// Where consumer apps may be told what happens.
    pub app_addresses: Addresses,
    /// The instant, ms since the epoch.
    pub clock: &'a dyn Fn() -> i64,
    /// Seals and opens the tokens of workers.
    pub keys: &'a KeyRing,
    /// Where workers reach us, without a slash at the end.
    pub public_url: &'a str,
}

impl std::fmt::Debug for Outside<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outside").field("public_url", &self.public_url).finish_non_exhaustive()
    }
}

impl<'a> Outside<'a> {
    /// Telegram, for what is asked of it between requests.
    pub(crate) fn telegram(&self) -> Telegram<'_, AnyTransport<'a>> {
        Telegram { transport: &self.transport, api_url: self.telegram_api_url, public_url: self.public_url }
    }

    /// Telegram, for what the tick sends and fetches.
    pub(crate) fn telegram_api(&self) -> TelegramApi<'_, AnyTransport<'a>> {
        TelegramApi { transport: &self.transport, api_url: self.telegram_api_url, keys: self.keys, clock: self.clock }
    }

    /// The provider of this kind.
    pub(crate) fn provider(&self, kind: &str) -> Result<&(dyn Provider + 'a), OperationError> {
        let found = self.providers.iter().find(|provider| provider.kind() == kind);
        found.map(|provider| &**provider).ok_or_else(|| OperationError::unexpected("a worker of a provider that is not there"))
    }

    /// The kind to take where nothing says which.
    pub(super) fn only_kind(&self) -> &'static str {
        self.providers.first().map_or("", |provider| provider.kind())
    }
}
