//! F32: contacts that are edited, merged and parted, what they are known by, notes on them, and where a visitor is.

use serde_json::Value;
use switchboard_protocol::ErrorCode;
use switchboard_protocol::chat::{ChannelKind, Visit};
use switchboard_protocol::collection::{Collection, Role};
use switchboard_protocol::command::{
    AddContact, AddContactNote, CommandBody, CommandResult, CommandStatus, DeleteContactNote, EditContact,
    MergeContacts, PartContact,
};
use switchboard_protocol::ids::{ChatId, CommandId, ContactId, MessageId, NoteId, UserId, VisitorId};
use switchboard_protocol::limits;
use switchboard_protocol::widget::WidgetSend;

use super::Office;
use super::labels::label_contact;
use crate::store::collections;
use crate::store::commands::Command;
use crate::store::effects::VisitorKey;
use crate::store::people::UserChange;

impl Office {
    pub(super) fn own(&mut self, user: UserId, body: CommandBody) -> CommandResult {
        let command = Command { id: CommandId::new(), chat: None, owner_epoch: None, seen: None, ask: false, body };
        self.run(user, &command)
    }

    #[track_caller]
    pub(super) fn did(&mut self, user: UserId, body: CommandBody) -> CommandId {
        let result = self.own(user, body);
        assert_eq!((result.status, result.code), (CommandStatus::Applied, None));
        result.id
    }

    #[track_caller]
    pub(super) fn denies(&mut self, user: UserId, body: CommandBody, code: ErrorCode) {
        let result = self.own(user, body);
        assert_eq!((result.status, result.code), (CommandStatus::Rejected, Some(code)));
    }

    pub(super) fn contact(&self, chat: ChatId) -> ContactId {
        self.row(chat).contact.id
    }

    /// A waiting chat whose person Anna saved under a name.
    pub(super) fn saved(&mut self, name: &str, email: Option<&str>, phone: Option<&str>) -> (ChatId, ContactId) {
        let (chat, _) = self.waiting();
        let text = |text: &str| text.to_owned();
        let given = AddContact { name: name.into(), email: email.map(text), phone: phone.map(text) };
        self.applied(self.users[0], chat, CommandBody::AddContact(given));
        (chat, self.contact(chat))
    }

    /// A collection's rows that changed after a revision, and the revision now. `null` is a row to be removed.
    pub(super) fn pulled(&self, user: UserId, collection: Collection, rev: u64) -> (Vec<(String, Value)>, u64) {
        let pulled = collections::since(&self.connection, user, collection, rev).unwrap();
        assert!(!pulled.more);
        let row = |row: switchboard_protocol::collection::CollectionRow| {
            (row.id.to_string(), row.row.map_or(Value::Null, |json| serde_json::from_str(json.get()).unwrap()))
        };
        (pulled.rows.into_iter().map(row).collect(), pulled.rev)
    }

    /// A contact's row as phones have it.
    pub(super) fn card(&self, contact: ContactId) -> Option<Value> {
        let (rows, _) = self.pulled(self.users[0], Collection::Contacts, 0);
        rows.into_iter().find(|(id, _)| *id == contact.to_string()).map(|(_, row)| row)
    }

    pub(super) fn role(&mut self, user: UserId, role: Role) {
        self.write(|tx| tx.change_user(user, &UserChange { role: Some(role), ..UserChange::default() }));
    }
}

pub(super) fn edit(contact: ContactId, name: Option<&str>, email: Option<&str>, phone: Option<&str>) -> CommandBody {
    let text = |text: &str| text.to_owned();
    CommandBody::EditContact(EditContact {
        contact,
        name: name.map(text),
        email: email.map(text),
        phone: phone.map(text),
    })
}

pub(super) fn merge(kept: ContactId, merged: ContactId) -> CommandBody {
    CommandBody::MergeContacts(MergeContacts { kept, merged })
}

pub(super) fn part(contact: ContactId) -> CommandBody {
    CommandBody::PartContact(PartContact { contact })
}

