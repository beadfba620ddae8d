//! Contacts and the Information screen through the core's own API.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on ends")]

mod common;
mod desk;

use common::*;
use desk::*;
use serde_json::{Value, json};
use switchboard_core::{
    ContactCard, ContactEdit, ContactId, Core, CoreError, ErrorCode, IdentityKind, InfoActionKind, InfoFactKind,
    MessageKind, NewContact, NoteId,
};
use switchboard_protocol::ClientFrame;
use switchboard_protocol::chat::{ChannelKind, Visit};
use switchboard_protocol::collection::Collection;
use switchboard_protocol::command::CommandStatus;
use switchboard_protocol::contact::Contact;

#[tokio::test]
async fn f30_information_is_a_ready_list_for_each_channel() {
    let dir = tempfile::tempdir().unwrap();
    let with = |contact: Contact| Contact {
        email: Some("maria@example.com".into()),
        phone: Some("+34 600 100 200".into()),
        ..contact
    };
    let mut visitor = of(1, ChannelKind::LiveChat, with(person(1, "Maria", false)));
    visitor.chat.visit = Some(Visit {
        page: Some("https://shop.example/shoes".into()),
        referrer: None,
        browser: Some("Firefox 132, Windows".into()),
        address: Some("203.0.113.7".into()),
    });
    let chats = vec![
        visitor,
        of(2, ChannelKind::Whatsapp, with(person(2, "Wang", false))),
        of(3, ChannelKind::Sms, with(person(3, "Sam", false))),
        of(4, ChannelKind::Messenger, with(person(4, "Mia", true))),
        of(5, ChannelKind::LiveChat, Contact { name: None, ..person(5, "", false) }),
    ];
    let (mut phone, _server, mut connection) = phone(dir.path(), chats).await;
    use InfoActionKind::{AddContact, Call, EditContact, SendEmail, SendSms};
    let expected: [&[InfoActionKind]; 5] =
        [&[SendEmail, AddContact], &[Call, AddContact], &[Call, SendSms, AddContact], &[EditContact], &[AddContact]];
    for (n, expected) in (1..).zip(expected) {
        assert_eq!(kinds(&info(&phone.core, n)), expected, "chat {n}");
    }
    let uris: Vec<_> = info(&phone.core, 3).actions.into_iter().filter_map(|action| action.uri).collect();
    assert_eq!(uris, ["tel:+34600100200", "sms:+34600100200"]);
    let facts: Vec<_> = info(&phone.core, 1).facts.into_iter().map(|fact| (fact.kind, fact.value)).collect();
    assert_eq!(
        facts,
        [
            (InfoFactKind::Email, "maria@example.com".to_owned()),
            (InfoFactKind::Phone, "+34 600 100 200".to_owned()),
            (InfoFactKind::Page, "https://shop.example/shoes".to_owned()),
            (InfoFactKind::Browser, "Firefox 132, Windows".to_owned()),
            (InfoFactKind::Address, "203.0.113.7".to_owned()),
        ]
    );
    let anonymous = info(&phone.core, 5);
    assert_eq!((anonymous.name, anonymous.known, anonymous.facts.len()), (None, false, 0));
    assert!(anonymous.card.is_none() && anonymous.has_history);
    // A saved contact without a row of the collection yet has what the chat says.
    assert_eq!(info(&phone.core, 4).card.unwrap().name.as_deref(), Some("Mia"));

    // Add contact turns into Edit contact at once, and stays so.
    let new = NewContact { name: "Maria López".into(), email: Some("maria@example.com".into()), phone: None };
    phone.core.add_contact(chat_id(1), new).await.unwrap();
    let added = info(&phone.core, 1);
    assert_eq!((added.name.as_deref(), added.known), (Some("Maria López"), true));
    assert_eq!(kinds(&added), [SendEmail, EditContact]);
    let add = connection.command().await;
    connection.answer(add.id, CommandStatus::Applied, None, None).await;
    give(&mut connection, Collection::Contacts, 1, vec![saved(1, "Maria López", json!({"email": "m@example.com"}))])
        .await;
    phone
        .until("the server's row", |core| {
            card(core, 1).is_some_and(|card| card.email.as_deref() == Some("m@example.com"))
        })
        .await;
    assert_eq!(phone.core.information(chat_id(99)).unwrap_err(), CoreError::NotFound);
}

