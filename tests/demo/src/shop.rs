//! The sample shop: a page of another origin than the server's, with the widget in it.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use tokio::net::TcpListener;

const PAGE: &str = include_str!("../shop/index.html");
const STYLE: &str = include_str!("../shop/shop.css");
const MARK: &str = include_str!("../shop/mark.svg");

/// The shop's green: of the page, of the channel, and of the button before anybody pressed it.
pub const COLOR: &str = "#1f5f5b";

/// Serves the page until `stop` completes.
pub async fn serve(
    listener: TcpListener,
    server: &str,
    channel: &str,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let page = PAGE
        .replace("{{SERVER}}", &attribute(server.trim_end_matches('/')))
        .replace("{{CHANNEL}}", &attribute(channel))
        .replace("{{COLOR}}", COLOR);
    let app = Router::new()
        .route("/", get(|State(page): State<String>| async { ([(CACHE_CONTROL, "no-store")], Html(page)) }))
        .route("/shop.css", get(|| async { file("text/css; charset=utf-8", STYLE) }))
        .route("/mark.svg", get(|| async { file("image/svg+xml", MARK) }))
        .with_state(page);
    axum::serve(listener, app).with_graceful_shutdown(stop).await
}

fn file(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, kind)], text)
}

/// The text within a double-quoted attribute.
fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

/// The port that was used the last time, so that a page that is still open goes on; any other when it is taken.
pub async fn bind(port: u16) -> std::io::Result<TcpListener> {
    match TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port))).await {
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse && port != 0 => {
            TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_the_widget_in_one_line_and_nothing_of_other_hosts() {
        let tag =
            r#"<script async src="{{SERVER}}/widget/v1/loader.js" data-channel="{{CHANNEL}}" data-color="{{COLOR}}">"#;
        assert!(PAGE.contains(tag));
        for text in [PAGE, STYLE] {
            assert!(!text.contains("http://") && !text.contains("https://"), "the shop has no external assets");
        }
        assert_eq!(attribute(r#"a"b<c&d"#), "a&quot;b&lt;c&amp;d");
    }
}
