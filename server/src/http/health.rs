//! Whether the process lives, and whether it can work.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use switchboard_protocol::ErrorCode;

use super::error::{from_store, plain};
use crate::app::App;
use crate::store::StoreError;

/// Longer than this for one small write is not ready.
const READY: Duration = Duration::from_secs(5);
/// How long one proof counts.
const PROOF_LIFE: Duration = Duration::from_secs(1);

/// The process answers.
pub(super) async fn alive() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], "ok\n")
}

/// The database takes writes, and nobody has asked the server to stop.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    if app.is_stopping() {
        return plain(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::ShuttingDown);
    }
    match prove(&app).await {
        Ok(()) => ([(header::CACHE_CONTROL, "no-store")], "ready\n").into_response(),
        Err(error) => from_store(&error),
    }
}

/// One small write that is synced, at most once a second: this path asks nobody who they are.
async fn prove(app: &App) -> Result<(), StoreError> {
    let mut proved = app.proved.lock().await;
    if let Some((at, result)) = &*proved
        && at.elapsed() < PROOF_LIFE
    {
        return result.clone();
    }
    let result = tokio::time::timeout(READY, app.store.writer.write(|tx| tx.touch()))
        .await
        .unwrap_or_else(|_| Err(StoreError::Unavailable("a small write takes too long".into())));
    *proved = Some((Instant::now(), result.clone()));
    result
}