pub(super) fn note(contact: ContactId, text: &str) -> CommandBody {
    CommandBody::AddContactNote(AddContactNote { contact, text: text.into() })
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
    // The same once more says nothing in the chats; the row comes again, because the phone that did it waits for one.
    let (_, rev) = office.pulled(anna, Collection::Contacts, 0);
    office.look_at_all();
    office.did(boris, edit(contact, Some("Ann Lee"), None, None));
    assert_eq!(office.pulled(anna, Collection::Contacts, 0).1, rev + 1);
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
fn f32_what_a_merged_customer_says_of_themselves_is_parted_with_them() {
    let mut office = Office::new();
    let [anna] = office.users();
    let (first, visitor) = office.waiting();
    let (_, mid) = office.saved("Mid", None, None);
    let (_, top) = office.saved("Top", None, Some("+49 30 901820"));
    let part_of = office.contact(first);
    office.did(anna, merge(mid, part_of));
    office.did(anna, merge(top, mid));
    let form = |name: &str, email: &str| WidgetSend {
        id: MessageId::new(),
        text: "hi".into(),
        name: Some(name.into()),
        email: Some(email.into()),
    };
    office.write(|tx| tx.receive_from(visitor, None, &form("Vic", "vic@example.com")));
    let card = office.card(top).unwrap();
    assert_eq!((&card["name"], &card["email"]), (&"Top".into(), &"vic@example.com".into()));
    assert_eq!(office.row(first).contact.email.as_deref(), Some("vic@example.com"));
    // Once said it is said: the same or another address again tells nobody.
    let (_, rev) = office.pulled(anna, Collection::Contacts, 0);
    office.look_at_all();
    office.write(|tx| tx.receive_from(visitor, None, &form("Victor", "victor@example.com")));
    assert_eq!(office.pulled(anna, Collection::Contacts, 0).1, rev);
    assert_eq!(office.news(anna), ["text hi"]);

    office.did(anna, part(part_of));
    for contact in [top, mid] {
        if let Some(card) = office.card(contact) {
            assert!(!card.to_string().contains("vic@"), "it was never this person's address: {card}");
        }
    }
    let contact = office.row(first).contact;
    assert_eq!(
        (contact.id, contact.name.as_deref(), contact.email.as_deref()),
        (part_of, Some("Vic"), Some("vic@example.com"))
    );
    office.did(anna, part(mid));
    assert!(!office.card(mid).unwrap().to_string().contains("vic@"));

    // Where the whole has an address already the part still keeps its own, and phones see it among the identities.
    let (second, other) = office.waiting();
    let (_, ann) = office.saved("Ann", Some("ann@example.com"), None);
    let guest = office.contact(second);
    office.did(anna, merge(ann, guest));
    let (_, rev) = office.pulled(anna, Collection::Contacts, 0);
    office.write(|tx| tx.receive_from(other, None, &form("Gus", "gus@example.com")));
    assert!(office.pulled(anna, Collection::Contacts, 0).1 > rev);
    let card = office.card(ann).unwrap();
    assert_eq!(card["email"], "ann@example.com");
    assert!(card["identities"].to_string().contains("gus@example.com"));
    office.did(anna, part(guest));
    assert_eq!(office.row(second).contact.email.as_deref(), Some("gus@example.com"));
}

#[test]
fn f32_a_field_that_was_edited_after_a_merge_is_not_taken_back_by_the_parting() {
    let mut office = Office::new();
    let [anna] = office.users();
    let (_, ann) = office.saved("Ann", None, None);
    let (_, lee) = office.saved("Lee", Some("lee@example.com"), Some("+49 30 5555"));
    office.did(anna, merge(ann, lee));
    // Typed over and put back: the address is Ann's own word now; the number is still Lee's.
    office.did(anna, edit(ann, None, Some("ann@example.com"), None));
    office.did(anna, edit(ann, None, Some("lee@example.com"), None));
    office.did(anna, part(lee));
    let card = office.card(ann).unwrap();
    assert_eq!((&card["email"], card.get("phone")), (&"lee@example.com".into(), None));
    assert!(card["identities"].to_string().contains("lee@example.com"));
    assert_eq!(office.card(lee).unwrap()["phone"], "+49 30 5555");
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
