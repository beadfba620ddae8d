//! What the server did, watched commit by commit: every feed before anything is withdrawn from it, and every change of
//! hands.

use std::collections::{BTreeMap, BTreeSet};

use switchboard_protocol::ids::{ChatId, UserId};
use switchboard_server::store::feed;
use switchboard_server::testing::Server;

use crate::{Checked, hold};

/// A row of a feed as it was when it was written.
#[derive(Debug, Clone)]
pub struct Row {
    /// The chat; none if its content was withdrawn in its own transaction.
    pub chat: Option<ChatId>,
    /// The frame behind its `seq`.
    pub json: String,
    /// What kind of event.
    pub kind: String,
}

/// A user's feed from its beginning.
#[derive(Debug, Default)]
pub struct Log {
    /// Row n has the `seq` n + 1.
    pub rows: Vec<Row>,
    /// The chats that a device which is up to date holds.
    pub open: BTreeSet<ChatId>,
    /// Where each chat left last.
    pub gone: BTreeMap<ChatId, u64>,
}

/// Who has a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hands {
    /// Its state.
    pub state: String,
    /// Its owner.
    pub owner: Option<UserId>,
    /// Its epoch.
    pub epoch: u64,
}

/// What made the server write.
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// A user's command of this kind.
    Command(UserId, String),
    /// Anything else.
    Other,
}

/// Everything that was seen.
#[derive(Debug, Default)]
pub struct Truth {
    /// The users, in their order.
    pub users: Vec<UserId>,
    /// Their feeds.
    pub logs: Vec<Log>,
    /// The chats.
    pub chats: BTreeMap<ChatId, Hands>,
    owners: BTreeMap<(ChatId, u64), Option<UserId>>,
    messages: i64,
    changes: i64,
}

fn id<T>(bytes: &[u8], from: impl Fn(&[u8]) -> Option<T>) -> T {
    from(bytes).unwrap()
}

/// The kind of an event's frame.
pub fn kind_of(json: &str) -> &str {
    json.strip_prefix("\"kind\":\"").and_then(|rest| rest.split('"').next()).unwrap_or_default()
}

impl Truth {
    /// Watches these users' feeds.
    pub fn new(users: Vec<UserId>) -> Truth {
        Truth { logs: users.iter().map(|_| Log::default()).collect(), users, ..Truth::default() }
    }

    /// Looks at what the last transactions did.
    pub fn observe(&mut self, server: &Server, cause: &Cause) -> Checked {
        let changes: i64 = server.sql().query_row("SELECT total_changes()", [], |row| row.get(0)).unwrap();
        if changes == self.changes {
            return Ok(());
        }
        self.changes = changes;
        for (user, log) in self.users.iter().zip(&mut self.logs) {
            let rows = feed::after(server.sql(), *user, log.rows.len() as u64, usize::MAX >> 1, usize::MAX);
            for (seq, tail) in rows.map_err(|error| format!("a feed cannot be read: {error}"))? {
                hold!(seq == log.rows.len() as u64 + 1, "3: {user} has a gap before {seq}");
                let (chat, json) = tail.map_or((None, String::new()), |tail| (Some(tail.chat), tail.json.to_string()));
                let kind = kind_of(&json).to_owned();
                if let Some(chat) = chat {
                    match kind.as_str() {
                        "chat_opened" => drop(log.open.insert(chat)),
                        "gone" => {
                            log.open.remove(&chat);
                            log.gone.insert(chat, seq);
                        }
                        kind => {
                            hold!(log.open.contains(&chat), "6: {kind} of a chat that is not open to {user}: {seq}")
                        }
                    }
                }
                log.rows.push(Row { chat, json, kind });
            }
        }
        self.hands(server, cause)
    }

    /// After a restart the counters of the connection begin anew.
    pub fn restarted(&mut self) {
        self.changes = -1;
    }

