//! F67: labels of a group or of the whole company, on chats and contacts.

use serde_json::Value;
use switchboard_protocol::ErrorCode;
use switchboard_protocol::collection::{Collection, Role};
use switchboard_protocol::command::{CommandBody, DeleteLabel, LabelChat, LabelContact, SaveLabel};
use switchboard_protocol::ids::{ContactId, GroupId, LabelId, UserId};
use switchboard_protocol::limits;

use super::Office;
use crate::store::people::UserChange;

impl Office {
    pub(super) fn label(&mut self, user: UserId, name: &str) -> LabelId {
        let label = LabelId::new();
        self.did(user, save(label, name, "#FF8800", false));
        label
    }
}

fn save(label: LabelId, name: &str, color: &str, company: bool) -> CommandBody {
    CommandBody::SaveLabel(SaveLabel { label, name: name.into(), color: color.into(), company })
}

fn label_chat(label: LabelId, on: bool) -> CommandBody {
    CommandBody::LabelChat(LabelChat { label, on })
}

pub(super) fn label_contact(contact: ContactId, label: LabelId, on: bool) -> CommandBody {
    CommandBody::LabelContact(LabelContact { contact, label, on })
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
    // Who was offline changes it too late; it comes back neither to its group nor to another one.
    let service = office.write(|tx| tx.create_group("Service"));
    office.write(|tx| tx.change_user(cleo, &UserChange { group: Some(service), ..UserChange::default() }));
    let (_, labels) = office.pulled(boris, Collection::Labels, 0);
    for user in [anna, cleo] {
        office.denies(user, save(label, "Very urgent", "#ff8800", false), ErrorCode::BadLabel);
    }
    assert_eq!(office.pulled(boris, Collection::Labels, labels).0, []);

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
