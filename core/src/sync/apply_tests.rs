//! Events, snapshots and answers against a real store.

use switchboard_protocol::ErrorCode;
use switchboard_protocol::chat::{OpenedChat, UserChat};
use switchboard_protocol::command::{CommandBody, CommandResult, CommandStatus, Snooze};
use switchboard_protocol::event::{EventBody, Gone, GoneReason, MessageAdded};
use switchboard_protocol::frame::{Event, Page, SnapshotPart};
use switchboard_protocol::ids::{CommandId, FeedId};
use switchboard_protocol::message::MessageStatus;

use crate::model::{CommandOutcome, DeliveryState, Outcome, UnsentReason};
use crate::store::{Durability, account, draft, outbox, passed_on, read_mark, snapshot};
use crate::sync::apply;
use crate::testing::*;

fn result(id: CommandId, status: CommandStatus, code: Option<ErrorCode>, seq: Option<u64>) -> CommandResult {
    CommandResult { id, status, seq, code, owner: None, owner_epoch: None }
}

fn answer(phone: &Phone, result: &CommandResult) -> Vec<Outcome> {
    apply::result(&phone.store, NOW, result).unwrap().into_iter().map(|outcome| outcome.outcome).collect()
}

/// Hands over what the outbox would send.
fn send(phone: &Phone) -> Vec<CommandId> {
    let frames = phone.store.write(Durability::Full, outbox::take_sendable(NOW)).unwrap();
    frames.into_iter().map(|frame| frame.id).collect()
}

fn lose(phone: &Phone) {
    phone.store.write(Durability::Full, |tx, _| outbox::lost(tx)).unwrap();
}

/// My own message, as the feed brings it.
fn own(chat: u64, no: u64, id: CommandId, text: &str) -> EventBody {
    let mut message = outbound(chat, no, me(), text);
    message.id = id.into();
    EventBody::Message(MessageAdded { message, chat: Some(owned(chat, no, me(), 1)), internal: None })
}

fn reasons(phone: &Phone) -> Vec<(String, UnsentReason)> {
    phone.unsent().into_iter().map(|row| (row.text, row.reason)).collect()
}

#[test]
fn f1_an_opened_chat_shows_its_last_message_time_and_unread() {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(chat(1, 1), vec![inbound(1, 1, "hello"), inbound(1, 2, "there\nyou")], false));
    phone.feed_one(1, added(outbound(1, 3, other(), "hi")));
    phone.feed_one(1, added(inbound(1, 4, "ok")));
    let row = phone.inbox().remove(0);
    assert_eq!((row.unread, row.last_message.unwrap().preview.as_str()), (3, "ok"));
    phone.feed_one(1, EventBody::UserChat(UserChat { read_upto: 2, archived: false, ..UserChat::default() }));
    assert_eq!(phone.inbox()[0].unread, 1);
    // A reading that is behind changes nothing.
    phone.feed_one(1, EventBody::UserChat(UserChat { read_upto: 1, archived: false, ..UserChat::default() }));
    assert_eq!(phone.inbox()[0].unread, 1);
}

#[test]
fn f43_an_archived_chat_leaves_recents_until_the_customer_writes() {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(chat(1, 1), vec![inbound(1, 1, "hello")], false));
    phone.feed_one(1, EventBody::UserChat(UserChat { read_upto: 1, archived: true, ..UserChat::default() }));
    assert!(phone.inbox().is_empty());
    phone.feed_one(1, added(inbound(1, 2, "again")));
    assert_eq!(phone.inbox().len(), 1);
}

#[test]
fn an_older_row_of_a_chat_is_ignored() {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(owned(1, 5, me(), 1), vec![inbound(1, 1, "hello")], false));
    phone.feed_one(1, EventBody::Chat(chat(1, 4)));
    assert!(phone.inbox()[0].is_mine);
    phone.feed_one(1, EventBody::Chat(owned(1, 6, other(), 2)));
    assert_eq!(phone.inbox()[0].owner, Some(other()));
}

