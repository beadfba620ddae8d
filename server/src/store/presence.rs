//! Users' own work: Available, Away or Off shift, their hours, and the queues they log in to (F52).

use std::collections::BTreeSet;

use rusqlite::OptionalExtension;
use switchboard_protocol::ErrorCode;
use switchboard_protocol::chat::ChatState;
use switchboard_protocol::collection::{Collection, Presence};
use switchboard_protocol::command::{QueueLogin, SetPresence, SetSchedule};
use switchboard_protocol::event::GoneReason;
use switchboard_protocol::hours::WeekHours;
use switchboard_protocol::ids::{ChannelId, ChatId, UserId};
use switchboard_protocol::message::ReleaseReason;

use super::StoreError;
use super::chats;
use super::effects::Effect;
use super::offers::{leads_to, owner_state};
use super::sql::{Blob, Columns, Sql, bad_name, int};
use super::writer::Tx;
use crate::routing::OwnerState;
use crate::routing::hours::Hours;
use crate::routing::presence::{Tap, presence};

/// What is stored of a user's presence.
struct Stored {
    presence: Presence,
    tap: Option<Tap>,
    schedule: Option<WeekHours>,
    due: Option<i64>,
}

impl Stored {
    /// The user's hours, ready to be asked. What is stored was checked; a time zone that a later build no longer knows is
    /// as good as no hours.
    fn hours(&self) -> Option<Hours> {
        let hours = Hours::new(self.schedule.as_ref()?);
        hours.inspect_err(|error| tracing::warn!(%error, "a user's stored hours cannot be used")).ok()
    }
}

