//! Offering chats: to whom, by the channel's route or where they were passed on to, and what a change of people, queues and
//! routes does to those that wait.
//!
//! A chat is *placed* when it comes to wait anew (it is new, it reopens, it leaves its owner, its route changed) and
//! *offered again* where it waits when only the people changed. Everything here ends with [`Tx::tend`].

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension};
use switchboard_protocol::chat::{ChatState, UserChat};
use switchboard_protocol::event::{EventBody, Gone, GoneReason};
use switchboard_protocol::ids::{ChannelId, ChatId, GroupId, QueueId, UserId};
use switchboard_protocol::message::{Activity, Author, Message, ReleaseReason};
use switchboard_protocol::transfer::TransferTarget;

use super::chats::{self, Access, ChatRow};
use super::roster::SqlRoster;
use super::sql::{Blob, Columns, Sql, bad_name, int};
use super::writer::Tx;
use super::{StoreError, queues};
use crate::routing::distribution::{Case, choose};
use crate::routing::{self, Direct, Distribution, OwnerState, Route, returning};

/// A channel's route.
pub fn route(connection: &Connection, channel: ChannelId) -> Result<Option<Route>, StoreError> {
    let found = connection
        .sql("SELECT kind, queue_id, group_id FROM routes WHERE channel_id = ?1")?
        .query_row([Blob(channel)], |row| {
            let kind: String = row.get(0)?;
            match kind.as_str() {
                "queue" => row.id(1).map(Route::Queue),
                "group" => row.id(2).map(Route::Group),
                "users" => Ok(Route::Users(Vec::new())),
                _ => Err(bad_name(0, "route kind")),
            }
        })
        .optional()?;
    Ok(match found {
        Some(Route::Users(_)) => {
            Some(Route::Users(route_users(connection, channel)?.into_iter().map(|(user, _)| user).collect()))
        }
        other => other,
    })
}

fn state(row: &rusqlite::Row<'_>) -> rusqlite::Result<(UserId, OwnerState)> {
    Ok((row.id(0)?, state_at(row, 1)?))
}

/// From the columns `disabled` and `presence`.
fn state_at(row: &rusqlite::Row<'_>, index: usize) -> rusqlite::Result<OwnerState> {
    let presence: String = row.get(index + 1)?;
    let presence = switchboard_protocol::collection::Presence::from_name(&presence)
        .ok_or_else(|| bad_name(index + 1, "presence"))?;
    Ok(OwnerState::of(row.get(index)?, presence))
}

/// How a user is.
pub(super) fn owner_state(connection: &Connection, user: UserId) -> Result<OwnerState, StoreError> {
    Ok(connection
        .sql("SELECT disabled, presence FROM users WHERE id = ?1")?
        .query_row([Blob(user)], |row| state_at(row, 0))?)
}

/// The users that a channel leads to directly, in their order.
fn route_users(connection: &Connection, channel: ChannelId) -> Result<Vec<(UserId, OwnerState)>, StoreError> {
    let mut query = connection.sql(
        "SELECT users.id, users.disabled, users.presence FROM route_users JOIN users ON users.id = route_users.user_id \
         WHERE route_users.channel_id = ?1 ORDER BY route_users.position",
    )?;
    Ok(query.query_map([Blob(channel)], state)?.collect::<Result<_, _>>()?)
}

fn group_users(connection: &Connection, group: GroupId) -> Result<Vec<(UserId, OwnerState)>, StoreError> {
    let mut query = connection.sql("SELECT id, disabled, presence FROM users WHERE group_id = ?1")?;
    Ok(query.query_map([Blob(group)], state)?.collect::<Result<_, _>>()?)
}

/// To which of its members a queue offers a chat.
fn distribution(connection: &Connection, queue: QueueId) -> Result<Distribution, StoreError> {
    Ok(connection.sql("SELECT distribution, distribution_n, distribution_user FROM queues WHERE id = ?1")?.query_row(
        [Blob(queue)],
        |row| {
            let name: String = row.get(0)?;
            Distribution::from_parts(&name, row.get(1)?, row.maybe_id(2)?).ok_or_else(|| bad_name(0, "distribution"))
        },
    )?)
}

/// Where a chat comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Destination {
    /// It is this user's.
    User(UserId),
    /// It waits in a queue.
    Queue(QueueId),
    /// It waits for a group.
    Group(GroupId),
    /// It waits for the users whom its channel names, or for a route that leads to somebody.
    Users,
}

