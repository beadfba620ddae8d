//! The widget's page and socket.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Path, State, WebSocketUpgrade};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use switchboard_protocol::ErrorCode;

use super::assets::{self, FRAME};
use super::client::{no_room, not_a_socket};
use super::error::{from_store, plain, refusal};
use super::peer::{Client, is_own_origin, own_origin};
use crate::app::App;
use crate::channels::live_chat::LiveChat;
use crate::store::channels;
use crate::throttle::Throttled;
use crate::ws::registry::{Counted, Full};
use crate::ws::visitor_session::{self, CameFrom};

/// The languages that the widget has files for; the first is the one for everybody else.
const LANGUAGES: [&str; 2] = ["en", "ru"];

/// What the frame's page must know before it connects.
#[derive(Serialize)]
struct PageConfig<'a> {
    channel: &'a str,
    origins: &'a [String],
}

/// The first language of the browser's list that we have.
fn language(headers: &HeaderMap) -> &'static str {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
    accepted
        .split(',')
        .filter_map(|entry| entry.split([';', '-']).next())
        .find_map(|wanted| LANGUAGES.iter().find(|ours| wanted.trim().eq_ignore_ascii_case(ours)))
        .copied()
        .unwrap_or(LANGUAGES[0])
}

/// `GET /widget/v1/frame/{key}`: the page inside the iframe. Who may embed it is said by its policy.
pub(super) async fn frame(
    State(app): State<Arc<App>>,
    key: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    let Ok(Path(key)) = key else { return plain(StatusCode::BAD_REQUEST, ErrorCode::BadRequest) };

    let found = app.store.readers.read(move |sql| channels::channel_by_key(sql, &key)).await;
    let channel = match found {
        Ok(Some(channel)) => channel,
        Ok(None) => return plain(StatusCode::NOT_FOUND, ErrorCode::NotFound),
        Err(error) => return from_store(&error),
    };
    let (Some(live_chat), Some(key)) = (LiveChat::of(&channel), &channel.key) else {
        return plain(StatusCode::NOT_FOUND, ErrorCode::NotFound);
    };
    let config = serde_json::to_string(&PageConfig { channel: key, origins: &live_chat.origins });
    let (Ok(config), Some(own)) = (config, own_origin(&app, &headers)) else {
        return plain(StatusCode::BAD_REQUEST, ErrorCode::BadRequest);
    };
    // `<` would end the script block that holds the JSON.
    let page = FRAME.replace("{{LANG}}", language(&headers)).replace("{{CONFIG}}", &config.replace('<', "\\u003c"));
    let Ok(policy) = HeaderValue::try_from(policy(&own, &live_chat.origins)) else {
        return plain(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal);
    };
    let tag = assets::etag(format!("{page}{policy:?}").as_bytes());
    let common = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::VARY, HeaderValue::from_static("Accept-Language")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (
            HeaderName::from_static("permissions-policy"),
            HeaderValue::from_static("camera=(), microphone=(), geolocation=()"),
        ),
    ];
    if assets::is_known(&headers, &tag) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    (common, [(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))], page).into_response()
}

/// The page's policy: our own files, our own socket, and only these pages around it.
///
/// `'self'` covers the socket in today's browsers; older ones want it by name. Without a configured address it is not
/// known whether a proxy speaks TLS to the browser, so both are named; they are one server.
fn policy(own: &str, origins: &[String]) -> String {
    let socket = match own.strip_prefix("http://") {
        Some(host) => format!("ws://{host} wss://{host}"),
        None => own.replacen("https", "wss", 1),
    };
    let ancestors = if origins.is_empty() { "'none'".to_owned() } else { origins.join(" ") };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' {socket}; img-src 'self' data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
    )
}

/// `GET /widget/v1/socket`
pub(super) async fn socket(
    State(app): State<Arc<App>>,
    Client { address, ip, own }: Client,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else { return not_a_socket() };
    if !is_own_origin(&app, &headers) {
        let detail = "the socket is for the widget's own frame: Origin must be this server's address (public_url)";
        return refusal(StatusCode::FORBIDDEN, ErrorCode::WrongOrigin, detail, 0);
    }
    let limits = &app.config.limits;
    let upgrade = crate::ws::configure(upgrade);
    // A browser's script cannot read a refused upgrade; it can read a bye.
    if let Err(retry_ms) = app.throttle.check(Throttled::Sockets(address), limits.new_sockets) {
        return upgrade
            .on_upgrade(move |websocket| Box::pin(visitor_session::turn_away(app, websocket, retry_ms)))
            .into_response();
    }
    let socket = match app.registry.open(limits, Counted::Widget(address)) {
        Ok(socket) => socket,
        Err(Full::Address) => {
            return upgrade
                .on_upgrade(move |websocket| Box::pin(visitor_session::turn_away(app, websocket, 30_000)))
                .into_response();
        }
        Err(full) => return no_room(full),
    };
    // It is kept while the socket greets: a browser's is short.
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let agent = agent.filter(|agent| agent.len() <= 1_000).map(str::to_owned);
    let from = CameFrom { address, ip, own, agent };
    upgrade.on_upgrade(move |websocket| Box::pin(visitor_session::run(app, socket, from, websocket))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f61_the_language_is_the_browsers_first_that_we_have() {
        let with = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(value));
            language(&headers)
        };
        assert_eq!(with("ru-RU,ru;q=0.9,en;q=0.8"), "ru");
        assert_eq!(with("de, RU;q=0.5"), "ru");
        assert_eq!(with("en-GB"), "en");
        assert_eq!(with("\"><script>"), "en");
        assert_eq!(language(&HeaderMap::new()), "en");
    }

    #[test]
    fn f61_the_policy_names_who_may_embed() {
        let policy = policy("https://chat.example.com", &["https://shop.example.com".into()]);
        assert!(policy.contains("frame-ancestors https://shop.example.com"));
        assert!(policy.contains("connect-src 'self' wss://chat.example.com;"));
        assert!(super::policy("http://x", &[]).ends_with("frame-ancestors 'none'"));
    }
}
