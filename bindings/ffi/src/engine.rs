//! The core as an object: open, sign in, start, look, answer.

use std::sync::Arc;
use std::time::SystemTime;

use switchboard_core as core;
use switchboard_core::{ChatId, CommandId, MessageId, UnsentId};

use crate::errors::SwitchboardError;
use crate::listeners::{Bridge, CommandListener, ConnectionListener, Subscription, TypingListener};
use crate::lists::{InboxList, TimelineList, UnsentList};
use crate::records::{Account, ConnectionState, CoreOptions, InboxFilter, InboxOrder, SearchResults, time};
use crate::runtime::{complete, complete_blocking};

/// One signed-in device. Every read answers from the local store, with or without a network; every command is on disk
/// when it returns.
#[derive(uniffi::Object)]
pub struct SwitchboardCore(core::Core);

impl SwitchboardCore {
    /// A handle of its own, for work that goes on when this one is freed.
    pub(crate) fn core(&self) -> core::Core {
        self.0.clone()
    }
}

#[uniffi::export]
impl SwitchboardCore {
    /// Opens the store in this directory, or makes one. Nothing touches the network before `start`.
    #[uniffi::constructor]
    pub fn open(options: CoreOptions) -> Result<Arc<Self>, SwitchboardError> {
        let config = core::CoreConfig::new(options.directory, options.platform.into(), options.device_name);
        Ok(Arc::new(Self(core::Core::open(config)?)))
    }

    /// Who is signed in; none when nobody is.
    pub fn account(&self) -> Option<Account> {
        self.0.account().map(Account::from)
    }

    /// Signs in by the link that an admin's QR code holds.
    pub async fn enrol(&self, link: String) -> Result<Account, SwitchboardError> {
        let core = self.0.clone();
        complete(async move { core.enrol(&link).await.map(Account::from) }).await
    }

    /// Signs in by a server's address and a one-time code.
    pub async fn enrol_with_code(&self, server: String, code: String) -> Result<Account, SwitchboardError> {
        let core = self.0.clone();
        complete(async move { core.enrol_with_code(&server, &code).await.map(Account::from) }).await
    }

    /// Signs in by e-mail address and password.
    pub async fn sign_in(&self, server: String, email: String, password: String) -> Result<Account, SwitchboardError> {
        let core = self.0.clone();
        complete(async move { core.sign_in(&server, &email, &password).await.map(Account::from) }).await
    }

    /// Signs out: tells the server if it can be reached, and deletes everything on this device in any case. Show the
    /// unsent texts before.
    pub async fn sign_out(&self) -> Result<(), SwitchboardError> {
        let core = self.0.clone();
        complete(async move { core.sign_out().await }).await
    }

    /// Connects, and stays connected as well as the network allows.
    pub fn start(&self) -> Result<(), SwitchboardError> {
        self.0.start();
        Ok(())
    }

    /// Disconnects. Reads and commands still work; commands wait for the next start.
    pub async fn stop(&self) -> Result<(), SwitchboardError> {
        let core = self.0.clone();
        complete(async move {
            core.stop().await;
            Ok::<_, SwitchboardError>(())
        })
        .await
    }

    /// The network came back, or the app came to the front: connects at once instead of at the next attempt.
    pub fn wake(&self) {
        self.0.wake();
    }

    /// How the core stands to its server.
    pub fn connection(&self) -> ConnectionState {
        self.0.connection().into()
    }

    /// The server's clock, as far as it is known: what waiting times are counted by.
    pub fn server_now(&self) -> SystemTime {
        time(self.0.server_now())
    }

    /// Calls the listener with the present state before this returns, and with every change from then on.
    pub fn observe_connection(
        &self,
        listener: Arc<dyn ConnectionListener>,
    ) -> Result<Arc<Subscription>, SwitchboardError> {
        Ok(Subscription::new(self.0.observe_connection(Arc::new(Bridge(listener)))))
    }

    /// The chats of Recents.
    pub fn inbox(&self, filter: InboxFilter, order: InboxOrder) -> Result<Arc<InboxList>, SwitchboardError> {
        Ok(Arc::new(InboxList(self.0.inbox(filter.into(), order.into())?)))
    }

    /// The Archive: chats that this user archived, and lines of those that were passed on, the newest first.
    pub fn archive_list(&self) -> Result<Arc<InboxList>, SwitchboardError> {
        Ok(Arc::new(InboxList(self.0.archive_list()?)))
    }

    /// The one row of this chat, for its own screen; closed when the chat leaves this device.
    pub fn chat(&self, chat: ChatId) -> Result<Arc<InboxList>, SwitchboardError> {
        Ok(Arc::new(InboxList(self.0.chat(chat)?)))
    }

