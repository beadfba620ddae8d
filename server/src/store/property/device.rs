//! What a device knows, built from a snapshot and events alone.

use std::collections::BTreeMap;

use switchboard_protocol::ServerFrame;
use switchboard_protocol::chat::{Chat, PassedOn, UserChat};
use switchboard_protocol::event::EventBody;
use switchboard_protocol::ids::{ChatId, UserId};
use switchboard_protocol::limits::OPENED_MESSAGES;
use switchboard_protocol::message::{Author, Message, MessageKind, MessageStatus};

use crate::store::effects::EventTail;
use crate::store::tests::Fixture;
use crate::store::{feed, snapshot};

/// What a device knows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Device {
    pub chats: BTreeMap<ChatId, Held>,
    pub passed_on: BTreeMap<ChatId, PassedOn>,
    pub cursor: u64,
}

/// A chat on a device.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    pub chat: Chat,
    pub messages: BTreeMap<u64, Message>,
    pub me: UserChat,
}

impl Held {
    fn raise(&mut self, outbound: bool, from: u64, upto: u64, status: MessageStatus) {
        for (_, message) in self.messages.range_mut(from..=upto) {
            // Notes and activities are on no way.
            let text = message.kind() == MessageKind::Text;
            if text && (message.author != Author::Contact) == outbound {
                message.status = message.status.merge(status);
            }
        }
    }
}

impl Device {
    /// A device that starts now.
    pub async fn snapshot(fixture: &Fixture, user: UserId) -> Device {
        let read = fixture.store.readers.read(move |sql| snapshot::read(sql, user)).await.unwrap();
        let mut device = Device { cursor: read.as_of, ..Device::default() };
        for frame in read.frames {
            if let ServerFrame::SnapshotPart(part) = ServerFrame::parse(&frame).unwrap() {
                for entry in part.chats {
                    let messages = entry.opened.messages.into_iter().map(|message| (message.no, message)).collect();
                    let held = Held { chat: entry.opened.chat, messages, me: entry.me };
                    device.chats.insert(held.chat.id, held);
                }
                device.passed_on.extend(part.passed_on.into_iter().map(|line| (line.chat, line)));
            }
        }
        device
    }

    /// Applies rows of the feed; a withdrawn one only moves the cursor.
    pub fn apply(&mut self, seq: u64, tail: Option<&EventTail>) {
        assert_eq!(seq, self.cursor + 1, "the feed has a gap");
        self.cursor = seq;
        let Some(tail) = tail else { return };
        let ServerFrame::Event(event) = ServerFrame::parse(&feed::event_frame(seq, Some(tail))).unwrap() else {
            panic!("no event")
        };
        let id = event.chat.unwrap();
        match EventBody::parse(&event.kind, event.body.unwrap().get()).unwrap().unwrap() {
            EventBody::ChatOpened(opened) => {
                let messages = opened.messages.into_iter().map(|message| (message.no, message)).collect();
                self.passed_on.remove(&id);
                self.chats.insert(id, Held { chat: opened.chat, messages, me: UserChat::default() });
            }
            EventBody::Gone(gone) => {
                // Perhaps of a chat that came and went while the device was away.
                self.chats.remove(&id);
                self.passed_on.remove(&id);
                self.passed_on.extend(gone.passed_on.map(|line| (id, line)));
            }
            body => {
                let held = self.chats.get_mut(&id);
                held.unwrap_or_else(|| panic!("{} of a chat that was never opened", event.kind)).apply(body);
            }
        }
    }

    /// Takes what the feed has since.
    pub async fn follow(&mut self, fixture: &Fixture, user: UserId) {
        let cursor = self.cursor;
        let rows = fixture.store.readers.read(move |sql| feed::after(sql, user, cursor, 100_000, usize::MAX)).await;
        for (seq, tail) in rows.unwrap() {
            self.apply(seq, tail.as_deref());
        }
    }

    /// As a snapshot would show it: the newest messages only.
    pub fn newest(mut self) -> Device {
        for held in self.chats.values_mut() {
            while held.messages.len() > OPENED_MESSAGES as usize {
                held.messages.pop_first();
            }
        }
        self
    }

    /// That two devices know the same; only what differs is printed.
    pub fn assert_same(&self, other: &Device, what: &str) {
        assert_eq!(self.cursor, other.cursor, "{what}: cursors");
        assert_eq!(self.passed_on, other.passed_on, "{what}: lines of what was passed on");
        assert_eq!(
            self.chats.keys().collect::<Vec<_>>(),
            other.chats.keys().collect::<Vec<_>>(),
            "{what}: which chats there are"
        );
        for (mine, theirs) in self.chats.values().zip(other.chats.values()) {
            assert_eq!(mine.chat, theirs.chat, "{what}: a chat's row");
            assert_eq!(mine.me, theirs.me, "{what}: the user's own part of {}", mine.chat.id);
            assert_eq!(mine.messages, theirs.messages, "{what}: messages of {}", mine.chat.id);
        }
    }
}

impl Held {
    fn apply(&mut self, body: EventBody) {
        match body {
            EventBody::ChatOpened(_) | EventBody::InternalOpened(_) | EventBody::Gone(_) => {}
            EventBody::Message(added) => {
                let last = self.messages.keys().next_back().copied().unwrap_or(0);
                assert_eq!(added.message.no, last + 1, "messages are numbered without a gap");
                if added.message.is_inbound() {
                    self.me = self.me.woken();
                }
                self.messages.insert(added.message.no, added.message);
                if let Some(chat) = added.chat {
                    self.replace(chat);
                }
            }
            EventBody::Status(raised) => self.raise(raised.outbound, raised.from, raised.upto, raised.status),
            EventBody::Chat(chat) => self.replace(chat),
            EventBody::UserChat(me) => self.me = me,
        }
    }

    fn replace(&mut self, chat: Chat) {
        assert!(chat.rev > self.chat.rev, "a row comes with a new revision");
        assert!(chat.owner_epoch >= self.chat.owner_epoch && chat.session >= self.chat.session);
        if chat.owner != self.chat.owner {
            assert!(chat.owner_epoch > self.chat.owner_epoch, "another owner is another epoch");
        }
        self.chat = chat;
    }
}
