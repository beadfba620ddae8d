//! The life of a chat through the core's own API, against a server that says what the test tells it to say.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on ends")]

mod common;

use std::path::Path;
use std::sync::Arc;

use common::*;
use switchboard_core::{
    BlockId, ChatId, Core, CoreError, ErrorCode, InboxFilter, InboxOrder, InboxRow, Interval, NewContact, Outcome,
    Presence, QueueId, TransferTarget, UNDO_MS, UserId, WeekHours, Work,
};
use switchboard_protocol::block::{BlockRow, Sharing};
use switchboard_protocol::chat::{Chat, ChatState, OpenedChat};
use switchboard_protocol::collection::Collection;
use switchboard_protocol::command::CommandStatus;
use switchboard_protocol::event::{EventBody, Gone, GoneReason, MessageAdded};
use switchboard_protocol::frame::Rows;
use switchboard_protocol::ids::ChannelId;
use switchboard_protocol::{ClientFrame, ServerFrame};

fn other() -> UserId {
    UserId::from_bytes([0xBB; 16])
}

fn queue() -> QueueId {
    QueueId::from_bytes([3; 16])
}

fn mine(n: u8) -> OpenedChat {
    let chat = Chat { state: ChatState::Owned, owner: Some(me()), owner_epoch: 1, waiting_since: None, ..chat(n, 1) };
    OpenedChat { chat, ..opened(n, &["hello"]) }
}

fn recents(core: &Core) -> Vec<ChatId> {
    list(core, InboxFilter::All).into_iter().map(|row| row.chat).collect()
}

fn list(core: &Core, filter: InboxFilter) -> Vec<InboxRow> {
    core.inbox(filter, InboxOrder::NewestFirst).unwrap().rows()
}

fn archive(core: &Core) -> Vec<InboxRow> {
    core.archive_list().unwrap().rows()
}

