//! Templates, for the phones of who manages them. What phones use of them comes as a collection.

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use switchboard_protocol::ErrorCode;
use switchboard_protocol::collection::TemplateRow;
use switchboard_protocol::ids::{GroupId, TemplateId};
use switchboard_protocol::template::{Template, TemplateEdit};

use super::error::{Body, from_store, plain, refusal};
use crate::app::App;
use crate::rights::Actor;
use crate::store::StoreError;
use crate::store::templates::TemplateRefusal;

/// Which edition is to be removed.
#[derive(Deserialize)]
pub(super) struct Edition {
    edition: u64,
}

/// A [`TemplateEdit`] that knows all of its fields: a mistyped one, of which the template would come out another than was
/// meant, is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Edit {
    edition: Option<u64>,
    group: Option<GroupId>,
    category: Option<String>,
    language: Option<String>,
    title: String,
    text: String,
    #[serde(default)]
    keywords: String,
}

impl From<Edit> for TemplateEdit {
    fn from(edit: Edit) -> TemplateEdit {
        let Edit { edition, group, category, language, title, text, keywords } = edit;
        TemplateEdit { edition, template: Template { group, category, language, title, text, keywords } }
    }
}

fn refused(refusal_of: TemplateRefusal) -> Response {
    match refusal_of {
        TemplateRefusal::NotFound => plain(StatusCode::NOT_FOUND, ErrorCode::NotFound),
        TemplateRefusal::Forbidden => plain(StatusCode::FORBIDDEN, ErrorCode::Forbidden),
        TemplateRefusal::Changed => plain(StatusCode::CONFLICT, ErrorCode::Changed),
        TemplateRefusal::Invalid(why) => refusal(StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::BadTemplate, &why, 0),
    }
}

fn answer<T>(result: Result<Result<T, TemplateRefusal>, StoreError>, ok: impl FnOnce(T) -> Response) -> Response {
    match result {
        Ok(Ok(value)) => ok(value),
        Ok(Err(refusal)) => refused(refusal),
        Err(error) => from_store(&error),
    }
}

fn row(status: StatusCode, row: TemplateRow) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], Json(row)).into_response()
}

/// `POST /v1/templates`
pub(super) async fn create(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    Body(edit): Body<Edit>,
) -> Response {
    let TemplateEdit { template, .. } = edit.into();
    let made = app.store.writer.write(move |tx| tx.create_template(&actor, &template)).await;
    answer(made, |made| row(StatusCode::CREATED, made))
}

/// `PUT /v1/templates/{id}`
pub(super) async fn change(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    id: Result<Path<TemplateId>, PathRejection>,
    Body(edit): Body<Edit>,
) -> Response {
    let Ok(Path(id)) = id else { return plain(StatusCode::NOT_FOUND, ErrorCode::NotFound) };
    let TemplateEdit { edition, template } = edit.into();
    let Some(edition) = edition else {
        let why = "edition is missing: the one that was looked at";
        return refusal(StatusCode::BAD_REQUEST, ErrorCode::BadRequest, why, 0);
    };
    let changed = app.store.writer.write(move |tx| tx.change_template(&actor, id, edition, &template)).await;
    answer(changed, |changed| row(StatusCode::OK, changed))
}

/// `DELETE /v1/templates/{id}?edition=…`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    id: Result<Path<TemplateId>, PathRejection>,
    edition: Result<Query<Edition>, QueryRejection>,
) -> Response {
    let Ok(Path(id)) = id else { return plain(StatusCode::NOT_FOUND, ErrorCode::NotFound) };
    let Ok(Query(Edition { edition })) = edition else {
        let why = "?edition= is missing or no number: the one that was looked at";
        return refusal(StatusCode::BAD_REQUEST, ErrorCode::BadRequest, why, 0);
    };
    let deleted = app.store.writer.write(move |tx| tx.delete_template(&actor, id, edition)).await;
    answer(deleted, |()| StatusCode::NO_CONTENT.into_response())
}
