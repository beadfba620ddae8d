//! What must leave a device leaves it: a byte scan of every file of the store.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on ends")]

mod common;

use std::path::Path;

use common::*;
use switchboard_core::Core;
use switchboard_protocol::chat::OpenedChat;
use switchboard_protocol::event::{EventBody, Gone, GoneReason};

/// Words that occur nowhere else. They are typed with capitals, and indexed in lower case.
const MARKERS: [&str; 2] = ["Zqxwvmarker", "Ыщъэюмаркер"];

/// What to look for: as typed, lower-case, and without the first letters, because the index stores a term as what
/// follows the beginning that it shares with the term before it.
fn needles() -> Vec<String> {
    let mut out = Vec::new();
    for marker in MARKERS {
        let lower = marker.to_lowercase();
        for skip in 0..5 {
            out.push(lower.chars().skip(skip).collect());
        }
        out.push(marker.to_owned());
    }
    out
}

/// The needles that some file of the directory holds.
fn found(dir: &Path) -> Vec<String> {
    let files: Vec<Vec<u8>> =
        std::fs::read_dir(dir).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap_or_default()).collect();
    needles()
        .into_iter()
        .filter(|needle| files.iter().any(|bytes| bytes.windows(needle.len()).any(|at| at == needle.as_bytes())))
        .collect()
}

/// The needles that are terms of the index, as SQLite itself lists them.
fn terms(dir: &Path) -> usize {
    let db = rusqlite::Connection::open(dir.join("switchboard.db")).unwrap();
    db.execute_batch("CREATE VIRTUAL TABLE temp.terms USING fts5vocab('main', 'message_fts', 'row')").unwrap();
    let mut statement = db.prepare("SELECT term FROM temp.terms").unwrap();
    let terms: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    terms.iter().filter(|term| MARKERS.iter().any(|marker| term.contains(&marker.to_lowercase()))).count()
}

/// Chats with ordinary words around one with the markers.
fn chats() -> Vec<OpenedChat> {
    let mut chats: Vec<_> = (2..30).map(|n| opened(n, &["an ordinary word", "обычное слово", "zqx ыщъ"])).collect();
    chats[0].chat.contact.name = Some("Zqx Ыщъ".into());
    let text = format!("{} and {}", MARKERS[0], MARKERS[1]);
    let mut marked: Vec<String> = (0..20).map(|n| format!("{text} {n}")).collect();
    marked.push("long ".repeat(3000) + &text);
    let mut marked = opened(1, &marked.iter().map(String::as_str).collect::<Vec<_>>());
    // Whose name is indexed too, with what begins like it in the other chats.
    marked.chat.contact.name = Some(format!("{} {}", MARKERS[0], MARKERS[1]));
    chats.push(marked);
    chats
}

fn gone() -> EventBody {
    EventBody::Gone(Gone { reason: GoneReason::Taken, passed_on: None })
}

async fn filled(dir: &Path) -> (Phone, FakeServer, Connection) {
    let mut server = FakeServer::start().await;
    let mut phone = Phone::enrolled(dir, &server).await;
    let mut connection = server.accept().await;
    connection.bring_up(chats()).await;
    phone.online().await;
    (phone, server, connection)
}

