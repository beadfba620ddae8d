//! Queues, channels and routes.

use rusqlite::{Connection, OptionalExtension};
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::Collection;
use switchboard_protocol::ids::{ChannelId, GroupId, QueueId, UserId};

use super::StoreError;
use super::people::{LIST_PAGE, clean_name};
use super::sql::{Blob, Columns, Sql, bad_name, int};
use super::writer::Tx;
use crate::routing::Route;

/// A queue as admins see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueInfo {
    /// Its id.
    pub id: QueueId,
    /// Its name.
    pub name: String,
    /// Its members.
    pub members: Vec<UserId>,
}

/// A channel as admins and the widget's server part see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelInfo {
    /// Its id.
    pub id: ChannelId,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: ChannelKind,
    /// The public key of a website channel.
    pub key: Option<String>,
    /// What belongs to the kind, as JSON.
    pub settings: String,
    /// The group that it belongs to.
    pub group: Option<GroupId>,
    /// Whether its customers are played.
    pub stub: bool,
}

/// Queues after a name, by name.
pub fn queues(connection: &Connection, after: &str) -> Result<Vec<QueueInfo>, StoreError> {
    let mut query = connection.sql("SELECT id, name FROM queues WHERE name > ?1 ORDER BY name LIMIT ?2")?;
    let mut queues: Vec<QueueInfo> = query
        .query_map((after, LIST_PAGE), |row| Ok(QueueInfo { id: row.id(0)?, name: row.get(1)?, members: Vec::new() }))?
        .collect::<Result<_, _>>()?;
    for queue in &mut queues {
        queue.members = members(connection, queue.id)?;
    }
    Ok(queues)
}

