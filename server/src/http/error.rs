//! Refusals: one body for all, and nothing of the inside in it.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use switchboard_protocol::ErrorCode;
use switchboard_protocol::device::ErrorBody;

use crate::store::StoreError;

/// A refused request.
pub(super) fn refusal(status: StatusCode, code: ErrorCode, detail: &str, retry_ms: u64) -> Response {
    let mut response = (status, Json(ErrorBody { code, detail: detail.to_owned(), retry_ms })).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    if retry_ms > 0 {
        headers.insert(header::RETRY_AFTER, header::HeaderValue::from(retry_ms.div_ceil(1000)));
    }
    response
}

/// A refusal whose text is the code's own.
pub(super) fn plain(status: StatusCode, code: ErrorCode) -> Response {
    refusal(status, code, code.meaning(), 0)
}

/// Too many of something.
pub(super) fn slow_down(retry_ms: u64) -> Response {
    refusal(StatusCode::TOO_MANY_REQUESTS, ErrorCode::SlowDown, ErrorCode::SlowDown.meaning(), retry_ms)
}

/// The store's errors as a client may see them; the rest is in the log.
pub(super) fn from_store(error: &StoreError) -> Response {
    match error {
        StoreError::Stopping => {
            refusal(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::ShuttingDown, ErrorCode::ShuttingDown.meaning(), 1_000)
        }
        StoreError::NotFound(_) => plain(StatusCode::NOT_FOUND, ErrorCode::NotFound),
        StoreError::Changed(_) => plain(StatusCode::CONFLICT, ErrorCode::Changed),
        error if error.is_transient() => {
            tracing::error!(%error, "a request failed over the store");
            refusal(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Storage, ErrorCode::Storage.meaning(), 5_000)
        }
        error => {
            tracing::error!(%error, "a request failed");
            plain(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal)
        }
    }
}

/// A JSON body whose errors are refusals like all others.
pub(super) struct Body<T>(pub T);

impl<S, T> FromRequest<S> for Body<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(value)) => Ok(Body(value)),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(plain(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::TooLarge))
            }
            // The rejection's text names the field and the place, and quotes no value.
            Err(rejection @ (JsonRejection::JsonDataError(_) | JsonRejection::JsonSyntaxError(_))) => {
                Err(refusal(StatusCode::BAD_REQUEST, ErrorCode::BadRequest, field_error(&rejection), 0))
            }
            Err(JsonRejection::MissingJsonContentType(_)) => Err(refusal(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                ErrorCode::BadRequest,
                "the body must be JSON, with Content-Type: application/json",
                0,
            )),
            Err(_) => Err(plain(StatusCode::BAD_REQUEST, ErrorCode::BadRequest)),
        }
    }
}

/// serde quotes the values that do not fit ("invalid type: string \"hunter2\""); a password would come back in an answer
/// that proxies log. So only which kind of error it was is said.
fn field_error(rejection: &JsonRejection) -> &'static str {
    match rejection {
        JsonRejection::JsonSyntaxError(_) => "the body is not valid JSON",
        _ => "a field is missing or of the wrong type",
    }
}
