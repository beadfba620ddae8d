//! The server's log into the store: a batch of events, or a snapshot, in one transaction with the cursor.

use std::collections::{HashMap, HashSet};

use rusqlite::Transaction;
use switchboard_protocol::UnixMillis;
use switchboard_protocol::chat::{OpenedInternal, UserChat};
use switchboard_protocol::command::CommandResult;
use switchboard_protocol::event::{EventBody, Gone, GoneReason, MessageAdded, StatusRaised};
use switchboard_protocol::frame::{Event, Page};
use switchboard_protocol::ids::{ChatId, CommandId, FeedId, MessageId, UserId};
use switchboard_protocol::message::{Message, MessageKind};

use crate::error::{Error, Result};
use crate::model::{CommandOutcome, UnsentId, UnsentReason, UnsentRow};
use crate::store::chat::{self, ChatRecord, ServerRow};
use crate::store::message::{self, Forgotten, is_mine};
use crate::store::notification::News;
use crate::store::outbox::{Awaiting, Pending};
use crate::store::{
    Blob, Changes, Durability, Store, account, draft, internal, outbox, passed_on, purge, read_mark, snapshot, unsent,
};

/// What applying led to, beside the rows.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// Commands that ended.
    pub(crate) outcomes: Vec<CommandOutcome>,
    /// What somebody may want to be told of, if it happens now.
    pub(crate) news: Vec<News>,
    /// Content was deleted: the write-ahead log is to be truncated.
    pub(crate) purge: bool,
    /// An event could not be read: only a snapshot puts the store right.
    pub(crate) resync: bool,
    /// The feed showed what the outbox waited for: something behind it may go now.
    pub(crate) settled: bool,
}

/// The working state of one transaction.
struct Batch<'a> {
    tx: &'a Transaction<'a>,
    me: UserId,
    now: UnixMillis,
    /// By the server's clock.
    server_now: UnixMillis,
    /// Rows that were touched, written once at the end; `None`: not on this device.
    chats: HashMap<ChatId, Option<(ChatRecord, bool)>>,
    awaiting: Awaiting,
    forgotten: Forgotten,
    changes: &'a mut Changes,
    applied: Applied,
}

/// Applies consecutive events and moves the cursor to the last of them.
pub(crate) fn events(store: &Store, me: UserId, now: UnixMillis, events: &[Event]) -> Result<Applied> {
    let Some(last) = events.last() else { return Ok(Applied::default()) };
    store.write(Durability::Normal, |tx, changes| {
        let mut batch = Batch::new(tx, me, now, changes)?;
        for event in events {
            batch.event(event)?;
        }
        account::set_cursor(tx, last.seq)?;
        if !batch.awaiting.commands.is_empty() {
            batch.applied.settled |= outbox::passed(tx, last.seq, batch.changes)?;
        }
        batch.finish()
    })
}

/// Swaps the staged snapshot in: what it does not have is purged, drafts and outbox stay.
pub(crate) fn swap(store: &Store, me: UserId, now: UnixMillis, feed_id: FeedId, cursor: u64) -> Result<Applied> {
    store.write(Durability::Normal, |tx, changes| {
        let before = account::position(tx)?;
        let mut batch = Batch::new(tx, me, now, changes)?;
        let restored = before.feed_id.is_some_and(|before| before != feed_id);
        if restored {
            // Before the chats come, which would show it as done.
            batch.forgotten(false)?;
        }
        let (mut present, mut lines) = (HashSet::new(), HashMap::new());
        snapshot::for_each(tx, |part| {
            lines.extend(part.passed_on.into_iter().map(|line| (line.chat, line)));
            for chat in part.chats {
                present.insert(chat.opened.chat.id);
                batch.open(ServerRow::Customer(&chat.opened.chat), &chat.opened.messages, chat.opened.more, chat.me)?;
            }
            for chat in part.internal {
                let OpenedInternal { internal, messages, more } = chat.opened;
                present.insert(internal.id);
                batch.open(ServerRow::Internal(&internal), &messages, more, chat.me)?;
            }
            // The rows of a part are written before the next one is read: a snapshot may be larger than memory.
            batch.flush()
        })?;
        if restored {
            // After the chats have shown which texts are there, and before others leave with what was written in them.
            batch.forgotten(true)?;
        }
        for id in chat::ids(tx)? {
            if !present.contains(&id) && !internal::is_only_here(tx, id)? {
                batch.gone(id, &Gone { reason: GoneReason::Unassigned, passed_on: None }, None)?;
            }
        }
        for id in passed_on::chats(tx)? {
            if !lines.contains_key(&id) {
                passed_on::remove(tx, id)?;
            }
        }
        // After the chats have gone whose lines they are.
        for line in lines.values() {
            passed_on::put(tx, line)?;
        }
        account::set_position(tx, feed_id, cursor)?;
        snapshot::drop_stage(tx)?;
        batch.changes.all = true;
        batch.applied.purge = true;
        batch.finish()
    })
}

