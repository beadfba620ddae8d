//! Staff chats in the store: what the feed and snapshots bring, what wakes them, and what leaves with them.

use switchboard_protocol::ErrorCode;
use switchboard_protocol::chat::{ChatState, InternalChat, OpenedInternal, UserChat};
use switchboard_protocol::command::{
    AddMembers, CommandBody, CommandResult, CommandStatus, CreateGroup, LabelChat, OpenDirect, RenameGroup, SaveLabel,
    Say, Snooze,
};
use switchboard_protocol::event::{EventBody, GoneReason, MessageAdded};
use switchboard_protocol::frame::{Page, SnapshotInternal, SnapshotPart};
use switchboard_protocol::ids::{ChatId, CommandId, FeedId, LabelId, MessageId, UserId};
use switchboard_protocol::message::{Activity, Message, MessageKind, MessageStatus};

use crate::model::{CommandKind, InboxFilter, InboxOrder, Outcome, UnsentReason};
use crate::store::outbox::NewCommand;
use crate::store::{Durability, draft, inbox, internal, outbox, snapshot};
use crate::sync::apply;
use crate::testing::*;

fn third() -> UserId {
    UserId::from_bytes([0xCC; 16])
}

fn group(n: u64, rev: u64, members: &[UserId]) -> InternalChat {
    InternalChat { id: chat_id(n), rev, name: Some("Shift".into()), members: members.to_vec() }
}

fn direct(n: u64) -> InternalChat {
    InternalChat { id: chat_id(n), rev: 1, name: None, members: vec![me(), other()] }
}

fn opens(internal: InternalChat, messages: Vec<Message>) -> EventBody {
    EventBody::InternalOpened(OpenedInternal { internal, messages, more: false })
}

fn changed(message: Message, internal: InternalChat) -> EventBody {
    EventBody::Message(MessageAdded { message, chat: None, internal: Some(internal) })
}

fn happened(chat: u64, no: u64, activity: Activity) -> Message {
    Message { activity: Some(activity), text: String::new(), ..outbound(chat, no, other(), "") }
}

fn say(text: &str) -> CommandBody {
    CommandBody::Say(Say { text: text.into(), mentions: Vec::new() })
}

fn begin(phone: &Phone, n: u64, name: Option<&str>) {
    let members = vec![me(), other()];
    phone
        .store
        .write(Durability::Full, |tx, changes| {
            changes.touched(chat_id(n));
            internal::begin(tx, chat_id(n), name, members, me(), Some(NOW))
        })
        .unwrap();
}

fn swap(phone: &mut Phone, feed: FeedId, cursor: u64, internal: Vec<SnapshotInternal>) -> apply::Applied {
    let json = serde_json::to_string(&SnapshotPart { internal, ..SnapshotPart::default() }).unwrap();
    phone.store.write(Durability::Normal, |tx, _| snapshot::stage(tx, &json)).unwrap();
    phone.snapshot(feed, cursor, Vec::new())
}

fn send(phone: &Phone) -> Vec<String> {
    let frames = phone.store.write(Durability::Full, outbox::take_sendable(NOW)).unwrap();
    frames.into_iter().map(|frame| frame.kind).collect()
}

fn answer(phone: &Phone, id: CommandId, status: CommandStatus, code: Option<ErrorCode>) -> Vec<(CommandKind, Outcome)> {
    let result = CommandResult { id, status, seq: None, code, owner: None, owner_epoch: None };
    apply::result(&phone.store, NOW, &result).unwrap().into_iter().map(|ended| (ended.kind, ended.outcome)).collect()
}

fn members(phone: &Phone, n: u64) -> Vec<UserId> {
    phone
        .store
        .read_consistent(|db| {
            let record = crate::store::chat::load(db, chat_id(n))?.unwrap();
            internal::member_ids(db, record.key, &outbox::pending(db, chat_id(n))?)
        })
        .unwrap()
}

