//! The life of a chat on one phone: what the user does is shown as done, can be taken back for a while, survives a
//! kill, and gives way to what the server says.

mod passing_on;
mod work;

use switchboard_protocol::chat::{Chat, ChatState, OpenedChat, UserChat};
use switchboard_protocol::collection::Presence;
use switchboard_protocol::command::{
    AddContact, CommandBody, CommandFrame, CommandResult, CommandStatus, SetPresence, Snooze, Transfer,
};
use switchboard_protocol::event::{EventBody, Gone, GoneReason, MessageAdded};
use switchboard_protocol::frame::{Event, Rows, SnapshotPart};
use switchboard_protocol::ids::{ChatId, CommandId, MessageId, QueueId, UserId};
use switchboard_protocol::message::{Activity, Author, Message, MessageKind};
use switchboard_protocol::transfer::TransferTarget;
use switchboard_protocol::{ErrorCode, UnixMillis};

use crate::model::{
    ActivityKind, AuthorKind, CommandOutcome, Composer, InboxFilter, InboxOrder, InboxRow, Outcome, TargetKind,
    UnsentReason, UnsentRow,
};
use crate::store::{Durability, account, chat, collection, inbox, outbox, people, snapshot, unsent, wish};
use crate::sync::apply;
use crate::testing::*;

const AFTER: UnixMillis = NOW + 5_000;

fn send(phone: &Phone) -> Vec<CommandFrame> {
    phone.store.write(Durability::Full, outbox::take_sendable(NOW)).unwrap()
}

fn sent_kinds(phone: &Phone) -> Vec<String> {
    send(phone).into_iter().map(|frame| frame.kind).collect()
}

fn release(phone: &Phone, now: UnixMillis) -> bool {
    phone.store.write(Durability::Full, |tx, changes| outbox::release_due(tx, now, changes)).unwrap()
}

fn undo(phone: &Phone, id: CommandId) -> Option<CommandOutcome> {
    phone.store.write(Durability::Full, |tx, changes| outbox::undo(tx, id, NOW, changes)).unwrap()
}

fn answer(
    phone: &Phone,
    id: CommandId,
    status: CommandStatus,
    code: Option<ErrorCode>,
    seq: Option<u64>,
) -> Vec<Outcome> {
    let result = CommandResult { id, status, seq, code, owner: None, owner_epoch: None };
    apply::result(&phone.store, NOW, &result).unwrap().into_iter().map(|ended| ended.outcome).collect()
}

fn recents(phone: &Phone) -> Vec<ChatId> {
    phone.inbox().into_iter().map(|row| row.chat).collect()
}

fn snoozed(phone: &Phone) -> Vec<InboxRow> {
    let list = |db: &_| inbox::window(db, InboxFilter::Snoozed, InboxOrder::NewestFirst, 50, None);
    phone.store.read(list).unwrap().0
}

fn badge(phone: &Phone) -> u32 {
    phone.store.read(inbox::badge).unwrap()
}

/// An event that this command caused.
fn by(phone: &mut Phone, command: CommandId, chat: u64, body: &EventBody) -> Vec<Outcome> {
    phone.seq += 1;
    let event = Event { command: Some(command), ..event(phone.seq, chat, body) };
    phone.apply(&[event]).unwrap().outcomes.into_iter().map(|ended| ended.outcome).collect()
}

fn activity(chat: u64, no: u64, author: Author, activity: Activity) -> Message {
    Message { author, text: String::new(), activity: Some(activity), ..inbound(chat, no, "") }
}

fn user(id: UserId, name: &str) -> Author {
    Author::User { id, name: name.into() }
}

fn closed(n: u64, rev: u64) -> Chat {
    Chat { state: ChatState::Closed, owner_epoch: 2, waiting_since: None, ..chat(n, rev) }
}

/// A phone with a chat that is mine, and one that waits.
fn phone() -> Phone {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(owned(1, 1, me(), 1), vec![inbound(1, 1, "mine to answer")], false));
    phone.feed_one(2, opened(chat(2, 1), vec![inbound(2, 1, "who answers")], false));
    phone
}

