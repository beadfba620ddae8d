//! Blocked visitors, for the phones of who manages them.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Serialize;
use switchboard_protocol::ErrorCode;
use switchboard_protocol::block::Sharing;
use switchboard_protocol::ids::{BlockId, ChatId};

use super::error::{from_store, plain};
use crate::app::App;
use crate::rights::{Action, Actor};
use crate::store::{alarms, blocks, chats};

fn answer(value: impl Serialize) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(value)).into_response()
}

fn not_found() -> Response {
    plain(StatusCode::NOT_FOUND, ErrorCode::NotFound)
}

/// `GET /v1/blocks`: those in force of the groups that the user oversees.
pub(super) async fn list(State(app): State<Arc<App>>, Extension(actor): Extension<Actor>) -> Response {
    let now = app.config.clock.now();
    let read = move |sql: &rusqlite::Connection| {
        let mut seen = Vec::new();
        for block in blocks::in_force(sql, now)? {
            if actor.may(Action::Oversee, alarms::group_of(sql, block.chat)?) {
                seen.push(block);
            }
        }
        Ok(seen)
    };
    match app.store.readers.read(read).await {
        Ok(blocks) => answer(blocks),
        Err(error) => from_store(&error),
    }
}

/// `DELETE /v1/blocks/{id}`: ends a block of a group that the user oversees; another's is not there.
pub(super) async fn lift(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    id: Result<Path<BlockId>, PathRejection>,
) -> Response {
    let Ok(Path(id)) = id else { return not_found() };
    let now = app.config.clock.now();
    let read = move |sql: &rusqlite::Connection| {
        let Some(block) = blocks::find(sql, id, now)? else { return Ok(false) };
        Ok(actor.may(Action::Oversee, alarms::group_of(sql, block.chat)?))
    };
    match app.store.readers.read(read).await {
        Ok(true) => {}
        Ok(false) => return not_found(),
        Err(error) => return from_store(&error),
    }
    match app.store.writer.write(move |tx| tx.lift_block(id, Some(actor.user))).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => from_store(&error),
    }
}

/// `GET /v1/chats/{id}/sharing`: how many visitors a block would shut out, for who sees the chat.
pub(super) async fn sharing(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    chat: Result<Path<ChatId>, PathRejection>,
) -> Response {
    let Ok(Path(chat)) = chat else { return not_found() };
    let now = app.config.clock.now();
    let read = move |sql: &rusqlite::Connection| {
        if !chats::visible(sql, chat, actor.user)? {
            return Ok(None);
        }
        Ok(Some(blocks::sharing(sql, chat, now)?))
    };
    match app.store.readers.read(read).await {
        Ok(Some(Some(visitors))) => answer(Sharing { visitors }),
        Ok(Some(None)) => plain(StatusCode::CONFLICT, ErrorCode::NoAddress),
        Ok(None) => not_found(),
        Err(error) => from_store(&error),
    }
}
