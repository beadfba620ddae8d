//! Every route, with what it needs. The router is made of this table alone: what has no right here is not served.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use switchboard_protocol::block::{BLOCKS_PATH, CHATS_PATH};
use switchboard_protocol::contact::HISTORY;
use switchboard_protocol::template::TEMPLATES_PATH;
use switchboard_protocol::{ErrorCode, device, widget as frames};

use super::error::{from_store, plain};
use super::{assets, blocks, client, health, history, templates, widget};
use crate::app::App;
use crate::rights::{Action, Actor, RouteInfo, RouteRight};
use crate::store::auth;
use crate::store::devices::{self, TokenOwner};

/// A route as it is served.
struct Entry {
    info: RouteInfo,
    handler: MethodRouter<Arc<App>>,
}

macro_rules! route {
    ($method:ident $path:expr, $right:expr, $handler:expr) => {
        Entry {
            info: RouteInfo { method: stringify!($method), path: $path.to_string(), right: $right },
            handler: on(MethodFilter::$method, $handler),
        }
    };
}

fn table() -> Vec<Entry> {
    use RouteRight::{Anyone, Device};
    vec![
        route!(GET "/healthz", Anyone, health::alive),
        route!(GET "/readyz", Anyone, health::ready),
        route!(POST device::ENROL_PATH, Anyone, client::enrol),
        route!(POST device::SIGN_IN_PATH, Anyone, client::sign_in),
        // Of a device that was signed out already too: the answer to the first may have been lost.
        route!(POST device::SIGN_OUT_PATH, Anyone, client::sign_out),
        // Who comes is said by the first frame, and each command is held against its right.
        route!(GET device::SOCKET_PATH, Anyone, client::socket),
        route!(GET BLOCKS_PATH, Device(Action::Oversee), blocks::list),
        route!(DELETE format!("{BLOCKS_PATH}/{{id}}"), Device(Action::Oversee), blocks::lift),
        route!(GET format!("{CHATS_PATH}/{{id}}/sharing"), Device(Action::Work), blocks::sharing),
        route!(GET format!("{CHATS_PATH}/{{id}}/{HISTORY}"), Device(Action::Work), history::page),
        route!(POST TEMPLATES_PATH, Device(Action::Templates), templates::create),
        route!(PUT format!("{TEMPLATES_PATH}/{{id}}"), Device(Action::Templates), templates::change),
        route!(DELETE format!("{TEMPLATES_PATH}/{{id}}"), Device(Action::Templates), templates::delete),
        route!(GET "/widget/v1/loader.js", Anyone, assets::loader),
        route!(GET "/widget/v1/app.js", Anyone, assets::app),
        route!(GET "/widget/v1/app.css", Anyone, assets::style),
        route!(GET "/widget/v1/frame/{key}", Anyone, widget::frame),
        route!(GET frames::WIDGET_SOCKET_PATH, Anyone, widget::socket),
    ]
}

/// Every route with what it needs.
pub(crate) fn routes() -> Vec<RouteInfo> {
    table().into_iter().map(|entry| entry.info).collect()
}

/// The routes, each behind its right.
pub(super) fn router(app: &Arc<App>) -> Router<Arc<App>> {
    table().into_iter().fold(Router::new(), |router, Entry { info, handler }| {
        let handler = match info.right {
            RouteRight::Anyone => handler,
            RouteRight::Device(action) => handler.layer(from_fn_with_state((app.clone(), action), guard)),
        };
        router.route(&info.path, handler)
    })
}

/// The token of an `Authorization: Bearer …` line.
pub(super) fn bearer(headers: &HeaderMap) -> Option<String> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim().to_owned())
        .filter(|token| auth::is_token(token))
}

/// Lets a request through whose device's user may do the action on something; the handler finds the user as an
/// [`Actor`] and looks at the thing itself.
async fn guard(State((app, action)): State<(Arc<App>, Action)>, mut request: Request<Body>, next: Next) -> Response {
    let actor = match actor(&app, request.headers()).await {
        Ok(actor) => actor,
        Err(refused) => return *refused,
    };
    if !actor.may_at_all(action) {
        return plain(StatusCode::FORBIDDEN, ErrorCode::Forbidden);
    }
    request.extensions_mut().insert(actor);
    next.run(request).await
}

async fn actor(app: &App, headers: &HeaderMap) -> Result<Actor, Box<Response>> {
    let refused = |code| Box::new(plain(StatusCode::UNAUTHORIZED, code));
    let Some(token) = bearer(headers) else { return Err(refused(ErrorCode::Unauthorized)) };
    match app.store.readers.read(move |sql| devices::owner_of_token(sql, &token)).await {
        Ok(TokenOwner::Known(actor)) => Ok(actor),
        Ok(TokenOwner::Revoked) => Err(refused(ErrorCode::Revoked)),
        Ok(TokenOwner::Nobody) => Err(refused(ErrorCode::Unauthorized)),
        Err(error) => Err(Box::new(from_store(&error))),
    }
}