fn rows(phone: &Phone, collection: &str, rows: &str) {
    let json = format!(r#"{{"req":1,"collection":"{collection}","rev":3,"rows":{rows}}}"#);
    let rows: Rows = serde_json::from_str(&json).unwrap();
    phone.store.write(Durability::Normal, |tx, changes| collection::store(tx, &rows, changes)).unwrap();
}

fn user_row(id: UserId, name: &str, extension: &str, presence: &str, disabled: bool) -> String {
    let group = UserId::from_bytes([9; 16]);
    format!(
        r#"{{"id":"{id}","row":{{"id":"{id}","name":"{name}","role":"user","disabled":{disabled},"group":"{group}",
        "extension":"{extension}","presence":"{presence}"}}}}"#
    )
}

#[test]
fn f46_what_can_be_undone_is_shown_as_done_and_comes_back() {
    for (body, chat) in [
        (CommandBody::DealtWith, 1),
        (CommandBody::Archive, 1),
        (CommandBody::Ignore, 2),
        (CommandBody::Transfer(Transfer { to: TransferTarget::User(other()), note: None }), 1),
    ] {
        let phone = phone();
        let before = phone.row(chat);
        let id = phone.act(chat, body.clone(), true);
        assert!(!recents(&phone).contains(&chat_id(chat)), "{body:?}");
        assert_eq!(badge(&phone), 1, "{body:?}");
        let row = phone.row(chat);
        assert_eq!(row.undo.map(|undo| (undo.command, undo.until)), Some((id, AFTER)), "{body:?}");
        assert_eq!(row.archived, body != CommandBody::Ignore, "{body:?}");
        assert_eq!(sent_kinds(&phone), [""; 0], "not before its time");
        assert_eq!(undo(&phone, id).map(|ended| ended.outcome), Some(Outcome::Undone));
        assert_eq!(phone.row(chat), before, "{body:?}");
        assert!(recents(&phone).contains(&chat_id(chat)));
        assert!(!release(&phone, AFTER + 1));
        assert_eq!(sent_kinds(&phone), [""; 0]);
        assert_eq!(undo(&phone, id), None, "once");
    }
}

#[test]
fn f46_a_kill_changes_nothing_of_what_is_held() {
    let phone = phone();
    let id = phone.act(1, CommandBody::DealtWith, true);
    let phone = phone.reopen();
    assert_eq!(phone.row(1).undo.map(|undo| undo.command), Some(id));
    assert!(!release(&phone, AFTER - 1));
    assert_eq!(sent_kinds(&phone), [""; 0]);
    let phone = phone.reopen();
    assert!(release(&phone, AFTER));
    let frames = send(&phone);
    assert_eq!((frames[0].id, frames[0].owner_epoch, frames[0].seen), (id, Some(1), Some(1)));
    assert_eq!(undo(&phone, id), None, "the server may have it");
    let phone = phone.reopen();
    assert_eq!(send(&phone)[0].id, id, "and again, under its id");
}

#[test]
fn f46_after_its_time_it_can_be_undone_while_no_socket_had_it() {
    let phone = phone();
    let id = phone.act(1, CommandBody::DealtWith, true);
    assert!(release(&phone, AFTER));
    assert_eq!(phone.row(1).undo, None);
    assert_eq!(undo(&phone, id).map(|ended| ended.outcome), Some(Outcome::Undone));
    assert_eq!(recents(&phone).len(), 2);
}

#[test]
fn f46_a_clock_that_was_set_back_does_not_hold_it_for_ever() {
    let phone = phone();
    phone.act(1, CommandBody::Archive, true);
    let an_hour_ago = NOW - 3_600_000;
    assert_eq!(phone.store.read(|db| outbox::next_release(db, an_hour_ago)).unwrap(), Some(an_hour_ago));
    assert!(release(&phone, an_hour_ago));
}

