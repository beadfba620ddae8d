//! Who a request comes from, and from which page.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use switchboard_protocol::ErrorCode;

use super::error::plain;
use crate::app::App;
use crate::config::{AddressKey, client_address};

/// The client's address.
pub(super) struct Client {
    /// As throttles count it.
    pub address: AddressKey,
    /// As it is.
    pub ip: IpAddr,
    /// Whether it is the client's own. A trusted proxy that names nobody stands for all who come through it: what one of
    /// them did must not shut out the others.
    pub own: bool,
}

impl FromRequestParts<Arc<App>> for Client {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Self::Rejection> {
        let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else {
            tracing::error!("a request without its peer's address");
            return Err(plain(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal));
        };
        let lines = parts.headers.get_all("x-forwarded-for").iter().map(|line| line.to_str().unwrap_or(""));
        let ip: IpAddr = client_address(peer.ip(), lines, &app.proxies);
        let own = !app.proxies.iter().any(|net| net.contains(ip));
        Ok(Client { address: AddressKey::of(ip), ip, own })
    }
}

/// Whether a request's Origin is this server's own: the widget's frame is a page of ours, whatever page embeds it.
pub(super) fn is_own_origin(app: &App, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()) else { return false };
    match &app.config.public_url {
        Some(url) => url.origin().ascii_serialization() == origin,
        // Without a configured address the one that the browser asked for counts. It cannot be another site's page: the
        // browser writes both headers, and a page of another site has another origin.
        None => {
            let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return false };
            ["http://", "https://"].iter().any(|scheme| origin.strip_prefix(scheme) == Some(host))
        }
    }
}

/// The server's own origin for a page's security policy.
pub(super) fn own_origin(app: &App, headers: &HeaderMap) -> Option<String> {
    match &app.config.public_url {
        Some(url) => Some(url.origin().ascii_serialization()),
        None => {
            let host = headers.get(header::HOST)?.to_str().ok()?;
            // It goes into a header of ours: nothing but what a host and port are made of.
            let clean = host.bytes().all(|c| c.is_ascii_alphanumeric() || b".:-[]_".contains(&c));
            clean.then(|| format!("http://{host}"))
        }
    }
}
