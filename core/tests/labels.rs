//! Labels through the core's own API.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on ends")]

mod common;
mod desk;

use common::*;
use desk::*;
use serde_json::json;
use switchboard_core::{Core, ErrorCode};
use switchboard_protocol::ClientFrame;
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::Collection;
use switchboard_protocol::command::CommandStatus;

#[tokio::test]
async fn f67_labels_of_ones_group_and_the_company_can_be_given() {
    let dir = tempfile::tempdir().unwrap();
    let (mut phone, _server, mut connection) =
        phone(dir.path(), vec![of(1, ChannelKind::Sms, person(1, "Maria", true))]).await;
    let rows = vec![label(1, "VIP", None), label(2, "late payer", Some(1)), label(3, "Theirs", Some(2))];
    give(&mut connection, Collection::Labels, 1, rows).await;
    give(&mut connection, Collection::Contacts, 1, vec![saved(1, "Maria", json!({"labels": [label_id(3)]}))]).await;
    phone.until("the contact", |core| card(core, 1).is_some_and(|card| !card.labels.is_empty())).await;
    let core = phone.core.clone();
    let choices = |core: &Core| -> Vec<(String, bool)> {
        core.labels().unwrap().into_iter().map(|label| (label.name, label.can_edit)).collect()
    };
    assert_eq!(choices(&core), [("late payer".into(), true), ("VIP".into(), false)]);
    assert_eq!(names(&card(&core, 1).unwrap().labels), ["Theirs"], "others' labels are shown");

    assert_eq!(rejected(core.label_contact(contact_id(9), label_id(1), true).await), ErrorCode::UnknownContact);
    assert_eq!(rejected(core.label_chat(chat_id(1), label_id(3), true).await), ErrorCode::BadLabel);
    assert_eq!(rejected(core.label_chat(chat_id(1), label_id(9), true).await), ErrorCode::BadLabel);
    // Taking off is always allowed.
    core.label_contact(contact_id(1), label_id(3), false).await.unwrap();
    assert_eq!(rejected(core.label_contact(contact_id(1), label_id(3), true).await), ErrorCode::BadLabel);
    core.label_chat(chat_id(1), label_id(1), true).await.unwrap();
    core.label_chat(chat_id(1), label_id(2), true).await.unwrap();
    core.label_chat(chat_id(1), label_id(1), false).await.unwrap();
    assert_eq!(names(&info(&core, 1).chat_labels), ["late payer"]);

    // Made, renamed, removed: shown at once.
    for (name, color) in [("", "#000000"), ("Red", "red"), ("Red", "#12345"), ("LATE PAYER", "#000000")] {
        assert_eq!(rejected(core.save_label(None, name, color, false).await), ErrorCode::BadLabel, "{name} {color}");
    }
    assert_eq!(rejected(core.save_label(None, &"я".repeat(31), "#000000", false).await), ErrorCode::BadLabel);
    assert_eq!(rejected(core.save_label(None, "Everybody's", "#000000", true).await), ErrorCode::Forbidden);
    assert_eq!(rejected(core.save_label(Some(label_id(1)), "VIP!", "#000000", false).await), ErrorCode::BadLabel);
    assert_eq!(rejected(core.delete_label(label_id(3)).await), ErrorCode::BadLabel);
    let red = core.save_label(None, " Red ", "#FF0000", false).await.unwrap();
    core.save_label(Some(label_id(2)), "Pays late", "#00FF00", false).await.unwrap();
    assert_eq!(choices(&core), [("Pays late".into(), true), ("Red".into(), true), ("VIP".into(), false)]);
    assert_eq!(core.labels().unwrap()[1].color, "#ff0000");
    assert_eq!(names(&info(&core, 1).chat_labels), ["Pays late"]);
    core.label_chat(chat_id(1), red, true).await.unwrap();
    core.delete_label(label_id(2)).await.unwrap();
    assert_eq!(names(&info(&core, 1).chat_labels), ["Red"]);
    assert_eq!(choices(&core), [("Red".into(), true), ("VIP".into(), false)]);

    // A system owner gives and changes all, and makes them for everybody.
    let rows = vec![user(me(), "Anna", "system_owner", 1)];
    // The commands so far come first.
    let sent = async |connection: &mut Connection| {
        while let ClientFrame::Command(command) = connection.next_action().await {
            connection.answer(command.id, CommandStatus::Applied, None, None).await;
            if command.kind == "delete_label" {
                break;
            }
        }
    };
    sent(&mut connection).await;
    connection.send_text(&json!({"type": "changed", "collection": "users", "rev": 2}).to_string()).await;
    loop {
        match connection.next_action().await {
            ClientFrame::Command(command) => {
                connection.answer(command.id, CommandStatus::Applied, None, None).await;
            }
            ClientFrame::Pull(pull) => {
                let answer = json!({"type": "rows", "req": pull.req, "collection": "users", "rev": 2, "rows": rows});
                connection.send_text(&answer.to_string()).await;
                break;
            }
            frame => panic!("{}", frame.kind()),
        }
    }
    phone.until("the new role", |core| choices(core).len() == 3).await;
    assert!(choices(&core).iter().all(|(_, can_edit)| *can_edit));
    core.save_label(None, "For all", "#0000ff", true).await.unwrap();
    let all = core.labels().unwrap().into_iter().find(|label| label.name == "For all").unwrap();
    assert_eq!(all.group, None);
}

#[tokio::test]
async fn f67_a_chat_has_at_most_twenty_labels() {
    let dir = tempfile::tempdir().unwrap();
    let (mut phone, _server, mut connection) =
        phone(dir.path(), vec![of(1, ChannelKind::Sms, person(1, "Maria", true))]).await;
    let rows = (0..21).map(|n| label(n, &format!("Label {n}"), None)).collect();
    give(&mut connection, Collection::Labels, 1, rows).await;
    phone.until("the labels", |core| core.labels().unwrap().len() == 21).await;
    for n in 0..20 {
        phone.core.label_chat(chat_id(1), label_id(n), true).await.unwrap();
    }
    assert_eq!(rejected(phone.core.label_chat(chat_id(1), label_id(20), true).await), ErrorCode::TooMany);
    phone.core.label_chat(chat_id(1), label_id(3), true).await.unwrap();
    phone.core.label_chat(chat_id(1), label_id(3), false).await.unwrap();
    phone.core.label_chat(chat_id(1), label_id(20), true).await.unwrap();
    assert_eq!(info(&phone.core, 1).chat_labels.len(), 20);
}
