use std::fmt;

use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::ids::{ChatId, MessageId};

/// A sound that comes with the apps, by the name of its file without the ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sound {
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

impl Sound {
    /// Every sound, in the order of the settings' list.
    pub const ALL: &'static [Sound] = &[Sound::Chime, Sound::Ping, Sound::Bell, Sound::Knock, Sound::Hum];

    /// The name of its file, and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Sound::Chime => "chime",
            Sound::Ping => "ping",
            Sound::Bell => "bell",
            Sound::Knock => "knock",
            Sound::Hum => "hum",
        }
    }

    /// The sound of this name.
    pub fn from_name(name: &str) -> Option<Sound> {
        Self::ALL.iter().copied().find(|sound| sound.as_str() == name)
    }
}

/// Settings > Chat, of this device.
#[derive(Debug, Clone, PartialEq, Eq)]
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

impl Default for NotificationSettings {
    fn default() -> Self {
        Self {
            in_app_toaster: true,
            system_notifications: true,
            sound: true,
            default_sound: Sound::Chime,
            sounds: Vec::new(),
            previews: true,
        }
    }
}

/// The sound of one kind of chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindSound {
    /// The kind of channel; none: staff chats.
    pub channel_kind: Option<ChannelKind>,
    /// Its sound.
    pub sound: Sound,
}

/// Why something is notified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotificationKind {
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

/// What a notification looks and sounds like, by this device's settings and the user's presence.
#[derive(Clone, PartialEq, Eq)]
pub struct Notification {
    /// The chat that it opens.
    pub chat: ChatId,
    /// The message it is about.
    pub message: Option<MessageId>,
    /// Why it is shown.
    pub kind: NotificationKind,
    /// The kind of channel, for the icon; none for a staff chat.
    pub channel_kind: Option<ChannelKind>,
    /// Who: the customer's, colleague's or group's name; none for a visitor without one, and when previews are hidden.
    pub title: Option<String>,
    /// What, on one line; none when previews are hidden.
    pub body: Option<String>,
    /// Whether to show it inside the app.
    pub in_app: bool,
    /// Whether to show it by the system, when the app is not in front.
    pub system: bool,
    /// What to play; none: it is silent.
    pub sound: Option<Sound>,
}

impl fmt::Debug for Notification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notification")
            .field("chat", &self.chat)
            .field("kind", &self.kind)
            .field("in_app", &self.in_app)
            .field("system", &self.system)
            .field("sound", &self.sound)
            .finish_non_exhaustive()
    }
}
