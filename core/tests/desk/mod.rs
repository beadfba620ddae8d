//! What the tests of contacts, labels and histories share: rows of the collections, and a phone that has them.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::path::Path;

use serde_json::{Value, json};
use switchboard_core::{
    ContactCard, ContactId, Core, CoreError, ErrorCode, InfoActionKind, Information, LabelId, NoteId, UserId,
};
use switchboard_protocol::ClientFrame;
use switchboard_protocol::chat::{ChannelKind, Chat, OpenedChat};
use switchboard_protocol::collection::Collection;
use switchboard_protocol::contact::Contact;

use crate::common::*;

pub fn contact_id(n: u8) -> ContactId {
    ContactId::from_bytes([0x40 + n; 16])
}

pub fn label_id(n: u8) -> LabelId {
    LabelId::from_bytes([0x60 + n; 16])
}

pub fn other() -> UserId {
    UserId::from_bytes([0xBB; 16])
}

/// A chat of this contact that waits.
pub fn of(n: u8, kind: ChannelKind, contact: Contact) -> OpenedChat {
    let chat = Chat { channel_kind: kind, contact, ..chat(n, 1) };
    OpenedChat { chat, ..opened(n, &["hello"]) }
}

pub fn person(n: u8, name: &str, known: bool) -> Contact {
    Contact { id: contact_id(n), name: Some(name.into()), email: None, phone: None, known }
}

/// A saved contact as the collection has it.
pub fn saved(n: u8, name: &str, more: Value) -> Value {
    let id = contact_id(n).to_string();
    let mut row = json!({"id": id, "name": name});
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"id": id, "row": row})
}

pub fn label(n: u8, name: &str, group: Option<u8>) -> Value {
    let id = label_id(n).to_string();
    let mut row = json!({"id": id, "name": name, "color": "#aa0000"});
    if let Some(group) = group {
        row["group"] = json!(group_id(group));
    }
    json!({"id": id, "row": row})
}

pub fn group_id(n: u8) -> String {
    switchboard_core::GroupId::from_bytes([0x80 + n; 16]).to_string()
}

pub fn user(id: UserId, name: &str, role: &str, group: u8) -> Value {
    json!({"id": id.to_string(), "row": {"id": id.to_string(), "name": name, "role": role, "disabled": false,
        "group": group_id(group)}})
}

pub fn note(n: u8, contact: u8, author: UserId, text: &str) -> Value {
    let id = NoteId::from_bytes([n; 16]).to_string();
    json!({"id": id, "row": {"id": id, "contact": contact_id(contact).to_string(), "author": author.to_string(),
        "author_name": "Boris", "text": text, "at": NOW + i64::from(n)}})
}

/// The server says that a collection changed, and answers the pull that follows.
pub async fn give(connection: &mut Connection, collection: Collection, rev: u64, rows: Vec<Value>) {
    let name = collection.as_str();
    connection.send_text(&json!({"type": "changed", "collection": name, "rev": rev}).to_string()).await;
    answer_pull(connection, collection, rev, rows, false).await;
}

/// The revision that was asked from.
pub async fn answer_pull(
    connection: &mut Connection,
    collection: Collection,
    rev: u64,
    rows: Vec<Value>,
    more: bool,
) -> u64 {
    let ClientFrame::Pull(pull) = connection.next_action().await else { panic!("a pull") };
    assert_eq!(pull.collection, collection);
    let answer = json!({"type": "rows", "req": pull.req, "collection": collection.as_str(), "rev": rev, "rows": rows,
        "more": more});
    connection.send_text(&answer.to_string()).await;
    pull.rev
}

/// Signed in as a user of group 1, with these chats.
pub async fn phone(dir: &Path, chats: Vec<OpenedChat>) -> (Phone, FakeServer, Connection) {
    let mut server = FakeServer::start().await;
    let mut phone = Phone::enrolled(dir, &server).await;
    let mut connection = server.accept().await;
    connection.bring_up(chats).await;
    let users = vec![user(me(), "Anna", "user", 1), user(other(), "Boris", "user", 2)];
    give(&mut connection, Collection::Users, 1, users).await;
    let queue = chat_id(0xD0).to_string();
    let queues = vec![json!({"id": queue, "row": {"id": queue, "name": "Sales", "member": true}})];
    give(&mut connection, Collection::Queues, 1, queues).await;
    // The names came before it.
    phone.until("the queue", |core| !core.queues().unwrap().is_empty()).await;
    phone.online().await;
    (phone, server, connection)
}

pub fn card(core: &Core, n: u8) -> Option<ContactCard> {
    core.contact(contact_id(n)).ok()
}

pub fn info(core: &Core, n: u8) -> Information {
    core.information(chat_id(n)).unwrap()
}

pub fn rejected<T: std::fmt::Debug>(result: Result<T, CoreError>) -> ErrorCode {
    match result.unwrap_err() {
        CoreError::Rejected(code) => code,
        error => panic!("{error:?}"),
    }
}

pub fn kinds(information: &Information) -> Vec<InfoActionKind> {
    information.actions.iter().map(|action| action.kind).collect()
}

pub fn names(labels: &[switchboard_core::LabelInfo]) -> Vec<&str> {
    labels.iter().map(|label| label.name.as_str()).collect()
}

pub fn texts(card: &ContactCard) -> Vec<&str> {
    card.notes.iter().map(|note| note.text.as_str()).collect()
}
