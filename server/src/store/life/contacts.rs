//! F31, F32, F67: contacts that are edited, merged and parted, notes and labels on them, and what a history shows.

use serde_json::Value;
use switchboard_protocol::ErrorCode;
use switchboard_protocol::chat::{ChannelKind, Visit};
use switchboard_protocol::collection::{Collection, Role};
use switchboard_protocol::command::{
    AddContact, AddContactNote, CommandBody, CommandResult, CommandStatus, DeleteContactNote, DeleteLabel, EditContact,
    LabelChat, LabelContact, MergeContacts, PartContact, Reply, SaveLabel, Say,
};
use switchboard_protocol::ids::{ChatId, CommandId, ContactId, GroupId, LabelId, MessageId, NoteId, UserId, VisitorId};
use switchboard_protocol::limits;
use switchboard_protocol::widget::WidgetSend;

use super::{MINUTE, Office};
use crate::store::collections;
use crate::store::commands::Command;
use crate::store::contacts::{self, History};
use crate::store::effects::VisitorKey;
use crate::store::people::UserChange;

impl Office {
    fn own(&mut self, user: UserId, body: CommandBody) -> CommandResult {
        let command = Command { id: CommandId::new(), chat: None, owner_epoch: None, seen: None, ask: false, body };
        self.run(user, &command)
    }

    #[track_caller]
    fn did(&mut self, user: UserId, body: CommandBody) -> CommandId {
        let result = self.own(user, body);
        assert_eq!((result.status, result.code), (CommandStatus::Applied, None));
        result.id
    }

    #[track_caller]
    fn denies(&mut self, user: UserId, body: CommandBody, code: ErrorCode) {
        let result = self.own(user, body);
        assert_eq!((result.status, result.code), (CommandStatus::Rejected, Some(code)));
    }

    fn contact(&self, chat: ChatId) -> ContactId {
        self.row(chat).contact.id
    }

    /// A waiting chat whose person Anna saved under a name.
    fn saved(&mut self, name: &str, email: Option<&str>, phone: Option<&str>) -> (ChatId, ContactId) {
        let (chat, _) = self.waiting();
        let text = |text: &str| text.to_owned();
        let given = AddContact { name: name.into(), email: email.map(text), phone: phone.map(text) };
        self.applied(self.users[0], chat, CommandBody::AddContact(given));
        (chat, self.contact(chat))
    }

    /// A collection's rows that changed after a revision, and the revision now. `null` is a row to be removed.
    fn pulled(&self, user: UserId, collection: Collection, rev: u64) -> (Vec<(String, Value)>, u64) {
        let pulled = collections::since(&self.connection, user, collection, rev).unwrap();
        assert!(!pulled.more);
        let row = |row: switchboard_protocol::collection::CollectionRow| {
            (row.id.to_string(), row.row.map_or(Value::Null, |json| serde_json::from_str(json.get()).unwrap()))
        };
        (pulled.rows.into_iter().map(row).collect(), pulled.rev)
    }

    /// A contact's row as phones have it.
    fn card(&self, contact: ContactId) -> Option<Value> {
        let (rows, _) = self.pulled(self.users[0], Collection::Contacts, 0);
        rows.into_iter().find(|(id, _)| *id == contact.to_string()).map(|(_, row)| row)
    }

    fn label(&mut self, user: UserId, name: &str) -> LabelId {
        let label = LabelId::new();
        self.did(user, save(label, name, "#FF8800", false));
        label
    }

    fn role(&mut self, user: UserId, role: Role) {
        self.write(|tx| tx.change_user(user, &UserChange { role: Some(role), ..UserChange::default() }));
    }

    /// The texts of a page of history, newest first, and the next page's cursor.
    fn history(&self, user: UserId, chat: ChatId, before: Option<&str>) -> (Vec<String>, Option<String>) {
        match contacts::history(&self.connection, user, chat, before).unwrap() {
            History::Page(page) => (page.entries.into_iter().map(|entry| entry.message.text).collect(), page.next),
            other => panic!("{other:?}"),
        }
    }
}

fn save(label: LabelId, name: &str, color: &str, company: bool) -> CommandBody {
    CommandBody::SaveLabel(SaveLabel { label, name: name.into(), color: color.into(), company })
}

