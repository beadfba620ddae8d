//! The store without sockets: group commit, what is published and when, pruning, and the command line beside a server.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, mpsc};

use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::Role as UserRole;
use switchboard_protocol::command::{CommandBody, CommandStatus, Reply};
use switchboard_protocol::ids::{ChannelId, ChatId, CommandId, MessageId, UserId, VisitorId};
use switchboard_protocol::widget::WidgetSend;
use tempfile::TempDir;

use super::commands::Command;
use super::effects::{Effect, Effects, VisitorKey};
use super::inbound::Received;
use super::people::NewUserRow;
use super::prune::Keep;
use super::sql::Sql;
use super::{Publish, Role, Store, StoreError, feed, notices};
use crate::clock::Clock;
use crate::config::{ChatRules, Database, Storage};
use crate::routing::Route;

pub(super) struct Fixture {
    pub store: Store,
    storage: Storage,
    pub clock: Clock,
    pub published: Arc<Mutex<Vec<Effect>>>,
    pub users: Vec<UserId>,
    channel: ChannelId,
    _dir: TempDir,
}

/// Keeps what was published.
struct Sink(Arc<Mutex<Vec<Effect>>>);

impl Publish for Sink {
    fn publish(&mut self, effects: Effects) {
        self.0.lock().unwrap().extend(effects);
    }

    fn batch_done(&mut self) {}
}