/// Stores older messages. False: the chat left meanwhile, and they are dropped.
pub(crate) fn page(store: &Store, me: UserId, page: &Page, before: u64) -> Result<bool> {
    store.write(Durability::Normal, |tx, changes| {
        let Some(mut record) = chat::load(tx, page.chat)? else { return Ok(false) };
        let oldest = message::oldest(tx, record.key)?.map_or(u64::MAX, |(no, _)| no);
        if oldest > before {
            // Opened anew meanwhile: these would not join what is here.
            return Ok(true);
        }
        for message in page.messages.iter().filter(|message| message.no < before) {
            message::insert(tx, record.key, message)?;
        }
        // An answer that reaches back no further than what is here says nothing of what lies before that.
        if page.messages.iter().map(|message| message.no).min().unwrap_or(0) < oldest {
            record.more = page.more && !page.messages.is_empty();
        }
        refresh_counts(tx, &mut record, me)?;
        record.save(tx)?;
        changes.chats.insert(page.chat);
        Ok(true)
    })
}

/// The server answered a command.
pub(crate) fn result(store: &Store, now: UnixMillis, result: &CommandResult) -> Result<Vec<CommandOutcome>> {
    // A refused text becomes an unsent row, which nobody else knows.
    store.write(Durability::Full, |tx, changes| {
        let cursor = account::position(tx)?.cursor;
        outbox::settle(tx, result, cursor, now, changes)
    })
}

fn refresh_counts(tx: &Transaction<'_>, record: &mut ChatRecord, me: UserId) -> Result<()> {
    record.first_at = message::oldest(tx, record.key)?.map_or(0, |(_, at)| at);
    record.count_unread(tx, me)
}

impl<'a> Batch<'a> {
    fn new(tx: &'a Transaction<'a>, me: UserId, now: UnixMillis, changes: &'a mut Changes) -> Result<Self> {
        let awaiting = outbox::awaiting(tx)?;
        let server_now = now.saturating_add(account::clock_offset(tx)?);
        Ok(Self {
            tx,
            me,
            now,
            server_now,
            chats: HashMap::new(),
            awaiting,
            forgotten: Forgotten::default(),
            changes,
            applied: Applied::default(),
        })
    }

    /// A chat's row if the chat is on this device.
    fn chat(&mut self, id: ChatId) -> Result<Option<&mut (ChatRecord, bool)>> {
        let slot = match self.chats.entry(id) {
            std::collections::hash_map::Entry::Occupied(slot) => slot.into_mut(),
            std::collections::hash_map::Entry::Vacant(slot) => {
                slot.insert(chat::load(self.tx, id)?.map(|record| (record, false)))
            }
        };
        Ok(slot.as_mut())
    }

    fn event(&mut self, event: &Event) -> Result<()> {
        if event.kind != Event::SKIP {
            let body = event.body.as_deref().map_or("{}", serde_json::value::RawValue::get);
            match (EventBody::parse(&event.kind, body), event.chat) {
                (Ok(Some(body)), Some(chat)) => match self.body(chat, body, event.command) {
                    Err(Error::BadAnswer(detail)) => self.unreadable(event, &detail)?,
                    other => other?,
                },
                (Ok(Some(_)), None) => self.unreadable(event, "no chat")?,
                (Ok(None), _) => account::mark_unknown(self.tx)?,
                // Not the parser's words: they quote what it could not read.
                (Err(_), _) => self.unreadable(event, "its body is not of its kind")?,
            }
        }
        if let Some(command) = event.command {
            self.reconcile(command)?;
        }
        Ok(())
    }

    /// Not to be read, and never to be read by asking again: the log goes on, and a snapshot brings what it held.
    fn unreadable(&mut self, event: &Event, why: &str) -> Result<()> {
        tracing::warn!(seq = event.seq, kind = %event.kind, why, "an event cannot be read");
        self.applied.resync = true;
        account::want_snapshot(self.tx)
    }