/// Where a channel's route leads now.
fn destination(connection: &Connection, channel: ChannelId) -> Result<Destination, StoreError> {
    Ok(match route(connection, channel)? {
        Some(Route::Queue(queue)) => Destination::Queue(queue),
        Some(Route::Group(group)) => Destination::Group(group),
        Some(Route::Users(_)) => match routing::direct(&route_users(connection, channel)?) {
            Direct::Owned(user) => Destination::User(user),
            Direct::Offered(_) => Destination::Users,
        },
        None => Destination::Users,
    })
}

/// Whether a channel's route leads to exactly this user, to whom a chat would come back at once.
pub(super) fn leads_to(connection: &Connection, channel: ChannelId, user: UserId) -> Result<bool, StoreError> {
    Ok(destination(connection, channel)? == Destination::User(user))
}

impl Tx<'_> {
    /// Opens a new chat by its channel's route. Its row exists, in state `waiting`, with its first message.
    pub(super) fn open_by_route(&mut self, chat: &mut ChatRow) -> Result<(), StoreError> {
        self.place(chat, Vec::new(), GoneReason::Unassigned)?;
        self.tend(chat)
    }

    /// A waiting chat that nobody sees is offered once more where it waits, also to those who deleted it: the customer wrote.
    pub(super) fn offer_again(&mut self, chat: &mut ChatRow) -> Result<(), StoreError> {
        self.forget_declined(chat.id)?;
        self.reoffer(chat)?;
        self.tend(chat)
    }

    /// A customer wrote in a closed chat; the message is stored. It goes back to who had it last if the queue wants that so
    /// soon after the end, without a word (F40), otherwise by the channel's route (F39). Who read it till now and does not get
    /// it loses it.
    pub(super) fn reopen(&mut self, chat: &mut ChatRow, message: Message) -> Result<(), StoreError> {
        let returns = self.returns_to(chat)?;
        self.open_session(chat)?;
        match returns {
            Some(owner) => {
                self.set_owner(chat, Some(owner))?;
                self.settle(chat, &[owner].into(), Access::Owner, &[message], GoneReason::Rerouted)?;
            }
            None => self.place(chat, vec![message], GoneReason::Rerouted)?,
        }
        self.tend(chat)
    }

    /// To whom a closed chat goes back without a word.
    fn returns_to(&self, chat: &ChatRow) -> Result<Option<UserId>, StoreError> {
        let (Some(owner), Some(closed_at), Some(queue)) = (chat.last_owner, chat.closed_at, chat.queue) else {
            return Ok(None);
        };
        let within = queues::settings(self.sql, queue)?.map_or(0, |settings| settings.return_within_ms);
        if !returning::returns(Some(owner_state(self.sql, owner)?), closed_at, self.now, within) {
            return Ok(None);
        }
        // Who deleted it, or shut the visitor out, does not want it back.
        let wanted = self
            .sql
            .sql("SELECT 1 FROM sessions WHERE chat_id = ?1 AND no = ?2 AND ending IN ('dealt_with', 'ended')")?
            .exists((Blob(chat.id), int(chat.session)))?;
        Ok(wanted.then_some(owner))
    }

    /// An owned chat leaves its owner for its route.
    pub(super) fn release(&mut self, chat: &mut ChatRow, reason: ReleaseReason) -> Result<(), StoreError> {
        self.release_by_route(chat, reason)?;
        self.tend(chat)
    }

    pub(super) fn release_by_route(&mut self, chat: &mut ChatRow, reason: ReleaseReason) -> Result<(), StoreError> {
        let released = self.add_activity(chat, Author::System, Activity::Released { reason })?;
        self.place(chat, vec![released], GoneReason::Unassigned)
    }

    /// A chat is passed on; its session is open, and its sender does not see it any more. `news`: the note and the activity,
    /// which are stored already. Who saw it till now loses it, but for the new ones.
    pub(super) fn offer_transfer(
        &mut self,
        chat: &mut ChatRow,
        target: TransferTarget,
        sender: UserId,
        news: Vec<Message>,
    ) -> Result<(), StoreError> {
        let to = match target {
            TransferTarget::User(user) => Destination::User(user),
            TransferTarget::Queue(queue) => Destination::Queue(queue),
            TransferTarget::Group(group) => Destination::Group(group),
        };
        self.forget_declined(chat.id)?;
        self.bring_to(chat, to)?;
        chat.widened = false;
        chat.transferred_by = Some(sender);
        chat.transferred_at = Some(self.now);
        let (wanted, access) = match to {
            // The user goes on in the queue that the chat came from: its hours and times hold.
            Destination::User(user) => ([user].into(), Access::Owner),
            _ => {
                chat.diverted = destination(self.sql, chat.channel)? != to;
                // It waits for others than before: since now.
                chat.waiting_since = Some(self.now);
                (self.candidates(chat, &[])?, Access::Candidate)
            }
        };
        self.settle(chat, &wanted, access, &news, GoneReason::Transferred)?;
        self.tend(chat)
    }

    /// A transfer that nobody answered: the chat is back with the one who passed it on, or follows its route when that one
    /// is not at work. Without an end: it is [`Tx::tend`] that asks for it.
    pub(super) fn return_transfer(&mut self, chat: &mut ChatRow) -> Result<(), StoreError> {
        let by = match chat.transferred_by {
            Some(by) if owner_state(self.sql, by)?.at_work() => Some(by),
            _ => None,
        };
        let name = by.map(|by| self.user_name(by)).transpose()?;
        let returned = self.add_activity(chat, Author::System, Activity::Returned { user: by, name })?;
        chat.transferred_by = None;
        chat.transferred_at = None;
        match by {
            Some(by) => {
                self.set_owner(chat, Some(by))?;
                self.settle(chat, &[by].into(), Access::Owner, &[returned], GoneReason::Unassigned)
            }
            None => self.place(chat, vec![returned], GoneReason::Unassigned),
        }
    }

    /// A waiting chat is offered to everybody where it waits, whatever the distribution says.
    pub(super) fn widen(&mut self, chat: &mut ChatRow) -> Result<(), StoreError> {
        chat.widened = true;
        // No user sees it in the row, so its revision stays.
        self.sql.sql("UPDATE chats SET widened = 1 WHERE id = ?1")?.execute([Blob(chat.id)])?;
        self.reoffer(chat).map(drop)
    }

    /// A candidate deleted a waiting chat (the `gone` is written): it is not offered to them again until the customer writes
    /// or it comes to wait anew, and the free place is filled.
    pub(super) fn remove_candidate(&mut self, chat: &mut ChatRow, user: UserId) -> Result<(), StoreError> {
        self.sql
            .sql("UPDATE chat_users SET access = 0, declined = 1 WHERE chat_id = ?1 AND user_id = ?2")?
            .execute((Blob(chat.id), Blob(user)))?;
        self.reoffer(chat)?;
        self.tend(chat)
    }

    fn forget_declined(&mut self, chat: ChatId) -> Result<(), StoreError> {
        self.sql
            .sql("UPDATE chat_users SET declined = 0 WHERE chat_id = ?1 AND declined = 1")?
            .execute([Blob(chat)])?;
        Ok(())
    }

    /// After a change of a queue's members or settings: its chats are offered to whom it names now, and its clocks set anew.
    pub(super) fn reoffer_queue(&mut self, queue: QueueId) -> Result<(), StoreError> {
        let mut chats: Vec<ChatId> = {
            let mut query =
                self.sql.sql("SELECT id FROM chats WHERE queue_id = ?1 AND state = 'waiting' ORDER BY id")?;
            query.query_map([Blob(queue)], |row| row.id(0))?.collect::<Result<_, _>>()?
        };
        let mut owned = self.sql.sql("SELECT id FROM chats WHERE queue_id = ?1 AND state = 'owned' ORDER BY id")?;
        for chat in owned.query_map([Blob(queue)], |row| row.id(0))? {
            chats.push(chat?);
        }
        drop(owned);
        for chat in chats {
            let mut chat = chats::must(self.sql, chat)?;
            self.reoffer(&mut chat)?;
            self.tend(&mut chat)?;
        }
        Ok(())
    }

    /// After a change of people: these waiting chats are offered to whom their places name now. A chat for which that is the
    /// same as before costs no more than the look.
    pub(super) fn reoffer_all(&mut self, chats: impl IntoIterator<Item = ChatId>) -> Result<(), StoreError> {
        for chat in chats {
            let mut chat = chats::must(self.sql, chat)?;
            if self.reoffer(&mut chat)? {
                self.tend(&mut chat)?;
            }
        }
        Ok(())
    }

    /// After a change of a channel's route, or of the users it names: its waiting chats are offered to whom it leads now. A
    /// chat that was passed on to a queue or group stays there.
    pub(super) fn reoffer_channel(&mut self, channel: ChannelId) -> Result<(), StoreError> {
        let waiting: Vec<ChatId> = {
            let mut query =
                self.sql.sql("SELECT id FROM chats WHERE channel_id = ?1 AND state = 'waiting' ORDER BY id")?;
            query.query_map([Blob(channel)], |row| row.id(0))?.collect::<Result<_, _>>()?
        };
        if waiting.is_empty() {
            return Ok(());
        }
        let to = destination(self.sql, channel)?;
        for chat in waiting {
            let mut chat = chats::must(self.sql, chat)?;
            if chat.diverted {
                continue;
            }
            let there = match to {
                Destination::User(_) => false,
                Destination::Queue(queue) => chat.queue == Some(queue),
                Destination::Group(group) => chat.group == Some(group),
                Destination::Users => chat.queue.is_none() && chat.group.is_none(),
            };
            if there {
                self.reoffer(&mut chat)?;
            } else {
                self.place(&mut chat, Vec::new(), GoneReason::Unassigned)?;
            }
            self.tend(&mut chat)?;
        }
        Ok(())
    }

    /// Brings a chat to where its channel's route leads. `news`: what was stored and is yet to be told to those who see it
    /// and go on seeing it; the others learn it with the chat. The row is saved.
    fn place(&mut self, chat: &mut ChatRow, mut news: Vec<Message>, leaves: GoneReason) -> Result<(), StoreError> {
        self.forget_declined(chat.id)?;
        let to = destination(self.sql, chat.channel)?;
        self.bring_to(chat, to)?;
        chat.diverted = false;
        chat.widened = false;
        if let Destination::User(user) = to {
            (chat.queue, chat.group) = (None, None);
            let name = self.user_name(user)?;
            news.push(self.add_activity(chat, Author::System, Activity::Assigned { user, name })?);
            return self.settle(chat, &[user].into(), Access::Owner, &news, leaves);
        }
        let wanted = self.candidates(chat, &[])?;
        self.settle(chat, &wanted, Access::Candidate, &news, leaves)
    }

    /// Writes into the row whose the chat is now, or where it waits.
    fn bring_to(&mut self, chat: &mut ChatRow, to: Destination) -> Result<(), StoreError> {
        (chat.queue, chat.group) = match to {
            Destination::User(user) => return self.set_owner(chat, Some(user)),
            Destination::Queue(queue) => (Some(queue), None),
            Destination::Group(group) => (None, Some(group)),
            Destination::Users => (None, None),
        };
        if chat.owner.is_some() || chat.state == ChatState::Closed {
            // A reply that was written in the session before fits nothing in the new one.
            self.set_owner(chat, None)?;
        }
        if chat.state != ChatState::Waiting {
            chat.state = ChatState::Waiting;
            chat.waiting_since = Some(self.now);
            chat.closed_at = None;
        }
        Ok(())
    }

    /// To whom a waiting chat is to be offered where it waits. `present`: who has it.
    fn candidates(&mut self, chat: &ChatRow, present: &[UserId]) -> Result<BTreeSet<UserId>, StoreError> {
        let mut excluded: Vec<UserId> = {
            let mut query = self.sql.sql("SELECT user_id FROM chat_users WHERE chat_id = ?1 AND declined = 1")?;
            query.query_map([Blob(chat.id)], |row| row.id(0))?.collect::<Result<_, _>>()?
        };
        excluded.extend(chat.transferred_by);
        let found = self.candidates_without(chat, present, &excluded)?;
        if found.is_empty() && chat.transferred_by.is_some() && self.rules.transfer_return().is_none() {
            // It will never return: then even the one who passed it on is better than nobody.
            excluded.pop();
            return self.candidates_without(chat, present, &excluded);
        }
        Ok(found)
    }

    fn candidates_without(
        &mut self,
        chat: &ChatRow,
        present: &[UserId],
        excluded: &[UserId],
    ) -> Result<BTreeSet<UserId>, StoreError> {
        if let Some(queue) = chat.queue {
            let distribution = if chat.widened { Distribution::Everyone } else { distribution(self.sql, queue)? };
            return choose(distribution, &mut SqlRoster::new(self.sql, queue), Case { present, excluded });
        }
        let users = match chat.group {
            Some(group) => group_users(self.sql, group)?,
            None => route_users(self.sql, chat.channel)?,
        };
        let mut found = routing::available(&users);
        found.retain(|user| !excluded.contains(user));
        Ok(found)
    }

    /// A waiting chat is offered to whom its place names now; nothing is written about what did not change.
    /// Whether anything changed.
    pub(super) fn reoffer(&mut self, chat: &mut ChatRow) -> Result<bool, StoreError> {
        if chat.state != ChatState::Waiting {
            return Ok(false);
        }
        let seeing = chats::seeing(self.sql, chat.id)?;
        let wanted = self.candidates(chat, &seeing)?;
        let present = seeing.into_iter().collect();
        let routing::Difference { added, removed } = routing::difference(&present, &wanted);
        self.gone(chat, &removed, GoneReason::Unassigned)?;
        self.open_for(chat, &added, Access::Candidate)?;
        Ok(!(added.is_empty() && removed.is_empty()))
    }

    /// The chat's row changed, and these are to see it from now on: saves the row, tells those who go on seeing it the news
    /// with the row, opens it for the new ones, and takes it from the others.
    fn settle(
        &mut self,
        chat: &mut ChatRow,
        wanted: &BTreeSet<UserId>,
        access: Access,
        news: &[Message],
        leaves: GoneReason,
    ) -> Result<(), StoreError> {
        self.save_hands(chat)?;
        let present = chats::seeing(self.sql, chat.id)?.into_iter().collect();
        let routing::Difference { added, removed } = routing::difference(&present, wanted);
        self.gone(chat, &removed, leaves)?;
        let staying: Vec<UserId> = present.intersection(wanted).copied().collect();
        let woken = self.wake_for(chat.id, access)?;
        for &user in &staying {
            self.grant(chat.id, user, access)?;
        }
        if let Some((last, earlier)) = news.split_last() {
            for message in earlier {
                self.tell_message(chat, &staying, message, false, None)?;
            }
            self.tell_message(chat, &staying, last, true, None)?;
        } else if !staying.is_empty() {
            let event = self.event(chat.id, chat.rev, &EventBody::Chat(chat.public()), None)?;
            self.append_to(&staying, &event)?;
        }
        for (user, mine) in woken {
            let event = self.event(chat.id, chat.rev, &EventBody::UserChat(mine), None)?;
            self.append(user, &event)?;
        }
        self.open_for(chat, &added, access)
    }

    /// Who put a chat away while it was something else to them than it becomes now sees it again: one's own chat must not
    /// stay out of sight because one ignored it when it was offered.
    fn wake_for(&mut self, chat: ChatId, becomes: Access) -> Result<Vec<(UserId, UserChat)>, StoreError> {
        let mut query = self.sql.sql(
            "UPDATE chat_users SET archived = 0, ignored = 0, snoozed_until = NULL \
             WHERE chat_id = ?1 AND access > 0 AND access <> ?2 \
             AND (archived = 1 OR ignored = 1 OR snoozed_until IS NOT NULL) RETURNING user_id, read_upto",
        )?;
        let woken = query.query_map((Blob(chat), becomes.rank()), |row| {
            Ok((row.id(0)?, UserChat { read_upto: row.count(1)?, ..UserChat::default() }))
        })?;
        Ok(woken.collect::<Result<_, _>>()?)
    }

    /// One body of `chat_opened` for all these.
    fn open_for(&mut self, chat: &ChatRow, users: &[UserId], access: Access) -> Result<(), StoreError> {
        if users.is_empty() {
            return Ok(());
        }
        let body = EventBody::ChatOpened(chats::opened(self.sql, chat)?);
        let event = self.event(chat.id, chat.rev, &body, None)?;
        self.append_to(users, &event)?;
        for &user in users {
            let mine = self.grant(chat.id, user, access)?;
            self.tell_own_part(chat, user, mine)?;
        }
        Ok(())
    }

    /// Who saw the chat before has read part of it: the shared body cannot say so, a second event does.
    fn tell_own_part(&mut self, chat: &ChatRow, user: UserId, mine: UserChat) -> Result<(), StoreError> {
        if mine != UserChat::default() {
            let event = self.event(chat.id, chat.rev, &EventBody::UserChat(mine), None)?;
            self.append(user, &event)?;
        }
        Ok(())
    }

    /// The chat leaves these users: their rights, the content in their feeds, and then a word on why.
    pub(super) fn gone(&mut self, chat: &ChatRow, users: &[UserId], reason: GoneReason) -> Result<(), StoreError> {
        if users.is_empty() {
            return Ok(());
        }
        for &user in users {
            self.grant(chat.id, user, Access::None)?;
        }
        self.withdraw(users, chat.id)?;
        // Stored after the withdrawal, which would otherwise take it too.
        let event = self.event(chat.id, chat.rev, &EventBody::Gone(Gone { reason, passed_on: None }), None)?;
        self.append_to(users, &event)?;
        Ok(())
    }
}