fn edit(contact: ContactId, name: Option<&str>, email: Option<&str>, phone: Option<&str>) -> CommandBody {
    let text = |text: &str| text.to_owned();
    CommandBody::EditContact(EditContact {
        contact,
        name: name.map(text),
        email: email.map(text),
        phone: phone.map(text),
    })
}

fn merge(kept: ContactId, merged: ContactId) -> CommandBody {
    CommandBody::MergeContacts(MergeContacts { kept, merged })
}

fn part(contact: ContactId) -> CommandBody {
    CommandBody::PartContact(PartContact { contact })
}

fn note(contact: ContactId, text: &str) -> CommandBody {
    CommandBody::AddContactNote(AddContactNote { contact, text: text.into() })
}

fn label_chat(label: LabelId, on: bool) -> CommandBody {
    CommandBody::LabelChat(LabelChat { label, on })
}

fn label_contact(contact: ContactId, label: LabelId, on: bool) -> CommandBody {
    CommandBody::LabelContact(LabelContact { contact, label, on })
}

#[test]
fn f32_a_contact_is_edited_by_who_sees_it_and_all_are_told() {
    let mut office = Office::new();
    let [anna, boris, cleo, dora] = office.users();
    let (chat, _) = office.owned();
    let contact = office.contact(chat);
    // Boris lost the chat: whom nobody saved is none of his.
    let (_, before) = office.pulled(boris, Collection::Contacts, 0);
    assert_eq!(office.own(boris, edit(contact, Some("Ann"), None, None)).status, CommandStatus::Rejected);
    assert_eq!(office.own(boris, edit(ContactId::new(), Some("Ann"), None, None)).status, CommandStatus::Rejected);
    for (name, email, phone) in [
        (None, Some("ann@example.com"), None),
        (Some(" "), None, None),
        (Some("A\u{7}nn"), None, None),
        (Some(&*"n".repeat(201)), None, None),
        (Some("Ann"), Some("not an address"), None),
        (Some("Ann"), None, Some("call me")),
    ] {
        office.denies(anna, edit(contact, name, email, phone), ErrorCode::BadContact);
    }
    assert_eq!(office.pulled(boris, Collection::Contacts, 0).1, before, "a refusal changes nothing");

    office.did(anna, edit(contact, Some(" Ann Lee "), Some("Ann@Example.com"), None));
    let card = office.card(contact).unwrap();
    assert_eq!((&card["name"], &card["email"]), (&"Ann Lee".into(), &"ann@example.com".into()));
    let told = office.events(anna).pop().unwrap();
    assert_eq!((&told["kind"], &told["body"]["contact"]["name"]), (&"chat".into(), &"Ann Lee".into()));
    assert_eq!(told["body"]["contact"]["known"], true);
    assert!(office.events(cleo).is_empty(), "she does not see the chat");
    // Saved: everybody may. What is absent stays, what is empty goes; a name there must be.
    office.did(dora, edit(contact, None, Some(""), Some("+49 30 901820")));
    let card = office.card(contact).unwrap();
    assert_eq!(
        (&card["name"], &card["email"], &card["phone"]),
        (&"Ann Lee".into(), &Value::Null, &"+49 30 901820".into())
    );
    office.denies(dora, edit(contact, Some(""), None, None), ErrorCode::BadContact);
    // The same once more tells nobody.
    let (_, rev) = office.pulled(anna, Collection::Contacts, 0);
    office.look_at_all();
    office.did(boris, edit(contact, Some("Ann Lee"), None, None));
    assert_eq!(office.pulled(anna, Collection::Contacts, 0).1, rev);
    assert!(office.events(anna).is_empty());
}

