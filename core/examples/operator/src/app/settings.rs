//! Settings > Chat, and what they let be seen and heard.

use crossterm::event::{KeyCode, KeyEvent};
use switchboard_core::{ChannelKind, ChatId, KindSound, Notification, NotificationSettings, Sound};

use super::dialogs::moved;
use super::{App, DeskEffect, Effect, Focus, Overlay};

/// For how long a toast stands.
const TOAST_MS: i64 = 5_000;
/// The most cells of what the terminal itself notifies.
const OUTSIDE: usize = 120;
/// The most toasts at once.
pub const TOASTS: usize = 3;

/// A line of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingLine {
    /// Toasts within the inbox.
    InApp,
    /// Notifications by the system.
    System,
    /// Whether anything is heard.
    Sound,
    /// Which sound.
    DefaultSound,
    /// Which sound for a kind of channel; none: staff chats.
    KindSound(Option<ChannelKind>),
    /// Whether it is said who wrote and what.
    Previews,
}

impl SettingLine {
    /// Every line, in order.
    pub const ALL: [SettingLine; 10] = [
        SettingLine::InApp,
        SettingLine::System,
        SettingLine::Previews,
        SettingLine::Sound,
        SettingLine::DefaultSound,
        SettingLine::KindSound(Some(ChannelKind::LiveChat)),
        SettingLine::KindSound(Some(ChannelKind::Whatsapp)),
        SettingLine::KindSound(Some(ChannelKind::Messenger)),
        SettingLine::KindSound(Some(ChannelKind::Sms)),
        SettingLine::KindSound(None),
    ];
}

/// The settings screen.
#[derive(Debug)]
pub struct SettingsView {
    /// The settings, once they are read.
    pub settings: Option<NotificationSettings>,
    /// The selected line.
    pub selected: usize,
}

/// Something that was just notified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// The chat that it opens.
    pub chat: ChatId,
    /// Who and why.
    pub title: String,
    /// What, if it is to be seen.
    pub body: Option<String>,
    /// The sound that goes with it.
    pub sound: Option<Sound>,
    /// Until when it stands.
    pub until: i64,
}

/// The sound after this one, or before it.
fn next_sound(sound: Sound, back: bool) -> Sound {
    let count = Sound::ALL.len();
    let place = Sound::ALL.iter().position(|other| *other == sound).unwrap_or(0);
    Sound::ALL.get((place + if back { count - 1 } else { 1 }) % count).copied().unwrap_or(sound)
}

/// The kind's own sound.
pub fn own_sound(settings: &NotificationSettings, kind: Option<ChannelKind>) -> Option<Sound> {
    settings.sounds.iter().find(|own| own.channel_kind == kind).map(|own| own.sound)
}

/// Another choice in a line: the next one, or the one before.
fn change(settings: &mut NotificationSettings, line: SettingLine, back: bool) -> Option<Sound> {
    match line {
        SettingLine::InApp => settings.in_app_toaster = !settings.in_app_toaster,
        SettingLine::System => settings.system_notifications = !settings.system_notifications,
        SettingLine::Sound => settings.sound = !settings.sound,
        SettingLine::Previews => settings.previews = !settings.previews,
        SettingLine::DefaultSound => {
            settings.default_sound = next_sound(settings.default_sound, back);
            return Some(settings.default_sound);
        }
        SettingLine::KindSound(kind) => {
            // The default stands before the first and behind the last sound.
            let own = own_sound(settings, kind);
            settings.sounds.retain(|own| own.channel_kind != kind);
            let (first, last) = (Sound::ALL.first().copied(), Sound::ALL.last().copied());
            let next = match own {
                None => {
                    if back {
                        last
                    } else {
                        first
                    }
                }
                Some(sound) if Some(sound) == (if back { first } else { last }) => None,
                Some(sound) => Some(next_sound(sound, back)),
            };
            settings.sounds.extend(next.map(|sound| KindSound { channel_kind: kind, sound }));
            return Some(next.unwrap_or(settings.default_sound));
        }
    }
    None
}

impl App {
    pub(super) fn open_settings(&mut self) -> Vec<Effect> {
        self.cover(Overlay::Settings(SettingsView { settings: None, selected: 0 }));
        vec![DeskEffect::Settings.into()]
    }

    pub(super) fn settings_came(&mut self, settings: NotificationSettings) {
        if let Some(Overlay::Settings(view)) = &mut self.overlay {
            view.settings = Some(settings);
        }
    }

    pub(super) fn settings_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Settings(view)) = &mut self.overlay else { return Vec::new() };
        if let Some(selected) = moved(key.code, view.selected, SettingLine::ALL.len()) {
            view.selected = selected;
            return Vec::new();
        }
        let line = SettingLine::ALL.get(view.selected).copied();
        match (key.code, line, &mut view.settings) {
            (KeyCode::Esc | KeyCode::Char('q' | ','), ..) => self.close(),
            (KeyCode::Enter | KeyCode::Char(' ') | KeyCode::Left | KeyCode::Right, Some(line), Some(settings)) => {
                let heard = change(settings, line, key.code == KeyCode::Left);
                let mut effects = vec![DeskEffect::SetSettings(settings.clone()).into()];
                // A new sound is heard at once.
                effects.extend(heard.map(|sound| DeskEffect::Ring(sound).into()));
                effects
            }
            (KeyCode::Char('p'), Some(line), Some(settings)) => {
                let sound = match line {
                    SettingLine::KindSound(kind) => own_sound(settings, kind).unwrap_or(settings.default_sound),
                    _ => settings.default_sound,
                };
                vec![DeskEffect::Ring(sound).into()]
            }
            _ => Vec::new(),
        }
    }

    /// Something happened that is to be seen and heard.
    pub(super) fn notified(&mut self, notification: Notification) -> Vec<Effect> {
        let open = self.in_front
            && self.focus == Focus::Chat
            && self.chat.as_ref().is_some_and(|chat| chat.id == notification.chat);
        let outside = (notification.system && !self.in_front).then(|| {
            let title = crate::words::notified(&notification);
            let words = notification.body.as_ref().map_or(title.clone(), |body| format!("{title}: {body}"));
            DeskEffect::Outside(crate::text::fit(&words, OUTSIDE)).into()
        });
        // Who looks at the chat sees it there.
        if notification.in_app && !open {
            let until = self.now + TOAST_MS;
            let title = crate::words::notified(&notification);
            self.toasts.retain(|toast| toast.chat != notification.chat);
            let (chat, body, sound) = (notification.chat, notification.body, notification.sound);
            self.toasts.push(Toast { chat, title, body, sound, until });
            let over = self.toasts.len().saturating_sub(TOASTS);
            self.toasts.drain(..over);
        }
        let ring = notification.sound.map(|sound| DeskEffect::Ring(sound).into());
        ring.into_iter().chain(outside).collect()
    }

    /// Opens the chat of the newest toast.
    pub(super) fn follow_toast(&mut self) -> Vec<Effect> {
        let Some(toast) = self.toasts.pop() else { return Vec::new() };
        let mut effects = self.keep_draft_and_stop();
        effects.extend(self.staff_chat_opened(toast.chat));
        effects
    }
}
