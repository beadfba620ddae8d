//! What the unit tests share: a store in a directory of its own, and a small server that writes feeds.

use std::sync::Arc;

use serde_json::value::RawValue;
use switchboard_protocol::UnixMillis;
use switchboard_protocol::chat::{ChannelKind, Chat, ChatState, OpenedChat, PassedOn, UserChat};
use switchboard_protocol::command::{CommandBody, Reply};
use switchboard_protocol::contact::Contact;
use switchboard_protocol::event::{EventBody, Gone, GoneReason, MessageAdded, StatusRaised};
use switchboard_protocol::frame::{Event, SnapshotChat, SnapshotPart};
use switchboard_protocol::ids::{ChannelId, ChatId, CommandId, ContactId, FeedId, MessageId, UserId};
use switchboard_protocol::message::{Author, Message, MessageStatus};
use switchboard_protocol::transfer::TransferTarget;

use crate::error::Result;
use crate::model::{InboxFilter, InboxOrder, InboxRow, TimelineRow, UnsentRow};
use crate::store::{Durability, Store, account, inbox, outbox, snapshot, timeline, unsent};
use crate::sync::apply::{self, Applied};

pub(crate) const NOW: UnixMillis = 1_790_000_000_000;

/// How many seeds a property test runs; more by the environment.
pub(crate) fn seeds(default: u64) -> std::ops::Range<u64> {
    let count = std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(default);
    println!("seeds 0..{count}");
    0..count
}

pub(crate) fn me() -> UserId {
    UserId::from_bytes([0xAA; 16])
}

pub(crate) fn other() -> UserId {
    UserId::from_bytes([0xBB; 16])
}

pub(crate) fn chat_id(n: u64) -> ChatId {
    let mut bytes = [0xC0; 16];
    bytes[8..].copy_from_slice(&n.to_be_bytes());
    ChatId::from_bytes(bytes)
}

pub(crate) fn message_id(chat: u64, no: u64) -> MessageId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&chat.to_be_bytes());
    bytes[8..].copy_from_slice(&no.to_be_bytes());
    MessageId::from_bytes(bytes)
}

pub(crate) fn chat(n: u64, rev: u64) -> Chat {
    Chat {
        id: chat_id(n),
        rev,
        channel: ChannelId::from_bytes([1; 16]),
        channel_kind: ChannelKind::LiveChat,
        queue: None,
        contact: Contact {
            id: ContactId::from_bytes([2; 16]),
            name: Some(format!("Contact {n}")),
            email: None,
            phone: None,
            known: false,
        },
        state: ChatState::Waiting,
        owner: None,
        owner_epoch: 0,
        waiting_since: Some(NOW),
        session: 1,
        group: None,
        labels: Vec::new(),
        visit: None,
    }
}

pub(crate) fn owned(n: u64, rev: u64, owner: UserId, epoch: u64) -> Chat {
    Chat { state: ChatState::Owned, owner: Some(owner), owner_epoch: epoch, waiting_since: None, ..chat(n, rev) }
}

pub(crate) fn inbound(chat: u64, no: u64, text: &str) -> Message {
    Message {
        id: message_id(chat, no),
        no,
        author: Author::Contact,
        text: text.into(),
        private: false,
        mentions: Vec::new(),
        activity: None,
        sent_at: NOW + (no as i64) * 1000 + chat as i64,
        status: MessageStatus::Delivered,
    }
}

pub(crate) fn outbound(chat: u64, no: u64, by: UserId, text: &str) -> Message {
    Message {
        author: Author::User { id: by, name: "Anna".into() },
        status: MessageStatus::Sent,
        ..inbound(chat, no, text)
    }
}

pub(crate) fn event(seq: u64, chat: u64, body: &EventBody) -> Event {
    Event {
        seq,
        kind: body.kind().into(),
        chat: Some(chat_id(chat)),
        rev: 0,
        body: Some(RawValue::from_string(body.to_json().unwrap()).unwrap()),
        command: None,
    }
}

pub(crate) fn opened(chat: Chat, messages: Vec<Message>, more: bool) -> EventBody {
    EventBody::ChatOpened(OpenedChat { chat, messages, more })
}

pub(crate) fn added(message: Message) -> EventBody {
    EventBody::Message(MessageAdded { message, chat: None, internal: None })
}

pub(crate) fn gone(reason: GoneReason) -> EventBody {
    EventBody::Gone(Gone { reason, passed_on: None })
}

pub(crate) fn raised(outbound: bool, from: u64, upto: u64, status: MessageStatus) -> EventBody {
    EventBody::Status(StatusRaised { outbound, from, upto, status })
}

/// A store with a device's place in a feed.
pub(crate) struct Phone {
    pub(crate) dir: Arc<tempfile::TempDir>,
    pub(crate) store: Store,
    pub(crate) feed: FeedId,
    pub(crate) seq: u64,
}

impl Phone {
    pub(crate) fn new() -> Self {
        let phone = Self::open(Arc::new(tempfile::tempdir().unwrap()));
        let feed = phone.feed;
        phone.store.write(Durability::Normal, |tx, _| account::set_position(tx, feed, 0)).unwrap();
        phone
    }

