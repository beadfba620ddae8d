//! What is to be shown and heard of what happens now.

use crate::model::Notification;

/// Is told what to show and to play, once for each thing that happens while this device is connected: by its settings
/// and the user's presence. What happened before is in the lists, and was announced by a push.
pub trait NotificationListener: Send + Sync {
    /// Something happened. In front the app shows it if `in_app`, and otherwise hands it to the system if `system`.
    fn on_notification(&self, notification: Notification);
}

impl<F: Fn(Notification) + Send + Sync> NotificationListener for F {
    fn on_notification(&self, notification: Notification) {
        self(notification);
    }
}
