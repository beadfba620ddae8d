//! Texts that wait for a person: those that grew old, those that were overtaken, and those that did not arrive.

use switchboard_protocol::ErrorCode;
use switchboard_protocol::ids::{CommandId, MessageId};

use super::Core;
use crate::error::CoreError;
use crate::model::UnsentId;

impl Core {
    /// Sends a reply that asked first. It does not ask again unless the customer writes again before it goes.
    pub async fn send_anyway(&self, message: MessageId) -> Result<(), CoreError> {
        let _ = message;
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Takes a text that no connection has back into the composer: in front of what was begun there. Gives back what
    /// the composer then holds.
    pub async fn withdraw(&self, message: MessageId) -> Result<String, CoreError> {
        let _ = message;
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Gives an unsent text as a note to whoever has the chat now. The row stays until the server has it.
    pub async fn unsent_to_owner(&self, id: UnsentId) -> Result<CommandId, CoreError> {
        let _ = id;
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }
}