#[test]
fn f37_a_refusal_brings_the_chat_back() {
    let phone = phone();
    let id = phone.act(1, CommandBody::DealtWith, true);
    let row = phone.row(1);
    assert_eq!((row.state, row.is_mine, row.owner, row.archived), (ChatState::Closed, false, None, true));
    release(&phone, AFTER);
    send(&phone);
    let refused = answer(&phone, id, CommandStatus::Conflict, Some(ErrorCode::NewMessage), None);
    assert_eq!(refused, [Outcome::Refused(ErrorCode::NewMessage)]);
    let row = phone.row(1);
    assert_eq!((row.state, row.is_mine, row.archived, row.undo), (ChatState::Owned, true, false, None));
    assert_eq!(recents(&phone).len(), 2);
}

#[test]
fn f37_what_the_customer_wrote_meanwhile_ends_what_was_not_sent() {
    for body in [CommandBody::DealtWith, CommandBody::Archive, CommandBody::Snooze(Snooze { until: Some(AFTER) })] {
        for way in 0..2 {
            let mut phone = phone();
            phone.act(1, body.clone(), true);
            let no = 2;
            let ended = if way == 0 {
                phone.feed_one(1, added(inbound(1, no, "wait")))
            } else {
                let messages = vec![inbound(1, 1, "mine to answer"), inbound(1, no, "wait")];
                phone.feed_one(1, opened(owned(1, 2, me(), 1), messages, false))
            };
            let outcomes: Vec<_> = ended.outcomes.iter().map(|ended| ended.outcome).collect();
            assert_eq!(outcomes, [Outcome::Refused(ErrorCode::NewMessage)], "{body:?}");
            assert!(recents(&phone).contains(&chat_id(1)), "{body:?}");
            release(&phone, AFTER);
            assert_eq!(sent_kinds(&phone), [""; 0]);
        }
    }
}

#[test]
fn f37_dealt_with_waits_for_the_reply_that_takes_the_chat_and_goes_under_its_epoch() {
    let mut phone = phone();
    let reply = phone.reply(2, "answer");
    let dealt = phone.act(2, CommandBody::DealtWith, true);
    release(&phone, AFTER);
    assert_eq!(send(&phone).iter().map(|frame| frame.id).collect::<Vec<_>>(), [reply]);
    answer(&phone, reply, CommandStatus::Applied, None, Some(3));
    assert_eq!(sent_kinds(&phone), [""; 0], "the feed has not shown it");
    let mut message = outbound(2, 2, me(), "answer");
    message.id = reply.into();
    phone.feed_one(2, EventBody::Message(MessageAdded { message, chat: Some(owned(2, 2, me(), 1)), internal: None }));
    let frames = send(&phone);
    assert_eq!((frames[0].id, frames[0].owner_epoch), (dealt, Some(1)));
}

#[test]
fn f37_a_reply_that_does_not_arrive_takes_dealt_with_with_it() {
    for (status, code, outcome) in [
        (CommandStatus::Conflict, ErrorCode::Taken, Outcome::Refused(ErrorCode::Taken)),
        (CommandStatus::Rejected, ErrorCode::IdReuse, Outcome::Failed(ErrorCode::IdReuse)),
    ] {
        let phone = phone();
        let reply = phone.reply(1, "answer");
        phone.act(1, CommandBody::DealtWith, true);
        send(&phone);
        assert_eq!(answer(&phone, reply, status, Some(code), None), [outcome, Outcome::Refused(code)]);
        assert!(recents(&phone).contains(&chat_id(1)));
        assert_eq!(phone.unsent().len(), 1);
    }
}

#[test]
fn f46_who_writes_on_takes_back_what_is_held() {
    let phone = phone();
    phone.act(1, CommandBody::DealtWith, true);
    assert_eq!(phone.row(1).composer, Composer::Reply);
    let undone = phone
        .store
        .write(Durability::Full, |tx, changes| outbox::undo_unsent(tx, chat_id(1), false, NOW, changes))
        .unwrap();
    assert!(matches!(undone[..], [CommandOutcome { outcome: Outcome::Undone, .. }]));
    assert_eq!(recents(&phone).len(), 2);
    // What waits for the network and does not end the chat stays.
    phone.act(1, CommandBody::Archive, false);
    let undo_unsent = |unarchive| {
        phone
            .store
            .write(Durability::Full, |tx, changes| outbox::undo_unsent(tx, chat_id(1), unarchive, NOW, changes))
            .unwrap()
            .len()
    };
    assert_eq!(undo_unsent(false), 0);
    assert_eq!(undo_unsent(true), 1);
}