#[test]
fn f32_a_contacts_identities_are_what_channels_know_and_what_was_saved() {
    let mut office = Office::new();
    let [anna] = office.users();
    let identities = |office: &Office, contact| {
        let card = office.card(contact).unwrap();
        let row = |row: &Value| format!("{} {}", row["kind"].as_str().unwrap(), row["value"].as_str().unwrap());
        card["identities"].as_array().unwrap().iter().map(row).collect::<Vec<_>>()
    };
    let visitor = VisitorKey { channel: office.website, visitor: VisitorId::from_bytes([0xab; 16]) };
    let send = |text: &str, email: Option<&str>| WidgetSend {
        id: MessageId::new(),
        text: text.into(),
        name: None,
        email: email.map(str::to_owned),
    };
    office.write(|tx| tx.receive_from(visitor, None, &send("hi", None)));
    let chat = office.chat_of(visitor);
    office.applied(anna, chat, CommandBody::AddContact(AddContact { name: "Ann".into(), email: None, phone: None }));
    let contact = office.contact(chat);
    let browser = format!("visitor {}", "ab".repeat(16));
    assert_eq!(identities(&office, contact), [&*browser]);
    // The form's address is one more; phones hear of it.
    let (_, rev) = office.pulled(anna, Collection::Contacts, 0);
    office.write(|tx| tx.receive_from(visitor, None, &send("it is me", Some("ann@example.com"))));
    assert!(office.pulled(anna, Collection::Contacts, 0).1 > rev);
    assert_eq!(identities(&office, contact), ["email ann@example.com", &*browser]);
    // One that was corrected was none.
    office.did(anna, edit(contact, None, Some("lee@example.com"), Some("+49 30 1")));
    office.did(anna, edit(contact, None, None, Some("+49 30 901820")));
    assert_eq!(identities(&office, contact), ["email lee@example.com", "phone +49 30 901820", &*browser]);

    // What a channel knows somebody by is no word of ours: it stays.
    let sms = office.write(|tx| {
        let sms = tx.create_channel("Texts", ChannelKind::Sms, None, "{}")?;
        tx.set_route(sms, &crate::routing::Route::Users(vec![anna]))?;
        Ok(sms)
    });
    for (channel, number, kind) in [(office.whatsapp, "+49301", "whatsapp"), (sms, "+49302", "phone")] {
        let key = VisitorKey { channel, visitor: VisitorId::new() };
        office.write(|tx| tx.receive_played(key, &send("hello", None), Some(number)));
        let chat = office.chat_of(key);
        let contact = office.contact(chat);
        office.did(anna, edit(contact, Some("Tom"), None, Some("+49 30 5555")));
        let all = identities(&office, contact);
        assert!(all.contains(&format!("{kind} {number}")), "{all:?}");
        assert!(all.contains(&"phone +49 30 5555".to_owned()), "{all:?}");
    }
}

#[test]
fn f32_a_note_on_a_contact_is_its_authors_and_a_long_one_is_refused() {
    let mut office = Office::new();
    let [anna, boris] = office.users();
    let (unknown, _) = office.waiting();
    let stranger = office.contact(unknown);
    office.denies(anna, note(stranger, "likes green"), ErrorCode::UnknownContact);
    office.denies(anna, note(ContactId::new(), "likes green"), ErrorCode::UnknownContact);
    let (_, contact) = office.saved("Ann", None, None);
    office.denies(anna, note(contact, &"n".repeat(20 * 1024)), ErrorCode::TextTooLong);
    office.denies(anna, note(contact, " \n"), ErrorCode::EmptyText);
    let written = office.did(anna, note(contact, "likes {{contact.name}} in green"));
    let (rows, rev) = office.pulled(boris, Collection::ContactNotes, 0);
    let [(id, row)] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!(*id, written.to_string());
    assert_eq!(row["text"], "likes {{contact.name}} in green", "it is sent to nobody");
    assert_eq!((&row["author_name"], &row["contact"]), (&"Anna".into(), &contact.to_string().into()));

    let delete = |note: CommandId| CommandBody::DeleteContactNote(DeleteContactNote { note: NoteId::from(note) });
    office.denies(boris, delete(written), ErrorCode::Forbidden);
    office.denies(boris, delete(CommandId::new()), ErrorCode::NotFound);
    office.did(anna, delete(written));
    office.did(anna, delete(written));
    assert_eq!(office.pulled(boris, Collection::ContactNotes, rev).0, [(written.to_string(), Value::Null)]);
    assert_eq!(office.pulled(boris, Collection::ContactNotes, 0).0, [], "who is new hears nothing of it");
    let mut left = office.connection.prepare("SELECT text FROM contact_notes").unwrap();
    assert_eq!(left.query_row([], |row| row.get::<_, String>(0)).unwrap(), "");
    drop(left);
    let by_anna = office.did(anna, note(contact, "pays late"));
    office.role(boris, Role::SystemOwner);
    office.did(boris, delete(by_anna));

    let first = office.did(anna, note(contact, "0"));
    for n in 1..limits::MAX_CONTACT_NOTES {
        office.did(anna, note(contact, &n.to_string()));
    }
    office.denies(anna, note(contact, "one more"), ErrorCode::TooMany);
    office.did(anna, delete(first));
    office.did(anna, note(contact, "one more"));
}

