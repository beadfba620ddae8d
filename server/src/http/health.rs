//! Whether the process lives, and whether it can work.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use switchboard_protocol::ErrorCode;

use super::error::{from_store, plain};
use crate::app::App;

/// Longer than this for one small write is not ready.
const READY: Duration = Duration::from_secs(5);

/// The process answers.
pub(super) async fn alive() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], "ok\n")
}

/// The database takes writes, and nobody has asked the server to stop.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    if app.is_stopping() {
        return plain(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::ShuttingDown);
    }
    match tokio::time::timeout(READY, app.store.writer.write(|tx| tx.touch())).await {
        Ok(Ok(())) => ([(header::CACHE_CONTROL, "no-store")], "ready\n").into_response(),
        Ok(Err(error)) => from_store(&error),
        Err(_) => plain(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Storage),
    }
}
