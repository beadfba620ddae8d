//! The composition root.
use std::path::PathBuf;
use std::sync::Arc;

use switchboard_protocol::device::Platform;
use switchboard_protocol::ids::{ChatId, CommandId, MessageId};

use crate::clock::{Clock, SystemClock};
use crate::error::CoreError;
use crate::model::{Account, ConnectionState, InboxFilter, InboxOrder, SearchResults, UnsentId};
use crate::views::{
    CommandListener, ConnectionListener, InboxList, Subscription, TimelineList, TypingListener, UnsentList,
};

/// How a core is opened.
#[derive(Clone)]
pub struct CoreConfig {
    /// The store's directory, made if it is not there. The app chooses one that the platform protects and keeps out
    /// of backups: the device's token is in it.
    pub dir: PathBuf,
    /// What the device runs on.
    pub platform: Platform,
    /// The device's name, as admins see it.
    pub device_name: String,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
}

impl CoreConfig {
    /// With the machine's own clock.
    pub fn new(dir: impl Into<PathBuf>, platform: Platform, device_name: impl Into<String>) -> Self {
        Self { dir: dir.into(), platform, device_name: device_name.into(), clock: Arc::new(SystemClock::new()) }
    }
}

struct Inner;

/// One device's whole state and its way to the server. Cheap to clone.
#[derive(Clone)]
#[allow(dead_code)]
pub struct Core {
    inner: Arc<Inner>,
}

#[allow(missing_docs, unused_variables, clippy::unused_async)]
impl Core {
    pub fn open(config: CoreConfig) -> Result<Core, CoreError> {
        Err(CoreError::Unexpected)
    }
    pub fn account(&self) -> Option<Account> {
        None
    }
    pub async fn enrol(&self, link: &str) -> Result<Account, CoreError> {
        Err(CoreError::Unexpected)
    }
    pub async fn enrol_with_code(&self, server: &str, code: &str) -> Result<Account, CoreError> {
        Err(CoreError::Unexpected)
    }
    pub async fn sign_in(&self, server: &str, email: &str, password: &str) -> Result<Account, CoreError> {
        Err(CoreError::Unexpected)
    }
    pub async fn sign_out(&self) -> Result<(), CoreError> {
        Err(CoreError::Unexpected)
    }
    pub fn start(&self) {}
    pub async fn stop(&self) {}
    /// The network came back or the app came to the front: try at once.
    pub fn wake(&self) {}
    pub fn connection(&self) -> ConnectionState {
        ConnectionState::SignedOut
    }
    pub fn observe_connection(&self, listener: Arc<dyn ConnectionListener>) -> Subscription {
        crate::views::Hub::start(tokio::runtime::Handle::current(), ConnectionState::SignedOut)
            .map(|hub| hub.observe_connection(listener))
            .unwrap_or_else(|_| std::process::abort())
    }
    pub fn inbox(&self, filter: InboxFilter, order: InboxOrder) -> Result<InboxList, CoreError> {
        Err(CoreError::Unexpected)
    }
    /// A list of the one row of this chat, for the chat's own screen; it closes when the chat leaves the device.
    pub fn chat(&self, chat: ChatId) -> Result<InboxList, CoreError> {
        Err(CoreError::Unexpected)
    }
    pub fn timeline(&self, chat: ChatId, around: Option<u64>) -> Result<TimelineList, CoreError> {
        Err(CoreError::Unexpected)
    }
    pub fn unsent(&self) -> Result<UnsentList, CoreError> {
        Err(CoreError::Unexpected)
    }
    pub fn search(&self, query: &str, limit: u32) -> Result<SearchResults, CoreError> {
        Err(CoreError::Unexpected)
    }
    pub async fn reply(&self, chat: ChatId, text: &str) -> Result<MessageId, CoreError> {
        Err(CoreError::Unexpected)
    }
    pub async fn take(&self, chat: ChatId) -> Result<CommandId, CoreError> {
        Err(CoreError::Unexpected)
    }
    pub async fn mark_read(&self, chat: ChatId, upto: u64) -> Result<(), CoreError> {
        Err(CoreError::Unexpected)
    }
    pub async fn fetch_older(&self, chat: ChatId) -> Result<bool, CoreError> {
        Err(CoreError::Unexpected)
    }
    pub fn typing(&self, chat: ChatId, typing: bool) {}
    pub fn observe_typing(&self, listener: Arc<dyn TypingListener>) -> Subscription {
        std::process::abort()
    }
    pub async fn set_draft(&self, chat: ChatId, text: &str) -> Result<(), CoreError> {
        Err(CoreError::Unexpected)
    }
    pub fn draft(&self, chat: ChatId) -> Result<Option<String>, CoreError> {
        Err(CoreError::Unexpected)
    }
    pub async fn delete_unsent(&self, id: UnsentId) -> Result<(), CoreError> {
        Err(CoreError::Unexpected)
    }
    pub fn badge(&self) -> Result<u32, CoreError> {
        Err(CoreError::Unexpected)
    }
    pub fn observe_commands(&self, listener: Arc<dyn CommandListener>) -> Subscription {
        std::process::abort()
    }
}
