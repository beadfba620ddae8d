//! What users do about their own work, done for them by an admin: the same commands as from a phone.

use switchboard_protocol::collection::Presence;
use switchboard_protocol::command::{CommandBody, CommandStatus, QueueLogin, SetPresence, SetSchedule};
use switchboard_protocol::hours::WeekHours;
use switchboard_protocol::ids::{CommandId, QueueId, UserId};

use super::Admin;
use crate::store::commands::Command;
use crate::store::{StoreError, people};

impl Admin {
    async fn for_user(&self, user: UserId, body: CommandBody) -> Result<(), StoreError> {
        if self.store.readers.read(move |sql| people::name(sql, user)).await?.is_none() {
            return Err(StoreError::NotFound("such user".into()));
        }
        let command = Command { id: CommandId::new(), chat: None, owner_epoch: None, seen: None, ask: false, body };
        let result = self.store.writer.write(move |tx| tx.execute(user, &command)).await?;
        match (result.status, result.code) {
            (CommandStatus::Applied, _) => Ok(()),
            (_, Some(code)) => Err(StoreError::Refused(format!("{code}: {}", code.meaning()))),
            (_, None) => Err(StoreError::Refused("it was refused".into())),
        }
    }

    /// Says whether a user can be offered chats. With `release` and off shift, chats whose customers wait for an answer
    /// return to their routes.
    pub async fn set_presence(&self, user: UserId, presence: Presence, release: bool) -> Result<(), StoreError> {
        self.for_user(user, CommandBody::Presence(SetPresence { presence, release })).await
    }

    /// Sets the hours in which a user is on shift; none: by tap alone.
    pub async fn set_schedule(&self, user: UserId, schedule: Option<WeekHours>) -> Result<(), StoreError> {
        self.for_user(user, CommandBody::Schedule(SetSchedule { schedule })).await
    }

    /// Logs a member in to a queue, or out of it.
    pub async fn set_queue_login(&self, user: UserId, queue: QueueId, logged_in: bool) -> Result<(), StoreError> {
        self.for_user(user, CommandBody::QueueLogin(QueueLogin { queue, logged_in })).await
    }
}