#[test]
fn f2_texts_of_others_are_unread_and_wake_the_chat_and_one_s_own_have_read_what_was_before() {
    let mut phone = Phone::new();
    let first = happened(1, 1, Activity::GroupCreated { name: "Shift".into() });
    phone.feed_one(1, opens(group(1, 1, &[me(), other(), third()]), vec![first]));
    assert_eq!((phone.row(1).unread, phone.inbox().len()), (0, 1), "a line of its life is not unread");
    for no in 2..5 {
        phone.feed_one(1, added(outbound(1, no, other(), "word")));
    }
    assert_eq!(phone.row(1).unread, 3);
    assert_eq!(phone.store.read(inbox::badge).unwrap(), 1);
    // Mine, from another device.
    phone.feed_one(1, added(outbound(1, 5, me(), "mine")));
    assert_eq!(phone.row(1).unread, 0);
    let put_away = UserChat { read_upto: 5, archived: true, ..UserChat::default() };
    phone.feed_one(1, EventBody::UserChat(put_away));
    assert!(phone.row(1).archived);
    phone.feed_one(1, added(outbound(1, 6, me(), "mine again")));
    assert!(phone.row(1).archived, "one's own word brings nothing back");
    phone.feed_one(1, changed(happened(1, 7, Activity::MemberLeft), group(1, 2, &[me(), other()])));
    assert!(phone.row(1).archived, "nor does what happens in it");
    phone.feed_one(1, added(outbound(1, 8, other(), "you there?")));
    assert!(!phone.row(1).archived);
    assert_eq!((phone.row(1).unread, members(&phone, 1)), (1, vec![me(), other()]));
    // An older row changes nothing.
    let late = changed(happened(1, 9, Activity::Unknown), group(1, 1, &[me(), third()]));
    phone.feed_one(1, late);
    assert_eq!(members(&phone, 1), [me(), other()]);
}

#[test]
fn f2_what_would_put_it_away_and_was_not_sent_gives_way_to_a_colleague_s_word() {
    let mut phone = Phone::new();
    phone.feed_one(1, opens(direct(1), vec![outbound(1, 1, other(), "hi")]));
    phone.act(1, CommandBody::Archive, true);
    assert!(phone.row(1).archived);
    let applied = phone.feed_one(1, added(outbound(1, 2, other(), "wait")));
    assert_eq!(applied.outcomes[0].outcome, Outcome::Refused(ErrorCode::NewMessage));
    assert!(!phone.row(1).archived);
    phone.act(1, CommandBody::Snooze(Snooze { until: Some(NOW + 60_000) }), false);
    phone.feed_one(1, added(outbound(1, 3, me(), "my own word refuses nothing")));
    assert!(phone.row(1).snoozed_until.is_some());
}

#[test]
fn f2_a_member_who_comes_again_has_it_from_then_on() {
    let mut phone = Phone::new();
    phone.feed_one(1, opens(direct(1), vec![outbound(1, 1, other(), "secret of before")]));
    phone.feed_one(1, gone(GoneReason::Deleted));
    assert!(phone.inbox().is_empty());
    phone.feed_one(1, opens(direct(1), Vec::new()));
    assert!(phone.inbox().is_empty(), "nothing is said in it yet");
    phone.feed_one(1, added(outbound(1, 2, other(), "again")));
    assert_eq!(phone.texts(1), ["again"]);
    assert_eq!(phone.row(1).unread, 1);
    assert!(phone.store.search("secret", 10).unwrap().hits.is_empty());
}

#[test]
fn f2_a_snapshot_brings_staff_chats_and_keeps_what_only_this_phone_has() {
    let mut phone = Phone::new();
    phone.feed_one(1, opens(group(1, 1, &[me(), other()]), vec![outbound(1, 1, other(), "old")]));
    phone.feed_one(2, opens(group(2, 1, &[me(), third()]), vec![outbound(2, 1, third(), "to go")]));
    phone.act(2, say("not sent"), false);
    begin(&phone, 3, None);
    phone.store.write(Durability::Full, |tx, _| draft::save(tx, chat_id(3), "begun", NOW)).unwrap();
    begin(&phone, 4, Some("New"));
    phone.act(4, CommandBody::CreateGroup(CreateGroup { name: "New".into(), members: vec![other()] }), false);
    // Of a group that is not being made any more there is nothing to wait for.
    begin(&phone, 5, Some("Forgotten"));
    let there = SnapshotInternal {
        opened: OpenedInternal {
            internal: group(1, 4, &[me(), other(), third()]),
            messages: vec![outbound(1, 1, other(), "old"), outbound(1, 2, third(), "new")],
            more: false,
        },
        me: UserChat { read_upto: 1, ..UserChat::default() },
    };
    let feed = phone.feed;
    swap(&mut phone, feed, 90, vec![there]);
    let shown: Vec<ChatId> = phone.inbox().into_iter().map(|row| row.chat).collect();
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown.contains(&chat_id(1)) && shown.contains(&chat_id(4)));
    assert_eq!((phone.row(1).unread, members(&phone, 1).len()), (1, 3));
    assert_eq!(phone.store.read(|db| draft::load(db, chat_id(3))).unwrap().as_deref(), Some("begun"));
    let unsent: Vec<_> = phone.unsent().into_iter().map(|row| (row.text, row.contact_name, row.reason)).collect();
    assert_eq!(unsent, [("not sent".into(), Some("Shift".into()), UnsentReason::ChatGone)]);
}

