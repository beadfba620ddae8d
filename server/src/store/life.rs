//! The life of a chat, transaction by transaction: what each command and each message changes, and who is told.

mod contacts;
mod finishing;
mod history;
mod inbound;
mod labels;
mod notes;
mod own_part;
mod staff;
mod templates;
mod transfer;

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde_json::Value;
use switchboard_protocol::chat::{ChannelKind, ChatState};
use switchboard_protocol::collection::Role;
use switchboard_protocol::command::{CommandBody, CommandResult, CommandStatus, Reply};
use switchboard_protocol::ids::{ChannelId, ChatId, CommandId, GroupId, MessageId, QueueId, UserId, VisitorId};
use switchboard_protocol::widget::WidgetSend;
use switchboard_protocol::{ErrorCode, UnixMillis};

use super::commands::Command;
use super::effects::{Effect, VisitorKey};
use super::inbound::{Received, visitor_state};
use super::people::NewUserRow;
use super::writer::transact;
use super::{StoreError, Tx, chats, feed, migrate, queues};
use crate::routing::{QueueSettings, Route};

/// Monday, 2 November 2026, 08:00 in UTC.
const MONDAY_8: UnixMillis = 1_793_606_400_000;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// A database in memory: a queue with four users, a second one with the last two of them, a website and a WhatsApp channel.
struct Office {
    connection: Connection,
    now: UnixMillis,
    users: Vec<UserId>,
    group: GroupId,
    queue: QueueId,
    repairs: QueueId,
    website: ChannelId,
    whatsapp: ChannelId,
    /// What users were already shown of their feeds.
    looked: BTreeMap<UserId, u64>,
    /// What the visitor was sent, since it was last looked at.
    visitor: Vec<Value>,
    effects: Vec<Effect>,
}

