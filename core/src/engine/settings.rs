//! Settings > Chat of this device, and what they make of what happens.

use std::sync::Arc;

use switchboard_protocol::ErrorCode;
use switchboard_protocol::ids::{ChatId, MessageId};

use super::Core;
use crate::error::CoreError;
use crate::model::{Notification, NotificationSettings};
use crate::views::{DeskListener, NotificationListener, Subscription};

impl Core {
    /// Follows templates, contacts, labels and settings: told after each change which of them are to be read again.
    pub fn observe_desk(&self, listener: Arc<dyn DeskListener>) -> Subscription {
        self.inner.desk.observe(listener)
    }

    /// Settings > Chat of this device.
    pub fn notification_settings(&self) -> Result<NotificationSettings, CoreError> {
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Changes them.
    pub async fn set_notification_settings(&self, settings: NotificationSettings) -> Result<(), CoreError> {
        let _ = settings;
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// What a notification of this message looks and sounds like, or without a message one of the chat being offered or
    /// given to this user. None: nothing is to be shown or heard.
    pub fn notification(&self, chat: ChatId, message: Option<MessageId>) -> Result<Option<Notification>, CoreError> {
        let _ = (chat, message);
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Follows what is to be shown and heard of what happens while this device is connected.
    pub fn observe_notifications(&self, listener: Arc<dyn NotificationListener>) -> Subscription {
        self.shared().hub.observe_notifications(listener)
    }
}