#[test]
fn f67_a_label_is_the_groups_or_the_companys() {
    let mut office = Office::new();
    let [anna, boris, cleo, dora] = office.users();
    let service = office.write(|tx| tx.create_group("Service"));
    for user in [cleo, dora] {
        office.write(|tx| tx.change_user(user, &UserChange { group: Some(service), ..UserChange::default() }));
    }
    office.role(dora, Role::SystemOwner);
    let bad = ErrorCode::BadLabel;
    for (name, color) in [
        ("", "#ffffff"),
        (" \t", "#ffffff"),
        (&*"n".repeat(61), "#ffffff"),
        ("a\nb", "#ffffff"),
        ("red", "red"),
        ("red", "#fff"),
        ("red", "#ggffff"),
        ("red", ""),
    ] {
        office.denies(anna, save(LabelId::new(), name, color, false), bad);
    }
    office.denies(anna, save(LabelId::new(), "everywhere", "#ffffff", true), ErrorCode::Forbidden);
    let urgent = office.label(anna, " Urgent ");
    let (rows, _) = office.pulled(cleo, Collection::Labels, 0);
    assert_eq!((&rows[0].1["name"], &rows[0].1["color"]), (&"Urgent".into(), &"#ff8800".into()));
    assert_eq!(rows[0].1["group"], office.group.to_string());
    // One name once in a group, however it is written; another group may have it too.
    office.denies(boris, save(LabelId::new(), "uRGENT", "#ffffff", false), bad);
    office.did(boris, save(urgent, "URGENT", "#000000", false));
    office.label(cleo, "Urgent");
    // Another group's is not hers to change, give or delete; a system owner's are all.
    office.denies(cleo, save(urgent, "Mine", "#ffffff", false), bad);
    office.denies(cleo, CommandBody::DeleteLabel(DeleteLabel { label: urgent }), bad);
    let everywhere = LabelId::new();
    office.did(dora, save(everywhere, "Everywhere", "#00ff00", true));
    office.denies(anna, save(everywhere, "Nowhere", "#00ff00", false), bad);
    office.denies(anna, CommandBody::DeleteLabel(DeleteLabel { label: everywhere }), bad);
    office.did(dora, save(urgent, "Very urgent", "#000000", false));
    let (rows, _) = office.pulled(cleo, Collection::Labels, 0);
    let changed = rows.iter().find(|(id, _)| *id == urgent.to_string()).unwrap();
    assert_eq!(changed.1["group"], office.group.to_string(), "it stays its group's");

    let (chat, contact) = office.saved("Ann", None, None);
    for (user, label) in [(cleo, urgent), (cleo, LabelId::new()), (anna, LabelId::new())] {
        office.refused(user, chat, label_chat(label, true), bad);
        office.denies(user, label_contact(contact, label, true), bad);
    }
    office.applied(cleo, chat, label_chat(everywhere, true));
    office.did(cleo, label_contact(contact, everywhere, true));
    office.applied(dora, chat, label_chat(urgent, true));
    assert_eq!(office.row(chat).labels, [everywhere, urgent]);
    // Whoever sees it may take it off.
    office.applied(cleo, chat, label_chat(urgent, false));
    assert_eq!(office.row(chat).labels, [everywhere]);
}

