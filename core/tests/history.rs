//! A contact's history: fetched when asked, shown, never stored.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on ends")]

mod common;
mod desk;

use std::path::Path;

use common::*;
use desk::*;
use serde_json::{Value, json};
use switchboard_core::{CoreError, ErrorCode, HistoryCursor, MessageKind};
use switchboard_protocol::chat::{ChannelKind, ChatState};

/// Words that occur nowhere else.
const MARKERS: [&str; 2] = ["zqxwvmarker", "ыщъэюмаркер"];

#[tokio::test]
async fn f31_the_history_is_shown_and_leaves_no_byte_on_the_device() {
    let dir = tempfile::tempdir().unwrap();
    let mut closed = of(2, ChannelKind::Sms, person(2, "Sam", false));
    closed.chat.state = ChatState::Closed;
    let chats = vec![of(1, ChannelKind::Sms, person(1, "Maria", true)), closed];
    let (mut phone, mut server, mut connection) = phone(dir.path(), chats).await;
    assert!(info(&phone.core, 1).has_history && !info(&phone.core, 2).has_history);
    let message = |no: u64, author: Value, text: &str, more: Value| {
        let mut message = json!({"id": switchboard_core::MessageId::from_bytes([no as u8; 16]), "no": no, "author": author,
            "text": text, "sent_at": NOW + no as i64, "status": "read"});
        message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"chat": chat_id(7), "channel_kind": "whatsapp", "channel": "Our WhatsApp", "department": "Support",
            "at": NOW + no as i64, "message": message})
    };
    let boris = json!({"kind": "user", "id": other(), "name": "Boris"});
    let page = json!({"entries": [
        message(4, boris.clone(), "", json!({"activity": {"kind": "dealt_with"}})),
        message(3, boris.clone(), MARKERS[1], json!({"private": true, "mentions": [me()]})),
        message(2, boris, MARKERS[0], json!({})),
        message(1, json!({"kind": "contact"}), "where is my order?", json!({})),
    ], "next": "1790-x y&z"});
    server.answer_sign_in(200, &page.to_string());
    let first = phone.core.history(chat_id(1), None).await.unwrap();
    let asked = server.asked().await;
    assert!(asked.starts_with(&format!("GET /v1/chats/{}/history ", chat_id(1))), "{asked}");
    assert!(asked.to_ascii_lowercase().contains("authorization: bearer secret-token"));
    let shown: Vec<_> = first
        .entries
        .iter()
        .map(|entry| (entry.row.kind, entry.row.author_name.as_deref(), entry.row.text.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            (MessageKind::Activity, Some("Boris"), ""),
            (MessageKind::Note, Some("Boris"), MARKERS[1]),
            (MessageKind::Text, Some("Boris"), MARKERS[0]),
            (MessageKind::Text, Some("Maria"), "where is my order?"),
        ]
    );
    let entry = &first.entries[0];
    assert_eq!((entry.chat, entry.channel_kind), (chat_id(7), ChannelKind::Whatsapp));
    assert_eq!((entry.channel.as_str(), entry.department.as_deref()), ("Our WhatsApp", Some("Support")));
    assert!(first.entries[1].row.mentions_me && first.entries[0].row.activity.is_some());

    // The cursor is opaque, and survives being kept as a text.
    let cursor = HistoryCursor::new(first.next.unwrap().as_str());
    server.answer_sign_in(200, r#"{"entries":[]}"#);
    let last = phone.core.history(chat_id(1), Some(cursor)).await.unwrap();
    assert!(last.entries.is_empty() && last.next.is_none());
    let asked = server.asked().await;
    assert!(asked.contains("/history?before=1790-x+y%26z "), "{asked}");

    server.answer_sign_in(404, r#"{"code":"not_found","detail":"no"}"#);
    assert_eq!(phone.core.history(chat_id(1), None).await.unwrap_err(), CoreError::NotFound);
    server.answer_sign_in(400, r#"{"code":"bad_request","detail":"cursor"}"#);
    assert_eq!(rejected(phone.core.history(chat_id(1), None).await), ErrorCode::BadRequest);
    assert_eq!(phone.core.history(chat_id(99), None).await.unwrap_err(), CoreError::NotFound);

    // What is written to the files after it shows that the scan would find it.
    assert!(!holds(dir.path(), MARKERS[0]) && !holds(dir.path(), MARKERS[1]));
    connection.event(1, &added(inbound(1, 2, MARKERS[0]))).await;
    phone.until("the message", |core| core.timeline(chat_id(1), None).unwrap().rows().len() == 2).await;
    assert!(holds(dir.path(), MARKERS[0]));
    drop(phone);
    assert!(!holds(dir.path(), MARKERS[1]));
}

/// Whether some file of the directory has these bytes.
fn holds(dir: &Path, needle: &str) -> bool {
    std::fs::read_dir(dir).unwrap().any(|file| {
        let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
        bytes.windows(needle.len()).any(|at| at == needle.as_bytes())
    })
}