    fn hands(&mut self, server: &Server, cause: &Cause) -> Checked {
        let mut query = server.sql().prepare_cached("SELECT id, state, owner_id, owner_epoch FROM chats").unwrap();
        let rows = query.query_map([], |row| {
            let (chat, owner): (Vec<u8>, Option<Vec<u8>>) = (row.get(0)?, row.get(2)?);
            let owner = owner.map(|owner| id(&owner, |bytes| UserId::from_slice(bytes).ok()));
            let epoch = row.get::<_, i64>(3)?.unsigned_abs();
            Ok((id(&chat, |bytes| ChatId::from_slice(bytes).ok()), Hands { state: row.get(1)?, owner, epoch }))
        });
        for row in rows.unwrap() {
            let (chat, now) = row.unwrap();
            let before = self.chats.get(&chat);
            if before == Some(&now) {
                continue;
            }
            let owner = self.owners.entry((chat, now.epoch)).or_insert(now.owner);
            hold!(*owner == now.owner, "4: epoch {} of {chat} had the owner {owner:?}, now {:?}", now.epoch, now.owner);
            let first = Hands { state: "waiting".into(), owner: None, epoch: 0 };
            let before = before.unwrap_or(&first);
            hold!(now.epoch >= before.epoch, "4: the epoch of {chat} went back: {before:?} {now:?}");
            hold!(
                now.epoch != before.epoch || now.owner == before.owner,
                "4: the owner of {chat} changed within an epoch: {before:?} {now:?}"
            );
            let hands_once = matches!(cause, Cause::Command(_, kind) if kind == "reply" || kind == "take");
            hold!(
                !hands_once || now.epoch <= before.epoch + 1,
                "4: one command, more than one epoch of {chat}: {before:?} {now:?}"
            );
            if let Cause::Command(user, kind) = cause
                && matches!(kind.as_str(), "reply" | "take")
                && now.owner != before.owner
            {
                hold!(
                    before.state == "waiting" && now.owner == Some(*user),
                    "4: {kind} of {user} took {chat} that was not waiting: {before:?} {now:?}"
                );
            }
            self.chats.insert(chat, now);
        }
        self.authors(server)
    }

    /// Invariant 5, on the messages that are new.
    fn authors(&mut self, server: &Server) -> Checked {
        let total: i64 = server.sql().query_row("SELECT count(*) FROM messages", [], |row| row.get(0)).unwrap();
        if total == self.messages {
            return Ok(());
        }
        self.messages = total;
        let mut query = server
            .sql()
            .prepare_cached("SELECT chat_id, no, author_id, author_epoch FROM messages WHERE kind = 0 AND author = 1")
            .unwrap();
        let mut rows = query.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let chat = ChatId::from_slice(&row.get::<_, Vec<u8>>(0).unwrap()).unwrap();
            let author = UserId::from_slice(&row.get::<_, Vec<u8>>(2).unwrap()).unwrap();
            let (no, epoch): (i64, Option<i64>) = (row.get(1).unwrap(), row.get(3).unwrap());
            let epoch = epoch.map(i64::unsigned_abs).ok_or_else(|| format!("5: message {no} of {chat}: no epoch"))?;
            // An epoch that came and went inside one transaction is not known here.
            let owner = self.owners.get(&(chat, epoch)).copied().unwrap_or(Some(author));
            hold!(owner == Some(author), "5: {author} wrote {no} of {chat} in epoch {epoch}, which was {owner:?}'s");
        }
        Ok(())
    }

    /// An event that is sent to a device: it is what was written, and what left the user is not in it.
    pub fn sent(&self, user: usize, frame: &str) -> Checked {
        let Some(rest) = frame.strip_prefix("{\"type\":\"event\",\"seq\":") else { return Ok(()) };
        let Some((seq, json)) = rest.split_once(',') else { return Err(format!("a broken event: {frame}")) };
        let seq: u64 = seq.parse().map_err(|_| format!("a broken event: {frame}"))?;
        let log = &self.logs[user];
        let row = usize::try_from(seq - 1).ok().and_then(|at| log.rows.get(at));
        let row = row.ok_or_else(|| format!("3: event {seq} is in nobody's log"))?;
        if kind_of(json) == "skip" {
            // An end is taken away with the rest when the chat came and left again.
            let last = row.chat.is_some_and(|chat| log.gone.get(&chat) == Some(&seq));
            hold!(row.kind != "gone" || !last, "6: the end {seq} of a chat was withdrawn");
            return Ok(());
        }
        hold!(json == row.json, "3: event {seq} is not what was written: {json} {}", row.json);
        let left = row.chat.and_then(|chat| log.gone.get(&chat));
        hold!(
            row.kind == "gone" || left.is_none_or(|left| *left < seq),
            "6: event {seq} was sent after its chat had left at {left:?}"
        );
        Ok(())
    }
}
