//! Connections: how many, and how patient we are with them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::routes;

/// After an error of the listener (too many open files), so that it is not tried in a hot loop.
const PAUSE: Duration = Duration::from_millis(50);

/// Takes connections until it is stopped, then waits until those that are being answered are done.
pub(crate) async fn accept(app: Arc<App>, listener: TcpListener, stop: CancellationToken) {
    let router = routes::router(Arc::clone(&app));
    let places = Arc::new(Semaphore::new(app.limits.connections));
    let graceful = GracefulShutdown::new();
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            () = stop.cancelled() => break,
            next = next => next,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = graceful.watch(serve(&app, &router, stream));
                tokio::spawn(async move {
                    // A connection that breaks is its client's affair.
                    drop(connection.await);
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    app.begin_to_drain();
    drop(listener);
    graceful.shutdown().await;
}

type Connection = http1::Connection<TokioIo<TcpStream>, TowerToHyperService<Router>>;

fn serve(app: &App, router: &Router, stream: TcpStream) -> Connection {
    // Small pieces of a stream must not wait for more.
    drop(stream.set_nodelay(true));
    let limits = &app.limits;
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(limits.header_ms))
        .max_buf_size(limits.header_bytes.max(8_192))
        .max_headers(limits.headers)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()))
}
