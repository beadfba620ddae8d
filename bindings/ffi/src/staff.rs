//! Staff chats, notes and mentions. A staff chat is a chat like the others for lists, timelines, drafts, reading and
//! typing; `InboxRow::internal` tells it apart. It has no channel, owner or session.

use switchboard_core::{ChatId, CommandId, MessageId, UserId};

use crate::engine::SwitchboardCore;
use crate::errors::SwitchboardError;
use crate::records::Colleague;
use crate::runtime::{complete, complete_blocking};

#[uniffi::export]
impl SwitchboardCore {
    /// The direct chat with a colleague, made if there is none. Lists show it, and the colleague gets it, when something
    /// is said in it; open its screen by its id. Works without a network.
    pub async fn direct_chat(&self, user: UserId) -> Result<ChatId, SwitchboardError> {
        let core = self.core();
        complete_blocking(move || core.direct_chat(user)).await
    }

    /// Makes a staff group of these colleagues and oneself. It is in the lists when this returns, also without a network.
    /// The name is not empty and has at most 200 bytes.
    pub async fn create_group(&self, name: String, members: Vec<UserId>) -> Result<ChatId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.create_group(&name, &members).await }).await
    }

    /// Says something in a staff chat. It is on disk when this returns, and goes out when the network allows. `mentions`
    /// are users whom the text names: of `mentionable`.
    #[uniffi::method(default(mentions = []))]
    pub async fn say(&self, chat: ChatId, text: String, mentions: Vec<UserId>) -> Result<MessageId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.say(chat, &text, &mentions).await }).await
    }

    /// Writes a note in a customer's chat: for the colleagues who see it, never for the customer. It takes nothing, and
    /// may be written while a chat waits.
    #[uniffi::method(default(mentions = []))]
    pub async fn note(&self, chat: ChatId, text: String, mentions: Vec<UserId>) -> Result<MessageId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.note(chat, &text, &mentions).await }).await
    }

    /// Gives a staff group another name.
    pub async fn rename_group(&self, chat: ChatId, name: String) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.rename_group(chat, &name).await }).await
    }

    /// Brings colleagues into a staff group. They see what is written from then on; who is in it already stays.
    pub async fn add_members(&self, chat: ChatId, members: Vec<UserId>) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.add_members(chat, &members).await }).await
    }

    /// Takes somebody else out of a staff group, whose devices then forget it.
    pub async fn remove_member(&self, chat: ChatId, member: UserId) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.remove_member(chat, member).await }).await
    }

    /// Leaves a staff group: it leaves this user's devices, with what was written in it. Ask first.
    pub async fn leave_group(&self, chat: ChatId) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.leave_group(chat).await }).await
    }

    /// The members of a staff chat, in the order in which they joined; none of a customer's.
    pub async fn members(&self, chat: ChatId) -> Result<Vec<Colleague>, SwitchboardError> {
        let core = self.core();
        complete_blocking(move || core.members(chat).map(rows)).await
    }

    /// Colleagues whose name has a word that begins like each word of the query, or whose extension begins like it; all
    /// of them for an empty one. Not this user, and nobody whose account is disabled. From this device's store, so it can
    /// be asked at every letter.
    pub async fn colleagues(&self, query: String) -> Result<Vec<Colleague>, SwitchboardError> {
        let core = self.core();
        complete_blocking(move || core.colleagues(&query).map(rows)).await
    }

    /// Whom a text in this chat can mention: of a staff chat the other members, of a waiting chat the colleagues, of a
    /// customer's chat with an owner nobody, because nobody else sees it. What an `@` in the composer offers.
    pub async fn mentionable(&self, chat: ChatId) -> Result<Vec<Colleague>, SwitchboardError> {
        let core = self.core();
        complete_blocking(move || core.mentionable(chat).map(rows)).await
    }
}

fn rows(colleagues: Vec<switchboard_core::Colleague>) -> Vec<Colleague> {
    colleagues.into_iter().map(Colleague::from).collect()
}