#[tokio::test]
async fn f32_f67_a_contact_is_shown_with_what_still_waits_for_the_network() {
    let dir = tempfile::tempdir().unwrap();
    let (mut phone, mut server, mut connection) =
        phone(dir.path(), vec![of(1, ChannelKind::Sms, person(1, "Maria", true))]).await;
    give(&mut connection, Collection::Labels, 1, vec![label(1, "VIP", None), label(2, "Late payer", Some(1))]).await;
    let identities = json!([{"kind": "phone", "value": "+34600100200"}]);
    let row = saved(1, "Maria", json!({"phone": "+34600100200", "identities": identities, "labels": [label_id(1)]}));
    give(&mut connection, Collection::Contacts, 1, vec![row]).await;
    let notes = vec![note(1, 1, me(), "Likes blue"), note(2, 1, other(), "Pays late")];
    give(&mut connection, Collection::ContactNotes, 1, notes).await;
    phone.until("the notes", |core| card(core, 1).is_some_and(|card| card.notes.len() == 2)).await;
    let before = card(&phone.core, 1).unwrap();
    assert_eq!(texts(&before), ["Pays late", "Likes blue"]);
    assert_eq!(before.notes.iter().map(|note| note.mine).collect::<Vec<_>>(), [false, true]);
    assert_eq!(names(&before.labels), ["VIP"]);
    assert_eq!(before.identities[0].kind, IdentityKind::Phone);
    assert_eq!(before.chats, [chat_id(1)]);

    // Without a network.
    connection.close().await;
    phone.until("offline", |core| core.connection() != switchboard_core::ConnectionState::Online).await;
    let edit =
        ContactEdit { name: Some(" Maria López ".into()), phone: Some(String::new()), ..ContactEdit::default() };
    phone.core.edit_contact(contact_id(1), edit).await.unwrap();
    phone.core.label_contact(contact_id(1), label_id(2), true).await.unwrap();
    phone.core.label_contact(contact_id(1), label_id(1), false).await.unwrap();
    let written = phone.core.add_contact_note(contact_id(1), "Call before noon").await.unwrap();
    phone.core.delete_contact_note(before.notes[1].id).await.unwrap();
    let expected = |card: &ContactCard| {
        card.name.as_deref() == Some("Maria López")
            && card.phone.is_none()
            && names(&card.labels) == ["Late payer"]
            && texts(card) == ["Call before noon", "Pays late"]
    };
    let shown = card(&phone.core, 1).unwrap();
    assert!(expected(&shown), "{:?} {:?}", names(&shown.labels), texts(&shown));
    assert!(shown.notes[0].pending && shown.notes[0].id == written && shown.notes[0].author_name == "Anna");
    assert_eq!(info(&phone.core, 1).name.as_deref(), Some("Maria López"));

    // With a network again they go one after the other, in their order, and nothing flickers until the rows come.
    phone.core.wake();
    let mut connection = server.accept().await;
    connection.replay_nothing().await;
    let mut sent = Vec::new();
    for _ in 0..5 {
        let command = connection.command().await;
        assert_eq!(command.chat, None);
        sent.push(command.kind.clone());
        connection.answer(command.id, CommandStatus::Applied, None, None).await;
    }
    assert_eq!(sent, ["edit_contact", "label_contact", "label_contact", "add_contact_note", "delete_contact_note"]);
    phone.online().await;
    // The answers are here when what was asked behind them is answered.
    phone.core.add_contact_note(contact_id(1), "and a last one").await.unwrap();
    let last = connection.command().await;
    assert!(phone.core.contact(contact_id(1)).is_ok_and(|card| card.name.as_deref() == Some("Maria López")));
    connection.answer(last.id, CommandStatus::Rejected, Some(ErrorCode::TooMany), None).await;
    phone.until("the last one is refused", |core| card(core, 1).is_some_and(|card| expected(&card))).await;
    // Its words are kept.
    let unsent = phone.core.unsent().unwrap().rows();
    let kept: Vec<_> = unsent.iter().map(|row| (row.text.as_str(), row.contact_name.as_deref(), row.kind)).collect();
    assert_eq!(kept, [("and a last one", Some("Maria"), MessageKind::Note)]);
    assert!(!unsent[0].can_note_owner);
    let row = saved(1, "Maria López", json!({"identities": identities, "labels": [label_id(2)]}));
    give(&mut connection, Collection::Contacts, 2, vec![row]).await;
    let mut mine = note(3, 1, me(), "Call before noon");
    mine["id"] = json!(written);
    mine["row"]["id"] = json!(written);
    let gone = json!({"id": before.notes[1].id});
    give(&mut connection, Collection::ContactNotes, 2, vec![mine, gone]).await;
    phone
        .until("the server's rows", |core| card(core, 1).is_some_and(|card| expected(&card) && !card.notes[0].pending))
        .await;
}