impl Fixture {
    pub async fn new(users: usize) -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let storage =
            Storage { data_dir: dir.path().into(), database: Database::default(), chats: ChatRules::default() };
        let clock = Clock::manual(1_000_000);
        let published = Arc::new(Mutex::new(Vec::new()));
        let sink = published.clone();
        let publish = Box::new(Sink(sink));
        let store = Store::open(&storage, &clock, Role::Server(publish)).unwrap();
        let (users, channel) = store
            .writer
            .write(move |tx| {
                let group = tx.create_group("Sales")?;
                let mut ids = Vec::new();
                for n in 0..users {
                    ids.push(tx.create_user(&NewUserRow {
                        name: format!("User {n}"),
                        email: None,
                        role: UserRole::User,
                        group,
                        password_hash: None,
                        extension: None,
                    })?);
                }
                let queue = tx.create_queue("Desk", &ids)?;
                let channel = tx.create_channel("Shop", ChannelKind::LiveChat, Some("key"), "{}")?;
                tx.set_route(channel, &Route::Queue(queue))?;
                Ok((ids, channel))
            })
            .await
            .unwrap();
        published.lock().unwrap().clear();
        Fixture { store, storage, clock, published, users, channel, _dir: dir }
    }

    pub fn visitor(&self) -> VisitorKey {
        VisitorKey { channel: self.channel, visitor: VisitorId::new() }
    }

    async fn message(&self, from: VisitorKey, text: &str) {
        let send = WidgetSend { id: MessageId::new(), text: text.into(), name: None, email: None };
        let received = self.store.writer.write(move |tx| tx.receive_visitor_message(from, &send)).await.unwrap();
        assert!(matches!(received, Received::Accepted { .. }));
    }

    async fn rows(&self, user: UserId) -> Vec<(u64, bool)> {
        let rows = self.store.readers.read(move |sql| feed::after(sql, user, 0, 10_000, usize::MAX)).await.unwrap();
        rows.iter().map(|(seq, tail)| (*seq, tail.is_some())).collect()
    }

    async fn chat(&self, of: VisitorKey) -> ChatId {
        let state = self.store.readers.read(move |sql| super::inbound::visitor_state(sql, of)).await.unwrap();
        state.chat.unwrap()
    }

    /// The commands of all messages of staff, with their authors.
    pub async fn outbound(&self) -> std::collections::BTreeMap<CommandId, UserId> {
        use super::sql::Columns;
        let read = |sql: &rusqlite::Connection| {
            let mut query = sql.prepare("SELECT id, author_id FROM messages WHERE outbound = 1")?;
            let rows = query.query_map([], |row| Ok((row.id(0)?, row.id(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        };
        self.store.readers.read(read).await.unwrap()
    }

    async fn take(&self, user: UserId, chat: ChatId) {
        let command = Command {
            id: CommandId::new(),
            chat: Some(chat),
            owner_epoch: None,
            seen: None,
            ask: false,
            body: CommandBody::Take,
        };
        let result = self.store.writer.write(move |tx| tx.execute(user, &command)).await.unwrap();
        assert_eq!(result.status, CommandStatus::Applied);
    }
}

/// Holds the writer in a batch until the returned sender is dropped, so that what is sent meanwhile waits together.
async fn hold(store: &Store) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (entered, holding) = tokio::sync::oneshot::channel();
    store
        .writer
        .submit(
            move |_| {
                let _ = entered.send(());
                // Ends when the test drops its end.
                let _ = released.recv();
                Ok(())
            },
            |_| {},
        )
        .await;
    holding.await.unwrap();
    release
}

#[tokio::test]
async fn what_waits_is_committed_together_once_and_in_order() {
    let fixture = Fixture::new(1).await;
    let stats = fixture.store.writer.stats();
    let (commits, requests) = (stats.commits.load(Ordering::Relaxed), stats.requests.load(Ordering::Relaxed));
    let release = hold(&fixture.store).await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let (done, mut all_done) = tokio::sync::mpsc::unbounded_channel();
    for n in 0..600_u32 {
        let (order, done) = (order.clone(), done.clone());
        let run = move |tx: &mut super::Tx<'_>| tx.create_group(&format!("{n}"));
        let finish = move |result: Result<_, StoreError>| {
            result.unwrap();
            order.lock().unwrap().push(n);
            let _ = done.send(());
        };
        fixture.store.writer.submit(run, finish).await;
    }
    drop(release);
    for _ in 0..600 {
        all_done.recv().await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), (0..600).collect::<Vec<_>>());
    assert_eq!(stats.requests.load(Ordering::Relaxed) - requests, 601);
    // The one that held, and 600 in bites of at most 256.
    assert_eq!(stats.commits.load(Ordering::Relaxed) - commits, 4);
}

/// In WAL mode with `synchronous=FULL` a commit syncs the log once; syncs of the database belong to checkpoints, which this
/// connection does not make. So with one COMMIT a batch there is at most one sync a group commit.
#[tokio::test]
async fn a_commit_is_one_sync_and_checkpoints_are_made_elsewhere() {
    let fixture = Fixture::new(1).await;
    let settings = fixture
        .store
        .writer
        .write(|tx| {
            let read = |pragma| Ok::<_, StoreError>(tx.sql.sql(pragma)?.query_row([], |row| row.get::<_, i64>(0))?);
            let mode: String = tx.sql.sql("PRAGMA journal_mode")?.query_row([], |row| row.get(0))?;
            Ok((mode, read("PRAGMA synchronous")?, read("PRAGMA wal_autocheckpoint")?))
        })
        .await
        .unwrap();
    assert_eq!(settings, ("wal".to_owned(), 2, 0));
    // Much more than a checkpoint's worth of pages: the other thread moves them, this one commits.
    let visitor = fixture.visitor();
    for _ in 0..400 {
        fixture.message(visitor, &"x".repeat(16_000)).await;
    }
    let stats = fixture.store.writer.stats();
    assert_eq!(stats.checkpoints.load(Ordering::Relaxed), 0);
    let database = super::open::database_path(&fixture.storage);
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while std::fs::metadata(&database).unwrap().len() < 1_000 * 4_096 {
        assert!(std::time::Instant::now() < patience, "nothing was moved into the database");
        fixture.message(visitor, "another").await;
    }
}

#[tokio::test]
async fn one_request_that_fails_costs_itself_alone() {
    let fixture = Fixture::new(1).await;
    let release = hold(&fixture.store).await;
    let writer = &fixture.store.writer;
    let good = tokio::spawn({
        let writer = writer.clone();
        async move { writer.write(|tx| tx.create_group("good")).await }
    });
    let refused = tokio::spawn({
        let writer = writer.clone();
        async move {
            writer
                .write(|tx| {
                    tx.create_queue("half done", &[])?;
                    tx.create_group("Sales")
                })
                .await
        }
    });
    let panicked = tokio::spawn({
        let writer = writer.clone();
        async move { writer.write::<(), _>(|tx| tx.create_queue("lost", &[]).map(|_| panic!("a bug"))).await }
    });
    drop(release);
    good.await.unwrap().unwrap();
    assert!(matches!(refused.await.unwrap(), Err(StoreError::Refused(_))));
    assert!(matches!(panicked.await.unwrap(), Err(StoreError::Unexpected(_))));
    let queues = fixture.store.readers.read(|sql| super::channels::queues(sql, "")).await.unwrap();
    assert_eq!(queues.iter().map(|queue| queue.name.as_str()).collect::<Vec<_>>(), ["Desk"]);
    let published = fixture.published.lock().unwrap();
    // One group was made, and nothing else.
    assert!(matches!(published[..], [Effect::Changed { .. }]), "what was rolled back is not told: {published:?}");
}

#[tokio::test]
async fn a_full_disk_fails_the_batch_and_the_next_one_is_tried() {
    let fixture = Fixture::new(1).await;
    let writer = &fixture.store.writer;
    writer.write(|tx| Ok(tx.sql.pragma_update(None, "max_page_count", 60)?)).await.unwrap();
    let visitor = fixture.visitor();
    fixture.message(visitor, "fits").await;
    let (mut accepted, mut failed) = (1, false);
    while !failed {
        let send = WidgetSend { id: MessageId::new(), text: "x".repeat(16_000), name: None, email: None };
        match writer.write(move |tx| tx.receive_visitor_message(visitor, &send)).await {
            Ok(_) => accepted += 1,
            Err(error) => {
                assert!(error.is_transient(), "{error}");
                failed = true;
            }
        }
    }
    fixture.published.lock().unwrap().clear();
    // A batch of a small and a large one: neither stands, both are told so.
    let release = hold(&fixture.store).await;
    let small = tokio::spawn({
        let writer = writer.clone();
        async move { writer.write(|tx| tx.touch()).await }
    });
    let large = tokio::spawn({
        let writer = writer.clone();
        let send = WidgetSend { id: MessageId::new(), text: "x".repeat(16_000), name: None, email: None };
        async move { writer.write(move |tx| tx.receive_visitor_message(visitor, &send)).await }
    });
    // Both are in the line: the channel is first in, first out, and this comes behind them.
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    drop(release);
    let (_, large) = (small.await.unwrap(), large.await.unwrap());
    assert!(large.unwrap_err().is_transient());
    assert!(fixture.published.lock().unwrap().is_empty());
    writer.write(|tx| Ok(tx.sql.pragma_update(None, "max_page_count", 1_000_000)?)).await.unwrap();
    fixture.message(visitor, "room again").await;
    let state = fixture.store.readers.read(move |sql| super::inbound::visitor_state(sql, visitor)).await.unwrap();
    assert_eq!(state.last_no, accepted + 1);
}

#[tokio::test]
async fn effects_are_published_in_commit_order_before_the_answer() {
    let fixture = Fixture::new(2).await;
    let visitor = fixture.visitor();
    for n in 1..=20 {
        fixture.message(visitor, "text").await;
        let published = fixture.published.lock().unwrap();
        let mut seqs = vec![0; 2];
        for effect in published.iter() {
            if let Effect::Feed { user, seq, .. } = effect {
                let at = fixture.users.iter().position(|known| known == user).unwrap();
                assert_eq!(*seq, seqs[at] + 1, "gapless and in order");
                seqs[at] = *seq;
            }
        }
        assert_eq!(seqs, [n, n], "published before the writer answered");
    }
}

#[tokio::test]
async fn f15_a_chat_that_leaves_is_withdrawn_from_the_feed() {
    let fixture = Fixture::new(3).await;
    let (first, second) = (fixture.visitor(), fixture.visitor());
    fixture.message(first, "first").await;
    fixture.message(second, "second").await;
    fixture.message(first, "first again").await;
    fixture.take(fixture.users[0], fixture.chat(first).await).await;
    let winner = [(1, true), (2, true), (3, true), (4, true)];
    assert_eq!(fixture.rows(fixture.users[0]).await, winner);
    for &loser in &fixture.users[1..] {
        assert_eq!(fixture.rows(loser).await, [(1, false), (2, true), (3, false), (4, true)]);
    }
}

#[tokio::test]
async fn old_and_surplus_rows_are_pruned_and_the_floor_rises() {
    let fixture = Fixture::new(1).await;
    let (user, visitor) = (fixture.users[0], fixture.visitor());
    for _ in 0..700 {
        fixture.message(visitor, "old").await;
    }
    let later = fixture.clock.now() + 1;
    fixture.clock.advance(10);
    for _ in 0..100 {
        fixture.message(visitor, "new").await;
    }
    let prune = |keep: Keep| {
        let writer = fixture.store.writer.clone();
        async move {
            let mut bites = 1;
            while writer.write(move |tx| tx.prune_feed(user, keep)).await.unwrap() {
                bites += 1;
            }
            bites
        }
    };
    assert_eq!(prune(Keep { since: 0, rows: 1_000 }).await, 1);
    assert_eq!(fixture.rows(user).await.len(), 800);
    assert!(prune(Keep { since: later, rows: 1_000 }).await > 1, "in bites");
    assert_eq!(fixture.rows(user).await.first(), Some(&(701, true)));
    prune(Keep { since: 0, rows: 30 }).await;
    assert_eq!(fixture.rows(user).await.first(), Some(&(771, true)));
    let state = fixture.store.readers.read(move |sql| feed::state(sql, user)).await.unwrap();
    assert_eq!((state.floor, state.head), (770, 800));
    // Everything may go; numbers are still not given out again.
    prune(Keep { since: i64::MAX, rows: 0 }).await;
    fixture.message(visitor, "newest").await;
    assert_eq!(fixture.rows(user).await, [(801, true)]);

    let mut event = Some(0);
    while let Some(after) = event {
        event = fixture.store.writer.write(move |tx| tx.prune_events(after)).await.unwrap();
    }
    let events = |sql: &rusqlite::Connection| -> Result<i64, StoreError> {
        Ok(sql.query_row("SELECT count(*) FROM events", [], |row| row.get(0))?)
    };
    assert_eq!(fixture.store.readers.read(events).await.unwrap(), 1, "only the one that a feed refers to");
}

#[tokio::test]
async fn results_codes_and_notices_are_kept_for_their_time() {
    let fixture = Fixture::new(1).await;
    let (user, visitor) = (fixture.users[0], fixture.visitor());
    fixture.message(visitor, "hello").await;
    let chat = fixture.chat(visitor).await;
    fixture.store.writer.write(move |tx| tx.new_enrolment(user, 1_000)).await.unwrap();
    let reply = Command {
        id: CommandId::new(),
        chat: Some(chat),
        owner_epoch: Some(0),
        seen: None,
        ask: false,
        body: CommandBody::Reply(Reply { text: "hi".into() }),
    };
    let take = Command {
        id: CommandId::new(),
        chat: Some(chat),
        owner_epoch: None,
        seen: None,
        ask: false,
        body: CommandBody::Take,
    };
    let run = |command: Command| {
        let writer = fixture.store.writer.clone();
        async move { writer.write(move |tx| tx.execute(user, &command)).await.unwrap() }
    };
    let (replied, _) = (run(reply.clone()).await, run(take.clone()).await);
    let count = |table: &'static str| {
        let read = move |sql: &rusqlite::Connection| -> Result<i64, StoreError> {
            Ok(sql.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?)
        };
        let readers = fixture.store.readers.clone();
        async move { readers.read(read).await.unwrap() }
    };
    fixture.clock.advance(super::prune::RESULT_LIFE_MS);
    fixture.store.writer.write(|tx| tx.prune_rest(0)).await.unwrap();
    assert_eq!((count("commands").await, count("enrolments").await), (1, 0));
    fixture.clock.advance(1);
    fixture.store.writer.write(|tx| tx.prune_rest(0)).await.unwrap();
    assert_eq!(count("commands").await, 0);
    assert_eq!(run(reply).await, replied, "a reply's message carries its command for ever");
}