/// Signed in, with a chat that is mine and one that waits, and with colleagues and a queue.
async fn phone(dir: &Path, clock: &Arc<TestClock>) -> (Phone, FakeServer, Connection) {
    let mut server = FakeServer::start().await;
    let mut phone = Phone::open_with(config(dir, clock));
    phone.core.enrol_with_code(&server.url(), "CODE").await.unwrap();
    phone.core.start();
    let mut connection = server.accept().await;
    connection.bring_up(vec![mine(1), opened(2, &["hello"])]).await;
    for name in ["users", "queues"] {
        connection.send_text(&format!(r#"{{"type":"changed","collection":"{name}","rev":1}}"#)).await;
    }
    for _ in 0..2 {
        let ClientFrame::Pull(pull) = connection.next_action().await else { panic!("a pull") };
        let rows = match pull.collection {
            Collection::Users => format!(
                r#"[{},{},{}]"#,
                user(me(), "Anna", false),
                user(other(), "Boris", false),
                user(UserId::from_bytes([0xCC; 16]), "Carla", true)
            ),
            _ => format!(
                r#"[{{"id":"{0}","row":{{"id":"{0}","name":"Sales","member":true,"logged_in":true}}}}]"#,
                queue()
            ),
        };
        let (req, name) = (pull.req, pull.collection.as_str());
        connection
            .send_text(&format!(r#"{{"type":"rows","req":{req},"collection":"{name}","rev":1,"rows":{rows}}}"#))
            .await;
    }
    // The users' rows came before them.
    phone.until("the queue", |core| !core.queues().unwrap().is_empty()).await;
    phone.online().await;
    (phone, server, connection)
}

fn user(id: UserId, name: &str, disabled: bool) -> String {
    let group = other();
    format!(
        r#"{{"id":"{id}","row":{{"id":"{id}","name":"{name}","role":"user","disabled":{disabled},"group":"{group}"}}}}"#
    )
}

fn rejected<T: std::fmt::Debug>(result: Result<T, CoreError>) -> ErrorCode {
    match result {
        Err(CoreError::Rejected(code)) => code,
        other => panic!("expected a rejection, got {other:?}"),
    }
}

#[tokio::test]
async fn f46_what_was_done_is_sent_when_it_can_no_longer_be_undone() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), TestClock::new());
    let (mut phone, _server, mut connection) = phone(dir.path(), &clock).await;
    let id = phone.core.dealt_with(chat_id(1)).await.unwrap();
    assert_eq!(recents(&phone.core), [chat_id(2)]);
    let row = archive(&phone.core).remove(0);
    assert_eq!(row.undo.map(|undo| (undo.command, undo.until)), Some((id, NOW + UNDO_MS as i64)));
    assert!(phone.core.undo(id).await.unwrap());
    assert_eq!(recents(&phone.core).len(), 2);
    assert!(!phone.core.undo(id).await.unwrap(), "once");

    let id = phone.core.archive(chat_id(1)).await.unwrap();
    // The other chat's commands do not wait for it.
    let take = phone.core.take(chat_id(2)).await.unwrap();
    assert_eq!(connection.command().await.id, take);
    clock.forward(UNDO_MS as i64);
    phone.core.wake();
    let sent = connection.command().await;
    assert_eq!((sent.id, sent.kind.as_str(), sent.chat), (id, "archive", Some(chat_id(1))));
    assert!(!phone.core.undo(id).await.unwrap(), "the server may have it");
    phone.until("nothing to undo", |core| archive(core)[0].undo.is_none()).await;
}

#[tokio::test]
async fn f46_a_kill_within_the_five_seconds_sends_it_at_the_next_start_and_a_refusal_brings_it_back() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), TestClock::new());
    let (first, mut server, connection) = phone(dir.path(), &clock).await;
    let id = first.core.dealt_with(chat_id(1)).await.unwrap();
    // The files as a kill leaves them.
    let killed = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), killed.path().join(file.file_name())).unwrap();
    }
    first.core.stop().await;
    drop((first, connection));
    clock.forward(3_600_000);
    let mut phone = Phone::open_with(config(killed.path(), &clock));
    assert_eq!(recents(&phone.core), [chat_id(2)]);
    assert_eq!(archive(&phone.core)[0].undo, None);
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let _kept = phone.core.observe_commands(Arc::new(move |ended: switchboard_core::CommandOutcome| {
        let _ = tell.send((ended.id, ended.chat, ended.outcome));
    }));
    phone.core.start();
    let mut connection = server.accept().await;
    connection.replay_nothing().await;
    let sent = connection.command().await;
    assert_eq!((sent.id, sent.kind.as_str(), sent.owner_epoch, sent.seen), (id, "dealt_with", Some(1), Some(1)));
    connection.answer(id, CommandStatus::Conflict, Some(ErrorCode::NewMessage), None).await;
    phone.until("back", |core| recents(core).len() == 2).await;
    let refused = Outcome::Refused(ErrorCode::NewMessage);
    assert_eq!(told.recv().await, Some((id, Some(chat_id(1)), refused)));
}

#[tokio::test]
async fn f46_a_reply_undoes_what_is_held() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), TestClock::new());
    let (phone, _server, mut connection) = phone(dir.path(), &clock).await;
    let id = phone.core.dealt_with(chat_id(1)).await.unwrap();
    let reply = phone.core.reply(chat_id(1), "one more thing").await.unwrap();
    assert_eq!(recents(&phone.core).len(), 2);
    let sent = connection.command().await;
    assert_eq!(switchboard_core::MessageId::from(sent.id), reply);
    assert!(!phone.core.undo(id).await.unwrap());
}

#[tokio::test]
async fn f37_dealt_with_goes_when_the_feed_shows_the_reply_that_took_the_chat() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), TestClock::new());
    let (phone, _server, mut connection) = phone(dir.path(), &clock).await;
    let reply = phone.core.reply(chat_id(2), "here you are").await.unwrap().into();
    assert_eq!(connection.command().await.id, reply);
    let dealt = phone.core.dealt_with(chat_id(2)).await.unwrap();
    clock.forward(UNDO_MS as i64);
    phone.core.wake();
    connection.answer(reply, CommandStatus::Applied, None, Some(connection.seq + 1)).await;
    let EventBody::Message(added) = own(2, reply, "here you are") else { panic!("a message") };
    let row = Chat { id: chat_id(2), rev: 2, ..mine(2).chat };
    let event = EventBody::Message(MessageAdded { chat: Some(row), ..added });
    connection.event_by(2, &event, reply).await;
    let sent = connection.command().await;
    assert_eq!((sent.id, sent.owner_epoch, sent.seen), (dealt, Some(1), Some(1)));
}

