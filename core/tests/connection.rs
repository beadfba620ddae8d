//! How a phone behaves on its connection.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on ends")]

mod common;

use common::*;
use std::sync::Arc;
use switchboard_core::{ConnectionState, CoreError, DeliveryState, ErrorCode, StorageProblem};
use switchboard_protocol::ClientFrame;
use switchboard_protocol::ServerFrame;
use switchboard_protocol::command::CommandStatus;
use switchboard_protocol::event::{EventBody, Gone, GoneReason};
use switchboard_protocol::frame::{CatchUp, Page, PeerTyping};

#[tokio::test]
async fn f62_a_snapshot_fills_the_inbox_and_it_is_there_offline() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), FakeServer::start().await);
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    let hello = connection.bring_up(vec![opened(1, &["hello", "there"])]).await;
    assert_eq!((hello.token.as_str(), hello.feed_id, hello.cursor), ("secret-token", None, 0));
    phone.online().await;
    assert_eq!(phone.texts(1), ["hello", "there"]);
    assert_eq!(phone.core.badge().unwrap(), 1);
    phone.core.stop().await;
    assert_eq!(phone.core.connection(), ConnectionState::Stopped);
    drop(phone);

    // Without any network, as after a restart of the app.
    drop((connection, server));
    let phone = Phone::open(dir.path());
    assert_eq!(phone.texts(1), ["hello", "there"]);
    assert_eq!(phone.core.search("ther", 10).unwrap().hits.len(), 1);
    assert_eq!(phone.core.account().unwrap().user.name, "Anna");
}

#[tokio::test]
async fn f63_a_reply_survives_a_lost_connection_and_arrives_once_under_its_id() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), FakeServer::start().await);
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    connection.bring_up(vec![opened(1, &["hello"])]).await;
    phone.online().await;
    let id = phone.core.reply(chat_id(1), "answer").await.unwrap();
    let second = phone.core.reply(chat_id(1), "second").await.unwrap();
    let sent = connection.command().await;
    assert_eq!((sent.kind.as_str(), sent.id, sent.seen), ("reply", id.into(), Some(1)));
    connection.close().await;

    let mut connection = server.accept().await;
    let hello = connection.replay_nothing().await;
    assert_eq!((hello.feed_id, hello.cursor), (Some(feed()), 10));
    let again = connection.command().await;
    assert_eq!(again.id, id.into());
    // The answer, and then the event: between them the message shows once.
    connection.answer(again.id, CommandStatus::Applied, None, Some(11)).await;
    let next = connection.command().await;
    assert_eq!(next.id, second.into());
    assert_eq!(phone.texts(1), ["hello", "answer", "second"]);
    connection.event(1, &own(2, id.into(), "answer")).await;
    connection.event(1, &own(3, second.into(), "second")).await;
    phone.until("both stored", |core| core.chat(chat_id(1)).unwrap().rows()[0].pending == 0).await;
    let rows = phone.core.timeline(chat_id(1), None).unwrap().rows();
    assert!(rows.iter().all(|row| matches!(row.state, DeliveryState::Stored(_)) && row.no.is_some()));
    assert_eq!(rows.len(), 3);
}

#[tokio::test]
async fn events_that_come_together_are_told_as_one_change() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), FakeServer::start().await);
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    connection.bring_up(vec![opened(1, &["hello"])]).await;
    phone.online().await;
    for no in 2..=300 {
        connection.event(1, &added(inbound(1, no, "more"))).await;
    }
    phone.until("all of them", |core| core.chat(chat_id(1)).unwrap().rows()[0].unread == 300).await;
    assert_eq!(phone.inbox()[0].last_message.as_ref().unwrap().preview, "more");
}

