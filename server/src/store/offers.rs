//! Offering chats: to whom, by the channel's route, and what an admin's change of a route does to those that wait.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension};
use switchboard_protocol::chat::{ChatState, UserChat};
use switchboard_protocol::event::{EventBody, Gone, GoneReason};
use switchboard_protocol::ids::{ChannelId, ChatId, UserId};

use super::StoreError;
use super::chats::{self, Access, ChatRow};
use super::sql::{Blob, Columns, Sql, bad_name};
use super::writer::Tx;
use crate::routing::{self, Offer, Route};

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
            let mut query = connection.sql("SELECT user_id FROM route_users WHERE channel_id = ?1")?;
            let users = query.query_map([Blob(channel)], |row| row.id(0))?.collect::<Result<_, _>>()?;
            Some(Route::Users(users))
        }
        other => other,
    })
}

/// The enabled users at the end of a route.
fn enabled(connection: &Connection, channel: ChannelId, route: &Route) -> Result<Vec<UserId>, StoreError> {
    let (mut query, of) = match route {
        Route::Queue(queue) => (
            connection.sql(
                "SELECT users.id FROM queue_members JOIN users ON users.id = queue_members.user_id \
                 WHERE queue_members.queue_id = ?1 AND users.disabled = 0",
            )?,
            *queue.as_bytes(),
        ),
        Route::Group(group) => {
            (connection.sql("SELECT id FROM users WHERE group_id = ?1 AND disabled = 0")?, *group.as_bytes())
        }
        Route::Users(_) => (
            connection.sql(
                "SELECT users.id FROM route_users JOIN users ON users.id = route_users.user_id \
                 WHERE route_users.channel_id = ?1 AND users.disabled = 0",
            )?,
            *channel.as_bytes(),
        ),
    };
    let users = query.query_map([of], |row| row.id(0))?.collect::<Result<_, _>>()?;
    Ok(users)
}

/// What a channel's route says now.
fn offer(connection: &Connection, channel: ChannelId) -> Result<Offer, StoreError> {
    let route = route(connection, channel)?;
    let users = match &route {
        Some(route) => enabled(connection, channel, route)?,
        None => Vec::new(),
    };
    Ok(routing::offer(route.as_ref(), &users))
}

impl Tx<'_> {
    /// Opens a new chat (or one that nobody sees) by its channel's route. Its row exists, in state `waiting`.
    pub(super) fn open_by_route(&mut self, chat: &mut ChatRow) -> Result<(), StoreError> {
        match offer(self.sql, chat.channel)? {
            Offer::Direct(user) => self.own_directly(chat, user),
            Offer::Waiting { queue, candidates } => {
                if candidates.is_empty() {
                    tracing::warn!(channel = %chat.channel, chat = %chat.id, "a chat waits and its channel leads to nobody");
                }
                if chat.queue != queue {
                    chat.queue = queue;
                    self.save_hands(chat)?;
                }
                self.open_for(chat, &candidates.into_iter().collect::<Vec<_>>())
            }
        }
    }

    /// One body of `chat_opened` for all these candidates.
    fn open_for(&mut self, chat: &ChatRow, candidates: &[UserId]) -> Result<(), StoreError> {
        if candidates.is_empty() {
            return Ok(());
        }
        let body = EventBody::ChatOpened(chats::opened(self.sql, chat)?);
        let event = self.event(chat.id, chat.rev, &body, None)?;
        self.append_to(candidates, &event)?;
        for &user in candidates {
            let mine = self.grant(chat.id, user, Access::Candidate)?;
            self.tell_own_part(chat, user, mine)?;
        }
        Ok(())
    }

    /// Who saw the chat before has read or archived part of it: the shared body cannot say so, a second event does.
    fn tell_own_part(&mut self, chat: &ChatRow, user: UserId, mine: UserChat) -> Result<(), StoreError> {
        if mine != UserChat::default() {
            let event = self.event(chat.id, chat.rev, &EventBody::UserChat(mine), None)?;
            self.append(user, &event)?;
        }
        Ok(())
    }

    /// The route leads to exactly one user: owned at once.
    fn own_directly(&mut self, chat: &mut ChatRow, user: UserId) -> Result<(), StoreError> {
        chat.waited_before = chat.state == ChatState::Waiting;
        chat.state = ChatState::Owned;
        chat.owner = Some(user);
        chat.owner_epoch += 1;
        chat.waiting_since = None;
        chat.queue = None;
        self.save_hands(chat)?;
        let seeing = chats::seeing(self.sql, chat.id)?;
        let mine = self.grant(chat.id, user, Access::Owner)?;
        let body = EventBody::ChatOpened(chats::opened(self.sql, chat)?);
        let event = self.event(chat.id, chat.rev, &body, None)?;
        self.append(user, &event)?;
        self.tell_own_part(chat, user, mine)?;
        let others: Vec<_> = seeing.into_iter().filter(|other| *other != user).collect();
        self.gone(chat, &others, GoneReason::Unassigned)
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

    /// After a change of people, queues or routes: the channel's waiting chats are offered to whom the route names now.
    pub(super) fn reoffer_channel(&mut self, channel: ChannelId) -> Result<(), StoreError> {
        let waiting: Vec<ChatId> = {
            let mut query =
                self.sql.sql("SELECT id FROM chats WHERE channel_id = ?1 AND state = 'waiting' ORDER BY id")?;
            query.query_map([Blob(channel)], |row| row.id(0))?.collect::<Result<_, _>>()?
        };
        if waiting.is_empty() {
            return Ok(());
        }
        let offer = offer(self.sql, channel)?;
        for chat in waiting {
            let mut chat = chats::must(self.sql, chat)?;
            self.reoffer(&mut chat, &offer)?;
        }
        Ok(())
    }

    fn reoffer(&mut self, chat: &mut ChatRow, offer: &Offer) -> Result<(), StoreError> {
        let (queue, wanted) = match offer {
            Offer::Direct(user) => return self.own_directly(chat, *user),
            Offer::Waiting { queue, candidates } => (*queue, candidates),
        };
        let present: BTreeSet<UserId> = chats::seeing(self.sql, chat.id)?.into_iter().collect();
        let routing::Difference { added, removed } = routing::difference(&present, wanted);
        let moved = chat.queue != queue;
        if moved {
            chat.queue = queue;
            self.save_hands(chat)?;
        }
        self.gone(chat, &removed, GoneReason::Unassigned)?;
        if moved {
            let staying: Vec<_> = present.intersection(wanted).copied().collect();
            if !staying.is_empty() {
                let event = self.event(chat.id, chat.rev, &EventBody::Chat(chat.public()), None)?;
                self.append_to(&staying, &event)?;
            }
        }
        self.open_for(chat, &added)
    }

    /// A chat whose owner can no longer answer returns to its route.
    pub(super) fn return_to_route(&mut self, chat: ChatId) -> Result<(), StoreError> {
        let mut chat = chats::must(self.sql, chat)?;
        let seeing = chats::seeing(self.sql, chat.id)?;
        chat.waited_before = false;
        chat.state = ChatState::Waiting;
        chat.owner = None;
        chat.owner_epoch += 1;
        chat.waiting_since = Some(self.now);
        self.save_hands(&mut chat)?;
        self.gone(&chat, &seeing, GoneReason::Unassigned)?;
        self.open_by_route(&mut chat)
    }
}
