//! Random histories, and what must hold after every one of them (the design's invariants, on the server's side).

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use switchboard_protocol::ServerFrame;
use switchboard_protocol::chat::{Chat, ChatState, UserChat};
use switchboard_protocol::command::{CommandBody, CommandStatus, Read, Reply};
use switchboard_protocol::event::EventBody;
use switchboard_protocol::ids::{ChatId, CommandId, MessageId, QueueId, UserId};
use switchboard_protocol::limits::OPENED_MESSAGES;
use switchboard_protocol::message::{Author, Message, MessageStatus};
use switchboard_protocol::widget::WidgetSend;

use super::commands::Command;
use super::effects::{Effect, EventTail, VisitorKey};
use super::inbound::visitor_state;
use super::tests::Fixture;
use super::{feed, snapshot};

const USERS: usize = 4;

/// What a device knows, built from a snapshot and events alone.
#[derive(Debug, Clone, Default, PartialEq)]
struct Device {
    chats: BTreeMap<ChatId, Held>,
    cursor: u64,
}

#[derive(Debug, Clone, PartialEq)]
struct Held {
    chat: Chat,
    messages: BTreeMap<u64, Message>,
    me: UserChat,
}

impl Held {
    fn raise(&mut self, outbound: bool, from: u64, upto: u64, status: MessageStatus) {
        for (_, message) in self.messages.range_mut(from..=upto) {
            if matches!(message.author, Author::User { .. }) == outbound {
                message.status = message.status.merge(status);
            }
        }
    }
}

impl Device {
    async fn snapshot(fixture: &Fixture, user: UserId) -> Device {
        let read = fixture.store.readers.read(move |sql| snapshot::read(sql, user)).await.unwrap();
        let mut device = Device { cursor: read.as_of, ..Device::default() };
        for frame in read.frames {
            if let ServerFrame::SnapshotPart(part) = ServerFrame::parse(&frame).unwrap() {
                for entry in part.chats {
                    let messages = entry.opened.messages.into_iter().map(|message| (message.no, message)).collect();
                    let held = Held { chat: entry.opened.chat, messages, me: entry.me };
                    device.chats.insert(held.chat.id, held);
                }
            }
        }
        device
    }

    /// Applies rows of the feed; a withdrawn one only moves the cursor.
    fn apply(&mut self, seq: u64, tail: Option<&EventTail>) {
        assert_eq!(seq, self.cursor + 1, "the feed has a gap");
        self.cursor = seq;
        let Some(tail) = tail else { return };
        let ServerFrame::Event(event) = ServerFrame::parse(&feed::event_frame(seq, Some(tail))).unwrap() else {
            panic!("no event")
        };
        let id = event.chat.unwrap();
        let body = EventBody::parse(&event.kind, event.body.unwrap().get()).unwrap().unwrap();
        if let EventBody::ChatOpened(opened) = body {
            let messages = opened.messages.into_iter().map(|message| (message.no, message)).collect();
            self.chats.insert(id, Held { chat: opened.chat, messages, me: UserChat::default() });
            return;
        }
        if matches!(body, EventBody::Gone(_)) {
            // Perhaps of a chat that came and went while the device was away.
            self.chats.remove(&id);
            return;
        }
        let Some(held) = self.chats.get_mut(&id) else { panic!("{} of a chat that was never opened", event.kind) };
        match body {
            EventBody::ChatOpened(_) | EventBody::Gone(_) => {}
            EventBody::Message(added) => {
                let last = held.messages.keys().next_back().copied().unwrap_or(0);
                assert_eq!(added.message.no, last + 1, "messages are numbered without a gap");
                held.messages.insert(added.message.no, added.message);
                if let Some(chat) = added.chat {
                    held.chat = chat;
                }
            }
            EventBody::Status(raised) => held.raise(raised.outbound, raised.from, raised.upto, raised.status),
            EventBody::Chat(chat) => {
                assert!(chat.rev > held.chat.rev && chat.owner_epoch >= held.chat.owner_epoch);
                held.chat = chat;
            }
            EventBody::UserChat(me) => held.me = me,
        }
    }

    async fn follow(&mut self, fixture: &Fixture, user: UserId) {
        let cursor = self.cursor;
        let rows = fixture.store.readers.read(move |sql| feed::after(sql, user, cursor, 100_000, usize::MAX)).await;
        for (seq, tail) in rows.unwrap() {
            self.apply(seq, tail.as_deref());
        }
    }

    /// As a snapshot would show it: the newest messages only.
    fn newest(mut self) -> Device {
        for held in self.chats.values_mut() {
            while held.messages.len() > OPENED_MESSAGES as usize {
                held.messages.pop_first();
            }
        }
        self
    }
}

struct History {
    fixture: Fixture,
    rng: StdRng,
    visitors: Vec<VisitorKey>,
    members: Vec<UserId>,
    queue: QueueId,
    disabled: Vec<UserId>,
    /// The author and the epoch of every reply that was applied.
    replies: BTreeMap<CommandId, UserId>,
}

impl History {
    fn user(&mut self) -> UserId {
        self.fixture.users[self.rng.random_range(0..USERS)]
    }

    async fn some_chat(&mut self) -> Option<ChatId> {
        let visitor = self.visitors[self.rng.random_range(0..self.visitors.len())];
        self.fixture.store.readers.read(move |sql| visitor_state(sql, visitor)).await.unwrap().chat
    }

