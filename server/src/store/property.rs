//! Random histories, and what must hold after every one of them (the design's invariants, on the server's side).

mod contacts;
mod device;
mod staff;

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use switchboard_protocol::ErrorCode;
use switchboard_protocol::chat::{ChannelKind, ChatState};
use switchboard_protocol::collection::Presence;
use switchboard_protocol::command::{
    AddContact, CommandBody, CommandResult, CommandStatus, QueueLogin, Read, Reply, SetPresence, Snooze, Transfer,
};
use switchboard_protocol::ids::{ChatId, CommandId, GroupId, LabelId, MessageId, NoteId, QueueId, UserId};
use switchboard_protocol::message::MessageStatus;
use switchboard_protocol::transfer::TransferTarget;
use switchboard_protocol::widget::WidgetSend;

use super::commands::Command;
use super::effects::{Effect, VisitorKey};
use super::inbound::{Received, visitor_state};
use super::sql::Columns;
use super::tests::Fixture;
use super::{Tx, blocks, chats, internal, people, queues};
use crate::routing::{Distribution, QueueSettings, Route};
use device::Device;

const USERS: usize = 4;
const STEPS: usize = 220;
/// Stands in every note, and in nothing that a visitor may get.
const NOTE: &str = "between us";

struct History {
    fixture: Fixture,
    rng: StdRng,
    visitors: Vec<VisitorKey>,
    queues: [QueueId; 2],
    group: GroupId,
    disabled: Vec<UserId>,
    /// The staff chats that were made so far.
    staff: Vec<ChatId>,
    labels: Vec<LabelId>,
    /// The notes on contacts, with who wrote them.
    notes: Vec<(NoteId, UserId)>,
    /// The author of every reply that was applied, and of what was said among staff.
    replies: BTreeMap<CommandId, UserId>,
    /// How often each kind was applied: a kind that never is proves nothing.
    applied: BTreeMap<&'static str, u32>,
}

fn distribution(rng: &mut StdRng, members: &[UserId]) -> Distribution {
    match rng.random_range(0..7) {
        0 | 1 => Distribution::Everyone,
        2 => members.choose(rng).map_or(Distribution::Everyone, |user| Distribution::OneUser { user: *user }),
        3 => Distribution::Random { n: 2 },
        4 => Distribution::First { n: 2 },
        5 => Distribution::RoundRobin,
        _ => Distribution::LeastBusy,
    }
}

impl History {
    fn user(&mut self) -> UserId {
        self.fixture.users[self.rng.random_range(0..USERS)]
    }

    fn visitor(&mut self) -> (usize, VisitorKey) {
        let at = self.rng.random_range(0..self.visitors.len());
        (at, self.visitors[at])
    }

    async fn write<T: Send + 'static>(
        &self,
        run: impl FnOnce(&mut Tx<'_>) -> Result<T, super::StoreError> + Send + 'static,
    ) -> T {
        self.fixture.store.writer.write(run).await.unwrap()
    }

    async fn some_chat(&mut self) -> Option<ChatId> {
        let (_, visitor) = self.visitor();
        self.fixture.store.readers.read(move |sql| visitor_state(sql, visitor)).await.unwrap().chat
    }

    async fn execute(&self, user: UserId, command: &Command) -> CommandResult {
        let command = command.clone();
        self.write(move |tx| tx.execute(user, &command)).await
    }

    async fn command(&mut self, user: UserId, chat: Option<ChatId>, body: CommandBody) -> CommandId {
        let mut command = Command { id: CommandId::new(), chat, owner_epoch: None, seen: None, ask: false, body };
        if let Some(chat) = chat {
            // What the phone would know; sometimes it is behind.
            let read = move |sql: &rusqlite::Connection| {
                if let Some(row) = chats::load(sql, chat)? {
                    return Ok((Some(row.owner_epoch), row.last_no));
                }
                Ok((None, internal::load(sql, chat)?.map_or(0, |row| row.last_no)))
            };
            let (epoch, last_no) = self.fixture.store.readers.read(read).await.unwrap();
            let behind = u64::from(self.rng.random_bool(0.2));
            command.owner_epoch = epoch.map(|epoch| epoch.saturating_sub(behind));
            command.seen = Some(last_no.saturating_sub(behind));
        }
        let result = self.execute(user, &command).await;
        if result.status == CommandStatus::Applied {
            *self.applied.entry(command.body.kind()).or_default() += 1;
            if matches!(command.body, CommandBody::Reply(_) | CommandBody::Say(_)) {
                assert!(self.replies.insert(command.id, user).is_none());
            }
        }
        // The same again is the same answer, whatever happened to the chat; another content under its id is none.
        if self.rng.random_bool(0.2) {
            assert_eq!(self.execute(user, &command).await, result);
            let other = Command { body: CommandBody::Read(Read { upto: u64::MAX }), ..command };
            if other.chat.is_some() {
                assert_eq!(self.execute(user, &other).await.code, Some(ErrorCode::IdReuse));
            }
        }
        result.id
    }