#[test]
fn f43_archive_and_unarchive_move_between_the_views() {
    let mut phone = phone();
    let id = phone.act(1, CommandBody::Archive, false);
    send(&phone);
    answer(&phone, id, CommandStatus::Applied, None, Some(phone.seq + 1));
    assert!(phone.row(1).archived, "accepted, and its event not seen yet");
    by(&mut phone, id, 1, &EventBody::UserChat(UserChat { archived: true, ..UserChat::default() }));
    let row = phone.archive().remove(0);
    assert!(row.is_mine && row.actions.unarchive && !row.actions.archive, "it keeps its owner");
    phone.act(1, CommandBody::Unarchive, false);
    assert!(phone.archive().is_empty() && recents(&phone).len() == 2);
}

#[test]
fn f68_a_snoozed_chat_comes_back_at_its_time_or_when_the_customer_writes() {
    let mut phone = phone();
    let until = NOW + 60_000;
    phone.act(1, CommandBody::Snooze(Snooze { until: Some(until) }), false);
    assert_eq!(snoozed(&phone)[0].snoozed_until, Some(until));
    assert_eq!((recents(&phone), badge(&phone)), (vec![chat_id(2)], 1));
    // What another device read does not bring it back before the server knows.
    phone.feed_one(1, EventBody::UserChat(UserChat { read_upto: 1, ..UserChat::default() }));
    assert_eq!(snoozed(&phone).len(), 1);
    let phone = phone.reopen();
    assert_eq!(phone.store.read(chat::next_wake).unwrap(), Some(until));
    let wake = |phone: &Phone, now| {
        phone.store.write(Durability::Full, |tx, changes| chat::wake_due(tx, now, changes)).unwrap();
    };
    wake(&phone, until - 1);
    assert_eq!(snoozed(&phone).len(), 1);
    wake(&phone, until);
    assert!(snoozed(&phone).is_empty() && recents(&phone).len() == 2);
    assert_eq!(phone.store.read(chat::next_wake).unwrap(), None);

    let mut phone = phone;
    let own = UserChat { snoozed_until: Some(until), ..UserChat::default() };
    phone.feed_one(2, EventBody::UserChat(own));
    assert_eq!(snoozed(&phone).len(), 1);
    phone.feed_one(2, added(inbound(2, 2, "hello?")));
    assert!(snoozed(&phone).is_empty());
}

#[test]
fn f68_a_snooze_that_is_refused_leaves_the_later_one() {
    let phone = phone();
    let first = phone.act(1, CommandBody::Snooze(Snooze { until: Some(NOW + 1_000) }), false);
    phone.act(1, CommandBody::Snooze(Snooze { until: Some(NOW + 60_000) }), false);
    send(&phone);
    answer(&phone, first, CommandStatus::Rejected, Some(ErrorCode::BadTime), None);
    assert_eq!(snoozed(&phone).len(), 1);
    assert_eq!(phone.store.read(chat::next_wake).unwrap(), Some(NOW + 60_000));
}

#[test]
fn f68_a_snooze_that_is_over_does_not_put_the_chat_away_again() {
    let mut phone = phone();
    // The server keeps the time that it was given, also when it is over, and says it with every change of the own part.
    let over = UserChat { read_upto: 1, snoozed_until: Some(NOW - 1), ..UserChat::default() };
    phone.feed_one(1, EventBody::UserChat(over));
    assert!(recents(&phone).contains(&chat_id(1)) && snoozed(&phone).is_empty());
    let one = OpenedChat { chat: owned(1, 5, me(), 1), messages: vec![inbound(1, 1, "x")], more: false };
    phone.snapshot(phone.feed, 90, vec![(one, over)]);
    assert_eq!(recents(&phone), [chat_id(1)]);
    // By the server's clock, which this device's may be behind.
    phone.store.write(Durability::Normal, |tx, _| account::set_clock_offset(tx, 10_000)).unwrap();
    phone.feed_one(1, EventBody::UserChat(UserChat { snoozed_until: Some(NOW + 9_000), ..over }));
    assert_eq!(recents(&phone), [chat_id(1)]);
    phone.feed_one(1, EventBody::UserChat(UserChat { snoozed_until: Some(NOW + 11_000), ..over }));
    assert_eq!(snoozed(&phone).len(), 1);
}