/// Looks until nothing is found. Files tell nobody of their change, so this is the one place that looks again and again.
async fn until_clean(dir: &Path) {
    let wait = async {
        while !found(dir).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    if tokio::time::timeout(WAIT, wait).await.is_err() {
        panic!("still there: {:?}", found(dir));
    }
}

fn here(core: &Core) -> usize {
    core.search("zqxwvmarker", 50).unwrap().hits.len()
}

#[tokio::test]
async fn f15_what_is_taken_leaves_no_byte_behind_with_a_reader_open() {
    let dir = tempfile::tempdir().unwrap();
    let (mut phone, _server, mut connection) = filled(dir.path()).await;
    assert_eq!(here(&phone.core), 21);
    assert!(found(dir.path()).len() >= 8, "the scan finds what is there: {:?}", found(dir.path()));
    assert!(terms(dir.path()) >= 2);

    // Somebody else's reader, in the middle of reading: it keeps the log from being truncated.
    let reader = rusqlite::Connection::open(dir.path().join("switchboard.db")).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let _: i64 = reader.query_row("SELECT count(*) FROM message", [], |row| row.get(0)).unwrap();
    // And lists of our own.
    let timeline = phone.core.timeline(chat_id(1), None).unwrap();
    let _kept = timeline.subscribe(std::sync::Arc::new(|_: switchboard_core::ListUpdate<_>| ()));

    connection.event(1, &gone()).await;
    phone.until("gone from the inbox", |core| core.chat(chat_id(1)).is_err()).await;
    assert_eq!(here(&phone.core), 0);
    assert!(!found(dir.path()).is_empty(), "the reader still sees it");
    // Everything goes on meanwhile.
    connection.event(2, &added(inbound(2, 4, "next"))).await;
    phone.until("the next message", |core| core.search("next", 1).unwrap().hits.len() == 1).await;
    drop(reader);
    until_clean(dir.path()).await;
    assert_eq!(terms(dir.path()), 0);
    assert_eq!(phone.core.search("ordinary", 50).unwrap().hits.len(), 28, "the others are still found");
}

#[tokio::test]
async fn f15_what_a_later_snapshot_does_not_have_leaves_no_byte_behind() {
    let dir = tempfile::tempdir().unwrap();
    let (mut phone, mut server, connection) = filled(dir.path()).await;
    connection.close().await;
    phone.core.wake();
    let mut connection = server.accept().await;
    connection.hello().await;
    let mut others = chats();
    others.retain(|opened| opened.chat.id != chat_id(1));
    connection.snapshot(others, 50).await;
    phone.online().await;
    until_clean(dir.path()).await;
    assert_eq!(terms(dir.path()), 0);
    assert_eq!(phone.inbox().len(), 28);
}

#[tokio::test]
async fn f15_half_a_snapshot_leaves_no_byte_behind() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = FakeServer::start().await;
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    connection.hello().await;
    connection.welcome(switchboard_protocol::frame::CatchUp::Snapshot, 10).await;
    connection.send_text("{\"type\":\"snapshot_begin\",\"as_of\":10}").await;
    let chats = chats();
    let part = switchboard_protocol::frame::SnapshotPart {
        chats: chats
            .into_iter()
            .map(|opened| switchboard_protocol::frame::SnapshotChat { opened, me: Default::default() })
            .collect(),
        ..switchboard_protocol::frame::SnapshotPart::default()
    };
    connection.send(switchboard_protocol::ServerFrame::SnapshotPart(part)).await;
    // It is in the file before the connection breaks off.
    while found(dir.path()).is_empty() {
        tokio::task::yield_now().await;
    }
    connection.close().await;
    let mut connection = server.accept().await;
    connection.bring_up(Vec::new()).await;
    phone.online().await;
    until_clean(dir.path()).await;
    assert!(phone.inbox().is_empty());
}

#[tokio::test]
async fn f15_a_purge_that_a_kill_cut_short_is_finished_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let (mut phone, _server, mut connection) = filled(dir.path()).await;
    // A reader holds the log, so that after the commit nothing is truncated; then the files as a kill leaves them.
    let reader = rusqlite::Connection::open(dir.path().join("switchboard.db")).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let _: i64 = reader.query_row("SELECT count(*) FROM message", [], |row| row.get(0)).unwrap();
    connection.event(1, &gone()).await;
    phone.until("gone from the inbox", |core| core.chat(chat_id(1)).is_err()).await;
    let killed = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), killed.path().join(file.file_name())).unwrap();
    }
    assert!(!found(killed.path()).is_empty(), "the log of the killed process still has it");

    let restarted = Phone::open(killed.path());
    assert_eq!(found(killed.path()), Vec::<String>::new());
    assert_eq!(terms(killed.path()), 0);
    assert_eq!(restarted.inbox().len(), 28);
    // A deletion of the whole store that was cut short is finished too.
    drop(restarted);
    std::fs::write(killed.path().join("switchboard.delete"), b"").unwrap();
    let restarted = Phone::open(killed.path());
    assert!(restarted.inbox().is_empty() && restarted.core.account().is_none());
}