    async fn receive(&mut self) {
        let (at, visitor) = self.visitor();
        let address = format!("192.0.2.{}", at % 3);
        let live = at < 6;
        let named = self.rng.random_bool(0.1);
        let name = named.then(|| "Ann".to_owned());
        let send = WidgetSend { id: MessageId::new(), text: "text".into(), name, email: None };
        let (received, blocked) = self
            .write(move |tx| {
                let address = live.then_some(address.as_str());
                let blocked = blocks::blocked(tx.sql, visitor, address, tx.now)?.is_some();
                let received = tx.receive_from(visitor, address, &send)?;
                // The answer was lost: the same again is the same message.
                assert_eq!(
                    std::mem::discriminant(&tx.receive_from(visitor, address, &send)?),
                    std::mem::discriminant(&received)
                );
                Ok((received, blocked))
            })
            .await;
        assert_eq!(blocked, received == Received::Refused(ErrorCode::Blocked), "a blocked visitor gets nothing in");
    }

    async fn step(&mut self) {
        match self.rng.random_range(0..150) {
            0..30 => self.receive().await,
            30..42 => self.on_chat(|_| CommandBody::Reply(Reply { text: "answer".into() })).await,
            42..48 => self.on_chat(|_| CommandBody::Take).await,
            48..53 => self.on_chat(|history| CommandBody::Read(Read { upto: history.rng.random_range(0..20) })).await,
            53..61 => self.transfer().await,
            61..66 => self.on_chat(|_| CommandBody::DealtWith).await,
            66..68 => self.on_chat(|_| CommandBody::End).await,
            68 => self.on_chat(|_| CommandBody::Block).await,
            69..72 => self.on_chat(|_| CommandBody::Archive).await,
            72 => self.on_chat(|_| CommandBody::Unarchive).await,
            73..76 => self.on_chat(|_| CommandBody::Ignore).await,
            76..78 => {
                let until = Some(self.fixture.clock.now() + 1_000);
                self.on_chat(|_| CommandBody::Snooze(Snooze { until })).await;
            }
            78..81 => self.on_chat(|_| CommandBody::Delete).await,
            81 => {
                let contact = AddContact { name: "Ann Lee".into(), email: None, phone: Some("+49 30 1".into()) };
                self.on_chat(|_| CommandBody::AddContact(contact)).await;
            }
            82..87 => {
                let (_, visitor) = self.visitor();
                let upto = self.rng.random_range(0..20);
                let read = self.rng.random_bool(0.5);
                let status = if read { MessageStatus::Read } else { MessageStatus::Delivered };
                self.write(move |tx| tx.visitor_progress(visitor, upto, status)).await;
            }
            87..90 => self.time().await,
            90..94 => self.work().await,
            94..100 => self.admin().await,
            100..130 => self.staff().await,
            _ => self.contacts().await,
        }
    }

    async fn on_chat(&mut self, body: impl FnOnce(&mut History) -> CommandBody) {
        let user = self.user();
        let Some(chat) = self.some_chat().await else { return };
        // Mostly somebody whom it concerns.
        let seeing = self.fixture.store.readers.read(move |sql| chats::seeing(sql, chat)).await.unwrap();
        let user = if self.rng.random_bool(0.8) { seeing.choose(&mut self.rng).copied().unwrap_or(user) } else { user };
        let body = body(self);
        self.command(user, Some(chat), body).await;
    }

    async fn transfer(&mut self) {
        let to = match self.rng.random_range(0..6) {
            0..3 => TransferTarget::User(self.user()),
            3 => TransferTarget::Queue(self.queues[0]),
            4 => TransferTarget::Queue(self.queues[1]),
            _ => TransferTarget::Group(self.group),
        };
        let note = self.rng.random_bool(0.5).then(|| NOTE.to_owned());
        self.on_chat(|_| CommandBody::Transfer(Transfer { to, note })).await;
    }

    async fn time(&mut self) {
        self.fixture.clock.advance(self.rng.random_range(1..200_000));
        self.write(|tx| tx.run_due(1_000)).await;
    }