#[test]
fn f57_a_status_rises_for_one_direction_and_never_falls() {
    let mut phone = Phone::new();
    let messages = vec![inbound(1, 1, "a"), outbound(1, 2, me(), "b"), outbound(1, 3, me(), "c")];
    phone.feed_one(1, opened(chat(1, 1), messages, false));
    phone.feed_one(1, raised(true, 1, 2, MessageStatus::Read));
    phone.feed_one(1, raised(true, 1, 3, MessageStatus::Delivered));
    let states: Vec<_> = phone.timeline(1).into_iter().map(|row| row.state).collect();
    use DeliveryState::Stored;
    assert_eq!(
        states,
        [Stored(MessageStatus::Delivered), Stored(MessageStatus::Read), Stored(MessageStatus::Delivered)]
    );
}

#[test]
fn events_of_a_chat_that_is_not_here_are_dropped() {
    let mut phone = Phone::new();
    phone.feed(&[
        (9, added(inbound(9, 1, "x"))),
        (9, raised(true, 1, 1, MessageStatus::Read)),
        (9, EventBody::UserChat(UserChat::default())),
        (9, EventBody::Chat(chat(9, 1))),
        (9, gone(GoneReason::Taken)),
    ]);
    assert!(phone.inbox().is_empty());
    assert_eq!(phone.store.read(account::position).unwrap().cursor, 5);
}

#[test]
fn an_unknown_event_moves_the_cursor_and_asks_a_newer_app_for_a_snapshot() {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(chat(1, 1), vec![inbound(1, 1, "hello")], false));
    phone.seq += 1;
    let unknown = Event { kind: "merged".into(), ..event(phone.seq, 1, &gone(GoneReason::Taken)) };
    let applied = phone.apply(&[unknown]).unwrap();
    assert!(!applied.resync);
    let position = phone.store.read(account::position).unwrap();
    assert_eq!((position.cursor, position.want_snapshot), (2, false), "this app would not understand it either");
    // What a later build finds, whose EVENT_VERSION is higher.
    phone
        .store
        .write(Durability::Normal, |tx, _| Ok(tx.execute("UPDATE sync SET unknown_at = unknown_at - 1", [])?))
        .unwrap();
    assert!(phone.store.read(account::position).unwrap().want_snapshot);
    phone.snapshot(phone.feed, 7, Vec::new());
    assert!(!phone.store.read(account::position).unwrap().want_snapshot);
}

#[test]
fn an_event_that_cannot_be_read_asks_for_a_snapshot_and_blocks_nothing() {
    for broken in [
        Event { body: None, ..event(1, 1, &added(inbound(1, 2, "x"))) },
        Event { chat: None, ..event(1, 1, &added(inbound(1, 2, "x"))) },
        event(1, 1, &added(inbound(1, u64::MAX, "x"))),
        event(1, 2, &opened(chat(1, 1), Vec::new(), false)),
    ] {
        let mut phone = Phone::new();
        phone.feed_one(1, opened(chat(1, 1), vec![inbound(1, 1, "hello")], false));
        let applied = phone.apply(&[Event { seq: 2, ..broken }]).unwrap();
        assert!(applied.resync);
        let position = phone.store.read(account::position).unwrap();
        assert_eq!((position.cursor, position.want_snapshot), (2, true));
    }
}

#[test]
fn skipped_rows_move_the_cursor_alone() {
    let mut phone = Phone::new();
    let skip = Event { seq: 1, kind: Event::SKIP.into(), chat: None, rev: 0, body: None, command: None };
    assert!(!phone.apply(&[skip]).unwrap().resync);
    assert_eq!(phone.store.read(account::position).unwrap().cursor, 1);
}

