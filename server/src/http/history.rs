//! A contact's history, for who has one of its chats or is offered it.

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use switchboard_protocol::ErrorCode;
use switchboard_protocol::ids::ChatId;

use super::error::{from_store, plain, refusal};
use crate::app::App;
use crate::rights::Actor;
use crate::store::contacts::{self, History};

/// Where the page before ended.
#[derive(Deserialize)]
pub(super) struct Before {
    before: Option<String>,
}

/// `GET /v1/chats/{id}/history?before=…`
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    chat: Result<Path<ChatId>, PathRejection>,
    before: Result<Query<Before>, QueryRejection>,
) -> Response {
    let bad_cursor = || {
        let why = "before is not what a page of history gave as next";
        refusal(StatusCode::BAD_REQUEST, ErrorCode::BadRequest, why, 0)
    };
    let Ok(Path(chat)) = chat else { return plain(StatusCode::NOT_FOUND, ErrorCode::NotFound) };
    let Ok(Query(Before { before })) = before else { return bad_cursor() };
    let read = move |sql: &rusqlite::Connection| contacts::history(sql, actor.user, chat, before.as_deref());
    match app.store.readers.read(read).await {
        Ok(History::Page(page)) => ([(header::CACHE_CONTROL, "no-store")], Json(page)).into_response(),
        Ok(History::NotFound) => plain(StatusCode::NOT_FOUND, ErrorCode::NotFound),
        Ok(History::BadCursor) => bad_cursor(),
        Err(error) => from_store(&error),
    }
}