#[tokio::test]
async fn a_gap_in_the_feed_reconnects_from_the_stored_cursor() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), FakeServer::start().await);
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    connection.bring_up(vec![opened(1, &["hello"])]).await;
    phone.online().await;
    connection.event(1, &added(inbound(1, 2, "two"))).await;
    connection.seq += 1;
    connection.event(1, &added(inbound(1, 4, "four"))).await;
    connection.closed().await;
    let mut connection = server.accept().await;
    assert_eq!(connection.hello().await.cursor, 11);
    connection.welcome(CatchUp::Replay, 13).await;
    connection.seq = 10;
    // What it has already is dropped.
    connection.event(1, &added(inbound(1, 2, "two"))).await;
    connection.event(1, &added(inbound(1, 3, "three"))).await;
    connection.event(1, &added(inbound(1, 4, "four"))).await;
    connection.live().await;
    phone.online().await;
    assert_eq!(phone.texts(1), ["hello", "two", "three", "four"]);
}

#[tokio::test]
async fn bad_frames_cost_a_connection_and_nothing_else() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), FakeServer::start().await);
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    connection.bring_up(vec![opened(1, &["hello"])]).await;
    phone.online().await;
    let deep = format!("{{\"type\":\"event\",\"x\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    for bad in ["", "nonsense", "[]", "{\"type\":1}", "{\"type\":\"event\"}", &deep, "{\"type\":\"bye\"}"] {
        connection.send_text(bad).await;
        connection.closed().await;
        phone.core.wake();
        connection = server.accept().await;
        assert_eq!(connection.hello().await.feed_id, None, "asks for a snapshot: {}", &bad[..bad.len().min(30)]);
        connection.snapshot(vec![opened(1, &["hello"])], 10).await;
        phone.online().await;
    }
    // What a newer server says is passed over.
    connection.send_text("{\"type\":\"fanfare\",\"volume\":11}").await;
    connection.send_text("{\"type\":\"pong\",\"more\":[1,2]}").await;
    connection.send_text("{\"type\":\"event\",\"seq\":11,\"kind\":\"merged\",\"chat\":null,\"body\":{}}").await;
    connection.seq = 11;
    connection.event(1, &added(inbound(1, 2, "two"))).await;
    phone.until("the next event", |core| core.badge().is_ok() && core.search("two", 1).unwrap().hits.len() == 1).await;
    assert_eq!(phone.texts(1), ["hello", "two"]);
}

#[tokio::test]
async fn a_revoked_device_deletes_its_store() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), FakeServer::start().await);
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    connection.bring_up(vec![opened(1, &["marker text"])]).await;
    phone.online().await;
    let timeline = phone.core.timeline(chat_id(1), None).unwrap();
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let _kept =
        timeline.subscribe(Arc::new(move |update: switchboard_core::ListUpdate<_>| told.send(update.closed).unwrap()));
    connection.bye(ErrorCode::Revoked, 0).await;
    phone.until_state(ConnectionState::SignedOut).await;
    phone
        .until("an empty inbox", |core| core.inbox(Default::default(), Default::default()).unwrap().rows().is_empty())
        .await;
    while !heard.recv().await.unwrap() {}
    assert_eq!(phone.core.account(), None);
    assert!(!server.has_connection());
    drop(phone);
    assert!(!scan(dir.path(), "marker") && !scan(dir.path(), "secret-token"));
}

#[tokio::test]
async fn an_unauthorized_device_keeps_its_store_and_signs_in_again() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), FakeServer::start().await);
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    connection.bring_up(vec![opened(1, &["hello"])]).await;
    phone.online().await;
    connection.bye(ErrorCode::Unauthorized, 0).await;
    phone.until_state(ConnectionState::Refused(ErrorCode::Unauthorized)).await;
    assert_eq!(phone.texts(1), ["hello"]);
    phone.core.reply(chat_id(1), "typed meanwhile").await.unwrap();

    // Somebody else's sign-in does not overwrite the store.
    server.answer_sign_in(200, &signed_in(switchboard_core::UserId::from_bytes([9; 16]), "theirs"));
    let refused = phone.core.sign_in(&server.url(), "x@example.com", "password").await;
    assert!(matches!(refused, Err(CoreError::InvalidInput(_))));
    server.answer_sign_in(200, &signed_in(me(), "new-token"));
    phone.core.sign_in(&server.url(), "anna@example.com", "password").await.unwrap();
    let mut connection = server.accept().await;
    let hello = connection.replay_nothing().await;
    assert_eq!((hello.token.as_str(), hello.cursor), ("new-token", 10));
    assert_eq!(connection.command().await.kind, "reply");
}