#[tokio::test]
async fn f28_of_a_chat_that_was_passed_on_the_line_stays_and_no_byte_of_its_content() {
    let dir = tempfile::tempdir().unwrap();
    let (mut phone, _server, mut connection) = filled(dir.path()).await;
    let line = switchboard_protocol::chat::PassedOn {
        chat: chat_id(1),
        channel_kind: switchboard_core::ChannelKind::LiveChat,
        contact_name: Some("Contact 1".into()),
        to: switchboard_core::TransferTarget::User(switchboard_core::UserId::from_bytes([0xBB; 16])),
        to_name: "Boris".into(),
        at: NOW,
    };
    let gone = Gone { reason: GoneReason::Transferred, passed_on: Some(line) };
    connection.event(1, &EventBody::Gone(gone)).await;
    phone.until("gone from the inbox", |core| core.chat(chat_id(1)).is_err()).await;
    until_clean(dir.path()).await;
    let archive = phone.core.archive_list().unwrap().rows();
    assert_eq!(archive.iter().map(|row| row.contact_name.as_deref()).collect::<Vec<_>>(), [Some("Contact 1")]);
}

#[tokio::test]
async fn f15_notes_and_ratings_leave_no_byte_behind() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = FakeServer::start().await;
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    connection.bring_up(vec![opened(1, &["an ordinary word"]), opened(2, &["another"])]).await;
    phone.online().await;
    use switchboard_protocol::message::{Activity, Author, Message};
    let author = Author::User { id: me(), name: "Anna".into() };
    connection.event(1, &added(Message { private: true, author, ..inbound(1, 2, MARKERS[0]) })).await;
    let rated = Activity::Rated { stars: 1, comment: Some(MARKERS[1].into()) };
    connection.event(1, &added(Message { activity: Some(rated), ..inbound(1, 3, "") })).await;
    phone.until("both lines", |core| core.timeline(chat_id(1), None).unwrap().rows().len() == 3).await;
    assert!(!found(dir.path()).is_empty());
    connection.event(1, &gone()).await;
    phone.until("gone from the inbox", |core| core.chat(chat_id(1)).is_err()).await;
    until_clean(dir.path()).await;
}

#[tokio::test]
async fn f2_of_a_staff_chat_that_was_left_no_byte_is_left_behind() {
    use switchboard_protocol::chat::{InternalChat, OpenedInternal};
    use switchboard_protocol::event::MessageAdded;
    use switchboard_protocol::message::{Activity, Author, Message, Named};
    let dir = tempfile::tempdir().unwrap();
    let mut server = FakeServer::start().await;
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    connection.bring_up((2..30).map(|n| opened(n, &["an ordinary word", "обычное слово"])).collect()).await;
    phone.online().await;
    let boris = switchboard_core::UserId::from_bytes([0xBB; 16]);
    let by = |no: u64, text: &str| Message {
        author: Author::User { id: boris, name: MARKERS[0].into() },
        ..inbound(1, no, text)
    };
    // In the name of the group, in what was said, and in what happened.
    let internal = |rev: u64| InternalChat {
        id: chat_id(1),
        rev,
        name: Some(format!("Group {}", MARKERS[1])),
        members: vec![me(), boris],
    };
    let messages = (1..20).map(|no| by(no, &format!("{} and {}", MARKERS[0], MARKERS[1]))).collect();
    let opened = OpenedInternal { internal: internal(1), messages, more: false };
    connection.event(1, &EventBody::InternalOpened(opened)).await;
    let member = Named { id: boris, name: MARKERS[0].into() };
    let message = Message { activity: Some(Activity::MemberRemoved { member }), ..by(20, "") };
    let told = MessageAdded { message, chat: None, internal: Some(internal(2)) };
    connection.event(1, &EventBody::Message(told)).await;
    phone.until("all of it", |core| core.timeline(chat_id(1), None).is_ok_and(|list| list.rows().len() == 20)).await;
    assert!(found(dir.path()).len() >= 8, "the scan finds what is there: {:?}", found(dir.path()));
    assert!(terms(dir.path()) >= 2);

    let leave = phone.core.leave_group(chat_id(1)).await.unwrap();
    let gone = EventBody::Gone(Gone { reason: GoneReason::Left, passed_on: None });
    connection.event_by(1, &gone, leave).await;
    phone.until("gone", |core| core.chat(chat_id(1)).is_err()).await;
    until_clean(dir.path()).await;
    assert_eq!(terms(dir.path()), 0);
    assert_eq!(phone.inbox().len(), 28);
}
