//! Texts that wait for a person: those that grew old, those that were overtaken, and those that did not arrive.

use switchboard_protocol::ErrorCode;
use switchboard_protocol::command::{CommandBody, NoteToOwner};
use switchboard_protocol::ids::{CommandId, MessageId};

use super::Core;
use crate::error::CoreError;
use crate::model::{UnsentId, UnsentReason};
use crate::store::outbox::{self, NewCommand};
use crate::store::unsent;

impl Core {
    /// Sends a reply that asked first. It does not ask again unless the customer writes again before it goes. `NotFound`:
    /// it does not ask any more.
    pub async fn send_anyway(&self, message: MessageId) -> Result<(), CoreError> {
        let sent = self.act_and_send(move |tx, changes| outbox::send_anyway(tx, message.into(), changes)).await?;
        if sent { Ok(()) } else { Err(CoreError::NotFound) }
    }

    /// Takes a reply, or what was said among staff, back into the composer, in front of what was begun there, and gives
    /// what the composer then holds. `NotFound`: the server may have it, or it is a note, which is not to become a reply.
    pub async fn withdraw(&self, message: MessageId) -> Result<String, CoreError> {
        let now = self.shared().clock.now_ms();
        let taken = self.act_and_send(move |tx, changes| outbox::withdraw(tx, message.into(), now, changes)).await?;
        let (draft, outcome) = taken.ok_or(CoreError::NotFound)?;
        self.tell(&[outcome]);
        Ok(draft)
    }

    /// Gives an unsent text as a note to whoever has the customer's chat now. The row stays until the server has it, and
    /// when the server refuses. Asked again while that is under way, it is the same command.
    pub async fn unsent_to_owner(&self, id: UnsentId) -> Result<CommandId, CoreError> {
        let now = self.shared().clock.now_ms();
        self.act_and_send(move |tx, changes| {
            let (row, internal) = unsent::load(tx, id)?.ok_or(CoreError::NotFound)?;
            if internal {
                return Err(CoreError::Rejected(ErrorCode::InternalChat).into());
            }
            if row.reason == UnsentReason::Checking {
                return Err(CoreError::InvalidInput("it is not known yet whether the text arrived".into()).into());
            }
            if let Some(command) = unsent::handing_over(tx, id, row.chat)? {
                return Ok(command);
            }
            let command = CommandId::new();
            let body = CommandBody::NoteToOwner(NoteToOwner { text: row.text });
            let new = NewCommand { unsent: Some(id), ..NewCommand::plain(command, row.chat, &body, now) };
            outbox::enqueue(tx, &new)?;
            changes.unsent = true;
            Ok(command)
        })
        .await
    }
}
