//! Queues: settings, members, and what nobody looks after.

use switchboard_protocol::ids::{QueueId, UserId};

use super::Admin;
use crate::routing::QueueSettings;
use crate::store::alarms::{self, Alarm};
use crate::store::queues::{self, QueueDetail};
use crate::store::{StoreError, channels};

impl Admin {
    /// Makes a queue, distribution everyone.
    pub async fn create_queue(&self, name: &str, members: &[UserId]) -> Result<QueueId, StoreError> {
        let (name, members) = (name.to_owned(), members.to_vec());
        self.store.writer.write(move |tx| tx.create_queue(&name, &members)).await
    }

    /// Makes a queue with its settings.
    pub async fn create_queue_with(
        &self,
        name: &str,
        members: &[UserId],
        settings: QueueSettings,
    ) -> Result<QueueId, StoreError> {
        let (name, members) = (name.to_owned(), members.to_vec());
        let make = move |tx: &mut crate::store::Tx<'_>| {
            let queue = tx.create_queue(&name, &members)?;
            tx.set_queue(queue, &settings, queues::FIRST_REV)?;
            Ok(queue)
        };
        self.store.writer.write(make).await
    }

    /// A queue with its settings, members and revision.
    pub async fn queue(&self, queue: QueueId) -> Result<QueueDetail, StoreError> {
        let found = self.store.readers.read(move |sql| queues::detail(sql, queue)).await?;
        found.ok_or_else(|| StoreError::NotFound("such queue".into()))
    }

    /// Sets a queue's settings, if it is still at the revision that the admin looked at; [`StoreError::Changed`] if somebody
    /// else was first. The new revision.
    pub async fn set_queue(
        &self,
        queue: QueueId,
        settings: QueueSettings,
        expected_rev: u64,
    ) -> Result<u64, StoreError> {
        self.store.writer.write(move |tx| tx.set_queue(queue, &settings, expected_rev)).await
    }

    /// Sets a queue's members.
    pub async fn set_queue_members(&self, queue: QueueId, members: &[UserId]) -> Result<(), StoreError> {
        let members = members.to_vec();
        self.store.writer.write(move |tx| tx.set_queue_members(queue, &members)).await
    }

    /// Sets a queue's members, if it is still at the revision that the admin looked at.
    pub async fn set_queue_members_at(
        &self,
        queue: QueueId,
        members: &[UserId],
        expected_rev: u64,
    ) -> Result<(), StoreError> {
        let members = members.to_vec();
        self.store.writer.write(move |tx| tx.set_queue_members_at(queue, &members, expected_rev)).await
    }

    /// The queue of a name.
    pub async fn find_queue(&self, name: &str) -> Result<QueueId, StoreError> {
        let wanted = name.to_owned();
        let found = self.store.readers.read(move |sql| channels::find_queue(sql, &wanted)).await?;
        found.ok_or_else(|| StoreError::NotFound(format!("queue {name:?}")))
    }

    /// The waiting chats that nobody looks after, the longest first.
    pub async fn alarms(&self) -> Result<Vec<Alarm>, StoreError> {
        self.store.readers.read(alarms::in_force).await
    }
}
