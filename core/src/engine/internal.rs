//! Staff chats, notes and mentions.

use switchboard_protocol::ErrorCode;
use switchboard_protocol::ids::{ChatId, CommandId, MessageId, UserId};

use super::Core;
use crate::error::CoreError;
use crate::model::Colleague;

impl Core {
    /// The direct chat with a colleague, made here if it is not there. Lists show it, and the colleague gets it, when
    /// something is said in it.
    pub fn direct_chat(&self, user: UserId) -> Result<ChatId, CoreError> {
        let _ = user;
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Makes a staff group of these colleagues and oneself. It is in the lists when this returns.
    pub async fn create_group(&self, name: &str, members: &[UserId]) -> Result<ChatId, CoreError> {
        let _ = (name, members);
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Says something in a staff chat. It is in the outbox when this returns.
    pub async fn say(&self, chat: ChatId, text: &str, mentions: &[UserId]) -> Result<MessageId, CoreError> {
        let _ = (chat, text, mentions);
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Writes a note in a customer's chat, which the customer never gets. It takes nothing.
    pub async fn note(&self, chat: ChatId, text: &str, mentions: &[UserId]) -> Result<MessageId, CoreError> {
        let _ = (chat, text, mentions);
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Gives a staff group another name.
    pub async fn rename_group(&self, chat: ChatId, name: &str) -> Result<CommandId, CoreError> {
        let _ = (chat, name);
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Brings colleagues into a staff group. They see what is written from then on.
    pub async fn add_members(&self, chat: ChatId, members: &[UserId]) -> Result<CommandId, CoreError> {
        let _ = (chat, members);
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Takes a colleague out of a staff group.
    pub async fn remove_member(&self, chat: ChatId, member: UserId) -> Result<CommandId, CoreError> {
        let _ = (chat, member);
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Leaves a staff group: it leaves this device. To be asked about first.
    pub async fn leave_group(&self, chat: ChatId) -> Result<CommandId, CoreError> {
        let _ = chat;
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// The members of a staff chat, in the order in which they joined; none of a customer's.
    pub fn members(&self, chat: ChatId) -> Result<Vec<Colleague>, CoreError> {
        let _ = chat;
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Colleagues to write to, found by the beginnings of the words of their names or by their extension; by name.
    pub fn colleagues(&self, query: &str) -> Result<Vec<Colleague>, CoreError> {
        let _ = query;
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Whom a text in this chat can mention: of a staff chat the other members, of a waiting chat the colleagues, of a
    /// customer's chat with an owner nobody, because nobody else sees it.
    pub fn mentionable(&self, chat: ChatId) -> Result<Vec<Colleague>, CoreError> {
        let _ = chat;
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }
}