#[tokio::test]
async fn an_app_that_is_too_old_stops_trying() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), FakeServer::start().await);
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    connection.hello().await;
    connection.bye(ErrorCode::UpgradeApp, 1).await;
    phone.until_state(ConnectionState::Refused(ErrorCode::UpgradeApp)).await;
    connection.closed().await;
    phone.core.wake();
    phone.core.stop().await;
    assert!(!server.has_connection());
}

#[tokio::test]
async fn signing_in_tells_what_went_wrong() {
    let (dir, server) = (tempfile::tempdir().unwrap(), FakeServer::start().await);
    let phone = Phone::open(dir.path());
    let core = &phone.core;
    let body = |code: &str| format!("{{\"code\":\"{code}\",\"detail\":\"x\",\"retry_ms\":5}}");
    for (status, body, expected) in [
        (401, body("bad_enrolment_code"), CoreError::Rejected(ErrorCode::BadEnrolmentCode)),
        (429, body("slow_down"), CoreError::Rejected(ErrorCode::SlowDown)),
        (400, body("moon_phase"), CoreError::Rejected(ErrorCode::Unknown)),
        (502, "<html>bad gateway</html>".into(), CoreError::Offline),
        (404, "<html>not ours</html>".into(), CoreError::Unexpected),
        (200, "{}".into(), CoreError::Unexpected),
        (302, String::new(), CoreError::Unexpected),
        (200, "x".repeat(200_000), CoreError::Unexpected),
    ] {
        server.answer_sign_in(status, &body);
        assert_eq!(core.enrol_with_code(&server.url(), "CODE").await.unwrap_err(), expected, "{status}");
        assert_eq!(core.sign_in(&server.url(), "a@example.com", "p").await.unwrap_err(), expected, "{status}");
    }
    assert_eq!(core.account(), None);
    for link in ["", "https://x", "switchboard://enrol?server=http%3A%2F%2Fchat.example.com&code=A"] {
        assert!(matches!(core.enrol(link).await, Err(CoreError::InvalidInput(_))), "{link}");
    }
    let nobody = { std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap() };
    assert_eq!(core.enrol_with_code(&format!("http://{nobody}"), "C").await.unwrap_err(), CoreError::Offline);
    assert_eq!(core.reply(chat_id(1), "x").await.unwrap_err(), CoreError::NotFound);
    assert_eq!(core.timeline(chat_id(1), None).unwrap_err(), CoreError::SignInAgain);
}

#[tokio::test]
async fn signing_out_works_without_a_network() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), FakeServer::start().await);
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    connection.bring_up(vec![opened(1, &["marker text"])]).await;
    phone.online().await;
    drop((connection, server));
    phone.core.sign_out().await.unwrap();
    assert_eq!(phone.core.connection(), ConnectionState::SignedOut);
    assert!(!scan(dir.path(), "marker") && !scan(dir.path(), "secret-token"));
    // And the device can be signed in anew.
    let mut server = FakeServer::start().await;
    phone.core.enrol_with_code(&server.url(), "CODE").await.unwrap();
    let mut connection = server.accept().await;
    assert_eq!(connection.bring_up(vec![opened(2, &["fresh"])]).await.feed_id, None);
    phone.online().await;
    assert_eq!(phone.inbox().len(), 1);
}