#[test]
fn f67_a_labelled_chat_is_told_to_all_who_see_it_and_a_removed_label_leaves_everything() {
    let mut office = Office::new();
    let [anna, boris, cleo, _] = office.users();
    let (chat, contact) = office.saved("Ann", None, None);
    let label = office.label(boris, "Urgent");
    office.look_at_all();
    let before = office.row(chat);
    let result = office.applied(anna, chat, label_chat(label, true));
    let mine = office.events(anna).pop().unwrap();
    assert_eq!((mine["seq"].as_u64(), mine["command"].as_str()), (result.seq, Some(&*result.id.to_string())));
    assert_eq!(mine["body"]["labels"], serde_json::json!([label.to_string()]));
    let theirs = office.events(boris).pop().unwrap();
    assert_eq!((&theirs["body"], &theirs["command"]), (&mine["body"], &Value::Null));
    let after = office.row(chat);
    assert_eq!((after.state, after.owner_epoch, after.rev), (before.state, before.owner_epoch, before.rev + 1));
    // The same again is no change.
    office.look_at_all();
    office.applied(boris, chat, label_chat(label, true));
    assert!(office.events(boris).is_empty());

    let unsaved = office.waiting().0;
    let unsaved = office.contact(unsaved);
    office.denies(anna, label_contact(unsaved, label, true), ErrorCode::UnknownContact);
    office.did(anna, label_contact(contact, label, true));
    assert_eq!(office.card(contact).unwrap()["labels"], serde_json::json!([label.to_string()]));

    office.look_at_all();
    let (_, labels) = office.pulled(cleo, Collection::Labels, 0);
    office.did(boris, CommandBody::DeleteLabel(DeleteLabel { label }));
    assert_eq!(office.events(cleo).pop().unwrap()["body"].get("labels"), None);
    assert_eq!(office.card(contact).unwrap().get("labels"), None);
    assert_eq!(office.pulled(cleo, Collection::Labels, labels).0, [(label.to_string(), Value::Null)]);
    office.refused(anna, chat, label_chat(label, true), ErrorCode::BadLabel);

    for n in 0..limits::MAX_LABELS {
        let label = office.label(anna, &n.to_string());
        office.applied(anna, chat, label_chat(label, true));
        office.did(anna, label_contact(contact, label, true));
    }
    let one_more = office.label(anna, "one more");
    office.refused(anna, chat, label_chat(one_more, true), ErrorCode::TooMany);
    office.denies(anna, label_contact(contact, one_more, true), ErrorCode::TooMany);
}

#[test]
fn f32_two_contacts_become_one_and_are_parted_again_as_they_were() {
    let mut office = Office::new();
    let [anna, boris] = office.users();
    let (chat, ann) = office.saved("Ann Lee", None, Some("+49 30 901820"));
    let (other, lee) = office.saved("A. Lee", Some("ann@example.com"), Some("+49 30 5555"));
    let (red, green) = (office.label(anna, "red"), office.label(anna, "green"));
    office.did(anna, label_contact(ann, red, true));
    office.did(anna, label_contact(lee, green, true));
    office.did(anna, label_contact(lee, red, true));
    let on_lee = office.did(anna, note(lee, "pays late"));
    let cards = [office.card(ann).unwrap(), office.card(lee).unwrap()];
    let ((_, rev), (_, notes)) =
        (office.pulled(boris, Collection::Contacts, 0), office.pulled(boris, Collection::ContactNotes, 0));
    office.look_at_all();

    office.did(boris, merge(ann, lee));
    let card = office.card(ann).unwrap();
    assert_eq!((&card["name"], &card["email"]), (&"Ann Lee".into(), &"ann@example.com".into()));
    assert_eq!(card["phone"], "+49 30 901820", "what it had it keeps");
    assert_eq!(card["merged"], serde_json::json!([{ "id": lee.to_string(), "name": "A. Lee" }]));
    assert_eq!(card["labels"], serde_json::json!([red.to_string(), green.to_string()]));
    assert_eq!(card["identities"].as_array().unwrap().len(), 5, "two browsers, two numbers, an address: {card}");
    let (rows, _) = office.pulled(boris, Collection::Contacts, rev);
    assert!(rows.contains(&(lee.to_string(), Value::Null)) && rows.len() == 2, "{rows:?}");
    let (rows, _) = office.pulled(boris, Collection::ContactNotes, notes);
    assert_eq!((&rows[0].0, &rows[0].1["contact"]), (&on_lee.to_string(), &ann.to_string().into()));
    assert_eq!((office.contact(chat), office.contact(other)), (ann, ann));
    let told: Vec<_> = office.events(anna).into_iter().map(|event| event["body"]["contact"]["id"].clone()).collect();
    assert_eq!(told, [Value::from(ann.to_string()), ann.to_string().into()], "both of its chats");

    // What is done to a part is done to the whole; the whole's label can be taken off wherever it came from.
    office.did(anna, edit(lee, Some("Ann B. Lee"), None, None));
    assert_eq!(office.card(ann).unwrap()["name"], "Ann B. Lee");
    office.did(anna, edit(ann, Some("Ann Lee"), None, None));
    let later = office.did(anna, note(lee, "moved to Bonn"));

    let parted = office.did(anna, part(lee));
    assert_ne!(parted, later);
    assert_eq!([office.card(ann).unwrap(), office.card(lee).unwrap()], cards, "as they were");
    assert_eq!((office.contact(chat), office.contact(other)), (ann, lee));
    let (rows, _) = office.pulled(boris, Collection::ContactNotes, 0);
    let of = |note: CommandId| rows.iter().find(|(id, _)| *id == note.to_string()).unwrap().1["contact"].clone();
    assert_eq!((of(on_lee), of(later)), (lee.to_string().into(), ann.to_string().into()));
    office.denies(anna, part(lee), ErrorCode::BadMerge);
    // A field that somebody changed meanwhile is nobody's gift any more.
    office.did(anna, merge(ann, lee));
    office.did(anna, edit(ann, None, Some("new@example.com"), None));
    office.did(anna, part(lee));
    assert_eq!(office.card(ann).unwrap()["email"], "new@example.com");
    assert_eq!(office.card(lee).unwrap()["email"], "ann@example.com");
}

