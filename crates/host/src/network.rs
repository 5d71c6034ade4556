//! Where guests' requests go: to another component, to the caller's hook, or out.

use std::sync::{Arc, OnceLock, Weak};

use crate::app::App;
use crate::outbound::{Body, Outbound, OutboundError, OutboundRequest};

/// The domain in which each component has its id as its name; Spin's.
const CHAINING_DOMAIN: &str = ".spin.internal";

/// The name of the application itself, for SDKs that cannot make a request without a host; Spin's.
pub(crate) const SELF_HOST: &str = "self.alt";

/// The network of one host.
pub(crate) struct Network {
    outbound: Arc<dyn Outbound>,
    /// Set once the components are ready. Weak, because they hold this network.
    app: OnceLock<Weak<App>>,
}

impl Network {
    pub(crate) fn new(outbound: Arc<dyn Outbound>) -> Self {
        Self { outbound, app: OnceLock::new() }
    }

    pub(crate) fn connect(&self, app: &Arc<App>) {
        // A network belongs to one app, so it cannot be set already.
        let _ = self.app.set(Arc::downgrade(app));
    }

    /// Sends a request that its component is allowed to make.
    pub(crate) async fn send(&self, request: OutboundRequest) -> Result<http::Response<Body>, OutboundError> {
        let uri = request.request.uri();
        let host = uri.host().unwrap_or_default();
        if host.is_empty() || host == SELF_HOST {
            return Ok(self.app()?.handle_own(request.request).await);
        }
        if let Some(component) = chained_component(host) {
            let component = component.to_owned();
            return self.app()?.handle_chained(&component, request.request).await;
        }
        self.outbound.send(request).await
    }

    fn app(&self) -> Result<Arc<App>, OutboundError> {
        self.app.get().and_then(Weak::upgrade).ok_or(OutboundError::ConnectionRefused)
    }
}

/// The component that the host name `<id>.spin.internal` stands for.
pub(crate) fn chained_component(host: &str) -> Option<&str> {
    host.strip_suffix(CHAINING_DOMAIN).filter(|id| !id.is_empty() && !id.contains('.'))
}