    /// The messages of a chat: the newest, or those around this place.
    pub fn timeline(&self, chat: ChatId, around: Option<u64>) -> Result<Arc<TimelineList>, SwitchboardError> {
        Ok(Arc::new(TimelineList(self.0.timeline(chat, around)?)))
    }

    /// This user's texts that did not reach their customers.
    pub fn unsent(&self) -> Result<Arc<UnsentList>, SwitchboardError> {
        Ok(Arc::new(UnsentList(self.0.unsent()?)))
    }

    /// Searches on this device as the user types: messages, the newest first and at most `limit` of them, contacts and
    /// templates, the best first. Words are found by their beginnings; Chinese, Japanese and Thai by characters. Anything
    /// may be typed.
    pub async fn search(&self, query: String, limit: u32) -> Result<SearchResults, SwitchboardError> {
        let core = self.0.clone();
        complete_blocking(move || core.search(&query, limit).map(SearchResults::from)).await
    }

    /// Sends a text to the customer; the first one to a waiting chat takes it. It is on disk when this returns, and goes
    /// out when the network allows. One that waited for more than 30 minutes, or was overtaken by a message of the customer,
    /// asks before: its row is `Asking`. Refused with `UnfilledVariable` while it holds a template's variable, and with
    /// `InternalChat` in a staff chat, where it is `say`.
    pub async fn reply(&self, chat: ChatId, text: String) -> Result<MessageId, SwitchboardError> {
        let core = self.0.clone();
        complete(async move { core.reply(chat, &text).await }).await
    }

    /// Everything up to this place of the chat was read.
    pub async fn mark_read(&self, chat: ChatId, upto: u64) -> Result<(), SwitchboardError> {
        let core = self.0.clone();
        complete(async move { core.mark_read(chat, upto).await }).await
    }

    /// Fetches older messages of a chat from the server; the timeline grows by them. Answers whether there are still
    /// older ones.
    pub async fn fetch_older(&self, chat: ChatId) -> Result<bool, SwitchboardError> {
        let core = self.0.clone();
        complete(async move { core.fetch_older(chat).await }).await
    }

    /// The user is typing a reply, or stopped. Say it every few seconds while it lasts; it is never queued.
    pub fn typing(&self, chat: ChatId, typing: bool) {
        self.0.typing(chat, typing);
    }

    /// Calls the listener whenever somebody starts or stops typing.
    pub fn observe_typing(&self, listener: Arc<dyn TypingListener>) -> Result<Arc<Subscription>, SwitchboardError> {
        Ok(Subscription::new(self.0.observe_typing(Arc::new(Bridge(listener)))))
    }

    /// Calls the listener whenever a command ends.
    pub fn observe_commands(&self, listener: Arc<dyn CommandListener>) -> Result<Arc<Subscription>, SwitchboardError> {
        Ok(Subscription::new(self.0.observe_commands(Arc::new(Bridge(listener)))))
    }

    /// Keeps the text of the chat's composer; an empty one forgets it.
    pub async fn set_draft(&self, chat: ChatId, text: String) -> Result<(), SwitchboardError> {
        let core = self.0.clone();
        complete(async move { core.set_draft(chat, &text).await }).await
    }

    /// The text of the chat's composer.
    pub fn draft(&self, chat: ChatId) -> Result<Option<String>, SwitchboardError> {
        Ok(self.0.draft(chat)?)
    }

    /// Sends a reply whose row is `Asking`. It does not ask again unless the customer writes once more before it goes.
    /// `NotFound`: it does not ask any more.
    pub async fn send_anyway(&self, message: MessageId) -> Result<(), SwitchboardError> {
        let core = self.0.clone();
        complete(async move { core.send_anyway(message).await }).await
    }

    /// Takes a reply, or what was said among staff, that was not sent yet back into the composer, in front of what was
    /// begun there. Answers what the composer then holds. `NotFound`: the server may have it, or it is a note, which must
    /// not become a reply.
    pub async fn withdraw(&self, message: MessageId) -> Result<String, SwitchboardError> {
        let core = self.0.clone();
        complete(async move { core.withdraw(message).await }).await
    }

    /// Gives an unsent text as a note to whoever has the customer's chat now, where the row says `can_note_owner`. The row
    /// stays until the server has it, and when the server refuses.
    pub async fn unsent_to_owner(&self, id: UnsentId) -> Result<CommandId, SwitchboardError> {
        let core = self.0.clone();
        complete(async move { core.unsent_to_owner(id).await }).await
    }

    /// Forgets an unsent text.
    pub async fn delete_unsent(&self, id: UnsentId) -> Result<(), SwitchboardError> {
        let core = self.0.clone();
        complete(async move { core.delete_unsent(id).await }).await
    }

    /// The number for the app's icon: chats of Recents with unread messages; not those in the Archive, ignored or put
    /// away.
    pub fn badge(&self) -> Result<u32, SwitchboardError> {
        Ok(self.0.badge()?)
    }
}