    async fn command(&mut self, user: UserId, chat: ChatId, owner_epoch: Option<u64>, body: CommandBody) {
        let command = Command { id: CommandId::new(), chat: Some(chat), owner_epoch, seen: None, body };
        let sent = command.clone();
        let run = |command: Command| self.fixture.store.writer.write(move |tx| tx.execute(user, &command));
        let result = run(sent).await.unwrap();
        if matches!(command.body, CommandBody::Reply(_)) && result.status == CommandStatus::Applied {
            assert!(self.replies.insert(command.id, user).is_none());
        }
        // The same again is the same answer, whatever happened to the chat.
        if self.rng.random_bool(0.2) {
            let run = |command: Command| self.fixture.store.writer.write(move |tx| tx.execute(user, &command));
            assert_eq!(run(command).await.unwrap(), result);
        }
    }

    async fn step(&mut self) {
        let writer = self.fixture.store.writer.clone();
        match self.rng.random_range(0..100) {
            0..40 => {
                let visitor = self.visitors[self.rng.random_range(0..self.visitors.len())];
                let named = self.rng.random_bool(0.1);
                let name = named.then(|| "Ann".to_owned());
                let send = WidgetSend { id: MessageId::new(), text: "text".into(), name, email: None };
                writer.write(move |tx| tx.receive_visitor_message(visitor, &send)).await.unwrap();
            }
            40..60 => {
                let (user, epoch) = (self.user(), self.rng.random_range(0..4));
                if let Some(chat) = self.some_chat().await {
                    let body = CommandBody::Reply(Reply { text: "answer".into() });
                    self.command(user, chat, Some(epoch), body).await;
                }
            }
            60..70 => {
                let user = self.user();
                if let Some(chat) = self.some_chat().await {
                    self.command(user, chat, None, CommandBody::Take).await;
                }
            }
            70..82 => {
                let (user, upto) = (self.user(), self.rng.random_range(0..20));
                if let Some(chat) = self.some_chat().await {
                    self.command(user, chat, None, CommandBody::Read(Read { upto })).await;
                }
            }
            82..90 => {
                let visitor = self.visitors[self.rng.random_range(0..self.visitors.len())];
                let upto = self.rng.random_range(0..20);
                let read = self.rng.random_bool(0.5);
                let status = if read { MessageStatus::Read } else { MessageStatus::Delivered };
                writer.write(move |tx| tx.visitor_progress(visitor, upto, status)).await.unwrap();
            }
            90..96 => {
                let members: Vec<_> =
                    self.fixture.users.iter().copied().filter(|_| self.rng.random_bool(0.6)).collect();
                self.members.clone_from(&members);
                let queue = self.queue;
                writer.write(move |tx| tx.set_queue_members(queue, &members)).await.unwrap();
            }
            _ => {
                let user = self.user();
                let disable = !self.disabled.contains(&user);
                self.disabled.retain(|known| *known != user);
                if disable {
                    self.disabled.push(user);
                }
                writer.write(move |tx| tx.set_disabled(user, disable)).await.unwrap();
            }
        }
    }
}

/// Invariants 3, 4, 5, 6 and 7 on one random history.
async fn one_history(seed: u64) {
    let fixture = Fixture::new(USERS).await;
    let visitors = (0..6).map(|_| fixture.visitor()).collect();
    let queue = fixture.store.readers.read(|sql| super::channels::find_queue(sql, "Desk")).await.unwrap().unwrap();
    let members = fixture.users.clone();
    let rng = StdRng::seed_from_u64(seed);
    let mut history =
        History { fixture, rng, visitors, members, queue, disabled: Vec::new(), replies: BTreeMap::new() };
    // One device of each user follows live, one starts from a snapshot somewhere, one comes at the end.
    let users = history.fixture.users.clone();
    let mut live = vec![Device::default(); USERS];
    let mut joined: Vec<Option<Device>> = vec![None; USERS];
    for n in 0..150 {
        history.step().await;
        let published = std::mem::take(&mut *history.fixture.published.lock().unwrap());
        for effect in published {
            if let Effect::Feed { user, seq, tail } = effect {
                let at = users.iter().position(|known| *known == user).unwrap();
                live[at].apply(seq, Some(&tail));
            }
        }
        if n == 70 {
            for (at, user) in users.iter().enumerate() {
                joined[at] = Some(Device::snapshot(&history.fixture, *user).await);
            }
        }
    }
    for (at, &user) in users.iter().enumerate() {
        let now = Device::snapshot(&history.fixture, user).await;
        let mut away = Device::default();
        away.follow(&history.fixture, user).await;
        let mut later = joined[at].take().unwrap();
        later.follow(&history.fixture, user).await;
        assert_eq!(live[at].clone().newest(), now, "seed {seed}: a device that was always there");
        assert_eq!(away.newest(), now, "seed {seed}: a device that was away the whole time");
        assert_eq!(later.newest(), now, "seed {seed}: snapshot(c) + feed(c..h) = snapshot(h)");
        for held in now.chats.values() {
            assert_eq!(held.chat.state == ChatState::Owned, held.chat.owner.is_some());
            if let Some(owner) = held.chat.owner {
                assert_eq!(owner, user, "seed {seed}: only the owner sees an owned chat");
            } else {
                let offered = history.members.contains(&user) && !history.disabled.contains(&user);
                assert!(offered, "seed {seed}: a waiting chat is offered to the enabled members alone");
            }
        }
    }
    // Every waiting chat is offered to every enabled member, and nothing that left is in any feed.
    let authors = history.fixture.outbound().await;
    assert_eq!(authors, history.replies, "seed {seed}: an applied reply is one message, and nothing else is");
}

#[tokio::test]
async fn random_histories_leave_every_device_with_the_same_chats() {
    let seeds: u64 = std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(8);
    println!("seeds 1..={seeds}");
    for seed in 1..=seeds {
        one_history(seed).await;
    }
}
