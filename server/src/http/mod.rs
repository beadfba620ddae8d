//! HTTP: the phones' requests, the widget's files, health. Every refusal has the same body, and no inner error leaves.

mod assets;
mod client;
mod error;
mod health;
mod peer;
mod widget;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use switchboard_protocol::{ErrorCode, device, widget as frames};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::app::App;
use error::refusal;

/// No request of ours has a body near this size.
const MAX_BODY: usize = 16 * 1024;

/// Every route.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route(device::ENROL_PATH, post(client::enrol))
        .route(device::SIGN_IN_PATH, post(client::sign_in))
        .route(device::SIGN_OUT_PATH, post(client::sign_out))
        .route(device::SOCKET_PATH, get(client::socket))
        .route("/widget/v1/loader.js", get(assets::loader))
        .route("/widget/v1/app.js", get(assets::app))
        .route("/widget/v1/app.css", get(assets::style))
        .route("/widget/v1/frame/{key}", get(widget::frame))
        .route(frames::WIDGET_SOCKET_PATH, get(widget::socket))
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