    async fn work(&mut self) {
        let user = self.user();
        let body = if self.rng.random_bool(0.5) {
            let presence = *Presence::ALL.choose(&mut self.rng).unwrap();
            let release = presence == Presence::OffShift && self.rng.random_bool(0.5);
            CommandBody::Presence(SetPresence { presence, release })
        } else {
            let queue = self.queues[self.rng.random_range(0..2)];
            CommandBody::QueueLogin(QueueLogin { queue, logged_in: self.rng.random_bool(0.7) })
        };
        self.command(user, None, body).await;
    }

    async fn admin(&mut self) {
        let queue = self.queues[self.rng.random_range(0..2)];
        match self.rng.random_range(0..3) {
            0 => {
                let members: Vec<_> =
                    self.fixture.users.iter().copied().filter(|_| self.rng.random_bool(0.7)).collect();
                self.write(move |tx| tx.set_queue_members(queue, &members)).await;
            }
            1 => {
                let detail = self.fixture.store.readers.read(move |sql| queues::detail(sql, queue)).await;
                let detail = detail.unwrap().unwrap();
                let settings = QueueSettings {
                    distribution: distribution(&mut self.rng, &detail.members),
                    widen_after_ms: self.rng.random_bool(0.3).then_some(60_000),
                    take_first: self.rng.random_bool(0.2),
                    release_after_ms: self.rng.random_bool(0.3).then_some(90_000),
                    return_within_ms: if self.rng.random_bool(0.3) { 60_000 } else { 0 },
                    ..QueueSettings::default()
                };
                self.write(move |tx| tx.set_queue(queue, &settings, detail.rev)).await;
            }
            _ => {
                let user = self.user();
                let disable = !self.disabled.contains(&user);
                self.disabled.retain(|known| *known != user);
                if disable {
                    self.disabled.push(user);
                }
                self.write(move |tx| tx.set_disabled(user, disable)).await;
            }
        }
    }