#[test]
fn f6_an_unknown_contact_is_asked_about_until_somebody_decides() {
    let mut phone = phone();
    let row = phone.row(2);
    assert!(row.prompt && row.actions.add_contact && row.actions.reply && row.actions.ignore);
    assert!(!phone.row(1).prompt, "it is mine");
    let id = phone.act(2, CommandBody::Ignore, false);
    assert_eq!(recents(&phone), [chat_id(1)]);
    send(&phone);
    by(&mut phone, id, 2, &EventBody::UserChat(UserChat { ignored: true, ..UserChat::default() }));
    assert_eq!(recents(&phone), [chat_id(1)]);
    phone.feed_one(2, added(inbound(2, 2, "anybody?")));
    assert_eq!(recents(&phone).len(), 2, "until the customer writes again");
    let contact = AddContact { name: "Maria".into(), email: None, phone: Some("+49 30 1".into()) };
    phone.act(2, CommandBody::AddContact(contact), false);
    let row = phone.row(2);
    assert!(!row.prompt && row.contact_known && !row.actions.add_contact);
    assert_eq!((row.contact_name.as_deref(), row.contact_phone.as_deref()), (Some("Maria"), Some("+49 30 1")));
}

#[test]
fn f7_a_known_contact_and_one_who_was_answered_are_not_asked_about() {
    let mut phone = phone();
    let mut known = chat(2, 2);
    known.contact.known = true;
    phone.feed_one(2, EventBody::Chat(known));
    assert!(!phone.row(2).prompt);
    let messages = vec![inbound(3, 1, "hi"), outbound(3, 2, other(), "hello")];
    phone.feed_one(3, opened(chat(3, 1), messages, false));
    assert!(!phone.row(3).prompt, "released in the middle of a session");
    phone.feed_one(3, added(activity(3, 3, user(other(), "Boris"), Activity::DealtWith)));
    phone.feed_one(3, added(inbound(3, 4, "once more")));
    assert!(phone.row(3).prompt, "a new session");
}

#[test]
fn f11_the_composer_follows_the_queue() {
    let mut phone = phone();
    let queue = QueueId::from_bytes([3; 16]);
    let row = |take_first| {
        format!(
            r#"[{{"id":"{queue}","row":{{"id":"{queue}","name":"Sales","member":true,"take_first":{take_first}}}}}]"#
        )
    };
    rows(&phone, "queues", &row(true));
    phone.feed_one(2, EventBody::Chat(Chat { queue: Some(queue), ..chat(2, 2) }));
    assert_eq!(phone.row(2).composer, Composer::TakeFirst);
    assert!(!phone.row(2).actions.reply && phone.row(2).actions.take);
    phone.act(2, CommandBody::Take, false);
    assert_eq!(phone.row(2).composer, Composer::Reply);
    assert_eq!(phone.row(1).composer, Composer::Reply);
    phone.feed_one(1, EventBody::Chat(closed(1, 2)));
    assert_eq!(phone.row(1).composer, Composer::ReadOnly);
    assert!(phone.row(1).actions.transfer && !phone.row(1).actions.dealt_with);
}

#[test]
fn f41_end_and_block_are_for_website_chats_and_block_for_unknown_visitors() {
    let mut phone = phone();
    assert!(phone.row(1).actions.end_session && phone.row(1).actions.block);
    assert!(phone.row(2).actions.end_session && !phone.row(2).actions.block, "not its owner");
    let mut known = owned(1, 2, me(), 1);
    known.contact.known = true;
    phone.feed_one(1, EventBody::Chat(known));
    assert!(!phone.row(1).actions.block);
    let whatsapp = switchboard_protocol::chat::ChannelKind::Whatsapp;
    phone.feed_one(1, EventBody::Chat(Chat { channel_kind: whatsapp, ..owned(1, 3, me(), 1) }));
    assert!(!phone.row(1).actions.end_session && !phone.row(1).actions.block && phone.row(1).actions.dealt_with);
}