#[tokio::test]
async fn f26_a_transfer_is_checked_here_and_leaves_a_line_that_outlives_the_content() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), TestClock::new());
    let (mut phone, _server, mut connection) = phone(dir.path(), &clock).await;
    let core = phone.core.clone();
    let to = |id: u8| TransferTarget::User(UserId::from_bytes([id; 16]));
    assert_eq!(rejected(core.transfer(chat_id(1), TransferTarget::User(me()), None).await), ErrorCode::TransferToSelf);
    assert_eq!(rejected(core.transfer(chat_id(1), to(0xCC), None).await), ErrorCode::UserDisabled);
    assert_eq!(core.transfer(chat_id(1), to(1), None).await.unwrap_err(), CoreError::NotFound);
    assert_eq!(core.transfer(chat_id(9), to(0xBB), None).await.unwrap_err(), CoreError::NotFound);
    let long = "x".repeat(16 * 1024 + 1);
    assert_eq!(rejected(core.transfer(chat_id(1), to(0xBB), Some(&long)).await), ErrorCode::TextTooLong);
    let escaped = "\u{1}".repeat(16 * 1024);
    assert_eq!(rejected(core.transfer(chat_id(1), to(0xBB), Some(&escaped)).await), ErrorCode::TextTooLong);

    let id = core.transfer(chat_id(1), TransferTarget::Queue(queue()), Some("  please  ")).await.unwrap();
    let line = archive(&core).remove(0).passed_on.unwrap();
    assert_eq!(line.to_name, "Sales");
    clock.forward(UNDO_MS as i64);
    core.wake();
    let sent = connection.command().await;
    assert_eq!((sent.id, sent.kind.as_str()), (id, "transfer"));
    assert!(sent.body.unwrap().get().contains("\"please\""));
    let passed_on = switchboard_protocol::chat::PassedOn {
        chat: chat_id(1),
        channel_kind: switchboard_core::ChannelKind::LiveChat,
        contact_name: Some("Contact 1".into()),
        to: TransferTarget::Queue(queue()),
        to_name: "Sales".into(),
        at: NOW,
    };
    let gone = Gone { reason: GoneReason::Transferred, passed_on: Some(passed_on) };
    connection.event_by(1, &EventBody::Gone(gone), id).await;
    connection.answer(id, CommandStatus::Applied, None, Some(connection.seq)).await;
    phone.until("gone", |core| core.chat(chat_id(1)).is_err()).await;
    let row = archive(&phone.core).remove(0);
    assert_eq!((row.chat, row.contact_name.as_deref(), row.last_message), (chat_id(1), Some("Contact 1"), None));
    assert!(phone.core.search("hello", 9).unwrap().hits.iter().all(|hit| hit.chat != chat_id(1)));
    // The line can be deleted: it is hidden at once, and its deletion is a command like any other.
    let id = phone.core.delete(chat_id(1)).await.unwrap();
    assert!(archive(&phone.core).is_empty());
    assert_eq!(connection.command().await.id, id);
    let gone = Gone { reason: GoneReason::Deleted, passed_on: None };
    connection.event_by(1, &EventBody::Gone(gone), id).await;
    connection.answer(id, CommandStatus::Applied, None, Some(connection.seq)).await;
    assert_eq!(phone.core.delete(chat_id(9)).await.unwrap_err(), CoreError::NotFound);
}