#[tokio::test]
async fn a_silent_line_is_given_up_after_one_missed_heartbeat() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), FakeServer::start().await);
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    connection.hello().await;
    connection.welcome_with(CatchUp::Snapshot, 0, 1_000, Default::default()).await;
    connection.snapshot(Vec::new(), 0).await;
    // The second welcome of `snapshot` is a second welcome: out of turn.
    connection.closed().await;
    let mut connection = server.accept().await;
    connection.hello().await;
    connection.welcome_with(CatchUp::Snapshot, 0, 1_000, Default::default()).await;
    connection.send_text("{\"type\":\"snapshot_begin\",\"as_of\":0}").await;
    connection.send_text("{\"type\":\"snapshot_end\",\"cursor\":0}").await;
    connection.live().await;
    phone.online().await;
    // It asks, gets no answer, and leaves.
    assert!(matches!(connection.next().await, Some(ClientFrame::Ping(_))));
    assert!(connection.next().await.is_none());
    server.accept().await.hello().await;
}

#[tokio::test]
async fn older_messages_are_fetched_when_a_timeline_is_extended() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), FakeServer::start().await);
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    let mut chat = opened(1, &[]);
    chat.messages = (61..=110).map(|no| inbound(1, no, "new")).collect();
    chat.more = true;
    connection.bring_up(vec![chat]).await;
    phone.online().await;
    let timeline = phone.core.timeline(chat_id(1), None).unwrap();
    let rows: Arc<std::sync::Mutex<Vec<_>>> = Arc::default();
    let (seen, (told, mut heard)) = (Arc::clone(&rows), tokio::sync::mpsc::unbounded_channel());
    let _kept = timeline.subscribe(Arc::new(move |update: switchboard_core::ListUpdate<_>| {
        let mut rows = seen.lock().unwrap();
        for change in update.changes {
            assert!(change.apply(&mut rows));
        }
        told.send(rows.len()).unwrap();
    }));
    assert_eq!(heard.recv().await, Some(50));
    assert!(timeline.has_more());
    timeline.extend(60).unwrap();
    let ClientFrame::Fetch(fetch) = connection.next_action().await else { panic!() };
    assert_eq!((fetch.chat, fetch.before), (chat_id(1), 61));
    let page = |req, from: u64, upto: u64, more| {
        let messages = (from..=upto).map(|no| inbound(1, no, "old")).collect();
        ServerFrame::Page(Page { req, chat: chat_id(1), messages, more })
    };
    connection.send(page(fetch.req, 11, 60, true)).await;
    assert_eq!(heard.recv().await, Some(100));
    // Ten are still wanted.
    let ClientFrame::Fetch(fetch) = connection.next_action().await else { panic!() };
    assert_eq!(fetch.before, 11);
    connection.send(page(fetch.req, 1, 10, false)).await;
    assert_eq!(heard.recv().await, Some(110));
    assert!(!timeline.has_more());
    assert!(!phone.core.fetch_older(chat_id(1)).await.unwrap());
    assert_eq!(
        rows.lock().unwrap().iter().map(|row| row.no.unwrap()).collect::<Vec<_>>(),
        (1..=110).collect::<Vec<_>>()
    );
    // Around a message: a stretch that grows to both sides.
    let around = phone.core.timeline(chat_id(1), Some(50)).unwrap();
    let nos = |list: &switchboard_core::TimelineList| {
        let rows = list.rows();
        (rows.first().unwrap().no.unwrap(), rows.last().unwrap().no.unwrap())
    };
    assert_eq!(nos(&around), (25, 74));
    around.extend(10).unwrap();
    around.extend_newer(10).unwrap();
    assert_eq!(nos(&around), (15, 84));
    around.extend_newer(100).unwrap();
    assert_eq!(nos(&around), (15, 110));
    phone.core.stop().await;
    assert_eq!(phone.core.fetch_older(chat_id(1)).await.unwrap_err(), CoreError::Offline);
}

#[tokio::test]
async fn f58_typing_goes_both_ways_and_only_for_chats_that_are_here() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), FakeServer::start().await);
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    connection.bring_up(vec![opened(1, &["hello"])]).await;
    phone.online().await;
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let _kept = phone.core.observe_typing(Arc::new(move |typing| told.send(typing).unwrap()));
    for (n, user) in [(9, None), (1, Some(me())), (1, None)] {
        connection.send(ServerFrame::Ephemeral(PeerTyping { chat: chat_id(n), user, typing: true })).await;
    }
    let typing = heard.recv().await.unwrap();
    assert_eq!((typing.chat, typing.user, typing.typing), (chat_id(1), None, true));
    phone.core.typing(chat_id(1), true);
    assert!(matches!(connection.next_action().await, ClientFrame::Ephemeral(_)));
    // When the connection goes, nobody is typing any more.
    connection.close().await;
    assert!(!heard.recv().await.unwrap().typing);
}

