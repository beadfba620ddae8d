use switchboard_core as core;
use switchboard_core::{ChatId, MessageId};

use super::{ChannelKind, mirror};

mirror! {
    /// A part of the desk that no list follows.
    DeskPart {
        /// Templates: read `templates` again.
        Templates,
        /// Contacts or the notes on them: `contact`, `information`.
        Contacts,
        /// Labels: `labels`.
        Labels,
        /// Settings > Chat of this device: `notification_settings`.
        Notifications,
    }
}

mirror! {
    /// A sound that comes with the app; `sound_file` names its file.
    Sound {
        /// Two soft notes.
        Chime,
        /// One short note.
        Ping,
        /// A bell.
        Bell,
        /// A knock.
        Knock,
        /// A low note.
        Hum,
    }
}

/// Settings > Chat, of this device.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NotificationSettings {
    /// Show chat toaster, inside the app.
    pub in_app_toaster: bool,
    /// Show chat toaster, by the system.
    pub system_notifications: bool,
    /// Play chat notification.
    pub sound: bool,
    /// Which sound, where a kind has none of its own.
    pub default_sound: Sound,
    /// Sounds of their own.
    pub sounds: Vec<KindSound>,
    /// Whether a notification shows who wrote and what.
    pub previews: bool,
}

impl From<core::NotificationSettings> for NotificationSettings {
    fn from(settings: core::NotificationSettings) -> Self {
        let own = |own: core::KindSound| KindSound {
            channel_kind: own.channel_kind.map(ChannelKind::from),
            sound: own.sound.into(),
        };
        Self {
            in_app_toaster: settings.in_app_toaster,
            system_notifications: settings.system_notifications,
            sound: settings.sound,
            default_sound: settings.default_sound.into(),
            sounds: settings.sounds.into_iter().map(own).collect(),
            previews: settings.previews,
        }
    }
}

impl From<NotificationSettings> for core::NotificationSettings {
    fn from(settings: NotificationSettings) -> Self {
        let own = |own: KindSound| core::KindSound {
            channel_kind: own.channel_kind.map(ChannelKind::into),
            sound: own.sound.into(),
        };
        Self {
            in_app_toaster: settings.in_app_toaster,
            system_notifications: settings.system_notifications,
            sound: settings.sound,
            default_sound: settings.default_sound.into(),
            sounds: settings.sounds.into_iter().map(own).collect(),
            previews: settings.previews,
        }
    }
}

/// The sound of one kind of chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct KindSound {
    /// The kind of channel; none: staff chats.
    pub channel_kind: Option<ChannelKind>,
    /// Its sound.
    pub sound: Sound,
}

mirror! {
    /// Why something is notified.
    NotificationKind {
        /// A chat was offered, or a customer wrote in one that is offered.
        Offered,
        /// A customer wrote in one of this user's chats.
        Message,
        /// A colleague wrote in a staff chat.
        Staff,
        /// A colleague mentioned this user.
        Mention,
        /// A chat was passed on to this user, or given by its route.
        Transferred,
        /// A text of this user could not be sent.
        Failed,
    }
}

/// What a notification looks and sounds like, by this device's settings and the user's presence.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ChatNotification {
    /// The chat that it opens.
    pub chat: ChatId,
    /// The message it is about.
    pub message: Option<MessageId>,
    /// Why it is shown, for the words when there is no title or body.
    pub kind: NotificationKind,
    /// The kind of channel, for the icon; none for a staff chat.
    pub channel_kind: Option<ChannelKind>,
    /// Who: the customer's, colleague's or group's name; none for a visitor without one, and when previews are hidden.
    pub title: Option<String>,
    /// What, on one line; none when previews are hidden.
    pub body: Option<String>,
    /// Whether to show it inside the app, when the app is in front.
    pub in_app: bool,
    /// Whether to show it by the system, when the app is not in front.
    pub system: bool,
    /// What to play; none: it is silent.
    pub sound: Option<Sound>,
}

impl From<core::Notification> for ChatNotification {
    fn from(notification: core::Notification) -> Self {
        Self {
            chat: notification.chat,
            message: notification.message,
            kind: notification.kind.into(),
            channel_kind: notification.channel_kind.map(ChannelKind::from),
            title: notification.title,
            body: notification.body,
            in_app: notification.in_app,
            system: notification.system,
            sound: notification.sound.map(Sound::from),
        }
    }
}