#[tokio::test]
async fn the_command_line_leaves_word_for_the_server_beside_it() {
    let fixture = Fixture::new(2).await;
    let visitor = fixture.visitor();
    fixture.message(visitor, "waiting").await;
    let beside = Store::open(&fixture.storage, &fixture.clock, Role::CommandLine).unwrap();
    let last = fixture.store.readers.read(notices::newest).await.unwrap();
    let (user, channel) = (fixture.users[0], fixture.channel);
    beside.writer.write(move |tx| tx.set_route(channel, &Route::Users(vec![user]))).await.unwrap();
    beside.close().await;
    // The pruning job may run before the server has looked: what was not told stays.
    fixture.store.writer.write(move |tx| tx.prune_rest(last)).await.unwrap();
    let (effects, newest) = fixture.store.readers.read(move |sql| notices::after(sql, last)).await.unwrap();
    assert!(newest > last);
    let grew: BTreeSet<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::FeedGrew { user, head } => Some((*user, *head)),
            _ => None,
        })
        .collect();
    assert_eq!(grew, [(fixture.users[0], 2), (fixture.users[1], 2)].into());
    fixture.store.writer.write(move |tx| tx.prune_rest(newest)).await.unwrap();
    let again = fixture.store.readers.read(notices::newest).await.unwrap();
    assert_eq!(again, newest, "the newest number is not given out again");
}