#[test]
fn f63_a_reply_shows_exactly_once_on_its_whole_way() {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(chat(1, 1), vec![inbound(1, 1, "hello")], false));
    let id = phone.reply(1, "answer");
    let state = |phone: &Phone| {
        let rows = phone.timeline(1);
        assert_eq!(rows.iter().filter(|row| row.text == "answer").count(), 1);
        rows.into_iter().find(|row| row.id == id.into()).map(|row| (row.no, row.state)).unwrap()
    };
    assert_eq!(state(&phone), (None, DeliveryState::Queued));
    assert_eq!(send(&phone), [id]);
    assert_eq!(state(&phone), (None, DeliveryState::Sending));
    assert_eq!(send(&phone), [], "one in flight");
    assert_eq!(answer(&phone, &result(id, CommandStatus::Applied, None, Some(2))), [Outcome::Applied]);
    assert_eq!(state(&phone), (None, DeliveryState::Stored(MessageStatus::Queued)));
    let applied = phone.feed_one(1, own(1, 2, id, "answer"));
    assert!(applied.outcomes.is_empty(), "told already");
    assert_eq!(state(&phone), (Some(2), DeliveryState::Stored(MessageStatus::Sent)));
    assert_eq!(phone.inbox()[0].pending, 0);
}

#[test]
fn f63_the_feed_may_be_faster_than_the_answer() {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(chat(1, 1), vec![inbound(1, 1, "hello")], false));
    let id = phone.reply(1, "answer");
    send(&phone);
    let applied = phone.feed_one(1, own(1, 2, id, "answer"));
    assert!(matches!(applied.outcomes[..], [CommandOutcome { outcome: Outcome::Applied, .. }]));
    assert_eq!(answer(&phone, &result(id, CommandStatus::Applied, None, Some(2))), [], "told already");
    assert_eq!(phone.texts(1), ["hello", "answer"]);
}

#[test]
fn f63_after_a_kill_the_same_command_goes_again_and_its_event_ends_it() {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(chat(1, 1), vec![inbound(1, 1, "hello")], false));
    let (first, second) = (phone.reply(1, "one"), phone.reply(1, "two"));
    assert_eq!(send(&phone), [first]);
    let mut phone = phone.reopen();
    assert_eq!(phone.timeline(1)[1].state, DeliveryState::Queued);
    assert_eq!(send(&phone), [first]);
    // The replay shows that it had arrived.
    phone.feed_one(1, own(1, 2, first, "one"));
    assert_eq!(send(&phone), [second]);
    assert_eq!(phone.texts(1), ["hello", "one", "two"]);
}

#[test]
fn f64_a_conflict_ends_all_queued_replies_of_that_chat_alike() {
    let mut phone = Phone::new();
    for n in [1, 2] {
        phone.feed_one(n, opened(chat(n, 1), vec![inbound(n, 1, "hello")], false));
    }
    let first = phone.reply(1, "one");
    phone.reply(1, "two");
    phone.reply(2, "elsewhere");
    send(&phone);
    let outcomes = answer(&phone, &result(first, CommandStatus::Conflict, Some(ErrorCode::Taken), None));
    assert_eq!(outcomes, [Outcome::Refused(ErrorCode::Taken); 2]);
    let refused = UnsentReason::Refused(ErrorCode::Taken);
    assert_eq!(reasons(&phone), [("two".into(), refused), ("one".into(), refused)]);
    assert_eq!(phone.unsent()[0].contact_name.as_deref(), Some("Contact 1"));
    assert_eq!(phone.texts(1), ["hello"]);
    assert_eq!(phone.texts(2), ["hello", "elsewhere"]);
    assert_eq!(phone.inbox().iter().map(|row| row.unsent).sum::<u32>(), 2);
}

#[test]
fn f63_a_text_that_the_server_cannot_use_ends_alone() {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(chat(1, 1), vec![inbound(1, 1, "hello")], false));
    let (first, second) = (phone.reply(1, "one"), phone.reply(1, "two"));
    send(&phone);
    let rejected = result(first, CommandStatus::Rejected, Some(ErrorCode::IdReuse), None);
    assert_eq!(answer(&phone, &rejected), [Outcome::Failed(ErrorCode::IdReuse)]);
    assert_eq!(reasons(&phone), [("one".into(), UnsentReason::Failed(ErrorCode::IdReuse))]);
    assert_eq!(send(&phone), [second]);
}

#[test]
fn f63_a_retry_goes_again_under_its_id() {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(chat(1, 1), vec![inbound(1, 1, "hello")], false));
    let id = phone.reply(1, "one");
    send(&phone);
    assert_eq!(answer(&phone, &result(id, CommandStatus::Retry, Some(ErrorCode::Storage), None)), []);
    assert_eq!(send(&phone), [id]);
}