/// A queue's members, in their order.
pub fn members(connection: &Connection, queue: QueueId) -> Result<Vec<UserId>, StoreError> {
    let mut query = connection.sql("SELECT user_id FROM queue_members WHERE queue_id = ?1 ORDER BY position")?;
    let rows = query.query_map([Blob(queue)], |row| row.id(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The queue of a name.
pub fn find_queue(connection: &Connection, name: &str) -> Result<Option<QueueId>, StoreError> {
    Ok(connection.sql("SELECT id FROM queues WHERE name = ?1")?.query_row([name.trim()], |row| row.id(0)).optional()?)
}

fn channel(row: &rusqlite::Row<'_>) -> rusqlite::Result<ChannelInfo> {
    let kind: String = row.get(2)?;
    Ok(ChannelInfo {
        id: row.id(0)?,
        name: row.get(1)?,
        kind: ChannelKind::from_name(&kind).ok_or_else(|| bad_name(2, "channel kind"))?,
        key: row.get(3)?,
        settings: row.get(4)?,
        group: row.maybe_id(5)?,
        stub: row.get(6)?,
    })
}

/// Channels after a name, by name.
pub fn channels(connection: &Connection, after: &str) -> Result<Vec<ChannelInfo>, StoreError> {
    let mut query = connection.sql(
        "SELECT id, name, kind, key, settings, group_id, stub FROM channels WHERE name > ?1 ORDER BY name LIMIT ?2",
    )?;
    let rows = query.query_map((after, LIST_PAGE), channel)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The channel of a name.
pub fn find_channel(connection: &Connection, name: &str) -> Result<Option<ChannelInfo>, StoreError> {
    Ok(connection
        .sql("SELECT id, name, kind, key, settings, group_id, stub FROM channels WHERE name = ?1")?
        .query_row([name.trim()], channel)
        .optional()?)
}

/// The channel of an id.
pub fn channel_by_id(connection: &Connection, id: ChannelId) -> Result<Option<ChannelInfo>, StoreError> {
    Ok(connection
        .sql("SELECT id, name, kind, key, settings, group_id, stub FROM channels WHERE id = ?1")?
        .query_row([Blob(id)], channel)
        .optional()?)
}

/// The website channel with this public key.
pub fn channel_by_key(connection: &Connection, key: &str) -> Result<Option<ChannelInfo>, StoreError> {
    Ok(connection
        .sql("SELECT id, name, kind, key, settings, group_id, stub FROM channels WHERE key = ?1")?
        .query_row([key], channel)
        .optional()?)
}

impl Tx<'_> {
    /// Makes a queue with its members, distribution everyone.
    pub fn create_queue(&mut self, name: &str, members: &[UserId]) -> Result<QueueId, StoreError> {
        let name = clean_name(name)?;
        if find_queue(self.sql, &name)?.is_some() {
            return Err(StoreError::Refused(format!("there is a queue {name:?} already")));
        }
        let id = QueueId::new();
        let rev = self.next_rev(Collection::Queues)?;
        self.sql.sql("INSERT INTO queues (id, name, rev, created_at) VALUES (?1, ?2, ?3, ?4)")?.execute((
            Blob(id),
            name,
            int(rev),
            self.now,
        ))?;
        self.insert_members(id, members)?;
        Ok(id)
    }

    /// Who is named becomes a member at this place, or stays one: with the log-in that the user had.
    fn insert_members(&mut self, queue: QueueId, members: &[UserId]) -> Result<(), StoreError> {
        for (position, &user) in members.iter().enumerate() {
            self.must_be_user(user)?;
            self.enlist(queue, user, position as u64)?;
        }
        Ok(())
    }

    fn must_be_user(&self, user: UserId) -> Result<(), StoreError> {
        if self.sql.sql("SELECT 1 FROM users WHERE id = ?1")?.exists([Blob(user)])? {
            Ok(())
        } else {
            Err(StoreError::NotFound("such user".into()))
        }
    }

    /// Sets a queue's members. Waiting chats are offered to those who came and leave those who went.
    pub fn set_queue_members(&mut self, queue: QueueId, members: &[UserId]) -> Result<(), StoreError> {
        self.queue_edited(queue)?;
        let mut named = Vec::with_capacity(members.len());
        for &user in members {
            if !named.contains(&user) {
                named.push(user);
            }
        }
        for before in self::members(self.sql, queue)? {
            if !named.contains(&before) {
                self.sql
                    .sql("DELETE FROM queue_members WHERE queue_id = ?1 AND user_id = ?2")?
                    .execute((Blob(queue), Blob(before)))?;
            }
        }
        self.insert_members(queue, &named)?;
        self.reoffer_queue(queue)
    }

    /// The same, if nobody changed the queue since the revision that the admin looked at.
    pub fn set_queue_members_at(
        &mut self,
        queue: QueueId,
        members: &[UserId],
        expected_rev: u64,
    ) -> Result<(), StoreError> {
        self.expect_edition(queue, expected_rev)?;
        self.set_queue_members(queue, members)
    }

    /// Makes a channel. `settings` is the JSON that belongs to its kind, checked by the caller.
    pub fn create_channel(
        &mut self,
        name: &str,
        kind: ChannelKind,
        key: Option<&str>,
        settings: &str,
    ) -> Result<ChannelId, StoreError> {
        let name = clean_name(name)?;
        if find_channel(self.sql, &name)?.is_some() {
            return Err(StoreError::Refused(format!("there is a channel {name:?} already")));
        }
        let id = ChannelId::new();
        let rev = self.next_rev(Collection::Channels)?;
        self.sql
            .sql(
                "INSERT INTO channels (id, name, kind, key, settings, rev, created_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute((Blob(id), name, kind.as_str(), key, settings, int(rev), self.now))?;
        Ok(id)
    }

    /// Says which group a channel belongs to, whose managers hear of its alarms; routing does not look at it.
    pub fn set_channel_group(&mut self, channel: ChannelId, group: Option<GroupId>) -> Result<(), StoreError> {
        if let Some(group) = group {
            self.must_be_group(group)?;
        }
        let changed = self
            .sql
            .sql("UPDATE channels SET group_id = ?2 WHERE id = ?1")?
            .execute((Blob(channel), group.map(Blob)))?;
        if changed == 0 {
            return Err(StoreError::NotFound("such channel".into()));
        }
        self.retell_alarms()
    }

    /// The channel's customers are played from now on.
    pub fn make_stub(&mut self, channel: ChannelId) -> Result<(), StoreError> {
        let changed = self.sql.sql("UPDATE channels SET stub = 1 WHERE id = ?1")?.execute([Blob(channel)])?;
        if changed == 0 { Err(StoreError::NotFound("such channel".into())) } else { Ok(()) }
    }

    /// Changes what belongs to a channel's kind.
    pub fn set_channel_settings(&mut self, channel: ChannelId, settings: &str) -> Result<(), StoreError> {
        let rev = self.next_rev(Collection::Channels)?;
        let changed = self.sql.sql("UPDATE channels SET settings = ?2, rev = ?3 WHERE id = ?1")?.execute((
            Blob(channel),
            settings,
            int(rev),
        ))?;
        if changed == 0 { Err(StoreError::NotFound("such channel".into())) } else { Ok(()) }
    }

    /// Sets where a channel's new chats go. Those that wait are offered anew.
    pub fn set_route(&mut self, channel: ChannelId, route: &Route) -> Result<(), StoreError> {
        if !self.sql.sql("SELECT 1 FROM channels WHERE id = ?1")?.exists([Blob(channel)])? {
            return Err(StoreError::NotFound("such channel".into()));
        }
        let (kind, queue, group) = match route {
            Route::Queue(queue) => {
                if !self.sql.sql("SELECT 1 FROM queues WHERE id = ?1")?.exists([Blob(*queue)])? {
                    return Err(StoreError::NotFound("such queue".into()));
                }
                ("queue", Some(Blob(*queue)), None)
            }
            Route::Group(group) => {
                self.must_be_group(*group)?;
                ("group", None, Some(Blob(*group)))
            }
            Route::Users(_) => ("users", None, None),
        };
        self.sql.sql("DELETE FROM routes WHERE channel_id = ?1")?.execute([Blob(channel)])?;
        self.sql
            .sql("INSERT INTO routes (channel_id, kind, queue_id, group_id) VALUES (?1, ?2, ?3, ?4)")?
            .execute((Blob(channel), kind, queue, group))?;
        if let Route::Users(users) = route {
            for (position, &user) in users.iter().enumerate() {
                self.must_be_user(user)?;
                self.sql
                    .sql(
                        "INSERT INTO route_users (channel_id, user_id, position) VALUES (?1, ?2, ?3) \
                         ON CONFLICT (channel_id, user_id) DO NOTHING",
                    )?
                    .execute((Blob(channel), Blob(user), int(position as u64)))?;
            }
        }
        self.reoffer_channel(channel)
    }
}