#[tokio::test]
async fn f32_contacts_with_the_same_number_or_address_are_suggested() {
    let dir = tempfile::tempdir().unwrap();
    let unknown = Contact {
        phone: Some("0034 600-100-200".into()),
        email: Some("Maria@Example.com".into()),
        ..person(1, "M", false)
    };
    let (mut phone, _server, mut connection) = phone(dir.path(), vec![of(1, ChannelKind::Sms, unknown)]).await;
    assert!(info(&phone.core, 1).suggestions.is_empty());
    let rows = vec![
        saved(2, "Maria by phone", json!({"phone": "+34 600 100 200"})),
        saved(3, "Maria by mail", json!({"email": "maria@example.com"})),
        saved(4, "By an identity", json!({"identities": [{"kind": "whatsapp", "value": "34600100200"}]})),
        saved(5, "Somebody else", json!({"phone": "+34 600 100 201", "email": "mario@example.com"})),
        saved(6, "No numbers", json!({"identities": [{"kind": "visitor", "value": "34600100200"}]})),
    ];
    give(&mut connection, Collection::Contacts, 1, rows).await;
    phone.until("suggestions", |core| !info(core, 1).suggestions.is_empty()).await;
    let found = |core: &Core| -> Vec<(ContactId, IdentityKind)> {
        info(core, 1).suggestions.into_iter().map(|found| (found.contact, found.by)).collect()
    };
    assert_eq!(
        found(&phone.core),
        [
            (contact_id(2), IdentityKind::Phone),
            (contact_id(4), IdentityKind::Phone),
            (contact_id(3), IdentityKind::Email)
        ]
    );
    // What changes its number or leaves is not suggested any more.
    let rows = vec![saved(2, "Maria", json!({"phone": "+49 30 1234567"})), json!({"id": contact_id(4)})];
    give(&mut connection, Collection::Contacts, 2, rows).await;
    phone.until("one left", |core| found(core) == [(contact_id(3), IdentityKind::Email)]).await;
}