#[test]
fn f15_gone_moves_draft_and_unsent_replies_and_deletes_the_rest() {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(chat(1, 1), vec![inbound(1, 1, "secret")], false));
    phone.reply(1, "queued");
    phone.store.write(Durability::Full, |tx, _| draft::save(tx, chat_id(1), "draft", NOW)).unwrap();
    let applied = phone.feed_one(1, gone(GoneReason::Taken));
    assert!(applied.settled, "what waited behind what is gone may go now");
    assert!(applied.purge);
    assert!(matches!(applied.outcomes[..], [CommandOutcome { outcome: Outcome::Refused(ErrorCode::Taken), .. }]));
    assert_eq!(reasons(&phone), [("draft".into(), UnsentReason::Draft), ("queued".into(), UnsentReason::ChatGone)]);
    assert!(phone.inbox().is_empty());
    assert!(phone.store.search("secret", 10).unwrap().hits.is_empty());
    assert_eq!(send(&phone), [], "it is never sent");
}

#[test]
fn f64_a_reply_in_flight_when_the_chat_goes_is_resolved_by_its_answer() {
    for (status, code, left) in [
        (CommandStatus::Applied, None, None),
        (CommandStatus::Conflict, Some(ErrorCode::Taken), Some(UnsentReason::Refused(ErrorCode::Taken))),
        (CommandStatus::Rejected, Some(ErrorCode::NotFound), Some(UnsentReason::Refused(ErrorCode::NotFound))),
    ] {
        // The answer comes on the same connection, or the command goes again on the next, or after a kill.
        for way in 0..3 {
            let mut phone = Phone::new();
            phone.feed_one(1, opened(chat(1, 1), vec![inbound(1, 1, "hello")], false));
            let (id, _behind) = (phone.reply(1, "mine"), phone.reply(1, "behind"));
            send(&phone);
            phone.feed_one(1, gone(GoneReason::Taken));
            assert_eq!(
                reasons(&phone),
                [("behind".into(), UnsentReason::ChatGone), ("mine".into(), UnsentReason::Checking)]
            );
            match way {
                0 => {}
                1 => {
                    lose(&phone);
                    assert_eq!(send(&phone), [id]);
                }
                _ => {
                    phone = phone.reopen();
                    assert_eq!(send(&phone), [id]);
                }
            }
            answer(&phone, &result(id, status, code, None));
            let mut expected = vec![("behind".to_owned(), UnsentReason::ChatGone)];
            expected.extend(left.map(|reason| ("mine".to_owned(), reason)));
            assert_eq!(reasons(&phone), expected, "{status:?} {way}");
            assert_eq!(send(&phone), []);
        }
    }
}

#[test]
fn f64_an_orphans_refusal_does_not_end_what_was_written_after_the_chat_came_back() {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(chat(1, 1), vec![inbound(1, 1, "hello")], false));
    let orphan = phone.reply(1, "orphan");
    send(&phone);
    phone.feed(&[
        (1, gone(GoneReason::Taken)),
        (1, opened(chat(1, 5), vec![inbound(1, 1, "hello"), inbound(1, 2, "back")], false)),
    ]);
    let later = phone.reply(1, "later");
    assert_eq!(send(&phone), [], "first what is on its way");
    answer(&phone, &result(orphan, CommandStatus::Conflict, Some(ErrorCode::Taken), None));
    assert_eq!(send(&phone), [later]);
    assert_eq!(reasons(&phone), [("orphan".into(), UnsentReason::Refused(ErrorCode::Taken))]);
    assert_eq!(phone.texts(1), ["hello", "back", "later"]);
}