#[tokio::test]
async fn f37_what_a_chat_does_not_allow_is_refused_at_once_and_without_the_network() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), TestClock::new());
    let (mut phone, _server, mut connection) = phone(dir.path(), &clock).await;
    let core = phone.core.clone();
    assert_eq!(rejected(core.block(chat_id(2)).await), ErrorCode::NotOwner);
    assert_eq!(rejected(core.ignore(chat_id(1)).await), ErrorCode::NotWaiting);
    assert_eq!(rejected(core.snooze(chat_id(1), Some(NOW)).await), ErrorCode::BadTime);
    assert_eq!(rejected(core.snooze(chat_id(1), Some(NOW + 400 * 86_400_000)).await), ErrorCode::BadTime);
    let contact =
        |name: &str, email: &str| NewContact { name: name.into(), email: Some(email.into()), ..NewContact::default() };
    assert_eq!(rejected(core.add_contact(chat_id(2), contact(" ", "")).await), ErrorCode::BadContact);
    assert_eq!(rejected(core.add_contact(chat_id(2), contact("Maria", "maria")).await), ErrorCode::BadContact);
    assert_eq!(rejected(core.set_queue_login(QueueId::from_bytes([9; 16]), true).await), ErrorCode::NotMember);
    let day = |day, from, to| WeekHours {
        zone: "Europe/Berlin".into(),
        intervals: vec![Interval { day, from, to }],
        holidays: Vec::new(),
    };
    for bad in [day(0, 0, 60), day(8, 0, 60), day(1, 1440, 60), day(1, 0, 0), WeekHours::default()] {
        assert_eq!(rejected(core.set_schedule(Some(bad)).await), ErrorCode::BadHours);
    }
    let sms = switchboard_core::ChannelKind::Sms;
    let closed = Chat { state: ChatState::Closed, channel_kind: sms, owner_epoch: 2, ..chat(1, 2) };
    connection.event(1, &EventBody::Chat(Chat { waiting_since: None, ..closed })).await;
    phone.until("closed", |core| core.chat(chat_id(1)).unwrap().rows()[0].state == ChatState::Closed).await;
    assert_eq!(rejected(core.dealt_with(chat_id(1)).await), ErrorCode::ChatClosed);
    assert_eq!(rejected(core.end_session(chat_id(1)).await), ErrorCode::NotLiveChat);
    assert_eq!(rejected(core.block(chat_id(1)).await), ErrorCode::NotLiveChat);
    // A session that is being ended is ended for whatever comes after it.
    core.end_session(chat_id(2)).await.unwrap();
    assert_eq!(rejected(core.archive(chat_id(2)).await), ErrorCode::ChatClosed);
    assert_eq!(connection.command().await.kind, "end");
}

#[tokio::test]
async fn f68_a_snoozed_chat_comes_back_by_the_clock() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), TestClock::new());
    let (mut phone, _server, mut connection) = phone(dir.path(), &clock).await;
    let until = phone.core.server_now() + 60_000;
    phone.core.snooze(chat_id(2), Some(until)).await.unwrap();
    assert_eq!(connection.command().await.kind, "snooze");
    assert_eq!(list(&phone.core, InboxFilter::Snoozed)[0].snoozed_until, Some(until));
    assert_eq!(recents(&phone.core), [chat_id(1)]);
    assert_eq!(phone.core.badge().unwrap(), 1);
    clock.forward(60_000);
    phone.core.wake();
    phone.until("awake", |core| recents(core).len() == 2).await;
    assert!(list(&phone.core, InboxFilter::Snoozed).is_empty());
}

#[tokio::test]
async fn f52_presence_and_queues_are_told_and_wished() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), TestClock::new());
    let (phone, _server, mut connection) = phone(dir.path(), &clock).await;
    let (tell, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let _kept = phone.core.observe_work(Arc::new(move |work: Work| drop(tell.send(work))));
    let first = heard.try_recv().expect("told before it returns");
    assert_eq!(first.presence.presence, Presence::Available);
    assert_eq!(first.queues.iter().map(|queue| queue.name.as_str()).collect::<Vec<_>>(), ["Sales"]);
    assert!(first.queues[0].logged_in);
    phone.core.set_presence(Presence::OffShift, true).await.unwrap();
    let sent = connection.command().await;
    assert_eq!((sent.kind.as_str(), sent.chat), ("presence", None));
    assert!(sent.body.unwrap().get().contains("\"release\":true"));
    assert_eq!(phone.core.presence().unwrap().presence, Presence::OffShift);
    phone.core.set_queue_login(queue(), false).await.unwrap();
    assert_eq!(connection.command().await.kind, "queue_login");
    let offline = |work: &Work| work.presence.presence == Presence::OffShift && !work.queues[0].logged_in;
    while !heard.recv().await.is_some_and(|work| offline(&work)) {}
    assert_eq!(phone.core.unanswered().unwrap(), 1);
    let found = phone.core.transfer_targets("").unwrap();
    assert_eq!(found.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["Boris", "Sales"]);
}