#[test]
fn activities_and_notes_are_lines_that_no_customer_wrote() {
    let mut phone = phone();
    let anna = user(me(), "Anna");
    phone.feed_one(1, added(activity(1, 2, anna.clone(), Activity::Taken)));
    let to = Activity::Transferred { to: TransferTarget::User(me()), name: "Anna".into() };
    phone.feed_one(1, added(activity(1, 3, user(other(), "Boris"), to)));
    phone.feed_one(1, added(Message { private: true, author: anna, ..inbound(1, 4, "watch out") }));
    let rated = Activity::Rated { stars: 4, comment: Some("good".into()) };
    phone.feed_one(1, added(activity(1, 5, Author::Contact, rated)));
    phone.feed_one(1, added(Message { author: Author::System, ..inbound(1, 6, "We are closed.") }));
    let found = |words| phone.store.search(words, 9).unwrap().hits.iter().map(|hit| hit.kind).collect::<Vec<_>>();
    assert_eq!((found("watch"), found("closed")), (vec![MessageKind::Note], vec![MessageKind::Text]));
    let lines = phone.timeline(1);
    let kinds: Vec<_> = lines.iter().map(|line| (line.kind, line.author)).collect();
    use MessageKind::{Activity as Act, Note, Text};
    assert_eq!(
        kinds,
        [
            (Text, AuthorKind::Contact),
            (Act, AuthorKind::User),
            (Act, AuthorKind::User),
            (Note, AuthorKind::User),
            (Act, AuthorKind::Contact),
            (Text, AuthorKind::System),
        ]
    );
    let passed = lines[2].activity.clone().unwrap();
    assert_eq!((passed.kind, passed.to_me, passed.to_name.as_deref()), (ActivityKind::Transferred, true, Some("Anna")));
    let rated = lines[4].activity.clone().unwrap();
    assert_eq!((rated.stars, rated.comment.as_deref()), (Some(4), Some("good")));
    let row = phone.row(1);
    assert_eq!(row.unread, 1, "a rating is no message");
    let last = row.last_message.unwrap();
    assert_eq!((last.preview.as_str(), last.author, last.kind), ("We are closed.", AuthorKind::System, Text));
    phone.feed_one(1, added(activity(1, 7, Author::System, Activity::Unknown)));
    let row = phone.row(1);
    assert_eq!(row.last_message.unwrap().preview, "We are closed.");
    assert_eq!(row.at, inbound(1, 7, "").sent_at, "it moves the chat up");
    assert_eq!(phone.store.search("watch", 9).unwrap().hits.len(), 1, "notes are found");
}

#[test]
fn f52_unanswered_counts_own_chats_whose_customer_waits() {
    let mut phone = phone();
    let unanswered = |phone: &Phone| phone.store.read(inbox::unanswered).unwrap();
    assert_eq!(unanswered(&phone), 1);
    phone.feed_one(1, added(Message { author: Author::System, ..inbound(1, 2, "We are closed.") }));
    assert_eq!(unanswered(&phone), 1, "that is no answer");
    phone.feed_one(1, added(outbound(1, 3, me(), "hello")));
    assert_eq!(unanswered(&phone), 0);
    phone.feed_one(1, added(inbound(1, 4, "and?")));
    assert_eq!(unanswered(&phone), 1);
    phone.reply(1, "on its way");
    assert_eq!(unanswered(&phone), 0);
}

#[test]
fn f63_an_accepted_command_whose_event_was_withdrawn_does_not_stay() {
    let mut phone = phone();
    let id = phone.act(1, CommandBody::Archive, false);
    send(&phone);
    answer(&phone, id, CommandStatus::Applied, None, Some(phone.seq + 1));
    assert!(phone.row(1).archived);
    phone.seq += 1;
    let skip = Event { seq: phone.seq, kind: Event::SKIP.into(), chat: None, rev: 0, body: None, command: None };
    phone.apply(&[skip]).unwrap();
    assert!(!phone.row(1).archived);
    assert!(phone.store.read(outbox::awaiting).unwrap().commands.is_empty());
}