#[test]
fn f62_what_is_begun_here_survives_a_kill_and_goes_in_order() {
    let phone = Phone::new();
    begin(&phone, 1, None);
    assert!(phone.inbox().is_empty());
    let open = phone.act(1, CommandBody::OpenDirect(OpenDirect { user: other() }), false);
    let first = phone.act(1, say("one"), false);
    phone.act(1, say("two"), false);
    let mut phone = phone.reopen();
    assert_eq!(phone.inbox().len(), 1);
    assert_eq!(phone.texts(1), ["one", "two"]);
    assert_eq!(send(&phone), ["open_direct"]);
    assert!(send(&phone).is_empty(), "one at a time");
    phone.feed_one(1, opens(direct(1), Vec::new()));
    assert_eq!(phone.inbox().len(), 1, "what is being said is still shown");
    assert!(phone.inbox()[0].at >= NOW);
    let waiting = phone.store.read(outbox::awaiting).unwrap().commands;
    assert_eq!(waiting.len(), 3, "the event named no command");
    let mut phone = phone.reopen();
    assert_eq!(send(&phone), ["open_direct"]);
    answer(&phone, open, CommandStatus::Applied, None);
    assert_eq!(send(&phone), ["say"]);
    let message = Message { id: MessageId::from(first), ..outbound(1, 1, me(), "one") };
    phone.feed_one(1, added(message));
    assert_eq!(send(&phone), ["say"]);
    assert_eq!(phone.texts(1), ["one", "two"]);
    // The chat leaves while the second is on its way: it is checked, not lost and not said twice.
    phone.feed_one(1, gone(GoneReason::Unassigned));
    assert_eq!(phone.unsent()[0].reason, UnsentReason::Checking);
    assert!(!phone.unsent()[0].can_note_owner);
}

#[test]
fn f2_a_restored_server_that_forgot_a_group_leaves_its_words_with_their_author() {
    let mut phone = Phone::new();
    begin(&phone, 1, Some("New"));
    let create =
        phone.act(1, CommandBody::CreateGroup(CreateGroup { name: "New".into(), members: vec![other()] }), false);
    phone.act(1, say("first word"), false);
    assert_eq!(send(&phone), ["create_group"]);
    let result = CommandResult {
        id: create,
        status: CommandStatus::Applied,
        seq: Some(50),
        code: None,
        owner: None,
        owner_epoch: None,
    };
    apply::result(&phone.store, NOW, &result).unwrap();
    swap(&mut phone, FeedId::from_bytes([9; 16]), 5, Vec::new());
    assert!(phone.inbox().is_empty());
    let unsent: Vec<_> = phone.unsent().into_iter().map(|row| (row.text, row.reason)).collect();
    assert_eq!(unsent, [("first word".into(), UnsentReason::ChatGone)]);
    assert!(phone.store.read(outbox::awaiting).unwrap().commands.is_empty());
}

#[test]
fn f2_refused_changes_of_a_group_are_taken_back() {
    let mut phone = Phone::new();
    phone.feed_one(1, opens(group(1, 1, &[me(), other()]), vec![outbound(1, 1, other(), "hi")]));
    let rename = phone.act(1, CommandBody::RenameGroup(RenameGroup { name: "Other".into() }), false);
    let add = phone.act(1, CommandBody::AddMembers(AddMembers { members: vec![third()] }), false);
    let leave = phone.act(1, CommandBody::Leave, false);
    assert_eq!(phone.row(1).contact_name.as_deref(), Some("Other"));
    assert_eq!(members(&phone, 1).len(), 3);
    assert!(phone.inbox().is_empty());
    for id in [rename, add, leave] {
        assert_eq!(send(&phone).len(), 1);
        answer(&phone, id, CommandStatus::Rejected, Some(ErrorCode::BadRequest));
    }
    assert_eq!(phone.inbox()[0].contact_name.as_deref(), Some("Shift"));
    assert_eq!(members(&phone, 1), [me(), other()]);
}

