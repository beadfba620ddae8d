//! What the app shows. All of it is answered by the store, with or without a network.

use std::sync::{Arc, Weak};

use switchboard_protocol::ids::ChatId;

use super::{Core, Inner};
use crate::error::{CoreError, Result};
use crate::model::{InboxFilter, InboxOrder, SearchResults};
use crate::store::{draft, inbox};
use crate::sync::driver::Order;
use crate::views::{
    InboxList, InboxScope, InboxSource, List, ListRow, Source, TimelineList, TimelineSource, UnsentList, UnsentSource,
};

impl Core {
    pub(super) fn list<R: ListRow>(
        &self,
        source: Box<dyn Source<R>>,
        fetch: Box<dyn Fn() + Send + Sync>,
    ) -> Result<List<R>, CoreError> {
        let runtime = self.runtime()?.clone();
        let list = List::open(source, Arc::clone(&self.shared().store), runtime, fetch)?;
        self.shared().hub.add_list(list.watch());
        Ok(list)
    }

    /// The chats of Recents.
    pub fn inbox(&self, filter: InboxFilter, order: InboxOrder) -> Result<InboxList, CoreError> {
        self.list(Box::new(InboxSource::new(InboxScope::Recents(filter, order))), Box::new(|| ()))
    }

    /// The Archive: archived chats, and a line for each chat that this user passed on.
    pub fn archive_list(&self) -> Result<InboxList, CoreError> {
        self.list(Box::new(InboxSource::new(InboxScope::Archive)), Box::new(|| ()))
    }

    /// A list of the one row of this chat, for the chat's own screen. It closes when the chat leaves the device.
    pub fn chat(&self, chat: ChatId) -> Result<InboxList, CoreError> {
        self.list(Box::new(InboxSource::new(InboxScope::Chat(chat))), Box::new(|| ()))
    }

    /// A chat's messages: the newest 50, or those around a message. Extending it fetches from the server what this
    /// device does not have. It closes when the chat leaves the device.
    pub fn timeline(&self, chat: ChatId, around: Option<u64>) -> Result<TimelineList, CoreError> {
        let me = self.shared().me().ok_or(CoreError::SignInAgain)?;
        let core: Weak<Inner> = Arc::downgrade(&self.inner);
        let fetch = move || {
            if let Some(inner) = core.upgrade() {
                // Nobody waits for the answer: it arrives as a change of the list.
                let (answer, _) = tokio::sync::oneshot::channel();
                Core { inner }.order(Order::FetchOlder(chat, answer));
            }
        };
        self.list(Box::new(TimelineSource::new(chat, me, around)), Box::new(fetch))
    }

    /// Texts of this user that did not reach a customer.
    pub fn unsent(&self) -> Result<UnsentList, CoreError> {
        self.list(Box::new(UnsentSource::new()), Box::new(|| ()))
    }

    /// Finds messages on this device by the beginnings of words, and by characters where words have no spaces between
    /// them. Newest first.
    pub fn search(&self, query: &str, limit: u32) -> Result<SearchResults, CoreError> {
        Ok(self.shared().store.search(query, limit)?)
    }

    /// The text that stands in a chat's composer.
    pub fn draft(&self, chat: ChatId) -> Result<Option<String>, CoreError> {
        Ok(self.shared().store.read(|db| draft::load(db, chat))?)
    }

    /// The number on the app's icon: chats of Recents with unread messages.
    pub fn badge(&self) -> Result<u32, CoreError> {
        Ok(self.shared().store.read(inbox::badge)?)
    }
}
