//! Settings > Chat of this device, what a notification looks and sounds like by them, and what is told of rows that no
//! list follows.

use std::sync::Arc;

use switchboard_core as core;
use switchboard_core::{ChatId, MessageId};

use crate::engine::SwitchboardCore;
use crate::errors::SwitchboardError;
use crate::listeners::{Bridge, DeskListener, NotificationListener, Subscription};
use crate::records::{ChatNotification, NotificationSettings, Sound};
use crate::runtime::{complete, complete_blocking};

#[uniffi::export]
impl SwitchboardCore {
    /// Calls the listener whenever templates, contacts, labels or settings changed: whoever shows them reads them again.
    pub fn observe_desk(&self, listener: Arc<dyn DeskListener>) -> Result<Arc<Subscription>, SwitchboardError> {
        Ok(Subscription::new(self.core().observe_desk(Arc::new(Bridge(listener)))))
    }

    /// Settings > Chat of this device.
    pub fn notification_settings(&self) -> Result<NotificationSettings, SwitchboardError> {
        Ok(self.core().notification_settings()?.into())
    }

    /// Changes them, on this device alone.
    pub async fn set_notification_settings(&self, settings: NotificationSettings) -> Result<(), SwitchboardError> {
        let core = self.core();
        complete(async move { core.set_notification_settings(settings.into()).await }).await
    }

    /// What a notification of this message looks and sounds like, or without a message one of the chat being offered or
    /// given to this user. None: nothing is to be shown or heard.
    pub async fn notification(
        &self,
        chat: ChatId,
        message: Option<MessageId>,
    ) -> Result<Option<ChatNotification>, SwitchboardError> {
        let core = self.core();
        complete_blocking(move || core.notification(chat, message).map(|found| found.map(ChatNotification::from))).await
    }

    /// Calls the listener for what is to be shown or heard of what happens from now on, while this device is connected.
    pub fn observe_notifications(
        &self,
        listener: Arc<dyn NotificationListener>,
    ) -> Result<Arc<Subscription>, SwitchboardError> {
        Ok(Subscription::new(self.core().observe_notifications(Arc::new(Bridge(listener)))))
    }
}

/// Every sound, in the order of the settings' list.
#[uniffi::export]
pub fn all_sounds() -> Vec<Sound> {
    core::Sound::ALL.iter().copied().map(Sound::from).collect()
}

/// The name of the sound's file in the app, without the ending.
#[uniffi::export]
pub fn sound_file(sound: Sound) -> String {
    core::Sound::from(sound).as_str().to_owned()
}
