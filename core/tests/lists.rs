//! How lists tell of their changes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on ends")]

mod common;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use common::*;
use switchboard_core::{InboxFilter, InboxOrder, InboxRow, ListChange, ListUpdate};
use switchboard_protocol::chat::{ChatState, OpenedChat};
use switchboard_protocol::event::{EventBody, Gone, GoneReason};

/// A screen that applies what it is told.
#[derive(Clone, Default)]
struct Screen {
    rows: Arc<Mutex<Vec<InboxRow>>>,
    revisions: Arc<Mutex<Vec<u64>>>,
}

impl Screen {
    fn listener(&self) -> Arc<dyn switchboard_core::ListListener<InboxRow>> {
        let screen = self.clone();
        Arc::new(move |update: ListUpdate<InboxRow>| {
            let mut rows = screen.rows.lock().unwrap();
            for change in update.changes {
                assert!(change.apply(&mut rows), "a step that does not fit");
            }
            screen.revisions.lock().unwrap().push(update.revision);
        })
    }

    fn rows(&self) -> Vec<InboxRow> {
        self.rows.lock().unwrap().clone()
    }
}

fn owned(n: u8, rev: u64) -> EventBody {
    let mut row = chat(n, rev);
    (row.state, row.owner, row.owner_epoch, row.waiting_since) = (ChatState::Owned, Some(me()), 1, None);
    EventBody::Chat(row)
}

fn many(count: u8) -> Vec<OpenedChat> {
    (1..=count)
        .map(|n| {
            let mut chat = opened(n, &["hello"]);
            chat.messages[0].sent_at = NOW + i64::from(n) * 1000;
            chat.chat.waiting_since = Some(NOW + i64::from(n) * 1000);
            chat
        })
        .collect()
}

#[tokio::test]
async fn f1_lists_follow_what_happens_in_every_filter_and_order() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), FakeServer::start().await);
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    connection.bring_up(many(120)).await;
    phone.online().await;
    let mut watched = Vec::new();
    for filter in [InboxFilter::All, InboxFilter::Mine, InboxFilter::Waiting] {
        for order in [InboxOrder::NewestFirst, InboxOrder::LongestWaiting] {
            let screen = Screen::default();
            let list = phone.core.inbox(filter, order).unwrap();
            let kept = list.subscribe(screen.listener());
            assert_eq!(screen.revisions.lock().unwrap().len(), 1, "told before subscribe returned");
            watched.push((filter, order, list, screen, kept));
        }
    }
    let shown = |screen: &Screen| screen.rows().iter().map(|row| row.chat).collect::<Vec<_>>();
    assert_eq!(watched[0].3.rows().len(), 50);
    assert_eq!(shown(&watched[0].3)[0], chat_id(120));
    assert_eq!(shown(&watched[1].3)[0], chat_id(1), "the one that waits longest");
    assert!(watched[2].3.rows().is_empty());

    // Messages, takes, losses, in no particular order.
    for step in 0..200_u64 {
        let n = (step * 37 % 120 + 1) as u8;
        match step % 4 {
            0 | 1 => {
                let mut message = inbound(n, step + 10, "again");
                message.sent_at = NOW + 1_000_000 + step as i64 * 1000;
                connection.event(n, &added(message)).await;
            }
            2 => connection.event(n, &owned(n, step + 2)).await,
            _ => connection.event(n, &EventBody::Gone(Gone { reason: GoneReason::Taken, passed_on: None })).await,
        }
    }
    let end = connection.seq;
    connection.event(99, &EventBody::ChatOpened(opened(99, &["the end"]))).await;
    assert_eq!(connection.seq, end + 1);
    phone.until("the last event", |core| core.search("end", 1).unwrap().hits.len() == 1).await;
    for (filter, order, list, screen, kept) in &watched {
        list.extend(200).unwrap();
        // Whatever was on its way is told before the last extension of it.
        let fresh = phone.core.inbox(*filter, *order).unwrap();
        fresh.extend(200).unwrap();
        let expected = fresh.rows();
        let same = || screen.rows() == expected;
        while !same() {
            tokio::task::yield_now().await;
        }
        kept.cancel();
        let sorted = match order {
            InboxOrder::NewestFirst => {
                expected.is_sorted_by_key(|row| std::cmp::Reverse(row.last_message.as_ref().unwrap().sent_at))
            }
            InboxOrder::LongestWaiting => expected.is_sorted_by_key(|row| {
                if row.state == ChatState::Waiting { row.waiting_since.unwrap() } else { i64::MAX }
            }),
        };
        assert!(sorted, "{filter:?} {order:?}");
        assert!(screen.revisions.lock().unwrap().is_sorted());
    }
    let mine = phone.core.inbox(InboxFilter::Mine, InboxOrder::NewestFirst).unwrap();
    assert!(!mine.rows().is_empty() && mine.rows().iter().all(|row| row.is_mine));
}