    fn body(&mut self, chat: ChatId, body: EventBody, command: Option<CommandId>) -> Result<()> {
        match body {
            EventBody::ChatOpened(opened) => {
                if opened.chat.id != chat {
                    return Err(Error::BadAnswer("chat_opened of another chat".into()));
                }
                self.applied.news.push(News::Opened(chat));
                // The user's own part, if there is one, follows as an event of its own.
                self.open(ServerRow::Customer(&opened.chat), &opened.messages, opened.more, UserChat::default())
            }
            EventBody::InternalOpened(opened) => {
                if opened.internal.id != chat {
                    return Err(Error::BadAnswer("internal_opened of another chat".into()));
                }
                self.applied.news.push(News::Opened(chat));
                let row = ServerRow::Internal(&opened.internal);
                self.open(row, &opened.messages, opened.more, UserChat::default())
            }
            EventBody::Message(added) => self.message(chat, &added),
            EventBody::Status(raised) => self.status(chat, &raised),
            EventBody::Chat(row) => {
                let me = self.me;
                if let Some((record, dirty)) = self.chat(chat)? {
                    *dirty |= record.update(ServerRow::Customer(&row), me)?;
                    self.changes.chats.insert(chat);
                }
                Ok(())
            }
            EventBody::UserChat(own) => self.user_chat(chat, own),
            EventBody::Gone(gone) => self.gone(chat, &gone, command),
        }
    }

    fn reconcile(&mut self, command: CommandId) -> Result<()> {
        // Looked up in memory first: nearly every event is of somebody else's doing.
        if self.awaiting.commands.remove(&command) {
            self.applied.outcomes.extend(outbox::seen(self.tx, command, self.changes)?);
            self.applied.settled = true;
        }
        Ok(())
    }

    fn reconcile_message(&mut self, message: &Message) -> Result<()> {
        if !self.awaiting.commands.is_empty() && is_mine(&message.author, self.me) {
            self.reconcile(message.id.into())?;
        }
        Ok(())
    }

    fn message(&mut self, chat: ChatId, added: &MessageAdded) -> Result<()> {
        let (tx, me) = (self.tx, self.me);
        let Some((record, dirty)) = self.chat(chat)? else { return Ok(()) };
        let message = &added.message;
        if let Some(row) = &added.chat {
            *dirty |= record.update(ServerRow::Customer(row), me)?;
        }
        if let Some(row) = &added.internal {
            *dirty |= record.update(ServerRow::Internal(row), me)?;
        }
        if message::insert(tx, record.key, message)? {
            *dirty = true;
            if record.last_no == 0 && !record.more {
                record.first_at = message.sent_at;
            }
            record.added(message, me);
            if record.is_for(message, me) {
                record.wake();
                record.unread += i64::from(message.no > record.read_upto);
                self.overtaken(chat, message.no)?;
            } else if record.is_internal() && message.kind() == MessageKind::Text {
                // Who says something has read what was said before.
                record.read_upto = record.read_upto.max(message.no);
                record.count_unread(tx, me)?;
            }
        }
        if !is_mine(&message.author, me) {
            self.applied.news.push(News::Message(chat, message.no));
        }
        self.changes.chats.insert(chat);
        self.reconcile_message(message)
    }

    /// Somebody wrote to this user: what would have put the chat away is not done behind that message's back.
    fn overtaken(&mut self, chat: ChatId, no: u64) -> Result<()> {
        if self.awaiting.chats.contains(&chat) {
            let ended = outbox::overtaken(self.tx, chat, no, self.now, self.changes)?;
            self.applied.settled |= !ended.is_empty();
            self.applied.outcomes.extend(ended);
        }
        Ok(())
    }

    /// What the outbox will do to a chat.
    fn pending(&self, chat: ChatId) -> Result<Pending> {
        if self.awaiting.chats.contains(&chat) { outbox::pending(self.tx, chat) } else { Ok(Pending::default()) }
    }

    /// Until when the chat is put away: the user's last word, and not when that is over. The server keeps the time that
    /// it was given, and says it again with whatever else changes.
    fn snoozed_until(&self, chat: ChatId, own: &UserChat) -> Result<Option<UnixMillis>> {
        let until = self.pending(chat)?.snoozed.unwrap_or(own.snoozed_until);
        Ok(until.filter(|until| *until > self.server_now))
    }

    fn status(&mut self, chat: ChatId, raised: &StatusRaised) -> Result<()> {
        let tx = self.tx;
        let Some((record, _)) = self.chat(chat)? else { return Ok(()) };
        if message::raise(tx, record.key, raised.outbound, raised.from, raised.upto, raised.status)? {
            self.changes.chats.insert(chat);
        }
        Ok(())
    }

    fn user_chat(&mut self, chat: ChatId, own: UserChat) -> Result<()> {
        let (tx, me) = (self.tx, self.me);
        let snoozed = self.snoozed_until(chat, &own)?;
        let Some((record, dirty)) = self.chat(chat)? else { return Ok(()) };
        *dirty = true;
        record.read_upto = record.read_upto.max(own.read_upto);
        record.set_own(&own);
        record.snoozed_until = snoozed;
        record.count_unread(tx, me)?;
        self.changes.timers |= snoozed.is_some();
        self.changes.chats.insert(chat);
        Ok(())
    }