impl Tx<'_> {
    fn stored_presence(&self, user: UserId) -> Result<Stored, StoreError> {
        self.sql
            .sql("SELECT presence, tapped, tapped_at, schedule, presence_due FROM users WHERE id = ?1")?
            .query_row([Blob(user)], |row| {
                let named = |index| {
                    let name: Option<String> = row.get(index)?;
                    name.map(|name| Presence::from_name(&name).ok_or_else(|| bad_name(index, "presence"))).transpose()
                };
                let (tapped, at): (Option<Presence>, Option<i64>) = (named(1)?, row.get(2)?);
                let schedule: Option<String> = row.get(3)?;
                let schedule = schedule.map(|json| serde_json::from_str(&json)).transpose();
                Ok(Stored {
                    presence: named(0)?.unwrap_or_default(),
                    tap: tapped.zip(at).map(|(presence, at)| Tap { presence, at }),
                    schedule: schedule.map_err(|_| bad_name(3, "schedule"))?,
                    due: row.get(4)?,
                })
            })
            .optional()?
            .ok_or_else(|| StoreError::NotFound("such user".into()))
    }

    /// Available, Away or Off shift by tap, until the user's own hours change next. With `release`, Off shift gives back the
    /// chats whose customers wait for an answer. `Some`: why not.
    pub fn set_presence(&mut self, user: UserId, set: &SetPresence) -> Result<Option<ErrorCode>, StoreError> {
        if set.release && set.presence != Presence::OffShift {
            return Ok(Some(ErrorCode::BadRequest));
        }
        self.tap(user, Some(set.presence))?;
        self.refresh_user(user)?;
        if set.release {
            self.give_back(user)?;
        }
        Ok(None)
    }

    fn tap(&mut self, user: UserId, presence: Option<Presence>) -> Result<(), StoreError> {
        let at = presence.map(|_| self.now);
        self.sql.sql("UPDATE users SET tapped = ?2, tapped_at = ?3 WHERE id = ?1")?.execute((
            Blob(user),
            presence.map(Presence::as_str),
            at,
        ))?;
        Ok(())
    }

    /// The owned chats whose customers wait for an answer go to their routes.
    fn give_back(&mut self, user: UserId) -> Result<(), StoreError> {
        for chat in self.owned_chats(user)? {
            let mut chat = chats::must(self.sql, chat)?;
            // One that would come straight back stays.
            if chat.unanswered_since.is_some() && chat.owner == Some(user) && !leads_to(self.sql, chat.channel, user)? {
                self.release(&mut chat, ReleaseReason::OffShift)?;
            }
        }
        Ok(())
    }

    fn owned_chats(&self, user: UserId) -> Result<Vec<ChatId>, StoreError> {
        let mut query = self.sql.sql("SELECT id FROM chats WHERE owner_id = ?1 ORDER BY id")?;
        Ok(query.query_map([Blob(user)], |row| row.id(0))?.collect::<Result<_, _>>()?)
    }

    /// The user's own hours, or none: by tap alone. `Some`: why not.
    pub fn set_schedule(&mut self, user: UserId, set: &SetSchedule) -> Result<Option<ErrorCode>, StoreError> {
        if let Some(hours) = &set.schedule
            && Hours::new(hours).is_err()
        {
            return Ok(Some(ErrorCode::BadHours));
        }
        let stored = self.stored_presence(user)?;
        let now = presence(self.now, stored.tap, stored.hours().as_ref());
        if set.schedule.is_none() && stored.schedule.is_some() {
            // Without hours the last tap would hold again, however old: what holds now is what goes on.
            self.tap(user, Some(now.presence))?;
        } else if !now.tapped {
            self.tap(user, None)?;
        }
        let json = set.schedule.as_ref().map(serde_json::to_string).transpose();
        let json = json.map_err(|error| StoreError::Unexpected(error.to_string()))?;
        let rev = self.next_rev(Collection::Users)?;
        self.sql.sql("UPDATE users SET schedule = ?2, rev = ?3 WHERE id = ?1")?.execute((
            Blob(user),
            json,
            int(rev),
        ))?;
        self.refresh_user(user)?;
        Ok(None)
    }

    /// A member logs in to a queue, or out of it. `Some`: why not.
    pub fn log_in_to_queue(&mut self, user: UserId, login: &QueueLogin) -> Result<Option<ErrorCode>, StoreError> {
        let changed = self
            .sql
            .sql("UPDATE queue_members SET logged_in = ?3 WHERE queue_id = ?1 AND user_id = ?2")?
            .execute((Blob(login.queue), Blob(user), login.logged_in))?;
        if changed == 0 {
            return Ok(Some(ErrorCode::NotMember));
        }
        let rev = self.next_rev(Collection::Queues)?;
        self.sql.sql("UPDATE queues SET rev = ?2 WHERE id = ?1")?.execute((Blob(login.queue), int(rev)))?;
        self.refresh_user(user)?;
        Ok(None)
    }

    /// After a change of anything by which a user is offered chats (presence, hours, log-in, membership, group, name, the
    /// account itself): computes what holds now, and offers anew what waits where the user is or was.
    pub(super) fn refresh_user(&mut self, user: UserId) -> Result<(), StoreError> {
        let stored = self.stored_presence(user)?;
        let now = presence(self.now, stored.tap, stored.hours().as_ref());
        if now.presence != stored.presence {
            let rev = self.next_rev(Collection::Users)?;
            self.sql.sql("UPDATE users SET presence = ?2, rev = ?3 WHERE id = ?1")?.execute((
                Blob(user),
                now.presence.as_str(),
                int(rev),
            ))?;
        }
        if now.until != stored.due {
            self.sql.sql("UPDATE users SET presence_due = ?2 WHERE id = ?1")?.execute((Blob(user), now.until))?;
            if let Some(at) = now.until {
                self.effect(Effect::Due { at });
            }
        }
        self.refresh_memberships(user)?;
        let waiting = self.waiting_around(user)?;
        self.reoffer_all(waiting)?;
        let channels: Vec<ChannelId> = {
            let mut query = self.sql.sql("SELECT channel_id FROM route_users WHERE user_id = ?1")?;
            query.query_map([Blob(user)], |row| row.id(0))?.collect::<Result<_, _>>()?
        };
        for channel in channels {
            self.reoffer_channel(channel)?;
        }
        for chat in self.owned_chats(user)? {
            let mut chat = chats::must(self.sql, chat)?;
            self.tend(&mut chat)?;
        }
        Ok(())
    }

    /// The chats that wait where the user is, and those that the user is offered at present.
    fn waiting_around(&self, user: UserId) -> Result<BTreeSet<ChatId>, StoreError> {
        let mut found = BTreeSet::new();
        let mut collect = |mut query: super::sql::Statement<'_>| -> Result<(), StoreError> {
            for chat in query.query_map([Blob(user)], |row| row.id(0))? {
                found.insert(chat?);
            }
            Ok(())
        };
        collect(self.sql.sql(
            "SELECT chats.id FROM queue_members JOIN chats ON chats.queue_id = queue_members.queue_id \
             WHERE queue_members.user_id = ?1 AND chats.state = 'waiting'",
        )?)?;
        collect(self.sql.sql(
            "SELECT chats.id FROM users JOIN chats ON chats.group_id = users.group_id \
             WHERE users.id = ?1 AND chats.state = 'waiting'",
        )?)?;
        collect(self.sql.sql("SELECT chat_id FROM chat_users WHERE user_id = ?1 AND access > 0 AND access = 1")?)?;
        Ok(found)
    }

    /// A disabled account keeps no chat: owned ones go to their routes (F76), and what was offered or kept to read is gone.
    pub(super) fn release_all(&mut self, user: UserId) -> Result<(), StoreError> {
        debug_assert_eq!(owner_state(self.sql, user)?, OwnerState::Disabled);
        // First, so that none of the chats comes back to where it leaves.
        self.refresh_memberships(user)?;
        for chat in self.owned_chats(user)? {
            let mut chat = chats::must(self.sql, chat)?;
            self.release(&mut chat, ReleaseReason::Disabled)?;
        }
        self.refresh_user(user)?;
        let read: Vec<ChatId> = {
            // Among staff the user stays a member by name; nothing of it reaches a device any more.
            let mut query =
                self.sql.sql("SELECT chat_id FROM chat_users WHERE user_id = ?1 AND access > 0 AND access < 4")?;
            query.query_map([Blob(user)], |row| row.id(0))?.collect::<Result<_, _>>()?
        };
        for chat in read {
            let chat = chats::must(self.sql, chat)?;
            debug_assert_eq!(chat.state, ChatState::Closed);
            self.gone(&chat, &[user], GoneReason::Unassigned)?;
        }
        Ok(())
    }
}