#[tokio::test]
async fn what_comes_in_above_pushes_nothing_out_of_a_window() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), FakeServer::start().await);
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    connection.bring_up(many(100)).await;
    phone.online().await;
    let list = phone.core.inbox(InboxFilter::All, InboxOrder::NewestFirst).unwrap();
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let _kept = list.subscribe(Arc::new(move |update: ListUpdate<InboxRow>| told.send(update).unwrap()));
    assert!(matches!(&heard.recv().await.unwrap().changes[..], [ListChange::Reset { rows }] if rows.len() == 50));
    assert!(list.has_more());
    // Chat 1 is far below the window.
    let mut message = inbound(1, 2, "up");
    message.sent_at = NOW + 10_000_000;
    connection.event(1, &added(message)).await;
    let update = heard.recv().await.unwrap();
    assert!(matches!(&update.changes[..], [ListChange::Insert { index: 0, row }] if row.chat == chat_id(1)));
    assert_eq!(list.rows().len(), 51);
    // One that leaves is filled up from below only down to the window's size.
    connection.event(1, &EventBody::Gone(Gone { reason: GoneReason::Taken, passed_on: None })).await;
    let update = heard.recv().await.unwrap();
    assert!(matches!(update.changes[..], [ListChange::Remove { index: 0 }]));
    connection.event(100, &EventBody::Gone(Gone { reason: GoneReason::Taken, passed_on: None })).await;
    let update = heard.recv().await.unwrap();
    assert!(matches!(update.changes[..], [ListChange::Remove { index: 0 }, ListChange::Insert { index: 49, .. }]));
    list.extend(1000).unwrap();
    assert_eq!(heard.recv().await.unwrap().changes.len(), 48);
    assert!(!list.has_more());
}

#[tokio::test]
async fn after_cancel_no_call_starts_and_none_is_under_way() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), FakeServer::start().await);
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    connection.bring_up(many(3)).await;
    phone.online().await;
    for round in 0..50_u64 {
        let list = phone.core.inbox(InboxFilter::All, InboxOrder::NewestFirst).unwrap();
        let (cancelled, inside) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (seen, within) = (Arc::clone(&cancelled), Arc::clone(&inside));
        let subscription = list.subscribe(Arc::new(move |_: ListUpdate<InboxRow>| {
            within.fetch_add(1, Ordering::SeqCst);
            assert!(!seen.load(Ordering::SeqCst), "called after cancel returned");
            std::thread::yield_now();
            assert!(!seen.load(Ordering::SeqCst), "still running after cancel returned");
            within.fetch_sub(1, Ordering::SeqCst);
        }));
        for no in 0..5 {
            connection.event(1, &added(inbound(1, 10 + round * 5 + no, "more"))).await;
        }
        if round % 2 == 0 {
            tokio::task::yield_now().await;
        }
        subscription.cancel();
        cancelled.store(true, Ordering::SeqCst);
        assert_eq!(inside.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn a_listener_may_call_the_core_and_cancel_itself() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), FakeServer::start().await);
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    connection.bring_up(many(3)).await;
    phone.online().await;
    let list = phone.core.inbox(InboxFilter::All, InboxOrder::NewestFirst).unwrap();
    let slot: Arc<Mutex<Option<switchboard_core::Subscription>>> = Arc::default();
    let calls = Arc::new(AtomicUsize::new(0));
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let (own, core, same, counted) = (Arc::clone(&slot), phone.core.clone(), list.clone(), Arc::clone(&calls));
    let subscription = list.subscribe(Arc::new(move |_: ListUpdate<InboxRow>| {
        counted.fetch_add(1, Ordering::SeqCst);
        // No lock of the core is held here.
        assert_eq!(same.rows().len(), 3);
        same.extend(1).unwrap();
        assert!(core.badge().is_ok());
        let _inner = core
            .inbox(InboxFilter::All, InboxOrder::NewestFirst)
            .unwrap()
            .subscribe(Arc::new(|_: ListUpdate<InboxRow>| ()));
        if let Some(own) = own.lock().unwrap().as_ref() {
            own.cancel();
        }
        let _ = told.send(());
    }));
    *slot.lock().unwrap() = Some(subscription);
    heard.recv().await;
    connection.event(1, &added(inbound(1, 2, "more"))).await;
    heard.recv().await;
    connection.event(1, &added(inbound(1, 3, "more"))).await;
    phone.until("the third message", |core| core.chat(chat_id(1)).unwrap().rows()[0].unread == 3).await;
    assert_eq!(calls.load(Ordering::SeqCst), 2, "it cancelled itself");
}

