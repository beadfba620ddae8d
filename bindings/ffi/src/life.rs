//! What a user does with a chat beside answering it: taking, passing on, finishing, putting away.
//!
//! Each is on disk when its method returns and shows as done at once, with or without a network. How it ends comes
//! through the [`CommandListener`](crate::listeners::CommandListener); a refusal brings the row back to where it was.

use std::time::SystemTime;

use switchboard_core::{ChatId, CommandId};

use crate::engine::SwitchboardCore;
use crate::errors::SwitchboardError;
use crate::records::{NewContact, TransferTarget, TransferTargetRow, unix_ms};
use crate::runtime::{complete, complete_blocking};

#[uniffi::export]
impl SwitchboardCore {
    /// Takes a waiting chat. How it ends comes through the lists and the `CommandListener`.
    pub async fn take(&self, chat: ChatId) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.take(chat).await }).await
    }

    /// Whom a chat can be passed on to: users, queues and groups with a word of their name that begins like each word of
    /// the query, or an extension that begins like it; all of them for an empty query. Who is available comes first,
    /// then by name. From this device's store, so it can be asked at every letter.
    pub async fn transfer_targets(&self, query: String) -> Result<Vec<TransferTargetRow>, SwitchboardError> {
        let core = self.core();
        let rows = move || {
            core.transfer_targets(&query).map(|rows| rows.into_iter().map(TransferTargetRow::from).collect::<Vec<_>>())
        };
        complete_blocking(rows).await
    }

    /// Passes the chat on: by its owner, by a candidate while it waits, by its last owner when it is closed. The note
    /// is for the next one; the customer never gets it. The chat leaves this device, and a line without content stays
    /// in the Archive. Can be undone.
    #[uniffi::method(default(note = None))]
    pub async fn transfer(
        &self,
        chat: ChatId,
        target: TransferTarget,
        note: Option<String>,
    ) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.transfer(chat, target.into(), note.as_deref()).await }).await
    }

    /// Closes the session and archives the chat; its next message goes by the channel's route. Can be undone. Refused
    /// with `NewMessage` when the customer wrote meanwhile: the chat is back in Recents then.
    pub async fn dealt_with(&self, chat: ChatId) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.dealt_with(chat).await }).await
    }

    /// Closes a website chat's session and tells the visitor; otherwise like `dealt_with`. Ask first: it cannot be
    /// undone.
    pub async fn end_session(&self, chat: ChatId) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.end_session(chat).await }).await
    }

    /// Closes a website chat's session and shuts the visitor's address out, on all website channels, for a time. Ask
    /// first, and say what `sharing` answers: only those who manage blocks can lift it.
    pub async fn block(&self, chat: ChatId) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.block(chat).await }).await
    }

    /// How many visitors of the last 30 days a block of this chat's visitor would shut out, this one among them. Needs
    /// the network.
    pub async fn sharing(&self, chat: ChatId) -> Result<u32, SwitchboardError> {
        let core = self.core();
        complete(async move { core.sharing(chat).await }).await
    }

    /// Takes the chat out of Recents and into the Archive; its owner stays. Can be undone.
    pub async fn archive(&self, chat: ChatId) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.archive(chat).await }).await
    }

    /// Brings the chat back to Recents.
    pub async fn unarchive(&self, chat: ChatId) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.unarchive(chat).await }).await
    }

    /// Hides a waiting chat from this user until the customer writes again. Can be undone.
    pub async fn ignore(&self, chat: ChatId) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.ignore(chat).await }).await
    }

    /// Puts the chat away until this time of the server's clock (see `server_now`), or until the customer writes;
    /// without a time it comes back now.
    pub async fn snooze(&self, chat: ChatId, until: Option<SystemTime>) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.snooze(chat, until.map(unix_ms)).await }).await
    }

    /// Removes the chat, or the line of one that was passed on, for this user; an owned chat is closed first. The
    /// server keeps its history. Ask first: it cannot be undone.
    pub async fn delete(&self, chat: ChatId) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.delete(chat).await }).await
    }

    /// Adds the chat's person to the contacts, which ends the question what to do with an unknown one, for everybody.
    pub async fn add_contact(&self, chat: ChatId, contact: NewContact) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.add_contact(chat, contact.into()).await }).await
    }

    /// Takes back a transfer, Dealt with, Archive or Ignore that was not sent yet: within the time that its row's
    /// `undo` says, or later while there is no network. False: it is too late.
    pub async fn undo(&self, command: CommandId) -> Result<bool, SwitchboardError> {
        let core = self.core();
        complete(async move { core.undo(command).await }).await
    }
}