impl Office {
    fn new() -> Office {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate::run(&mut connection, MONDAY_8).unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        let make = |tx: &mut Tx<'_>| {
            let group = tx.create_group("Sales")?;
            let users = ["Anna", "Boris", "Cleo", "Dora"].into_iter().map(|name| {
                tx.create_user(&NewUserRow {
                    name: name.into(),
                    email: None,
                    role: Role::User,
                    group,
                    password_hash: None,
                    extension: None,
                })
            });
            let users = users.collect::<Result<Vec<_>, _>>()?;
            let queue = tx.create_queue("Desk", &users)?;
            let repairs = tx.create_queue("Repairs", &users[2..])?;
            let website = tx.create_channel("Shop", ChannelKind::LiveChat, Some("key"), "{}")?;
            let whatsapp = tx.create_channel("Phone", ChannelKind::Whatsapp, None, "{}")?;
            tx.set_route(website, &Route::Queue(queue))?;
            tx.set_route(whatsapp, &Route::Queue(queue))?;
            Ok((users, group, queue, repairs, website, whatsapp))
        };
        let ((users, group, queue, repairs, website, whatsapp), _) = transact(&mut connection, MONDAY_8, make).unwrap();
        Office {
            connection,
            now: MONDAY_8,
            users,
            group,
            queue,
            repairs,
            website,
            whatsapp,
            looked: BTreeMap::new(),
            visitor: Vec::new(),
            effects: Vec::new(),
        }
    }

    fn write<T>(&mut self, run: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>) -> T {
        let (done, effects) = transact(&mut self.connection, self.now, run).unwrap();
        for effect in &effects {
            if let Effect::VisitorMessage { frame, .. } = effect {
                self.visitor.extend(frame.json.as_deref().map(|json| serde_json::from_str::<Value>(json).unwrap()));
            }
        }
        self.effects.extend(effects);
        done
    }

    fn settings(&mut self, change: impl FnOnce(&mut QueueSettings)) {
        let detail = queues::detail(&self.connection, self.queue).unwrap().unwrap();
        let mut settings = detail.settings;
        change(&mut settings);
        let queue = self.queue;
        self.write(|tx| tx.set_queue(queue, &settings, detail.rev));
    }

    /// Lets time pass, and what is due happen.
    fn pass(&mut self, millis: i64) {
        self.now += millis;
        self.write(|tx| tx.run_due(100));
    }

    fn visitor(&self) -> VisitorKey {
        VisitorKey { channel: self.website, visitor: VisitorId::new() }
    }

    fn receive(&mut self, from: VisitorKey, address: Option<&str>, text: &str) -> Received {
        let send = WidgetSend { id: MessageId::new(), text: text.into(), name: None, email: None };
        self.write(|tx| tx.receive_from(from, address, &send))
    }

    fn say(&mut self, from: VisitorKey, text: &str) {
        assert!(matches!(self.receive(from, None, text), Received::Accepted { .. }));
    }

    /// A waiting chat that nobody has looked at the events of.
    fn waiting(&mut self) -> (ChatId, VisitorKey) {
        let visitor = self.visitor();
        self.say(visitor, "hello");
        (self.chat_of(visitor), visitor)
    }

    /// A chat that Anna answered, with all events looked at.
    fn owned(&mut self) -> (ChatId, VisitorKey) {
        let (chat, visitor) = self.waiting();
        self.applied(self.users[0], chat, CommandBody::Reply(Reply { text: "good day".into() }));
        self.look_at_all();
        (chat, visitor)
    }

    fn chat_of(&self, visitor: VisitorKey) -> ChatId {
        visitor_state(&self.connection, visitor).unwrap().chat.unwrap()
    }

    fn row(&self, chat: ChatId) -> chats::ChatRow {
        chats::must(&self.connection, chat).unwrap()
    }

    fn state(&self, chat: ChatId) -> (ChatState, Option<UserId>, u64) {
        let row = self.row(chat);
        (row.state, row.owner, row.owner_epoch)
    }

    fn seeing(&self, chat: ChatId) -> Vec<UserId> {
        let mut seeing = chats::seeing(&self.connection, chat).unwrap();
        seeing.sort();
        seeing
    }

    fn mine(&self, chat: ChatId, user: UserId) -> switchboard_protocol::chat::UserChat {
        chats::access(&self.connection, chat, user).unwrap().unwrap().1
    }

    /// A command of a user who knows how the chat stands.
    fn command(&self, chat: ChatId, body: CommandBody) -> Command {
        let row = self.row(chat);
        Command {
            id: CommandId::new(),
            chat: Some(chat),
            owner_epoch: Some(row.owner_epoch),
            seen: Some(row.last_no),
            ask: false,
            body,
        }
    }

    fn run(&mut self, user: UserId, command: &Command) -> CommandResult {
        let result = self.write(|tx| tx.execute(user, command));
        // Whatever became of it: the same once more is the same answer, and changes nothing.
        let head = self.head(user);
        assert_eq!(self.write(|tx| tx.execute(user, command)), result);
        assert_eq!(self.head(user), head);
        result
    }

    fn applied(&mut self, user: UserId, chat: ChatId, body: CommandBody) -> CommandResult {
        let result = self.run(user, &self.command(chat, body));
        assert_eq!((result.status, result.code), (CommandStatus::Applied, None));
        result
    }

    #[track_caller]
    fn refused(&mut self, user: UserId, chat: ChatId, body: CommandBody, code: ErrorCode) {
        let result = self.run(user, &self.command(chat, body));
        assert_eq!((result.status, result.code), (CommandStatus::Rejected, Some(code)));
    }

    fn head(&self, user: UserId) -> u64 {
        feed::state(&self.connection, user).unwrap().head
    }

    /// What a user's devices got since this was asked last.
    fn events(&mut self, user: UserId) -> Vec<Value> {
        let looked = self.looked.entry(user).or_default();
        let rows = feed::after(&self.connection, user, *looked, 1_000, usize::MAX).unwrap();
        *looked = rows.last().map_or(*looked, |(seq, _)| *seq);
        rows.iter()
            .map(|(seq, tail)| serde_json::from_str(&feed::event_frame(*seq, tail.as_deref())).unwrap())
            .collect()
    }

    fn look_at_all(&mut self) {
        for user in self.users.clone() {
            self.events(user);
        }
        self.visitor.clear();
        self.effects.clear();
    }

    /// The kinds of a user's news; of messages what they are, of `gone` why.
    fn news(&mut self, user: UserId) -> Vec<String> {
        let short = |event: &Value| {
            let kind = event["kind"].as_str().unwrap();
            let body = &event["body"];
            match kind {
                "message" => match (&body["message"]["activity"]["kind"], &body["message"]["private"]) {
                    (Value::String(activity), _) => activity.clone(),
                    (_, Value::Bool(true)) => "note".to_owned(),
                    _ => format!("text {}", body["message"]["text"].as_str().unwrap()),
                },
                "gone" => format!("gone {}", body["reason"].as_str().unwrap()),
                kind => kind.to_owned(),
            }
        };
        self.events(user).iter().map(short).collect()
    }

    fn users<const N: usize>(&self) -> [UserId; N] {
        std::array::from_fn(|at| self.users[at])
    }
}