#[test]
fn f32_a_contact_is_not_merged_with_itself_or_a_part_of_itself() {
    let mut office = Office::new();
    let [anna, boris] = office.users();
    let (_, ann) = office.saved("Ann", None, None);
    let (_, bob) = office.saved("Bob", Some("bob@example.com"), None);
    let (_, cat) = office.saved("Cat", None, Some("+49 30 901820"));
    let (unsaved, _) = office.owned();
    let unsaved = office.contact(unsaved);
    let bad = ErrorCode::BadMerge;
    office.denies(anna, merge(ann, ann), bad);
    office.denies(anna, part(ann), bad);
    office.denies(anna, merge(unsaved, ann), ErrorCode::UnknownContact);
    for (kept, merged) in [(ann, ContactId::new()), (ContactId::new(), ann)] {
        assert_eq!(office.own(anna, merge(kept, merged)).status, CommandStatus::Rejected);
    }
    // Boris does not see the chat of whom nobody saved.
    assert_eq!(office.own(boris, merge(ann, unsaved)).status, CommandStatus::Rejected);
    assert_eq!(office.own(boris, part(ContactId::new())).status, CommandStatus::Rejected);

    office.did(anna, merge(bob, cat));
    office.denies(anna, merge(cat, bob), bad);
    office.denies(anna, merge(bob, cat), bad);
    office.denies(anna, merge(ann, cat), bad);
    office.denies(anna, merge(cat, ann), bad);
    office.did(anna, merge(ann, bob));
    office.denies(anna, merge(cat, ann), bad);
    office.denies(anna, merge(bob, ann), bad);
    let card = office.card(ann).unwrap();
    assert_eq!((&card["email"], &card["phone"]), (&"bob@example.com".into(), &"+49 30 901820".into()));
    assert_eq!(card["merged"].as_array().unwrap().len(), 2);
    // What came from a part of a part leaves both above it; the other one stays.
    office.did(anna, part(cat));
    let card = office.card(ann).unwrap();
    assert_eq!((&card["email"], &card["phone"]), (&"bob@example.com".into(), &Value::Null));
    assert_eq!(office.card(cat).unwrap()["phone"], "+49 30 901820");
    office.did(anna, part(bob));
    let (ann_now, bob_now) = (office.card(ann).unwrap(), office.card(bob).unwrap());
    assert_eq!((ann_now.get("merged"), bob_now.get("merged")), (None, None));
    assert_eq!(bob_now.get("phone"), None);

    // Somebody whom nobody saved becomes a part of one who is, and a stranger again.
    office.did(anna, merge(ann, unsaved));
    assert_eq!(office.card(ann).unwrap()["merged"], serde_json::json!([{ "id": unsaved.to_string() }]));
    office.did(boris, part(unsaved));
    assert_eq!(office.card(unsaved), None);
}

#[test]
fn f32_a_merged_customer_writes_on_to_the_one_they_are_now() {
    let mut office = Office::new();
    let [anna] = office.users();
    let (chat, visitor) = office.owned();
    let (_, ann) = office.saved("Ann", None, None);
    office.did(anna, merge(ann, office.contact(chat)));
    office.look_at_all();
    let send = WidgetSend {
        id: MessageId::new(),
        text: "me again".into(),
        name: Some("Annie".into()),
        email: Some("ann@example.com".into()),
    };
    office.write(|tx| tx.receive_from(visitor, None, &send));
    assert_eq!(office.contact(chat), ann);
    let card = office.card(ann).unwrap();
    assert_eq!(
        (&card["name"], &card["email"]),
        (&"Ann".into(), &"ann@example.com".into()),
        "the form goes to the whole"
    );
    let row = office.row(chat);
    assert!(row.contact.known, "who is a part of a saved one is known: no prompt");
    // The row that was told is the newest.
    let of_chat = |event: &Value| event["kind"] == "chat" && event["chat"] == chat.to_string();
    let told = office.events(anna).into_iter().rfind(of_chat).unwrap();
    assert_eq!(told["body"]["rev"], row.rev);
}

