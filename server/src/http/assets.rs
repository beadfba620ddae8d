//! The widget's files, as they stand in the binary.

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// The page of the frame, with its placeholders.
pub(super) const FRAME: &str = include_str!("../../widget/dist/frame.html");
const LOADER: &str = include_str!("../../widget/dist/loader.js");
const APP: &str = include_str!("../../widget/dist/app.js");
const STYLE: &str = include_str!("../../widget/dist/app.css");

const SCRIPT_TYPE: &str = "text/javascript; charset=utf-8";

/// The frame's page and its files belong together: they are asked for anew each time, and answered with 304.
const REVALIDATE: &str = "no-cache";
/// The loader stands on every page of a shop and changes seldom.
const SHORT: &str = "public, max-age=300";

/// The hash of a content as an ETag.
pub(super) fn etag(content: &[u8]) -> HeaderValue {
    let hash = Sha256::digest(content);
    let hex: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::try_from(format!("\"{hex}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// Whether the browser has this very content.
pub(super) fn is_known(request: &HeaderMap, etag: &HeaderValue) -> bool {
    let ours = etag.as_bytes();
    request.get_all(header::IF_NONE_MATCH).iter().any(|line| {
        line.as_bytes()
            .split(|byte| *byte == b',')
            .map(|part| part.trim_ascii())
            // A proxy that compresses makes a strong tag weak.
            .any(|part| part.strip_prefix(b"W/").unwrap_or(part) == ours || part == b"*")
    })
}

fn file(
    request: &HeaderMap,
    content: &'static str,
    tag: &HeaderValue,
    kind: &'static str,
    cache: &'static str,
) -> Response {
    let headers = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
        // Script tags of other sites may load it; it holds nothing that is anybody's.
        (header::HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin")),
    ];
    if is_known(request, tag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, [(header::CONTENT_TYPE, HeaderValue::from_static(kind))], content).into_response()
}

macro_rules! files {
    ($($(#[$doc:meta])* $name:ident: $content:expr, $kind:expr, $cache:expr;)+) => {$(
        $(#[$doc])*
        pub(super) async fn $name(request: HeaderMap) -> Response {
            static TAG: LazyLock<HeaderValue> = LazyLock::new(|| etag($content.as_bytes()));
            file(&request, $content, &TAG, $kind, $cache)
        }
    )+};
}

files! {
    /// The script of the script tag.
    loader: LOADER, SCRIPT_TYPE, SHORT;
    /// The frame's script.
    app: APP, SCRIPT_TYPE, REVALIDATE;
    /// The frame's style.
    style: STYLE, "text/css; charset=utf-8", REVALIDATE;
}
