//! What admins set of a queue: to whom its chats are offered, its hours, and what becomes of a chat that nobody answers.

use rusqlite::{Connection, OptionalExtension};
use switchboard_protocol::collection::Collection;
use switchboard_protocol::hours::WeekHours;
use switchboard_protocol::ids::{QueueId, UserId};

use super::StoreError;
use super::sql::{Blob, Columns, Sql, bad_name, int};
use super::writer::Tx;
use crate::routing::{Distribution, QueueSettings};

/// The revision of a queue that was just made.
pub const FIRST_REV: u64 = 1;

/// A queue with everything that an admin sets of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueDetail {
    /// Its id.
    pub id: QueueId,
    /// Its name.
    pub name: String,
    /// What was set.
    pub settings: QueueSettings,
    /// Rises with every admin's change, also of the members; a change names the one it was made on.
    pub rev: u64,
    /// Its members, in their order.
    pub members: Vec<UserId>,
    /// The members who logged out of it.
    pub logged_out: Vec<UserId>,
}

/// Hours as the database has them.
fn hours(index: usize, json: Option<String>) -> rusqlite::Result<Option<WeekHours>> {
    json.map(|json| serde_json::from_str(&json).map_err(|_| bad_name(index, "hours"))).transpose()
}

/// A queue's settings; none if there is no such queue.
pub fn settings(connection: &Connection, queue: QueueId) -> Result<Option<QueueSettings>, StoreError> {
    Ok(connection
        .sql(
            "SELECT group_id, distribution, distribution_n, distribution_user, widen_after_ms, take_first, \
             release_after_ms, return_within_ms, hours, out_of_office FROM queues WHERE id = ?1",
        )?
        .query_row([Blob(queue)], |row| {
            let name: String = row.get(1)?;
            Ok(QueueSettings {
                group: row.maybe_id(0)?,
                distribution: Distribution::from_parts(&name, row.get(2)?, row.maybe_id(3)?)
                    .ok_or_else(|| bad_name(1, "distribution"))?,
                widen_after_ms: row.get(4)?,
                take_first: row.get(5)?,
                release_after_ms: row.get(6)?,
                return_within_ms: row.get(7)?,
                hours: hours(8, row.get(8)?)?,
                out_of_office: row.get(9)?,
            })
        })
        .optional()?)
}

/// A queue with everything that an admin sets of it.
pub fn detail(connection: &Connection, queue: QueueId) -> Result<Option<QueueDetail>, StoreError> {
    let found: Option<(String, u64)> = connection
        .sql("SELECT name, edition FROM queues WHERE id = ?1")?
        .query_row([Blob(queue)], |row| Ok((row.get(0)?, row.count(1)?)))
        .optional()?;
    let (Some((name, rev)), Some(settings)) = (found, settings(connection, queue)?) else { return Ok(None) };
    let mut query =
        connection.sql("SELECT user_id, logged_in FROM queue_members WHERE queue_id = ?1 ORDER BY position")?;
    let members: Vec<(UserId, bool)> =
        query.query_map([Blob(queue)], |row| Ok((row.id(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    Ok(Some(QueueDetail {
        id: queue,
        name,
        settings,
        rev,
        logged_out: members.iter().filter(|(_, logged_in)| !logged_in).map(|(user, _)| *user).collect(),
        members: members.into_iter().map(|(user, _)| user).collect(),
    }))
}

impl Tx<'_> {
    /// Sets a queue's settings, if nobody changed the queue since the revision that the admin looked at.
    pub fn set_queue(
        &mut self,
        queue: QueueId,
        settings: &QueueSettings,
        expected_rev: u64,
    ) -> Result<u64, StoreError> {
        settings.check().map_err(|error| StoreError::Refused(error.to_string()))?;
        let before = self.expect_edition(queue, expected_rev)?;
        if let Some(group) = settings.group
            && !self.sql.sql("SELECT 1 FROM groups WHERE id = ?1")?.exists([Blob(group)])?
        {
            return Err(StoreError::NotFound("such group".into()));
        }
        if let Some(user) = settings.distribution.user()
            && !before.members.contains(&user)
        {
            return Err(StoreError::Refused("the user whom the distribution names is no member of the queue".into()));
        }
        let hours = settings.hours.as_ref().map(serde_json::to_string).transpose();
        let hours = hours.map_err(|error| StoreError::Unexpected(error.to_string()))?;
        self.sql
            .sql(
                "UPDATE queues SET group_id = ?2, distribution = ?3, distribution_n = ?4, distribution_user = ?5, \
                 widen_after_ms = ?6, take_first = ?7, release_after_ms = ?8, return_within_ms = ?9, hours = ?10, \
                 out_of_office = ?11 WHERE id = ?1",
            )?
            .execute((
                Blob(queue),
                settings.group.map(Blob),
                settings.distribution.as_str(),
                settings.distribution.n(),
                settings.distribution.user().map(Blob),
                settings.widen_after_ms,
                settings.take_first,
                settings.release_after_ms,
                settings.return_within_ms,
                hours,
                settings.out_of_office.as_deref(),
            ))?;
        let rev = self.queue_edited(queue)?;
        if settings.group != before.settings.group {
            self.retell_alarms()?;
        }
        if settings.distribution != before.settings.distribution
            || settings.widen_after_ms != before.settings.widen_after_ms
            || settings.release_after_ms != before.settings.release_after_ms
            || settings.hours != before.settings.hours
        {
            self.reoffer_queue(queue)?;
        }
        Ok(rev)
    }

    /// A queue as it is, if it is still at the revision that an admin looked at.
    pub(super) fn expect_edition(&mut self, queue: QueueId, expected: u64) -> Result<QueueDetail, StoreError> {
        let found = detail(self.sql, queue)?.ok_or_else(|| StoreError::NotFound("such queue".into()))?;
        if found.rev == expected { Ok(found) } else { Err(StoreError::Changed(format!("the queue {:?}", found.name))) }
    }

    /// An admin changed a queue: the new revision for the next admin, and a word to the phones.
    pub(super) fn queue_edited(&mut self, queue: QueueId) -> Result<u64, StoreError> {
        let rev = self.next_rev(Collection::Queues)?;
        self.sql
            .sql("UPDATE queues SET rev = ?2, edition = edition + 1 WHERE id = ?1 RETURNING edition")?
            .query_row((Blob(queue), int(rev)), |row| row.count(0))
            .optional()?
            .ok_or_else(|| StoreError::NotFound("such queue".into()))
    }
}