#[test]
fn f62_a_snapshot_replaces_what_the_server_has_and_keeps_what_is_mine() {
    let mut phone = Phone::new();
    for n in [1, 2] {
        phone.feed_one(n, opened(chat(n, 1), vec![inbound(n, 1, &format!("old {n}"))], false));
    }
    let kept = phone.reply(1, "kept");
    phone.reply(2, "orphaned");
    phone.store.write(Durability::Full, |tx, _| draft::save(tx, chat_id(1), "draft", NOW)).unwrap();
    let one = OpenedChat { chat: chat(1, 9), messages: vec![inbound(1, 2, "new 1")], more: true };
    let three = OpenedChat { chat: chat(3, 1), messages: vec![inbound(3, 1, "new 3")], more: false };
    let user = UserChat { read_upto: 2, archived: false, ..UserChat::default() };
    let applied = phone.snapshot(phone.feed, 50, vec![(one, user), (three, UserChat::default())]);
    assert!(applied.purge);
    assert_eq!(phone.texts(1), ["new 1", "kept"]);
    assert_eq!(phone.texts(3), ["new 3"]);
    assert_eq!(phone.inbox().len(), 2);
    assert_eq!(phone.inbox().iter().map(|row| row.unread).sum::<u32>(), 1);
    assert_eq!(reasons(&phone), [("orphaned".into(), UnsentReason::ChatGone)]);
    assert_eq!(phone.store.read(|db| draft::load(db, chat_id(1))).unwrap().as_deref(), Some("draft"));
    assert!(phone.store.search("old", 10).unwrap().hits.is_empty());
    assert_eq!(phone.store.search("new", 10).unwrap().hits.len(), 2);
    assert_eq!(send(&phone), [kept]);
}

#[test]
fn f63_an_accepted_reply_whose_event_a_snapshot_jumped_over_does_not_stay() {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(chat(1, 1), vec![inbound(1, 1, "hello")], false));
    let id = phone.reply(1, "answer");
    send(&phone);
    answer(&phone, &result(id, CommandStatus::Applied, None, Some(2)));
    // 60 messages later: it is not among the newest 50.
    let newest = (12..62).map(|no| inbound(1, no, "more")).collect();
    let opened = OpenedChat { chat: owned(1, 9, me(), 1), messages: newest, more: true };
    phone.snapshot(phone.feed, 70, vec![(opened, UserChat::default())]);
    phone.store.write(Durability::Normal, outbox::caught_up).unwrap();
    assert_eq!(phone.timeline(1).len(), 50);
    assert!(phone.unsent().is_empty());
}

#[test]
fn f63_what_a_restored_server_forgot_is_for_a_person_to_decide() {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(chat(1, 1), vec![inbound(1, 1, "hello")], false));
    let (known, lost) = (phone.reply(1, "known"), phone.reply(1, "lost"));
    send(&phone);
    answer(&phone, &result(known, CommandStatus::Applied, None, Some(9)));
    send(&phone);
    answer(&phone, &result(lost, CommandStatus::Applied, None, Some(10)));
    let mut message = outbound(1, 2, me(), "known");
    message.id = known.into();
    let opened = OpenedChat { chat: chat(1, 9), messages: vec![inbound(1, 1, "hello"), message], more: false };
    phone.snapshot(FeedId::from_bytes([8; 16]), 3, vec![(opened, UserChat::default())]);
    assert_eq!(reasons(&phone), [("lost".into(), UnsentReason::Unknown)]);
    assert_eq!(phone.texts(1), ["hello", "known"]);
}

#[test]
fn f63_a_restored_server_without_the_chat_loses_no_accepted_text_either() {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(chat(1, 1), vec![inbound(1, 1, "hello")], false));
    let id = phone.reply(1, "answer");
    send(&phone);
    answer(&phone, &result(id, CommandStatus::Applied, None, Some(9)));
    let applied = phone.snapshot(FeedId::from_bytes([8; 16]), 3, Vec::new());
    assert_eq!(reasons(&phone), [("answer".into(), UnsentReason::Unknown)]);
    assert_eq!(phone.unsent()[0].contact_name.as_deref(), Some("Contact 1"));
    assert_eq!(applied.outcomes.len(), 1);
}