    /// The chat comes to this device, or comes anew: whatever was here of it is replaced.
    fn open(&mut self, row: ServerRow<'_>, messages: &[Message], more: bool, own: UserChat) -> Result<()> {
        let (tx, me) = (self.tx, self.me);
        let id = row.id();
        let mut record = match self.chats.remove(&id) {
            Some(Some((record, _))) => record,
            Some(None) => chat::insert(tx, id)?,
            None => match chat::load(tx, id)? {
                Some(record) => record,
                None => chat::insert(tx, id)?,
            },
        };
        let first_said_here = (record.last_no == 0).then(|| record.last_at());
        record.replace(row, me)?;
        // A message that stays as it is keeps its row and its place in the index.
        let fresh: HashMap<u64, &Message> = messages.iter().map(|message| (message.no, message)).collect();
        let removed = message::delete(tx, record.key, &mut self.forgotten, |no, row| {
            fresh.get(&no).is_some_and(|message| {
                row.get::<_, Blob<MessageId>>(3).is_ok_and(|id| id.0 == message.id)
                    && row.get_ref(2).is_ok_and(|text| text.as_str().is_ok_and(|text| text == message.text))
            })
        })?;
        if removed {
            purge::pending(tx)?;
            self.applied.purge = true;
        }
        record.clear_last();
        for message in messages {
            message::insert(tx, record.key, message)?;
            record.added(message, me);
        }
        if let Some(at) = first_said_here {
            // The server opened what was begun here; what was said follows.
            record.happened(at);
        }
        record.more = more;
        record.set_own(&own);
        // Before it is asked what the outbox will do: some of that may not be done any more.
        self.overtaken(id, record.last_inbound_no)?;
        record.snoozed_until = self.snoozed_until(id, &own)?;
        self.changes.timers |= record.snoozed_until.is_some();
        // What was read here and is still in the outbox counts already.
        record.read_upto = own.read_upto.max(read_mark::upto(tx, id)?.unwrap_or(0));
        refresh_counts(tx, &mut record, me)?;
        self.chats.insert(id, Some((record, true)));
        self.changes.chats.insert(id);
        for message in messages {
            self.reconcile_message(message)?;
        }
        passed_on::remove(tx, id)?;
        Ok(())
    }

    /// The chat leaves this device. The user's own words stay, as unsent; everything else goes.
    /// `by` is this user's command that made it leave, if one did.
    fn gone(&mut self, id: ChatId, gone: &Gone, by: Option<CommandId>) -> Result<()> {
        let record = match self.chats.insert(id, None) {
            Some(slot) => slot.map(|(record, _)| record),
            None => chat::load(self.tx, id)?,
        };
        let contact = record.as_ref().map(|record| record.title(self.tx)).transpose()?.flatten();
        let is_internal = record.as_ref().is_some_and(ChatRecord::is_internal);
        let ended = outbox::chat_gone(self.tx, id, contact.as_deref(), gone.reason, by, self.now, self.changes)?;
        self.applied.outcomes.extend(ended);
        // What waited behind something that is gone now may go, such as the deletion of a chat that somebody else took.
        self.applied.settled = true;
        if let Some((text, written_at)) = draft::take(self.tx, id)?
            && !text.trim().is_empty()
        {
            let row = UnsentRow {
                id: UnsentId::new(),
                chat: id,
                contact_name: contact,
                kind: MessageKind::Text,
                text,
                written_at,
                unsent_at: self.now,
                reason: UnsentReason::Draft,
                can_note_owner: false,
                noting_owner: false,
            };
            unsent::insert(self.tx, &row, is_internal)?;
            self.changes.unsent = true;
        }
        let had_line = passed_on::remove(self.tx, id)?;
        if let Some(line) = &gone.passed_on {
            passed_on::put(self.tx, line)?;
        }
        self.applied.purge |= had_line;
        if had_line || gone.passed_on.is_some() {
            self.changes.chats.insert(id);
        }
        let Some(record) = record else { return Ok(()) };
        message::delete(self.tx, record.key, &mut self.forgotten, |_, _| false)?;
        chat::delete(self.tx, record.key)?;
        purge::pending(self.tx)?;
        self.applied.purge = true;
        self.changes.chats.remove(&id);
        self.changes.gone.insert(id);
        Ok(())
    }

    /// The server is not the one that accepted these commands.
    fn forgotten(&mut self, with_text: bool) -> Result<()> {
        let outcomes = outbox::forgotten(self.tx, with_text, self.now, self.changes)?;
        self.applied.outcomes.extend(outcomes);
        Ok(())
    }

    /// Writes the rows that were touched.
    fn flush(&mut self) -> Result<()> {
        for (id, slot) in std::mem::take(&mut self.chats) {
            if let Some((mut record, true)) = slot {
                record.put(&self.pending(id)?);
                record.save(self.tx)?;
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Applied> {
        self.flush()?;
        self.forgotten.finish(self.tx)?;
        Ok(self.applied)
    }
}
