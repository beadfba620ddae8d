//! The phones' part: signing in and out, and the socket.

use std::sync::Arc;

use axum::Json;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{State, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use switchboard_protocol::device::{DeviceInfo, EnrolRequest, SignInRequest, SignedIn};
use switchboard_protocol::{ErrorCode, limits};

use super::error::{Body, from_store, plain, refusal, slow_down};
use super::peer::Client;
use super::routes::bearer;
use crate::app::App;
use crate::store::people::clean_email;
use crate::store::{auth, devices};
use crate::throttle::Throttled;
use crate::ws::registry::{Counted, Full};
use crate::ws::session;

/// A longer password is refused before it is hashed.
const MAX_PASSWORD: usize = 1_024;

fn signed_in(answer: SignedIn) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

/// What a device says of itself: trimmed; the error is the answer.
fn device(info: DeviceInfo) -> Result<DeviceInfo, Box<Response>> {
    let name = info.name.trim();
    if name.is_empty() || name.len() > limits::MAX_NAME_BYTES || name.chars().any(char::is_control) {
        let detail = "device.name must have 1 to 200 bytes and no control characters";
        return Err(Box::new(refusal(StatusCode::BAD_REQUEST, ErrorCode::BadRequest, detail, 0)));
    }
    Ok(DeviceInfo { name: name.to_owned(), platform: info.platform })
}

/// `POST /v1/enrol`
pub(super) async fn enrol(
    State(app): State<Arc<App>>,
    Client { address, .. }: Client,
    Body(request): Body<EnrolRequest>,
) -> Response {
    let limits = &app.config.limits;
    if let Err(retry_ms) = app.throttle.check(Throttled::AddressSignIns(address), limits.address_sign_ins) {
        return slow_down(retry_ms);
    }
    let device = match device(request.device) {
        Ok(device) => device,
        Err(refused) => return *refused,
    };
    let code = request.code;
    match app.store.writer.write(move |tx| tx.enrol(&code, &device)).await {
        Ok(Some(answer)) => signed_in(answer),
        Ok(None) => plain(StatusCode::UNAUTHORIZED, ErrorCode::BadEnrolmentCode),
        Err(error) => from_store(&error),
    }
}

/// `POST /v1/sign-in`
pub(super) async fn sign_in(
    State(app): State<Arc<App>>,
    Client { address, .. }: Client,
    Body(request): Body<SignInRequest>,
) -> Response {
    let limits = &app.config.limits;
    if let Err(retry_ms) = app.throttle.check(Throttled::AddressSignIns(address), limits.address_sign_ins) {
        return slow_down(retry_ms);
    }
    let device = match device(request.device) {
        Ok(device) => device,
        Err(refused) => return *refused,
    };
    let bad = || plain(StatusCode::UNAUTHORIZED, ErrorCode::BadCredentials);
    let Some(email) = clean_email(&request.email) else { return bad() };
    if request.password.len() > MAX_PASSWORD {
        return bad();
    }
    // By the address that was named, whether or not anybody has it: otherwise the throttle would tell who exists.
    let who = Throttled::UserSignIns(auth::secret_hash(&email));
    if let Err(retry_ms) = app.throttle.check(who, limits.user_sign_ins) {
        return slow_down(retry_ms);
    }
    let found = match app.store.readers.read(move |sql| devices::credentials(sql, &email)).await {
        Ok(found) => found,
        Err(error) => return from_store(&error),
    };
    let hash = found.as_ref().filter(|user| !user.disabled).and_then(|user| user.password_hash.clone());
    match app.passwords.verify(request.password, hash).await {
        Ok(Some(true)) => {}
        Ok(Some(false)) => return bad(),
        Ok(None) => return slow_down(2_000),
        Err(error) => return from_store(&error),
    }
    let Some(found) = found else { return bad() };
    match app.store.writer.write(move |tx| tx.sign_in(&found, &device)).await {
        Ok(Some(answer)) => signed_in(answer),
        Ok(None) => bad(),
        Err(error) => from_store(&error),
    }
}

/// `POST /v1/sign-out`
pub(super) async fn sign_out(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let Some(token) = bearer(&headers) else { return plain(StatusCode::UNAUTHORIZED, ErrorCode::Unauthorized) };
    match app.store.writer.write(move |tx| tx.sign_out(&token)).await {
        // Signing out twice is signing out: the answer to the first may have been lost.
        Ok(true) => StatusCode::NO_CONTENT.into_response(),
        Ok(false) => plain(StatusCode::UNAUTHORIZED, ErrorCode::Unauthorized),
        Err(error) => from_store(&error),
    }
}

/// `GET /v1/socket`
pub(super) async fn socket(
    State(app): State<Arc<App>>,
    Client { address, .. }: Client,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else { return not_a_socket() };
    let socket = match app.registry.open(&app.config.limits, Counted::Stranger(address)) {
        Ok(socket) => socket,
        Err(full) => return no_room(full),
    };
    crate::ws::configure(upgrade)
        .on_upgrade(move |websocket| Box::pin(session::run(app, socket, websocket)))
        .into_response()
}

/// A socket's path without the headers of one.
pub(super) fn not_a_socket() -> Response {
    let detail = "this path is a WebSocket: connect with a WebSocket client";
    refusal(StatusCode::UPGRADE_REQUIRED, ErrorCode::BadRequest, detail, 0)
}

/// The server has no room for another socket.
pub(super) fn no_room(full: Full) -> Response {
    let code = match full {
        Full::Stopping => ErrorCode::ShuttingDown,
        Full::Server | Full::Address => ErrorCode::SlowDown,
    };
    refusal(StatusCode::SERVICE_UNAVAILABLE, code, code.meaning(), 5_000)
}