#[test]
fn f63_what_a_restored_server_forgot_is_not_shown_as_done() {
    let mut phone = Phone::new();
    let messages = |n| vec![inbound(n, 1, "hello")];
    for n in [1, 2] {
        phone.feed_one(n, opened(owned(n, 1, me(), 1), messages(n), false));
    }
    let line = Gone { reason: GoneReason::Transferred, passed_on: Some(passed_on_line(3)) };
    phone.feed_one(3, EventBody::Gone(line));
    let snooze = phone.act(1, CommandBody::Snooze(Snooze { until: Some(NOW + 60_000) }), false);
    let archive = phone.act(2, CommandBody::Archive, false);
    let delete = CommandId::new();
    let body = CommandBody::Delete;
    let command = outbox::NewCommand {
        id: delete,
        chat: chat_id(3),
        body: &body,
        owner_epoch: 0,
        seen: 0,
        written_at: NOW,
        held_until: None,
        follows: false,
        waits: false,
        unsent: None,
    };
    phone
        .store
        .write(Durability::Full, |tx, _| {
            passed_on::hide(tx, chat_id(3), true)?;
            outbox::enqueue(tx, &command)
        })
        .unwrap();
    send(&phone);
    for (id, seq) in [(snooze, 9), (archive, 10), (delete, 11)] {
        answer(&phone, &result(id, CommandStatus::Applied, None, Some(seq)));
    }
    let part = SnapshotPart { passed_on: vec![passed_on_line(3)], ..SnapshotPart::default() };
    let json = serde_json::to_string(&part).unwrap();
    phone.store.write(Durability::Normal, |tx, _| snapshot::stage(tx, &json)).unwrap();
    let chats = [1, 2].map(|n| {
        let opened = OpenedChat { chat: owned(n, 1, me(), 1), messages: messages(n), more: false };
        (opened, UserChat::default())
    });
    phone.snapshot(FeedId::from_bytes([8; 16]), 3, chats.into());
    assert_eq!(phone.inbox().len(), 2);
    assert_eq!(phone.archive().len(), 1);
}

#[test]
fn pages_join_what_is_here_and_are_dropped_when_the_chat_has_left() {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(chat(1, 1), (51..=100).map(|no| inbound(1, no, "new")).collect(), true));
    assert_eq!(phone.store.search("old", 10).unwrap().local_since, Some(inbound(1, 51, "").sent_at));
    let page =
        Page { req: 1, chat: chat_id(1), messages: (1..=50).map(|no| inbound(1, no, "old")).collect(), more: false };
    assert!(apply::page(&phone.store, me(), &page, 51).unwrap());
    assert_eq!(phone.timeline(1).len(), 100);
    let found = phone.store.search("old", 10).unwrap();
    assert_eq!((found.hits.len(), found.more, found.local_since), (10, true, None));
    assert_eq!(found.hits[0].no, 50, "newest first");
    phone.feed_one(1, gone(GoneReason::Taken));
    assert!(!apply::page(&phone.store, me(), &page, 51).unwrap());
    assert!(phone.store.search("old", 10).unwrap().hits.is_empty());
}

#[test]
fn reading_is_one_merged_row_outside_of_the_queue() {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(chat(1, 1), (1..=9).map(|no| inbound(1, no, "x")).collect(), false));
    let mark = |upto| phone.store.write(Durability::Full, |tx, _| read_mark::put(tx, chat_id(1), upto)).unwrap();
    mark(3);
    mark(5);
    mark(4);
    let first = send(&phone);
    assert_eq!(first.len(), 1);
    mark(7);
    assert_eq!(send(&phone), [], "one in flight");
    answer(&phone, &result(first[0], CommandStatus::Applied, None, None));
    let second = send(&phone);
    assert_eq!(second.len(), 1, "what was read meanwhile");
    answer(&phone, &result(second[0], CommandStatus::Applied, None, None));
    assert_eq!(send(&phone), []);
    assert_eq!(phone.store.read(|db| read_mark::upto(db, chat_id(1))).unwrap(), None);
}

#[test]
fn a_chat_that_is_opened_again_keeps_no_message_that_the_server_left_out() {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(chat(1, 1), vec![inbound(1, 1, "a"), inbound(1, 2, "b")], false));
    phone.feed_one(1, opened(chat(1, 2), vec![inbound(1, 2, "b"), inbound(1, 3, "c")], true));
    assert_eq!(phone.texts(1), ["b", "c"]);
    assert!(phone.store.search("a", 10).unwrap().hits.is_empty());
    assert_eq!(phone.store.search("b", 10).unwrap().hits.len(), 1);
}