#[tokio::test]
async fn a_listener_that_blocks_holds_up_nobody_and_gets_a_reset() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), FakeServer::start().await);
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    connection.bring_up(many(3)).await;
    phone.online().await;
    let list = phone.core.inbox(InboxFilter::All, InboxOrder::NewestFirst).unwrap();
    let (release, blocked) = mpsc::channel::<()>();
    let blocked = Mutex::new(blocked);
    let rows: Arc<Mutex<Vec<InboxRow>>> = Arc::default();
    let resets = Arc::new(AtomicUsize::new(0));
    let (screen, counted) = (Arc::clone(&rows), Arc::clone(&resets));
    let _kept = list.subscribe(Arc::new(move |update: ListUpdate<InboxRow>| {
        let first = screen.lock().unwrap().is_empty();
        if !first {
            let _ = blocked.lock().unwrap().recv();
        }
        let mut rows = screen.lock().unwrap();
        for change in update.changes {
            counted.fetch_add(usize::from(matches!(change, ListChange::Reset { .. })), Ordering::SeqCst);
            assert!(change.apply(&mut rows));
        }
    }));
    for no in 2..400 {
        connection.event(1, &added(inbound(1, no, "more"))).await;
        let unread = no as u32;
        // One commit each, so that one update each waits.
        phone.until("the next", |core| core.chat(chat_id(1)).unwrap().rows()[0].unread == unread).await;
    }
    drop(release);
    while rows.lock().unwrap().first().is_none_or(|row| row.unread != 399) {
        tokio::task::yield_now().await;
    }
    assert!(resets.load(Ordering::SeqCst) >= 2, "the first one, and one for what was too much");
}

#[tokio::test]
async fn f63_commands_work_from_any_executor_and_finish_when_their_caller_is_cancelled() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), FakeServer::start().await);
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    connection.bring_up(many(1)).await;
    phone.online().await;
    // A caller that asks once and never again.
    let core = phone.core.clone();
    let text = "from a cancelled caller".to_owned();
    {
        let mut asked = Box::pin(core.reply(chat_id(1), &text));
        let waker = std::task::Waker::noop();
        let _ = asked.as_mut().poll(&mut std::task::Context::from_waker(waker));
    }
    assert_eq!(connection.command().await.kind, "reply");
    phone.until("the reply", |core| core.chat(chat_id(1)).unwrap().rows()[0].pending == 1).await;
    // An executor that is not tokio's.
    let core = phone.core.clone();
    let marked = std::thread::spawn(move || {
        let thread = std::thread::current();
        struct Unpark(std::thread::Thread);
        impl std::task::Wake for Unpark {
            fn wake(self: Arc<Self>) {
                self.0.unpark();
            }
        }
        let waker = std::task::Waker::from(Arc::new(Unpark(thread)));
        let mut asked = Box::pin(core.set_draft(chat_id(1), "begun"));
        loop {
            match asked.as_mut().poll(&mut std::task::Context::from_waker(&waker)) {
                std::task::Poll::Ready(done) => return done,
                std::task::Poll::Pending => std::thread::park(),
            }
        }
    });
    marked.join().unwrap().unwrap();
    assert_eq!(phone.core.draft(chat_id(1)).unwrap().as_deref(), Some("begun"));
    assert!(phone.core.chat(chat_id(1)).unwrap().rows()[0].has_draft);
    // A reply with the draft's text takes the draft with it, in one transaction.
    phone.core.reply(chat_id(1), "another").await.unwrap();
    assert_eq!(phone.core.draft(chat_id(1)).unwrap().as_deref(), Some("begun"));
    phone.core.reply(chat_id(1), "begun").await.unwrap();
    assert_eq!(phone.core.draft(chat_id(1)).unwrap(), None);
}