#[test]
fn f1_the_filters_tell_staff_from_customers() {
    let mut phone = Phone::new();
    phone.feed_one(1, opens(direct(1), vec![outbound(1, 1, other(), "hi")]));
    phone.feed_one(2, opened(chat(2, 1), vec![inbound(2, 1, "hello")], false));
    phone.feed_one(3, opened(owned(3, 1, me(), 1), vec![inbound(3, 1, "hello")], false));
    let of = |filter, order| {
        let (rows, ..) = phone.store.read(|db| inbox::window(db, filter, order, 50, None)).unwrap();
        rows.into_iter().map(|row| row.chat).collect::<Vec<_>>()
    };
    for order in [InboxOrder::NewestFirst, InboxOrder::LongestWaiting] {
        assert_eq!(of(InboxFilter::Staff, order), [chat_id(1)]);
        assert_eq!(of(InboxFilter::Mine, order), [chat_id(3)]);
        assert_eq!(of(InboxFilter::Waiting, order), [chat_id(2)]);
        assert_eq!(of(InboxFilter::All, order).len(), 3);
    }
    let row = phone.row(1);
    assert_eq!((row.channel_kind, row.contact, row.owner, row.state), (None, None, None, ChatState::Internal));
    assert!(!row.prompt && !row.actions.take && !row.actions.dealt_with && !row.actions.note);
}

#[test]
fn f66_notes_and_mentions_are_stored_and_told_apart() {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(chat(1, 1), vec![inbound(1, 1, "hello")], false));
    let note = Message { private: true, mentions: vec![me(), third()], ..outbound(1, 2, other(), "look") };
    phone.feed_one(1, added(note));
    let row = phone.row(1);
    assert!(row.mentioned);
    assert_eq!((row.unread, row.last_message.map(|last| last.kind)), (1, Some(MessageKind::Note)));
    let shown = phone.timeline(1).remove(1);
    assert_eq!((shown.mentions, shown.mentions_me, shown.kind), (vec![me(), third()], true, MessageKind::Note));
    phone.feed_one(1, EventBody::UserChat(UserChat { read_upto: 2, ..UserChat::default() }));
    assert!(!phone.row(1).mentioned);
    // Older ones that are fetched mention nobody now.
    phone.feed_one(1, raised(false, 1, 1, MessageStatus::Read));
    let page = Page { req: 1, chat: chat_id(1), messages: Vec::new(), more: false };
    apply::page(&phone.store, me(), &page, 1).unwrap();
    assert!(!phone.row(1).mentioned);
}

#[test]
fn f66_a_note_behind_a_refused_reply_goes_all_the_same() {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(owned(1, 1, me(), 1), vec![inbound(1, 1, "hello")], false));
    let reply = phone.reply(1, "answer");
    let note = CommandBody::Note(Say { text: "for us".into(), mentions: Vec::new() });
    phone.act(1, note, false);
    assert_eq!(send(&phone), ["reply"]);
    answer(&phone, reply, CommandStatus::Rejected, Some(ErrorCode::NotOwner));
    assert_eq!(send(&phone), ["note"]);
    assert_eq!(phone.unsent().len(), 1);
    // And is one when its chat leaves: never to be offered as a reply.
    phone.feed_one(1, gone(GoneReason::Taken));
    assert!(phone.unsent().iter().any(|row| row.text == "for us" && row.kind == MessageKind::Note));
}