    /// What must hold between any two transactions.
    async fn check_rows(&self, seed: u64) {
        let read = |sql: &rusqlite::Connection| {
            let mut query = sql.prepare("SELECT id FROM chats WHERE state <> 'internal'")?;
            let ids = query.query_map([], |row| row.id(0))?.collect::<Result<Vec<ChatId>, _>>()?;
            let mut open = BTreeMap::<UserId, i64>::new();
            for id in ids {
                let chat = chats::must(sql, id)?;
                let mut query =
                    sql.prepare("SELECT user_id, access FROM chat_users WHERE chat_id = ?1 AND access > 0")?;
                let seeing: BTreeMap<UserId, i64> =
                    query.query_map([id.as_bytes()], |row| Ok((row.id(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
                let expected = match chat.state {
                    ChatState::Waiting => 1,
                    ChatState::Owned => 2,
                    ChatState::Closed => 3,
                    ChatState::Internal => unreachable!("no customer's chat"),
                };
                assert!(seeing.values().all(|access| *access == expected), "{:?}: {seeing:?}", chat.state);
                if let Some(owner) = chat.owner {
                    *open.entry(owner).or_default() += 1;
                    assert_eq!(seeing.keys().collect::<Vec<_>>(), [&owner], "the owner alone sees an owned chat");
                }
                assert!(chat.state != ChatState::Closed || seeing.len() <= 1);
                let closed: Option<i64> = sql.query_row(
                    "SELECT closed_at FROM sessions WHERE chat_id = ?1 AND no = ?2",
                    (id.as_bytes(), super::sql::int(chat.session)),
                    |row| row.get(0),
                )?;
                assert_eq!(closed.is_some(), chat.state == ChatState::Closed, "the last session is open until the end");
                assert_eq!(closed, chat.closed_at);
                let alarm: bool = sql
                    .prepare("SELECT 1 FROM alarms WHERE chat_id = ?1 AND over_at IS NULL AND kind = 'unattended'")?
                    .exists([id.as_bytes()])?;
                let unattended = chat.state == ChatState::Waiting && seeing.is_empty();
                assert_eq!(alarm, unattended, "what waits for nobody is alarmed, and nothing else is");
            }
            let mut query = sql.prepare("SELECT id, open_chats, disabled FROM users")?;
            let users = query.query_map([], |row| Ok((row.id(0)?, row.get(1)?, row.get(2)?)))?;
            for user in users {
                let (user, count, disabled): (UserId, i64, bool) = user?;
                assert_eq!(count, open.get(&user).copied().unwrap_or(0), "open chats are counted");
                assert!(!disabled || count == 0, "a disabled user owns nothing");
            }
            let apart: i64 = sql.query_row(
                "SELECT count(*) FROM queue_members JOIN users ON users.id = queue_members.user_id \
                 WHERE queue_members.open_chats <> users.open_chats \
                 OR queue_members.eligible <> (logged_in AND disabled = 0 AND presence = 'available')",
                [],
                |row| row.get(0),
            )?;
            assert_eq!(apart, 0, "the members' copies are their users'");
            Ok(())
        };
        self.fixture.store.readers.read(read).await.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
}

async fn new_history(seed: u64) -> History {
    let fixture = Fixture::new(USERS).await;
    let users = fixture.users.clone();
    let (queue, group) = fixture
        .store
        .readers
        .read(|sql| {
            Ok((super::channels::find_queue(sql, "Desk")?.unwrap(), people::find_group(sql, "Sales")?.unwrap()))
        })
        .await
        .unwrap();
    let (other, phone) = fixture
        .store
        .writer
        .write(move |tx| {
            let other = tx.create_queue("Repairs", &users[..2])?;
            let phone = tx.create_channel("Phone", ChannelKind::Whatsapp, None, "{}")?;
            tx.set_route(phone, &Route::Group(group))?;
            Ok((other, phone))
        })
        .await
        .unwrap();
    fixture.published.lock().unwrap().clear();
    let mut visitors: Vec<_> = (0..6).map(|_| fixture.visitor()).collect();
    visitors.extend((0..2).map(|_| VisitorKey { channel: phone, visitor: fixture.visitor().visitor }));
    History {
        fixture,
        rng: StdRng::seed_from_u64(seed),
        visitors,
        queues: [queue, other],
        group,
        disabled: Vec::new(),
        staff: Vec::new(),
        labels: Vec::new(),
        notes: Vec::new(),
        replies: BTreeMap::new(),
        applied: BTreeMap::new(),
    }
}

/// Invariants 2 to 7 and 11, and the rows of the database, on one random history. The kinds of commands that were applied.
async fn one_history(seed: u64) -> BTreeSet<&'static str> {
    let mut history = new_history(seed).await;
    // One device of each user follows live, one starts from a snapshot somewhere, one comes at the end.
    let users = history.fixture.users.clone();
    let mut live: Vec<_> = users.iter().map(|user| Device::new(*user)).collect();
    let mut joined: Vec<Option<Device>> = vec![None; USERS];
    for n in 0..STEPS {
        history.step().await;
        let published = std::mem::take(&mut *history.fixture.published.lock().unwrap());
        for effect in published {
            match effect {
                Effect::Feed { user, seq, tail } => {
                    let at = users.iter().position(|known| *known == user).unwrap();
                    live[at].apply(seq, Some(&tail));
                }
                Effect::VisitorMessage { frame, .. } => {
                    let leaks = frame.json.as_deref().is_some_and(|json| json.contains(NOTE));
                    assert!(!leaks, "seed {seed}: a visitor gets a note");
                }
                _ => {}
            }
        }
        if n % 10 == 0 {
            history.check_rows(seed).await;
            history.check_staff(seed).await;
            history.check_contacts(seed).await;
        }
        if n == STEPS / 2 {
            for (at, user) in users.iter().enumerate() {
                joined[at] = Some(Device::snapshot(&history.fixture, *user).await);
            }
        }
    }
    history.check_rows(seed).await;
    history.check_staff(seed).await;
    history.check_contacts(seed).await;
    for (at, &user) in users.iter().enumerate() {
        let now = Device::snapshot(&history.fixture, user).await;
        let mut away = Device::new(user);
        away.follow(&history.fixture, user).await;
        let mut later = joined[at].take().unwrap();
        later.follow(&history.fixture, user).await;
        live[at].clone().newest().assert_same(&now, &format!("seed {seed}: a device that was always there"));
        away.newest().assert_same(&now, &format!("seed {seed}: a device that was away the whole time"));
        later.newest().assert_same(&now, &format!("seed {seed}: snapshot(c) + feed(c..h) = snapshot(h)"));
    }
    let authors = history.fixture.outbound().await;
    assert_eq!(authors, history.replies, "seed {seed}: an applied reply is one message, and nothing else is");
    history.applied.into_keys().collect()
}

#[tokio::test]
async fn random_histories_leave_every_device_with_the_same_chats() {
    let seeds: u64 = std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(8);
    println!("seeds 1..={seeds}");
    let mut applied = BTreeSet::new();
    for seed in 1..=seeds {
        applied.extend(one_history(seed).await);
    }
    let never: Vec<_> = CommandBody::KINDS.iter().filter(|kind| !applied.contains(**kind)).collect();
    assert_eq!(never, [&"schedule"], "each kind but one was applied at least once");
}