#[tokio::test]
async fn who_comes_after_the_close_is_told_so() {
    let fixture = Fixture::new(1).await;
    let (writer, readers) = (fixture.store.writer.clone(), fixture.store.readers.clone());
    fixture.store.close().await;
    assert!(matches!(writer.write(|tx| tx.touch()).await, Err(StoreError::Stopping)));
    assert!(matches!(readers.read(notices::newest).await, Err(StoreError::Stopping)));
    fixture.store.close().await;
}

/// The static walk over the statements asks for their plans; this asks SQLite what it really did.
#[tokio::test]
async fn nothing_that_ran_walked_through_a_whole_table() {
    let fixture = Fixture::new(3).await;
    for _ in 0..20 {
        let visitor = fixture.visitor();
        fixture.message(visitor, "one").await;
        fixture.message(visitor, "two").await;
        fixture.take(fixture.users[1], fixture.chat(visitor).await).await;
    }
    let user = fixture.users[2];
    fixture.store.readers.read(move |sql| super::snapshot::read(sql, user)).await.unwrap();
    fixture.store.writer.write(move |tx| tx.set_disabled(user, true)).await.unwrap();
    fixture.store.writer.write(move |tx| tx.prune_feed(user, Keep { since: i64::MAX, rows: 0 })).await.unwrap();
    fixture.store.writer.write(|tx| tx.prune_events(0)).await.unwrap();
    fixture.store.writer.write(|tx| tx.prune_rest(0)).await.unwrap();
    let seen = super::scans::seen();
    assert!(seen.is_empty(), "{seen:#?}");
}