#[test]
fn f67_labels_are_shown_in_order_with_what_is_under_way() {
    let mut phone = Phone::new();
    let labels: Vec<LabelId> = (1..4).map(|n| LabelId::from_bytes([n; 16])).collect();
    let rows = labels[..2]
        .iter()
        .enumerate()
        .map(|(n, id)| format!(r##"{{"id":"{id}","row":{{"id":"{id}","name":"Label {n}","color":"#00ff0{n}"}}}}"##))
        .collect::<Vec<_>>()
        .join(",");
    let json = format!(r#"{{"req":1,"collection":"labels","rev":3,"rows":[{rows}]}}"#);
    let rows = serde_json::from_str(&json).unwrap();
    phone.store.write(Durability::Normal, |tx, changes| crate::store::collection::store(tx, &rows, changes)).unwrap();
    let mut row = chat(1, 1);
    row.labels = vec![labels[1]];
    phone.feed_one(1, opened(row.clone(), vec![inbound(1, 1, "hello")], false));
    let names = |phone: &Phone| phone.row(1).labels.into_iter().map(|label| label.name).collect::<Vec<_>>();
    assert_eq!(names(&phone), ["Label 1"]);
    // One that is made here and not on the server yet is given too.
    let save = SaveLabel { label: labels[2], name: "New".into(), color: "#FF0000".into(), company: false };
    let lane = ChatId::from_bytes(*labels[2].as_bytes());
    let save = CommandBody::SaveLabel(save);
    phone
        .store
        .write(Durability::Full, |tx, _| outbox::enqueue(tx, &NewCommand::plain(CommandId::new(), lane, &save, NOW)))
        .unwrap();
    phone.act(1, CommandBody::LabelChat(LabelChat { label: labels[0], on: true }), false);
    phone.act(1, CommandBody::LabelChat(LabelChat { label: labels[2], on: true }), false);
    phone.act(1, CommandBody::LabelChat(LabelChat { label: labels[1], on: false }), false);
    assert_eq!(names(&phone), ["Label 0", "New"]);
    // The server's row takes over what it has.
    row.rev = 2;
    row.labels = vec![labels[1], labels[0]];
    phone.feed_one(1, EventBody::Chat(row));
    assert_eq!(names(&phone), ["Label 0", "New"]);
    assert_eq!(phone.row(1).labels[1].color, "#ff0000");
}

#[test]
fn f67_what_is_about_a_label_names_no_chat_and_is_told_as_such() {
    let phone = Phone::new();
    let label = LabelId::from_bytes([9; 16]);
    let lane = *label.as_bytes();
    let save = |name: &str| {
        CommandBody::SaveLabel(SaveLabel { label, name: name.into(), color: "#000000".into(), company: true })
    };
    let ids = [CommandId::new(), CommandId::new()];
    for (id, name) in ids.iter().zip(["one", "two"]) {
        let body = save(name);
        let command = NewCommand::plain(*id, ChatId::from_bytes(lane), &body, NOW);
        phone.store.write(Durability::Full, |tx, _| outbox::enqueue(tx, &command)).unwrap();
    }
    let pending = phone.store.read(|db| outbox::pending_about(db, lane)).unwrap();
    assert_eq!(pending, [(ids[0], save("one"), NOW), (ids[1], save("two"), NOW)]);
    let frames = phone.store.write(Durability::Full, outbox::take_sendable(NOW)).unwrap();
    assert_eq!(frames.len(), 1, "in order");
    assert_eq!((frames[0].id, frames[0].chat, frames[0].seen), (ids[0], None, None));
    let result = CommandResult {
        id: ids[0],
        status: CommandStatus::Applied,
        seq: None,
        code: None,
        owner: None,
        owner_epoch: None,
    };
    let ended = apply::result(&phone.store, NOW, &result).unwrap();
    assert_eq!((ended[0].chat, ended[0].kind), (None, CommandKind::SaveLabel));
    let frames = phone.store.write(Durability::Full, outbox::take_sendable(NOW)).unwrap();
    assert_eq!(frames.iter().map(|frame| frame.id).collect::<Vec<_>>(), [ids[1]]);
}

#[test]
fn f2_the_author_of_the_last_word_is_named_in_a_group_alone() {
    let mut phone = Phone::new();
    let json = format!(
        r#"{{"req":1,"collection":"users","rev":3,"rows":[{{"id":"{0}","row":{{"id":"{0}","name":"Boris",
        "role":"user","disabled":false,"group":"{0}"}}}}]}}"#,
        other()
    );
    let rows = serde_json::from_str(&json).unwrap();
    phone.store.write(Durability::Normal, |tx, changes| crate::store::collection::store(tx, &rows, changes)).unwrap();
    phone.feed_one(1, opens(group(1, 1, &[me(), other()]), vec![outbound(1, 1, other(), "hi")]));
    phone.feed_one(2, opens(direct(2), vec![outbound(2, 1, other(), "hi")]));
    phone.feed_one(3, opened(chat(3, 1), vec![outbound(3, 1, other(), "hi")], false));
    let author = |n| phone.row(n).last_message.unwrap().author_name;
    assert_eq!((author(1).as_deref(), author(2), author(3)), (Some("Boris"), None, None));
    assert_eq!(phone.row(2).contact_name.as_deref(), Some("Boris"));
}

#[test]
fn f45_the_answer_to_what_was_on_its_way_when_its_chat_left_leaves_nothing_of_it_in_the_log() {
    let mut phone = Phone::new();
    phone.feed_one(1, opens(group(1, 1, &[me(), other()]), vec![outbound(1, 1, other(), "hi")]));
    let rename = phone.act(1, CommandBody::RenameGroup(RenameGroup { name: "Other".into() }), false);
    assert_eq!(send(&phone), ["rename_group"]);
    phone.feed_one(1, gone(GoneReason::Left));
    assert!(phone.store.finish_purge().unwrap());
    let is_due = |phone: &Phone| {
        let sql = "SELECT purge_pending FROM sync WHERE one = 1";
        phone.store.read(|db| Ok(db.query_row(sql, [], |row| row.get::<_, bool>(0))?)).unwrap()
    };
    assert!(!is_due(&phone));
    answer(&phone, rename, CommandStatus::Rejected, Some(ErrorCode::NotFound));
    assert!(is_due(&phone));
    assert!(phone.unsent().is_empty());
}
