//! HTTP: the phones' requests, the widget's files, health. Every refusal has the same body, and no inner error leaves.

mod assets;
mod blocks;
mod client;
mod error;
mod health;
mod history;
mod peer;
mod routes;
mod templates;
mod widget;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use switchboard_protocol::ErrorCode;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::app::App;
use error::refusal;
pub(crate) use routes::routes;

/// A template with the largest text, every letter of it escaped, is the largest body.
const MAX_BODY: usize = 128 * 1024;

/// Every route, and what all of them share.
pub(crate) fn router(app: Arc<App>) -> Router {
    routes::router(&app)
        .fallback(|| async { refusal(StatusCode::NOT_FOUND, ErrorCode::NotFound, "there is no such path", 0) })
        .method_not_allowed_fallback(|| async {
            let detail = "this path does not take this method";
            refusal(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::BadRequest, detail, 0)
        })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| -> Response {
            refusal(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal, ErrorCode::Internal.meaning(), 0)
        }))
        .layer(SetResponseHeaderLayer::overriding(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")))
        .with_state(app)
}
