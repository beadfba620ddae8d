//! What a device knows, built from a snapshot and events alone.

use std::collections::BTreeMap;

use switchboard_protocol::ServerFrame;
use switchboard_protocol::chat::{Chat, InternalChat, OpenedInternal, PassedOn, UserChat};
use switchboard_protocol::event::{EventBody, StatusRaised};
use switchboard_protocol::ids::{ChatId, UserId};
use switchboard_protocol::limits::OPENED_MESSAGES;
use switchboard_protocol::message::{Author, Message, MessageKind};

use crate::store::effects::EventTail;
use crate::store::tests::Fixture;
use crate::store::{feed, snapshot};

/// What a device knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    pub user: UserId,
    pub chats: BTreeMap<ChatId, Held>,
    pub staff: BTreeMap<ChatId, HeldStaff>,
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

/// A staff chat on a device.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldStaff {
    pub internal: InternalChat,
    pub messages: BTreeMap<u64, Message>,
    pub me: UserChat,
}

fn raise(messages: &mut BTreeMap<u64, Message>, raised: &StatusRaised) {
    for (_, message) in messages.range_mut(raised.from..=raised.upto) {
        // Notes and activities are on no way.
        let text = message.kind() == MessageKind::Text;
        if text && (message.author != Author::Contact) == raised.outbound {
            message.status = message.status.merge(raised.status);
        }
    }
}

fn by_number(messages: Vec<Message>) -> BTreeMap<u64, Message> {
    messages.into_iter().map(|message| (message.no, message)).collect()
}

impl Device {
    /// A device that never connected.
    pub fn new(user: UserId) -> Device {
        Device { user, chats: BTreeMap::new(), staff: BTreeMap::new(), passed_on: BTreeMap::new(), cursor: 0 }
    }

    /// A device that starts now.
    pub async fn snapshot(fixture: &Fixture, user: UserId) -> Device {
        let read = fixture.store.readers.read(move |sql| snapshot::read(sql, user)).await.unwrap();
        let mut device = Device { cursor: read.as_of, ..Device::new(user) };
        for frame in read.frames {
            if let ServerFrame::SnapshotPart(part) = ServerFrame::parse(&frame).unwrap() {
                for entry in part.chats {
                    let messages = by_number(entry.opened.messages);
                    let held = Held { chat: entry.opened.chat, messages, me: entry.me };
                    device.chats.insert(held.chat.id, held);
                }
                for entry in part.internal {
                    let held = HeldStaff::new(user, entry.opened, entry.me);
                    device.staff.insert(held.internal.id, held);
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
                let messages = by_number(opened.messages);
                self.passed_on.remove(&id);
                self.chats.insert(id, Held { chat: opened.chat, messages, me: UserChat::default() });
            }
            EventBody::InternalOpened(opened) => {
                self.staff.insert(id, HeldStaff::new(self.user, opened, UserChat::default()));
            }
            EventBody::Gone(gone) => {
                // Perhaps of a chat that came and went while the device was away.
                self.chats.remove(&id);
                self.staff.remove(&id);
                self.passed_on.remove(&id);
                self.passed_on.extend(gone.passed_on.map(|line| (id, line)));
            }
            body => match (self.chats.get_mut(&id), self.staff.get_mut(&id)) {
                (Some(held), None) => held.apply(body),
                (None, Some(held)) => held.apply(self.user, body),
                _ => panic!("{} of a chat that was never opened", event.kind),
            },
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
        let staff = self.staff.values_mut().map(|held| &mut held.messages);
        for messages in self.chats.values_mut().map(|held| &mut held.messages).chain(staff) {
            while messages.len() > OPENED_MESSAGES as usize {
                messages.pop_first();
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
        assert_eq!(
            self.staff.keys().collect::<Vec<_>>(),
            other.staff.keys().collect::<Vec<_>>(),
            "{what}: which staff chats there are"
        );
        for (mine, theirs) in self.staff.values().zip(other.staff.values()) {
            assert_eq!(mine.internal, theirs.internal, "{what}: a staff chat's row");
            assert_eq!(mine.me, theirs.me, "{what}: the user's own part of {}", mine.internal.id);
            assert_eq!(mine.messages, theirs.messages, "{what}: messages of {}", mine.internal.id);
        }
    }
}

impl HeldStaff {
    fn new(user: UserId, opened: OpenedInternal, me: UserChat) -> HeldStaff {
        assert!(opened.internal.members.contains(&user), "nobody but its members has a staff chat");
        HeldStaff { internal: opened.internal, messages: by_number(opened.messages), me }
    }

    fn apply(&mut self, user: UserId, body: EventBody) {
        match body {
            EventBody::Message(added) => {
                if let Some(last) = self.messages.keys().next_back() {
                    assert_eq!(added.message.no, last + 1, "messages are numbered without a gap");
                }
                let mine = matches!(added.message.author, Author::User { id, .. } if id == user);
                match added.message.kind() {
                    MessageKind::Text if mine => self.me.read_upto = added.message.no,
                    MessageKind::Text => self.me = self.me.woken(),
                    MessageKind::Note | MessageKind::Activity => {}
                }
                self.messages.insert(added.message.no, added.message);
                if let Some(internal) = added.internal {
                    // Who came with this line has the row already.
                    assert!(internal.rev >= self.internal.rev && internal.members.contains(&user));
                    assert!(internal.rev > self.internal.rev || internal == self.internal);
                    self.internal = internal;
                }
            }
            EventBody::Status(raised) => raise(&mut self.messages, &raised),
            EventBody::UserChat(me) => self.me = me,
            EventBody::Chat(_) | EventBody::ChatOpened(_) | EventBody::InternalOpened(_) | EventBody::Gone(_) => {
                panic!("not of a staff chat")
            }
        }
    }
}

impl Held {
    fn apply(&mut self, body: EventBody) {
        match body {
            EventBody::ChatOpened(_) | EventBody::InternalOpened(_) | EventBody::Gone(_) => {
                panic!("not of a chat that one has")
            }
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
            EventBody::Status(raised) => raise(&mut self.messages, &raised),
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
