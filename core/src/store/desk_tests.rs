//! Contacts, labels, settings and notifications on a store of a realistic size: no statement of theirs walks over a
//! table, and what leaves a collection leaves its indices.

use rusqlite::Connection;
use serde_json::{Value, json};
use switchboard_protocol::collection::{Collection, Role};
use switchboard_protocol::command::{AddContactNote, CommandBody, EditContact, LabelChat, MergeContacts, PartContact};
use switchboard_protocol::ids::{ChatId, CommandId, ContactId, LabelId, NoteId};
use switchboard_protocol::message::{Activity, Author, Message};

use super::information::Contacts;
use super::label::{self, Labels};
use super::notification::{Moment, News};
use super::outbox::{self, NewCommand};
use super::{Durability, collection, contact, scans, setting};
use crate::model::{NotificationKind, NotificationSettings};
use crate::testing::{NOW, Phone, added, chat, chat_id, inbound, me, message_id, opened, other, outbound, owned};

const CONTACTS: u64 = 3_000;

fn contact_id(n: u64) -> ContactId {
    let mut bytes = [0x40; 16];
    bytes[8..].copy_from_slice(&n.to_be_bytes());
    ContactId::from_bytes(bytes)
}

fn label_id(n: u8) -> LabelId {
    LabelId::from_bytes([n; 16])
}

fn store(phone: &Phone, collection: Collection, rows: &[Value]) {
    let json = json!({"req": 1, "collection": collection.as_str(), "rev": 1, "rows": rows}).to_string();
    let rows = serde_json::from_str(&json).unwrap();
    phone.store.write(Durability::Normal, |tx, changes| collection::store(tx, &rows, changes)).unwrap();
}

fn saved(n: u64) -> Value {
    json!({"id": contact_id(n), "row": {"id": contact_id(n), "name": format!("Contact {n} Ольга 田中"),
        "email": format!("c{n}@example.com"), "phone": format!("+49 30 {:07}", n / 2),
        "identities": [{"kind": "phone", "value": format!("+4930{:07}", n / 2)}, {"kind": "visitor", "value": "x"}],
        "labels": [label_id((n % 20) as u8 + 1)],
        "merged": if n.is_multiple_of(10) { json!([{"id": contact_id(n + 1_000_000)}]) } else { json!([]) }}})
}

fn act(phone: &Phone, lane: [u8; 16], body: CommandBody) {
    phone
        .store
        .write(Durability::Full, |tx, _| {
            outbox::enqueue(tx, &NewCommand::plain(CommandId::new(), ChatId::from_bytes(lane), &body, NOW))
        })
        .unwrap();
}

fn filled() -> Phone {
    let mut phone = Phone::new();
    for rows in (0..CONTACTS).collect::<Vec<_>>().chunks(500) {
        store(&phone, Collection::Contacts, &rows.iter().map(|n| saved(*n)).collect::<Vec<_>>());
    }
    let labels: Vec<Value> = (1..=20)
        .map(|n| json!({"id": label_id(n), "row": {"id": label_id(n), "name": format!("L{n}"), "color": "#000000"}}))
        .collect();
    store(&phone, Collection::Labels, &labels);
    let notes: Vec<Value> = (0..CONTACTS)
        .map(|n| {
            let id = message_id(n, 1);
            json!({"id": id, "row": {"id": id, "contact": contact_id(n % 300), "author": other(),
                "author_name": "Boris", "text": "a note", "at": NOW}})
        })
        .collect();
    store(&phone, Collection::ContactNotes, &notes);
    for n in 0..300 {
        let mut row = if n % 2 == 0 { chat(n, 1) } else { owned(n, 1, me(), 1) };
        row.contact.id = contact_id(n);
        row.labels = vec![label_id(1)];
        phone.feed_one(n, opened(row, (1..=20).map(|no| inbound(n, no, "hello")).collect(), false));
    }
    phone.store.write(Durability::Normal, |tx, _| Ok(tx.execute_batch("ANALYZE")?)).unwrap();
    phone
}

