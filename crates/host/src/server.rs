//! The socket: HTTP/1.1 with keep-alive.

use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use crate::outbound::OutboundError;
use crate::pool::Phase;

/// How long a client may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// How many headers a request may have.
const HEADERS_MAX: usize = 128;

/// How large a request's head may be; also the size of the buffer of a connection, in bytes.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// Serves until the phase is [`Phase::Draining`], then lets each connection finish its request.
pub(crate) async fn serve(listener: TcpListener, app: Arc<App>, mut phase: watch::Receiver<Phase>) {
    let graceful = GracefulShutdown::new();
    // Dropping the set, when this future is dropped, ends the connections.
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = phase.wait_for(|phase| *phase > Phase::Serving) => break,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, client)) => {
                serve_connection(&mut connections, &graceful, stream, client, &app);
            }
            Err(error) => {
                // Most likely out of file descriptors: pause, so that some are given back.
                tracing::warn!("cannot accept a connection: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    graceful.shutdown().await;
}

fn serve_connection(
    connections: &mut JoinSet<()>,
    graceful: &GracefulShutdown,
    stream: TcpStream,
    client: SocketAddr,
    app: &Arc<App>,
) {
    // A response leaves as head and then body; without this, a client that delays its
    // acknowledgements would wait 40 ms for the body.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("TCP_NODELAY: {error}");
    }
    let app = Arc::clone(app);
    let service = service_fn(move |request: Request<Incoming>| {
        let app = Arc::clone(&app);
        async move {
            let request = request.map(|body| body.map_err(OutboundError::from).boxed_unsync());
            Ok::<_, Infallible>(app.handle(request, client).await)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let connection = graceful.watch(connection);
    connections.spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!("connection of {client}: {error}");
        }
    });
}
