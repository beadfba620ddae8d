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
    if !matches!(
        error,
        StoreError::Stopping | StoreError::NotFound(_) | StoreError::Changed(_) | StoreError::Refused(_)
    ) {
        tracing::error!(%error, "a request failed over the store");
    }
    let (status, ErrorBody { code, detail, retry_ms }) = answer(error);
    refusal(status, code, &detail, retry_ms)
}

fn answer(error: &StoreError) -> (StatusCode, ErrorBody) {
    let (status, code, retry_ms) = match error {
        StoreError::Stopping => (StatusCode::SERVICE_UNAVAILABLE, ErrorCode::ShuttingDown, 1_000),
        StoreError::NotFound(_) => (StatusCode::NOT_FOUND, ErrorCode::NotFound, 0),
        StoreError::Changed(_) => (StatusCode::CONFLICT, ErrorCode::Changed, 0),
        StoreError::Refused(_) => (StatusCode::BAD_REQUEST, ErrorCode::BadRequest, 0),
        error if error.is_transient() => (StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Storage, 5_000),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal, 0),
    };
    let detail = match error {
        // It names what an admin gave, and why that does not do.
        StoreError::Refused(why) => why.clone(),
        _ => code.meaning().to_owned(),
    };
    (status, ErrorBody { code, detail, retry_ms })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_store_refuses_has_a_stable_code_and_says_nothing_of_the_inside() {
        for (error, status, code) in [
            (StoreError::Changed("the queue \"Sales\"".into()), StatusCode::CONFLICT, "changed"),
            (StoreError::NotFound("such block".into()), StatusCode::NOT_FOUND, "not_found"),
            (StoreError::Refused("the name is empty".into()), StatusCode::BAD_REQUEST, "bad_request"),
            (StoreError::Unavailable("disk".into()), StatusCode::SERVICE_UNAVAILABLE, "storage"),
            (StoreError::Stopping, StatusCode::SERVICE_UNAVAILABLE, "shutting_down"),
            (StoreError::Unexpected("table users".into()), StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        ] {
            let (found, body) = answer(&error);
            assert_eq!((found, body.code.as_str()), (status, code));
            assert!(!body.detail.contains("users"));
        }
    }
}