#[tokio::test]
async fn f64_a_chat_that_is_taken_leaves_with_everything_but_my_own_words() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), FakeServer::start().await);
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    connection.bring_up(vec![opened(1, &["hello"])]).await;
    phone.online().await;
    let id = phone.core.reply(chat_id(1), "mine").await.unwrap();
    phone.core.set_draft(chat_id(1), "begun").await.unwrap();
    let timeline = phone.core.timeline(chat_id(1), None).unwrap();
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let _kept = timeline.subscribe(Arc::new(move |update: switchboard_core::ListUpdate<_>| told.send(update).unwrap()));
    let command = connection.command().await;
    connection.event(1, &EventBody::Gone(Gone { reason: GoneReason::Taken, passed_on: None })).await;
    let last = loop {
        let update = heard.recv().await.unwrap();
        if update.closed {
            break update;
        }
    };
    assert_eq!(last.changes, [switchboard_core::ListChange::Reset { rows: Vec::new() }]);
    phone.until("both texts", |core| core.unsent().unwrap().rows().len() == 2).await;
    connection.answer(command.id, CommandStatus::Conflict, Some(ErrorCode::Taken), None).await;
    let refused = switchboard_core::UnsentReason::Refused(ErrorCode::Taken);
    phone.until("decided", |core| core.unsent().unwrap().rows().iter().any(|row| row.reason == refused)).await;
    let rows = phone.core.unsent().unwrap().rows();
    let mine = rows.iter().find(|row| row.text == "mine").unwrap();
    assert_eq!((mine.id, mine.contact_name.as_deref()), (id.into(), Some("Contact 1")));
    for row in rows {
        phone.core.delete_unsent(row.id).await.unwrap();
        assert_eq!(phone.core.delete_unsent(row.id).await.unwrap_err(), CoreError::NotFound);
    }
    assert_eq!(phone.core.timeline(chat_id(1), None).unwrap_err(), CoreError::NotFound);
    assert_eq!(timeline.extend(1).unwrap_err(), CoreError::NotFound);
}

#[tokio::test]
async fn a_store_that_cannot_be_used_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let open = |dir: &std::path::Path| {
        switchboard_core::Core::open(switchboard_core::CoreConfig::new(dir, switchboard_core::Platform::Ios, "x"))
    };
    let core = open(dir.path()).unwrap();
    assert_eq!(open(dir.path()).unwrap_err(), CoreError::Storage(StorageProblem::InUse));
    drop(core);
    let file = dir.path().join("switchboard.db");
    let db = rusqlite::Connection::open(&file).unwrap();
    db.execute_batch("PRAGMA user_version = 999").unwrap();
    drop(db);
    assert_eq!(open(dir.path()).unwrap_err(), CoreError::Storage(StorageProblem::NewerVersion));
    std::fs::write(&file, "this is not a database, it is a text of some length").unwrap();
    assert_eq!(open(dir.path()).unwrap_err(), CoreError::Storage(StorageProblem::Damaged));
    let under_a_file = file.join("store");
    assert!(matches!(open(&under_a_file).unwrap_err(), CoreError::Storage(_)));
    assert!(matches!(open(std::path::Path::new("/proc/no/such")).unwrap_err(), CoreError::Storage(_)));
}

/// Whether any file in the directory holds these bytes.
fn scan(dir: &std::path::Path, marker: &str) -> bool {
    std::fs::read_dir(dir).unwrap().any(|file| {
        let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
        bytes.windows(marker.len()).any(|window| window == marker.as_bytes())
    })
}