#[test]
fn f31_the_history_is_of_all_that_the_person_is_and_for_who_has_a_chat_of_it() {
    let mut office = Office::new();
    let [anna, boris, cleo, _] = office.users();
    let (old, _) = office.owned();
    let stranger = office.contact(old);
    office.pass(MINUTE);
    office.applied(anna, old, CommandBody::Note(Say { text: "knows her rights".into(), mentions: vec![] }));
    office.applied(anna, old, CommandBody::DealtWith);
    assert!(matches!(contacts::history(&office.connection, anna, old, None).unwrap(), History::NotFound), "a reader");
    office.pass(MINUTE);
    let (chat, ann) = office.saved("Ann", None, None);
    office.did(anna, merge(ann, stranger));
    office.pass(MINUTE);
    office.applied(boris, chat, CommandBody::Reply(Reply { text: "at your service".into() }));
    let (texts, next) = office.history(boris, chat, None);
    assert_eq!(
        texts,
        ["at your service", "", "hello", "", "knows her rights", "good day", "", "hello"].map(str::to_owned)
    );
    assert_eq!(next, None);
    let History::Page(page) = contacts::history(&office.connection, boris, chat, None).unwrap() else { panic!() };
    let first = &page.entries[0];
    assert_eq!((first.chat, first.channel_kind, first.channel.as_str()), (chat, ChannelKind::LiveChat, "Shop"));
    assert_eq!(first.department.as_deref(), Some("Desk"));
    assert!(page.entries.iter().any(|entry| entry.chat == old), "the chat before, which he never saw");
    for (user, chat) in [(cleo, chat), (anna, chat), (boris, old), (boris, ChatId::new())] {
        assert!(matches!(contacts::history(&office.connection, user, chat, None).unwrap(), History::NotFound));
    }
    // Parted, it is somebody else's.
    office.did(anna, part(stranger));
    assert_eq!(office.history(boris, chat, None).0, ["at your service", "", "hello"]);
}

#[test]
fn f31_a_long_history_comes_in_pages_without_gaps_or_repeats_and_odd_cursors_are_refused() {
    let mut office = Office::new();
    let [anna] = office.users();
    let mut visitors = Vec::new();
    let (chat, ann) = office.saved("Ann", None, None);
    for _ in 0..3 {
        let (other, visitor) = office.waiting();
        office.did(anna, merge(ann, office.contact(other)));
        visitors.push(visitor);
    }
    // Several at the same moment, and in turns.
    for n in 0..120 {
        office.say(visitors[n % 3], &format!("text {n}"));
        if n % 7 == 0 {
            office.now += 1_000;
        }
    }
    let (mut all, mut before) = (Vec::new(), None::<String>);
    loop {
        let History::Page(page) = contacts::history(&office.connection, anna, chat, before.as_deref()).unwrap() else {
            panic!()
        };
        assert!(page.entries.len() <= limits::HISTORY_PAGE as usize);
        all.extend(page.entries.into_iter().map(|entry| (entry.at, entry.chat, entry.message.no, entry.message.text)));
        // What comes meanwhile is newer, and disturbs nothing.
        office.now += 1_000;
        office.say(visitors[0], "meanwhile");
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(all.len(), 4 + 120);
    assert!(all.is_sorted_by(|one, two| (one.0, one.1, one.2) > (two.0, two.1, two.2)), "newest first, each once");
    let texts = all.iter().filter(|(_, _, _, text)| text.starts_with("text ")).count();
    assert_eq!(texts, 120);

    for odd in [
        "",
        "-",
        "--",
        "0",
        "1-2-3",
        "x-y-z",
        "1-00000000000000000000000000000000",
        "\u{0}",
        "🙂-🙂-🙂",
        &"9".repeat(10_000),
    ] {
        let answer = contacts::history(&office.connection, anna, chat, Some(odd)).unwrap();
        assert!(matches!(answer, History::BadCursor), "{odd:?}");
    }
    // One that names nothing of this contact is a moment all the same.
    let foreign = format!("{}-{}-7", office.now - 1, "0".repeat(32));
    assert!(!office.history(anna, chat, Some(&foreign)).0.is_empty());
    let ancient = format!("{}-{}-{}", i64::MIN, "f".repeat(32), u64::MAX);
    match contacts::history(&office.connection, anna, chat, Some(&ancient)).unwrap() {
        History::BadCursor => {}
        History::Page(page) => assert!(page.entries.is_empty()),
        History::NotFound => panic!(),
    }
}

#[test]
fn f31_a_clock_that_was_set_back_leaves_nothing_of_a_chat_out_and_repeats_nothing() {
    let mut office = Office::new();
    let [anna] = office.users();
    let (chat, visitor) = office.waiting();
    for n in 0..130 {
        office.say(visitor, &format!("text {n}"));
        office.now += if n % 40 == 39 { -3_600_000 } else { 1_000 };
    }
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let (texts, next) = office.history(anna, chat, before.as_deref());
        all.extend(texts);
        assert!(all.len() <= 131, "each once");
        before = next;
        if before.is_none() {
            break;
        }
    }
    let expected: Vec<_> = (0..130).rev().map(|n| format!("text {n}")).chain(["hello".to_owned()]).collect();
    assert_eq!(all, expected);
}