#[test]
fn no_statement_of_the_desk_scans_a_table() {
    let mut phone = filled();
    for (lane, body) in [
        (7, CommandBody::EditContact(EditContact { contact: contact_id(7), name: None, email: None, phone: None })),
        (7, CommandBody::AddContactNote(AddContactNote { contact: contact_id(7), text: "one more".into() })),
        (7, CommandBody::MergeContacts(MergeContacts { kept: contact_id(7), merged: contact_id(8) })),
        (7, CommandBody::PartContact(PartContact { contact: contact_id(9) })),
    ] {
        act(&phone, *contact_id(lane).as_bytes(), body);
    }
    phone.act(7, CommandBody::LabelChat(LabelChat { label: label_id(2), on: true }), false);
    phone
        .store
        .read_consistent(|db| {
            let contacts = Contacts::load(db, me())?;
            assert_eq!(contacts.information(chat_id(7))?.unwrap().chat_labels.len(), 2);
            assert_eq!(contacts.card(contact_id(8))?.unwrap().contact, contact_id(7));
            // Of two numbers a contact with the same; of a part its whole.
            assert_eq!(contacts.information(chat_id(20))?.unwrap().suggestions[0].contact, contact_id(21));
            assert_eq!(contacts.root(contact_id(1_000_020))?, contact_id(20));
            assert!(contacts.note(NoteId::from_bytes(*message_id(5, 1).as_bytes()))?.is_some());
            let asker = label::asker(db, me(), Role::User)?;
            assert_eq!(Labels::load(db, asker.group)?.choices(asker).len(), 20);
            Ok(())
        })
        .unwrap();
    phone.feed_one(7, added(inbound(7, 21, "hello again")));
    phone.feed_one(8, added(Message { private: true, mentions: vec![me()], ..outbound(8, 21, other(), "look") }));
    let news = [News::Message(chat_id(7), 21), News::Message(chat_id(8), 21), News::Opened(chat_id(2))];
    phone
        .store
        .read_consistent(|db| {
            let moment = Moment::load(db, me())?;
            assert_eq!(moment.tell(&news)?.len(), 3);
            assert!(moment.of_message(chat_id(7), message_id(7, 21))?.is_some());
            assert!(moment.of_message(chat_id(7), message_id(9, 9))?.is_none());
            moment.opened(chat_id(1))?;
            Ok(())
        })
        .unwrap();
    let settings = NotificationSettings::default();
    phone.store.write(Durability::Full, |tx, _| setting::set_notifications(tx, &settings)).unwrap();
    phone.store.read(setting::notifications).unwrap();
    store(&phone, Collection::Contacts, &[saved(3), json!({"id": contact_id(4)})]);
    store(&phone, Collection::ContactNotes, &[json!({"id": message_id(5, 1)})]);
    store(&phone, Collection::Labels, &[json!({"id": label_id(20)})]);

    let seen = scans::seen();
    let bad: Vec<String> = seen
        .iter()
        .filter(|(sql, steps)| *steps > 0 && !sql.starts_with("ANALYZE") && !sql.contains("sqlite_"))
        .filter(|(sql, _)| !["ALTER TABLE", "DROP ", "_fts_config"].iter().any(|own| sql.contains(own)))
        .map(|(sql, steps)| format!("{steps} steps: {sql}"))
        .collect();
    assert!(seen.len() > 40, "the statements are watched");
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn f32_what_leaves_the_contacts_leaves_their_indices() {
    let phone = Phone::new();
    store(&phone, Collection::Contacts, &[saved(1), saved(10)]);
    let count = |sql: &str| {
        let count = |db: &Connection| Ok(db.query_row(sql, [], |row| row.get::<_, i64>(0))?);
        phone.store.read(count).unwrap()
    };
    let found = |word: &str| count(&format!("SELECT count(*) FROM contact_fts WHERE contact_fts MATCH '\"{word}\"*'"));
    assert_eq!((found("ольга"), found("4930000000"), found("中")), (2, 2, 2));
    // A change of the row changes what it is found by.
    let id = contact_id(1);
    store(&phone, Collection::Contacts, &[json!({"id": id, "row": {"id": id, "name": "Nobody", "phone": "12345"}})]);
    assert_eq!((found("ольга"), found("nobody"), found("12345")), (1, 1, 1));
    assert_eq!(count("SELECT count(*) FROM contact_key"), 1 + 3);
    store(&phone, Collection::Contacts, &[json!({"id": id}), json!({"id": contact_id(10)}), json!({"id": id})]);
    for table in ["contact", "contact_key", "contact_fts"] {
        assert_eq!(count(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
    assert!(phone.store.read(|db| contact::load(db, id)).unwrap().is_none());
}

#[test]
fn f53_what_comes_together_is_told_once() {
    let mut phone = Phone::new();
    let assigned = |no| Message {
        activity: Some(Activity::Assigned { user: me(), name: "Anna".into() }),
        author: Author::System,
        ..inbound(2, no, "")
    };
    phone.feed(&[
        // Offered, and the customer goes on writing.
        (1, opened(chat(1, 1), vec![inbound(1, 1, "hello")], false)),
        (1, added(inbound(1, 2, "hello?"))),
        // Given by the route, with what the customer wrote.
        (2, opened(owned(2, 1, me(), 1), vec![inbound(2, 1, "help"), assigned(2)], false)),
        (2, added(inbound(2, 3, "please"))),
        // Mine already.
        (3, opened(owned(3, 1, me(), 1), Vec::new(), false)),
        (3, added(inbound(3, 1, "one"))),
        (3, added(inbound(3, 2, "two"))),
    ]);
    let told = |news: &[News]| -> Vec<(NotificationKind, ChatId)> {
        let tell = |db: &Connection| Moment::load(db, me())?.tell(news);
        let found = phone.store.read_consistent(tell).unwrap();
        found.into_iter().map(|found| (found.notification.kind, found.notification.chat)).collect()
    };
    use NotificationKind::{Message as Text, Offered, Transferred};
    let (one, two, three) = (chat_id(1), chat_id(2), chat_id(3));
    assert_eq!(told(&[News::Opened(one), News::Message(one, 2), News::Opened(one)]), [(Offered, one)]);
    assert_eq!(told(&[News::Opened(two), News::Message(two, 2), News::Message(two, 3)]), [(Transferred, two)]);
    // Without its opening, as of a chat that was read on: the line that gives it stands for the text.
    assert_eq!(told(&[News::Message(two, 1), News::Message(two, 2)]), [(Transferred, two)]);
    assert_eq!(told(&[News::Message(three, 1), News::Message(three, 2)]), [(Text, three), (Text, three)]);
    assert_eq!(told(&[News::Message(three, 9), News::Opened(chat_id(9))]), []);
}

#[test]
fn f47_f48_what_another_version_wrote_is_as_at_first() {
    let phone = Phone::new();
    let settings = NotificationSettings { sound: false, ..NotificationSettings::default() };
    phone.store.write(Durability::Full, |tx, _| setting::set_notifications(tx, &settings)).unwrap();
    assert!(!phone.store.read(setting::notifications).unwrap().sound);
    phone.store.write(Durability::Full, |tx, _| Ok(tx.execute("UPDATE setting SET value = 'at night'", [])?)).unwrap();
    assert_eq!(phone.store.read(setting::notifications).unwrap(), NotificationSettings::default());
}

#[test]
fn f32_a_row_that_came_before_its_commands_answer_is_shown_once() {
    let phone = Phone::new();
    let mut row = saved(7);
    row["row"]["merged"] = json!([{"id": contact_id(8), "name": "Maria"}]);
    store(&phone, Collection::Contacts, &[row]);
    act(
        &phone,
        *contact_id(7).as_bytes(),
        CommandBody::MergeContacts(MergeContacts { kept: contact_id(7), merged: contact_id(8) }),
    );
    let card = phone.store.read(|db| Contacts::load(db, me())?.card(contact_id(7))).unwrap().unwrap();
    assert_eq!(card.merged.iter().map(|part| part.name.as_deref()).collect::<Vec<_>>(), [Some("Maria")]);
}