    fn open(dir: Arc<tempfile::TempDir>) -> Self {
        let store = Store::open(dir.path(), Box::new(|_| ())).unwrap();
        Self { dir, store, feed: FeedId::from_bytes([7; 16]), seq: 0 }
    }

    /// As after a kill: what was not committed is not there.
    pub(crate) fn reopen(self) -> Self {
        let Self { dir, store, feed, seq, .. } = self;
        drop(store);
        Self { feed, seq, ..Self::open(dir) }
    }

    /// The next events of the feed, in one batch.
    pub(crate) fn feed(&mut self, events: &[(u64, EventBody)]) -> Applied {
        let events: Vec<Event> = events
            .iter()
            .map(|(chat, body)| {
                self.seq += 1;
                event(self.seq, *chat, body)
            })
            .collect();
        self.apply(&events).unwrap()
    }

    pub(crate) fn feed_one(&mut self, chat: u64, body: EventBody) -> Applied {
        self.feed(&[(chat, body)])
    }

    pub(crate) fn apply(&mut self, events: &[Event]) -> Result<Applied> {
        apply::events(&self.store, me(), NOW, events)
    }

    pub(crate) fn snapshot(&mut self, feed: FeedId, cursor: u64, chats: Vec<(OpenedChat, UserChat)>) -> Applied {
        self.feed = feed;
        self.seq = cursor;
        for (opened, me) in chats {
            let part = SnapshotPart {
                chats: vec![SnapshotChat { opened, me }],
                passed_on: Vec::new(),
                ..SnapshotPart::default()
            };
            let json = serde_json::to_string(&part).unwrap();
            self.store.write(Durability::Normal, |tx, _| snapshot::stage(tx, &json)).unwrap();
        }
        apply::swap(&self.store, me(), NOW, feed, cursor).unwrap()
    }

    pub(crate) fn inbox(&self) -> Vec<InboxRow> {
        let (filter, order) = (InboxFilter::All, InboxOrder::NewestFirst);
        self.store.read(|db| inbox::window(db, filter, order, 1000, None)).unwrap().0
    }

    pub(crate) fn timeline(&self, chat: u64) -> Vec<TimelineRow> {
        self.store
            .read_consistent(|db| {
                let head = timeline::head(db, chat_id(chat))?.unwrap();
                let mut rows = timeline::before(db, &head, me(), u64::MAX, u32::MAX)?;
                rows.append(&mut timeline::pending(db, chat_id(chat), me())?);
                Ok(rows)
            })
            .unwrap()
    }

    pub(crate) fn texts(&self, chat: u64) -> Vec<String> {
        self.timeline(chat).into_iter().map(|row| row.text).collect()
    }

    pub(crate) fn unsent(&self) -> Vec<UnsentRow> {
        self.store.read(|db| unsent::newest(db, 1000)).unwrap()
    }

    /// The Archive, with the lines of what was passed on.
    pub(crate) fn archive(&self) -> Vec<InboxRow> {
        self.store.read_consistent(|db| inbox::archive(db, 1000, None)).unwrap().0
    }

    /// One chat's row, wherever lists show it.
    pub(crate) fn row(&self, chat: u64) -> InboxRow {
        self.store.read_consistent(|db| inbox::one(db, chat_id(chat))).unwrap().unwrap()
    }

    /// What the app's `reply` does.
    pub(crate) fn reply(&self, chat: u64, text: &str) -> CommandId {
        self.act(chat, CommandBody::Reply(Reply { text: text.into() }), false)
    }

    /// What the app's commands do; `held` is what can be undone for a while.
    pub(crate) fn act(&self, chat: u64, body: CommandBody, held: bool) -> CommandId {
        self.act_at(chat, body, held.then_some(NOW + 5_000))
    }

    pub(crate) fn act_at(&self, chat: u64, body: CommandBody, held_until: Option<UnixMillis>) -> CommandId {
        let id = CommandId::new();
        self.store
            .write(Durability::Full, |tx, changes| {
                let record = crate::store::chat::load(tx, chat_id(chat))?.unwrap();
                let pending = outbox::pending(tx, chat_id(chat))?;
                if let CommandBody::Snooze(snooze) = &body {
                    crate::store::chat::snooze(tx, chat_id(chat), snooze.until)?;
                }
                changes.touched(chat_id(chat));
                outbox::enqueue(
                    tx,
                    &outbox::NewCommand {
                        id,
                        chat: chat_id(chat),
                        body: &body,
                        owner_epoch: record.owner_epoch,
                        seen: record.last_no,
                        written_at: NOW,
                        held_until,
                        follows: pending.takes && record.state == ChatState::Waiting,
                        waits: false,
                        unsent: None,
                    },
                )
            })
            .unwrap();
        id
    }
}

/// The line that stays of a chat that was passed on.
pub(crate) fn passed_on_line(n: u64) -> PassedOn {
    PassedOn {
        chat: chat_id(n),
        channel_kind: ChannelKind::LiveChat,
        contact_name: Some(format!("Contact {n}")),
        to: TransferTarget::User(other()),
        to_name: "Boris".into(),
        at: NOW + n as i64,
    }
}