#[tokio::test]
async fn f32_contacts_merge_and_part_again() {
    let dir = tempfile::tempdir().unwrap();
    let by_mail = Contact { email: Some("maria@example.com".into()), ..person(2, "Visitor Maria", false) };
    let chats = vec![of(1, ChannelKind::Sms, person(1, "Maria", true)), of(2, ChannelKind::LiveChat, by_mail)];
    let (mut phone, _server, mut connection) = phone(dir.path(), chats).await;
    give(&mut connection, Collection::Labels, 1, vec![label(1, "VIP", None)]).await;
    let rows = vec![
        saved(1, "Maria", json!({"phone": "+34600100200"})),
        saved(
            3,
            "Maria (old)",
            json!({"email": "old@example.com", "labels": [label_id(1)], "merged": [{"id": contact_id(4), "name": "Oldest"}]}),
        ),
    ];
    give(&mut connection, Collection::Contacts, 1, rows).await;
    give(&mut connection, Collection::ContactNotes, 1, vec![note(1, 3, other(), "From before")]).await;
    phone.until("the rows", |core| card(core, 3).is_some_and(|card| !card.notes.is_empty())).await;

    let core = &phone.core;
    assert_eq!(rejected(core.merge_contacts(contact_id(1), contact_id(1)).await), ErrorCode::BadMerge);
    assert_eq!(rejected(core.merge_contacts(contact_id(3), contact_id(4)).await), ErrorCode::BadMerge, "its own half");
    assert_eq!(
        rejected(core.merge_contacts(contact_id(4), contact_id(3)).await),
        ErrorCode::BadMerge,
        "into its own half"
    );
    assert_eq!(
        rejected(core.merge_contacts(contact_id(2), contact_id(1)).await),
        ErrorCode::UnknownContact,
        "not saved"
    );
    assert_eq!(rejected(core.merge_contacts(contact_id(1), contact_id(9)).await), ErrorCode::UnknownContact, "nowhere");
    assert_eq!(rejected(core.part_contact(contact_id(1)).await), ErrorCode::BadMerge, "not merged");

    // A visitor's contact that nobody saved, and a saved one.
    core.merge_contacts(contact_id(1), contact_id(2)).await.unwrap();
    core.merge_contacts(contact_id(1), contact_id(3)).await.unwrap();
    let merged = card(core, 1).unwrap();
    assert_eq!(merged.name.as_deref(), Some("Maria"));
    assert_eq!(merged.email.as_deref(), Some("maria@example.com"), "of the first that has one");
    assert_eq!((names(&merged.labels), texts(&merged)), (vec!["VIP"], vec!["From before"]));
    assert_eq!(merged.merged.iter().map(|part| part.contact).collect::<Vec<_>>(), [2, 3, 4].map(contact_id));
    assert_eq!(merged.chats.len(), 2);
    assert_eq!(card(core, 3).unwrap().contact, contact_id(1), "a part is shown as what it is a part of");
    let of_visitor = info(core, 2);
    assert_eq!((of_visitor.contact, of_visitor.known), (contact_id(1), true));
    assert_eq!(
        rejected(core.merge_contacts(contact_id(1), contact_id(3)).await),
        ErrorCode::BadMerge,
        "merged already"
    );

    // What is parted behind the merge goes behind it, also to the server.
    core.part_contact(contact_id(3)).await.unwrap();
    let parted = card(core, 1).unwrap();
    assert_eq!(parted.merged.iter().map(|part| part.contact).collect::<Vec<_>>(), [contact_id(2)]);
    assert!(parted.labels.is_empty() && parted.notes.is_empty(), "it took with it what it had brought");
    assert_eq!(card(core, 3).unwrap().contact, contact_id(3));
    for kind in ["merge_contacts", "merge_contacts", "part_contact"] {
        let command = connection.command().await;
        assert_eq!(command.kind, kind);
        connection.answer(command.id, CommandStatus::Applied, None, None).await;
    }
    // The server's own rows.
    let row = saved(
        1,
        "Maria L.",
        json!({"phone": "+34600100200", "merged": [{"id": contact_id(2), "name": "Visitor Maria"}]}),
    );
    give(&mut connection, Collection::Contacts, 2, vec![row]).await;
    phone.until("the server's row", |core| card(core, 2).unwrap().name.as_deref() == Some("Maria L.")).await;
    assert_eq!(card(&phone.core, 1).unwrap().merged.len(), 1);
    // A refusal takes it back.
    phone.core.part_contact(contact_id(2)).await.unwrap();
    assert!(card(&phone.core, 1).unwrap().merged.is_empty());
    let part = connection.command().await;
    connection.answer(part.id, CommandStatus::Rejected, Some(ErrorCode::BadMerge), None).await;
    phone.until("it is a part again", |core| card(core, 1).unwrap().merged.len() == 1).await;
}

