//! Replies whose time has passed ask before they are sent (F64), through the core's own API.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on ends")]

mod common;

use std::path::Path;
use std::sync::Arc;

use common::*;
use switchboard_core::{
    CommandId, ConnectionState, Core, CoreError, DeliveryState, ErrorCode, MessageId, MessageStatus, STALE_MS,
    StaleReason, StorageProblem,
};
use switchboard_protocol::chat::{Chat, ChatState, OpenedChat};
use switchboard_protocol::command::CommandStatus;
use switchboard_protocol::event::{EventBody, Gone, GoneReason};

const LATE: i64 = STALE_MS.cast_signed() + 1;

fn mine(n: u8, texts: &[&str]) -> OpenedChat {
    let chat = Chat { state: ChatState::Owned, owner: Some(me()), owner_epoch: 1, waiting_since: None, ..chat(n, 1) };
    OpenedChat { chat, ..opened(n, texts) }
}

async fn phone(dir: &Path, clock: &Arc<TestClock>) -> (Phone, FakeServer, Connection) {
    let mut server = FakeServer::start().await;
    let mut phone = Phone::open_with(config(dir, clock));
    phone.core.enrol_with_code(&server.url(), "CODE").await.unwrap();
    phone.core.start();
    let mut connection = server.accept().await;
    connection.bring_up(vec![mine(1, &["hello"]), mine(2, &["hello"])]).await;
    phone.online().await;
    (phone, server, connection)
}

async fn offline(phone: &mut Phone, connection: Connection) {
    connection.close().await;
    phone.until("offline", |core| core.connection() != ConnectionState::Online).await;
}

async fn back(phone: &mut Phone, server: &mut FakeServer) -> Connection {
    phone.core.wake();
    let mut connection = server.accept().await;
    connection.replay_nothing().await;
    phone.online().await;
    connection
}

fn states(phone: &Phone, chat: u8) -> Vec<DeliveryState> {
    let rows = phone.core.timeline(chat_id(chat), None).unwrap().rows();
    rows.into_iter().filter(|row| row.mine).map(|row| row.state).collect()
}

/// The server does it, and tells of it.
async fn done(connection: &mut Connection, chat: u8, no: u64, id: MessageId, text: &str) {
    let id = CommandId::from(id);
    connection.event_by(chat, &own(no, id, text), id).await;
    connection.answer(id, CommandStatus::Applied, None, Some(connection.seq)).await;
}

#[tokio::test]
async fn f64_a_reply_that_waited_too_long_asks_and_what_is_behind_it_waits() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), TestClock::new());
    let (mut phone, mut server, connection) = phone(dir.path(), &clock).await;
    offline(&mut phone, connection).await;
    let old = phone.core.reply(chat_id(1), "old").await.unwrap();
    clock.forward(LATE);
    let fresh = phone.core.reply(chat_id(1), "fresh").await.unwrap();
    let elsewhere = phone.core.reply(chat_id(2), "elsewhere").await.unwrap();
    let mut connection = back(&mut phone, &mut server).await;
    let first = connection.command().await;
    assert_eq!(first.id, elsewhere.into(), "only the other chat's goes");
    done(&mut connection, 2, 2, elsewhere, "elsewhere").await;
    phone.until("it asks", |core| core.chat(chat_id(1)).unwrap().rows()[0].asking == 1).await;
    assert_eq!(states(&phone, 1), [DeliveryState::Asking(StaleReason::Old), DeliveryState::Queued]);

    phone.until("the other chat's is there", |core| core.chat(chat_id(2)).unwrap().rows()[0].pending == 0).await;

    // It asks after a new start too.
    drop(connection);
    phone.core.stop().await;
    drop(phone);
    let restarted = loop {
        // The former core's threads let the store go a moment later.
        match Core::open(config(dir.path(), &clock)) {
            Ok(core) => break core,
            Err(CoreError::Storage(StorageProblem::InUse)) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    };
    let rows = restarted.timeline(chat_id(1), None).unwrap().rows();
    assert_eq!(rows[1].state, DeliveryState::Asking(StaleReason::Old));
    restarted.start();
    let mut connection = server.accept().await;
    connection.replay_nothing().await;

    // A person says to send it: its age asks no more, and then the one behind it goes.
    restarted.send_anyway(old).await.unwrap();
    let reply = connection.command().await;
    assert_eq!((reply.id, reply.ask), (old.into(), false));
    done(&mut connection, 1, 2, old, "old").await;
    assert_eq!(connection.command().await.id, fresh.into());
    assert_eq!(restarted.send_anyway(old).await.unwrap_err(), CoreError::NotFound);
}

