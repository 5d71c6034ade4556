use std::time::Duration;

use clawstead_transport::{Body, TotalTimeout, Transport, TransportError};
use http::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::methods::{BotFile, DeleteWebhook, GetFile, NoParameters, SendMessage, SetWebhook, WebhookInfo};
use crate::update::{Message, User};
use crate::{BotToken, TelegramError, answer};

/// The longest file has 20 MB.
const DOWNLOAD_TIME_MAX: Duration = Duration::from_secs(45);

/// Makes the calls of one bot, each exactly once: repeating is for the caller to decide.
#[derive(Debug, Clone)]
pub struct Bot<T> {
    transport: T,
    api_base: String,
    token: BotToken,
}

impl<T> Bot<T> {
    /// A bot that is reached through `transport` at `api_base`, such as `https://api.telegram.org`.
    #[must_use]
    pub fn new(transport: T, api_base: &str, token: BotToken) -> Self {
        let api_base = api_base.trim_end_matches('/').to_owned();
        Self { transport, api_base, token }
    }
}

impl<T: Transport> Bot<T> {
    /// Who the token belongs to.
    ///
    /// # Errors
    /// Any [`TelegramError`]; [`TelegramError::Unauthorized`] or [`TelegramError::NotFound`] for a bad token.
    pub async fn get_me(&self) -> Result<User, TelegramError> {
        self.call("getMe", &NoParameters {}).await
    }

    /// Has updates delivered to a URL from now on. Repeating it is harmless.
    ///
    /// # Errors
    /// Any [`TelegramError`]; [`TelegramError::BadRequest`] when Telegram dislikes the URL or the secret.
    pub async fn set_webhook(&self, webhook: &SetWebhook) -> Result<(), TelegramError> {
        self.call::<bool>("setWebhook", webhook).await.map(|_| ())
    }

    /// Where updates go now, how many wait, and the last trouble with delivering them.
    ///
    /// # Errors
    /// Any [`TelegramError`].
    pub async fn get_webhook_info(&self) -> Result<WebhookInfo, TelegramError> {
        self.call("getWebhookInfo", &NoParameters {}).await
    }

    /// Ends the delivery of updates, throwing away those that wait if so asked. Repeating it is harmless.
    ///
    /// # Errors
    /// Any [`TelegramError`].
    pub async fn delete_webhook(&self, drop_pending_updates: bool) -> Result<(), TelegramError> {
        let parameters = DeleteWebhook { drop_pending_updates };
        self.call::<bool>("deleteWebhook", &parameters).await.map(|_| ())
    }

    /// Sends a text and returns it as Telegram shows it. Telegram has no idempotency key: see
    /// [`TelegramError::effect_possible`] before repeating.
    ///
    /// # Errors
    /// Any [`TelegramError`]; [`TelegramError::Forbidden`] when the user blocked the bot.
    pub async fn send_message(&self, message: &SendMessage) -> Result<Message, TelegramError> {
        self.call("sendMessage", message).await
    }

    /// Prepares a file for fetching. Its path is good for an hour; files above 20 MB are refused
    /// (outside-contracts.md).
    ///
    /// # Errors
    /// Any [`TelegramError`]; [`TelegramError::BadRequest`] when the file is too big or its id unknown.
    pub async fn get_file(&self, file_id: &str) -> Result<BotFile, TelegramError> {
        self.call("getFile", &GetFile { file_id }).await
    }

    /// Fetches a file that [`Bot::get_file`] prepared; its bytes are read as they come, within 45 s.
    ///
    /// # Errors
    /// Any [`TelegramError`]; [`TelegramError::NotFound`] when the path is good no longer.
    pub async fn download(&self, file_path: &str) -> Result<Body, TelegramError> {
        let url = format!("{}/file/bot{}/{}", self.api_base, self.token.expose(), as_path(file_path)?);
        let mut request = http::Request::new(Vec::new());
        *request.uri_mut() = url.parse().map_err(|_| TelegramError::Transport(TransportError::Denied))?;
        request.extensions_mut().insert(TotalTimeout(DOWNLOAD_TIME_MAX));
        let response = self.transport.open(request).await?;
        if response.status().is_success() {
            return Ok(response.into_body());
        }
        let refused = http::Response::builder().status(response.status()).body(Vec::new());
        answer::read::<serde::de::IgnoredAny>(&refused.expect("a status is a whole response"), &self.token)?;
        Err(TelegramError::Malformed { status: response.status().as_u16() })
    }

    async fn call<R: DeserializeOwned>(&self, method: &str, parameters: &impl Serialize) -> Result<R, TelegramError> {
        let body = serde_json::to_vec(parameters).expect("parameters are plain structs with string keys");
        let url = format!("{}/bot{}/{method}", self.api_base, self.token.expose());
        let mut request = http::Request::new(body);
        *request.method_mut() = http::Method::POST;
        // The error of a bad base quotes nothing, and the URL must not be shown.
        *request.uri_mut() = url.parse().map_err(|_| TelegramError::Transport(TransportError::Denied))?;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        let response = self.transport.send(request).await?;
        answer::read(&response, &self.token)
    }
}

/// A path from Telegram, as it may stand in a URL: it must not lead out of the bot's own files, nor end the path.
fn as_path(file_path: &str) -> Result<String, TelegramError> {
    let is_good = |segment: &str| !segment.is_empty() && segment != "." && segment != "..";
    if !file_path.split('/').all(is_good) {
        return Err(TelegramError::Malformed { status: 200 });
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b'.');
    let written = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    Ok(file_path.bytes().map(written).collect())
}