#[test]
fn f32_where_a_visitor_is_stands_in_the_chat_and_is_told_when_it_changes() {
    let mut office = Office::new();
    let [anna] = office.users();
    let visitor = office.visitor();
    let visit = |page: &str| Visit {
        page: Some(page.to_owned()),
        referrer: None,
        browser: Some("Firefox 132, Windows".into()),
        address: Some("203.0.113.7".into()),
    };
    let say = |office: &mut Office, text: &str, at: &Visit| {
        let send = WidgetSend { id: MessageId::new(), text: text.into(), name: None, email: None };
        office.write(|tx| tx.receive_visit(visitor, None, at, &send));
    };
    say(&mut office, "hello", &visit("https://shop.example/lamps"));
    let opened = office.events(anna).pop().unwrap();
    assert_eq!(opened["body"]["chat"]["visit"]["page"], "https://shop.example/lamps");
    assert_eq!(opened["body"]["chat"]["visit"]["browser"], "Firefox 132, Windows");
    let chat = office.chat_of(visitor);
    office.applied(anna, chat, CommandBody::Take);
    office.look_at_all();
    say(&mut office, "still here", &visit("https://shop.example/lamps"));
    let same = office.events(anna).pop().unwrap();
    assert_eq!(same["body"].get("chat"), None, "nothing new of it");
    say(&mut office, "and this?", &visit("https://shop.example/chairs"));
    let moved = office.events(anna).pop().unwrap();
    assert_eq!(moved["body"]["chat"]["visit"]["page"], "https://shop.example/chairs");
    assert_eq!(moved["body"]["chat"]["rev"], office.row(chat).rev);
    // A closed chat comes back with where they are now.
    office.applied(anna, chat, CommandBody::DealtWith);
    office.look_at_all();
    say(&mut office, "one more", &visit("https://shop.example/tables"));
    let events = office.events(anna);
    assert!(events.iter().any(|event| event.to_string().contains("https://shop.example/tables")), "{events:?}");
    assert_eq!(office.row(chat).visit, Some(visit("https://shop.example/tables")));
}

#[test]
fn f67_a_label_that_becomes_the_companys_is_everybodys() {
    let mut office = Office::new();
    let [anna, boris] = office.users();
    let elsewhere: GroupId = office.write(|tx| tx.create_group("Service"));
    office.write(|tx| tx.change_user(boris, &UserChange { group: Some(elsewhere), ..UserChange::default() }));
    let label = office.label(anna, "Urgent");
    let (chat, _) = office.waiting();
    office.refused(boris, chat, label_chat(label, true), ErrorCode::BadLabel);
    office.denies(anna, save(label, "Urgent", "#ff8800", true), ErrorCode::Forbidden);
    office.role(anna, Role::SystemOwner);
    office.did(anna, save(label, "Urgent", "#ff8800", true));
    office.applied(boris, chat, label_chat(label, true));
}