#[tokio::test]
async fn f32_what_cannot_be_is_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let chats = vec![
        of(1, ChannelKind::Sms, person(1, "Maria", true)),
        of(2, ChannelKind::Sms, Contact { name: None, ..person(2, "", false) }),
    ];
    let (mut phone, _server, mut connection) = phone(dir.path(), chats).await;
    let notes: Vec<Value> = (1..=100).map(|n| note(n, 3, other(), "a note")).collect();
    give(&mut connection, Collection::Contacts, 1, vec![saved(1, "Maria", json!({})), saved(3, "Full", json!({}))])
        .await;
    give(&mut connection, Collection::ContactNotes, 1, notes).await;
    phone.until("the notes", |core| card(core, 3).is_some_and(|card| card.notes.len() == 100)).await;
    let core = &phone.core;
    assert_eq!(rejected(core.add_contact_note(contact_id(1), &"a".repeat(20 * 1024)).await), ErrorCode::TextTooLong);
    assert_eq!(rejected(core.add_contact_note(contact_id(1), " \n").await), ErrorCode::EmptyText);
    assert_eq!(rejected(core.add_contact_note(contact_id(2), "on a stranger").await), ErrorCode::UnknownContact);
    assert_eq!(rejected(core.add_contact_note(contact_id(3), "one more").await), ErrorCode::TooMany);
    let theirs = card(core, 3).unwrap().notes[0].id;
    assert_eq!(rejected(core.delete_contact_note(theirs).await), ErrorCode::Forbidden);
    assert_eq!(core.delete_contact_note(NoteId::from_bytes([0xEE; 16])).await.unwrap_err(), CoreError::NotFound);
    let edit =
        |name: &str, email: &str| ContactEdit { name: Some(name.into()), email: Some(email.into()), phone: None };
    assert_eq!(rejected(core.edit_contact(contact_id(1), edit(" ", "")).await), ErrorCode::BadContact);
    assert_eq!(rejected(core.edit_contact(contact_id(1), edit("Maria", "nowhere")).await), ErrorCode::BadContact);
    assert_eq!(rejected(core.edit_contact(contact_id(1), edit(&"a".repeat(201), "")).await), ErrorCode::BadContact);
    let long = ContactEdit { phone: Some("1".repeat(33)), ..ContactEdit::default() };
    assert_eq!(rejected(core.edit_contact(contact_id(1), long).await), ErrorCode::BadContact);
    assert_eq!(rejected(core.edit_contact(contact_id(9), edit("Nobody", "")).await), ErrorCode::UnknownContact);
    // A visitor without a name needs one to be saved.
    let nameless = ContactEdit { phone: Some("+34600".into()), ..ContactEdit::default() };
    assert_eq!(rejected(core.edit_contact(contact_id(2), nameless).await), ErrorCode::BadContact);
    assert_eq!(core.contact(contact_id(2)).unwrap_err(), CoreError::NotFound);
    let row = |core: &Core| core.chat(chat_id(2)).unwrap().rows().remove(0);
    assert!(row(core).prompt);
    core.edit_contact(contact_id(2), edit("Nadia", "")).await.unwrap();
    assert_eq!(
        (row(core).contact_name.as_deref(), row(core).contact_known, row(core).prompt),
        (Some("Nadia"), true, false)
    );
    core.add_contact_note(contact_id(2), "now it goes").await.unwrap();
    assert_eq!(texts(&card(core, 2).unwrap()), ["now it goes"]);
    assert_eq!(kinds(&info(core, 2)).last(), Some(&InfoActionKind::EditContact));
}

#[tokio::test]
async fn f32_thousands_of_contacts_come_page_by_page() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = FakeServer::start().await;
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    connection.hello().await;
    let revs = [("contacts".to_owned(), 90)].into();
    connection.welcome_with(switchboard_protocol::frame::CatchUp::Snapshot, 10, 30_000, revs).await;
    for text in [
        r#"{"type":"snapshot_begin","as_of":10}"#,
        r#"{"type":"snapshot_end","cursor":10}"#,
        r#"{"type":"live","seq":10}"#,
    ] {
        connection.send_text(text).await;
    }
    let one = |n: u8| vec![saved(n, &format!("Contact {n}"), json!({}))];
    assert_eq!(answer_pull(&mut connection, Collection::Contacts, 40, one(1), true).await, 0);
    assert_eq!(answer_pull(&mut connection, Collection::Contacts, 70, one(2), true).await, 40);
    let ClientFrame::Pull(pull) = connection.next_action().await else { panic!("a pull") };
    assert_eq!(pull.rev, 70);
    phone.until("two pages", |core| card(core, 2).is_some()).await;
    assert_ne!(phone.core.connection(), switchboard_core::ConnectionState::Online, "more is coming");
    // The connection breaks: the next one goes on where this one was.
    connection.close().await;
    phone.core.wake();
    let mut connection = server.accept().await;
    let hello = connection.hello().await;
    let revs = [("contacts".to_owned(), 90)].into();
    connection.welcome_with(switchboard_protocol::frame::CatchUp::Replay, hello.cursor, 30_000, revs).await;
    connection.seq = hello.cursor;
    connection.live().await;
    assert_eq!(answer_pull(&mut connection, Collection::Contacts, 90, one(3), false).await, 70);
    phone.online().await;
    assert!((1..=3).all(|n| card(&phone.core, n).is_some()));
}