#[tokio::test]
async fn f64_a_reply_that_the_customer_overtook_asks_and_can_be_taken_back() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), TestClock::new());
    let (mut phone, mut server, connection) = phone(dir.path(), &clock).await;
    offline(&mut phone, connection).await;
    let id = phone.core.reply(chat_id(1), "we are open").await.unwrap();
    phone.core.set_draft(chat_id(1), "and").await.unwrap();
    phone.core.wake();
    let mut connection = server.accept().await;
    let hello = connection.hello().await;
    connection.seq = hello.cursor;
    connection.welcome(switchboard_protocol::frame::CatchUp::Replay, hello.cursor + 1).await;
    connection.event(1, &added(inbound(1, 2, "never mind"))).await;
    connection.live().await;
    phone.until("it asks", |core| core.chat(chat_id(1)).unwrap().rows()[0].asking == 1).await;
    assert_eq!(states(&phone, 1), [DeliveryState::Asking(StaleReason::Overtaken)]);
    assert_eq!(phone.core.withdraw(id).await.unwrap(), "we are open\nand");
    assert_eq!(phone.core.draft(chat_id(1)).unwrap().as_deref(), Some("we are open\nand"));
    assert!(states(&phone, 1).is_empty());
    assert_eq!(phone.core.withdraw(id).await.unwrap_err(), CoreError::NotFound);

    // What is written now and here, before that message was seen by anybody else, does not ask.
    let next = phone.core.reply(chat_id(1), "fine").await.unwrap();
    assert_eq!(connection.command().await.id, next.into());
}

#[tokio::test]
async fn f64_one_that_was_sent_anyway_asks_again_when_the_customer_writes_again() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), TestClock::new());
    let (mut phone, mut server, connection) = phone(dir.path(), &clock).await;
    offline(&mut phone, connection).await;
    let id = phone.core.reply(chat_id(1), "text").await.unwrap();
    clock.forward(LATE);
    let connection = back(&mut phone, &mut server).await;
    phone.until("it asks", |core| core.chat(chat_id(1)).unwrap().rows()[0].asking == 1).await;
    offline(&mut phone, connection).await;
    phone.core.send_anyway(id).await.unwrap();
    assert_eq!(states(&phone, 1), [DeliveryState::Queued]);
    phone.core.wake();
    let mut connection = server.accept().await;
    let hello = connection.hello().await;
    connection.seq = hello.cursor;
    connection.welcome(switchboard_protocol::frame::CatchUp::Replay, hello.cursor + 1).await;
    connection.event(1, &added(inbound(1, 2, "hello?"))).await;
    connection.live().await;
    phone.until("it asks again", |core| core.chat(chat_id(1)).unwrap().rows()[0].asking == 1).await;
    assert_eq!(states(&phone, 1), [DeliveryState::Asking(StaleReason::Overtaken)]);
    // Another takes the chat: the text is unsent, as every other.
    connection.event(1, &EventBody::Gone(Gone { reason: GoneReason::Taken, passed_on: None })).await;
    phone.until("unsent", |core| core.unsent().unwrap().rows().len() == 1).await;
    assert_eq!(phone.core.unsent().unwrap().rows()[0].text, "text");
}

#[tokio::test]
async fn f64_of_one_that_was_on_its_way_the_server_is_asked_first() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), TestClock::new());
    let (mut phone, mut server, mut connection) = phone(dir.path(), &clock).await;
    let arrived = phone.core.reply(chat_id(1), "arrived").await.unwrap();
    let lost = phone.core.reply(chat_id(2), "lost").await.unwrap();
    for _ in 0..2 {
        connection.command().await;
    }
    offline(&mut phone, connection).await;
    assert_eq!(phone.core.withdraw(lost).await.unwrap_err(), CoreError::NotFound, "the server may have it");
    clock.forward(LATE);
    let mut connection = back(&mut phone, &mut server).await;
    for _ in 0..2 {
        let question = connection.command().await;
        assert!(question.ask, "nothing is done by it");
        if question.id == arrived.into() {
            done(&mut connection, 1, 2, arrived, "arrived").await;
        } else {
            connection.answer(question.id, CommandStatus::Rejected, Some(ErrorCode::NotReceived), None).await;
        }
    }
    phone.until("it asks", |core| core.chat(chat_id(2)).unwrap().rows()[0].asking == 1).await;
    phone.until("it arrived", |core| core.chat(chat_id(1)).unwrap().rows()[0].pending == 0).await;
    assert_eq!(states(&phone, 1), [DeliveryState::Stored(MessageStatus::Sent)]);
    assert_eq!(states(&phone, 2), [DeliveryState::Asking(StaleReason::Old)]);
    phone.core.send_anyway(lost).await.unwrap();
    let reply = connection.command().await;
    assert_eq!((reply.id, reply.ask), (lost.into(), false));
}