#[tokio::test]
async fn f42_blocks_are_asked_of_the_server_with_the_devices_token() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), TestClock::new());
    let (phone, mut server, _connection) = phone(dir.path(), &clock).await;
    server.answer_sign_in(200, &serde_json::to_string(&Sharing { visitors: 7 }).unwrap());
    assert_eq!(phone.core.sharing(chat_id(1)).await.unwrap(), 7);
    let asked = server.asked().await;
    assert!(asked.starts_with(&format!("GET /v1/chats/{}/sharing ", chat_id(1))), "{asked}");
    assert!(asked.to_ascii_lowercase().contains("authorization: bearer secret-token"), "{asked}");
    let id = BlockId::from_bytes([4; 16]);
    let row = BlockRow {
        id,
        address: "192.0.2.1".into(),
        visitors: 2,
        chat: chat_id(1),
        channel: ChannelId::from_bytes([1; 16]),
        by: other(),
        created_at: 1,
        expires_at: 2,
    };
    // A bad day: more than a screen ever shows, and all of them can be lifted.
    let many = vec![row.clone(); 2_000];
    server.answer_sign_in(200, &serde_json::to_string(&many).unwrap());
    assert_eq!(phone.core.blocks().await.unwrap().len(), 2_000);
    server.asked().await;
    server.answer_sign_in(200, &serde_json::to_string(&[row]).unwrap());
    let blocks = phone.core.blocks().await.unwrap();
    assert!(server.asked().await.starts_with("GET /v1/blocks "));
    assert_eq!((blocks[0].id, blocks[0].by_name.as_deref(), blocks[0].visitors), (id, Some("Boris"), 2));
    server.answer_sign_in(204, "");
    phone.core.lift_block(id).await.unwrap();
    assert!(server.asked().await.starts_with(&format!("DELETE /v1/blocks/{id} ")));
    server.answer_sign_in(403, r#"{"code":"forbidden","detail":"no"}"#);
    assert_eq!(rejected(phone.core.blocks().await), ErrorCode::Forbidden);
    server.answer_sign_in(404, r#"{"code":"not_found","detail":"no"}"#);
    assert_eq!(phone.core.lift_block(id).await.unwrap_err(), CoreError::NotFound);
}

#[tokio::test]
async fn alarms_are_a_list_that_follows_its_collection() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), TestClock::new());
    let (phone, _server, mut connection) = phone(dir.path(), &clock).await;
    let alarms = phone.core.alarms().unwrap();
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let _kept = alarms.subscribe(Arc::new(move |update: switchboard_core::ListUpdate<switchboard_core::AlarmRow>| {
        let _ = told.send(update.changes.len());
    }));
    heard.recv().await;
    assert!(alarms.rows().is_empty());
    connection.send_text(r#"{"type":"changed","collection":"alarms","rev":1}"#).await;
    let ClientFrame::Pull(pull) = connection.next_action().await else { panic!("a pull") };
    let (chat, channel) = (chat_id(5), chat_id(6));
    let json = format!(
        r#"{{"req":{},"collection":"alarms","rev":1,"rows":[{{"id":"{chat}","row":{{"chat":"{chat}",
        "kind":"unattended","channel":"{channel}","queue":"{}","since":5}}}}]}}"#,
        pull.req,
        queue()
    );
    connection.send(ServerFrame::Rows(serde_json::from_str::<Rows>(&json).unwrap())).await;
    heard.recv().await;
    let rows = alarms.rows();
    assert_eq!((rows[0].chat, rows[0].queue_name.as_deref()), (chat, Some("Sales")));
}
