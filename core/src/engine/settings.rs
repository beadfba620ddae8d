//! Settings > Chat of this device, and what they make of what happens.

use std::sync::Arc;

use switchboard_protocol::ids::{ChatId, MessageId};

use super::Core;
use crate::error::CoreError;
use crate::model::{Notification, NotificationSettings};
use crate::store::notification::Moment;
use crate::store::setting;
use crate::views::{DeskListener, DeskPart, NotificationListener, Subscription};

impl Core {
    /// Follows templates, contacts, labels and settings: told after each change which of them are to be read again.
    pub fn observe_desk(&self, listener: Arc<dyn DeskListener>) -> Subscription {
        self.inner.desk.observe(listener)
    }

    /// Settings > Chat of this device.
    pub fn notification_settings(&self) -> Result<NotificationSettings, CoreError> {
        Ok(self.shared().store.read_consistent(setting::notifications)?)
    }

    /// Changes them, on this device alone.
    pub async fn set_notification_settings(&self, settings: NotificationSettings) -> Result<(), CoreError> {
        self.act(move |tx, changes| {
            changes.desk.insert(DeskPart::Notifications);
            setting::set_notifications(tx, &settings)
        })
        .await
    }

    /// What a notification of this message looks and sounds like, or without a message one of the chat being offered or
    /// given to this user. None: nothing is to be shown or heard.
    pub fn notification(&self, chat: ChatId, message: Option<MessageId>) -> Result<Option<Notification>, CoreError> {
        let me = self.shared().me().ok_or(CoreError::SignInAgain)?;
        let found = self.shared().store.read_consistent(|db| {
            let moment = Moment::load(db, me)?;
            match message {
                Some(message) => moment.of_message(chat, message),
                None => moment.opened(chat),
            }
        })?;
        Ok(found.map(|found| found.notification))
    }

    /// Follows what is to be shown and heard of what happens while this device is connected.
    pub fn observe_notifications(&self, listener: Arc<dyn NotificationListener>) -> Subscription {
        self.shared().hub.observe_notifications(listener)
    }
}
