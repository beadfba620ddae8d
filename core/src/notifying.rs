//! What a notification looks and sounds like. Pure: settings, presence and the occasion go in.

use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::Presence;

use crate::model::{NotificationKind, NotificationSettings, Sound};

/// What happened, as far as it matters here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Occasion {
    pub(crate) kind: NotificationKind,
    /// None: a staff chat.
    pub(crate) channel_kind: Option<ChannelKind>,
    /// The user ignored the chat or put it away until a time.
    pub(crate) put_away: bool,
    /// The chat was heard already, and nobody has taken it since.
    pub(crate) repeated: bool,
}

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) in_app: bool,
    pub(crate) system: bool,
    pub(crate) sound: Option<Sound>,
    pub(crate) previews: bool,
}

/// None: nothing is shown, and nothing is heard.
pub(crate) fn look(settings: &NotificationSettings, presence: Presence, occasion: Occasion) -> Option<Look> {
    let Occasion { kind, channel_kind, put_away, repeated } = occasion;
    let silenced = match kind {
        // A colleague calls by name: also after work, and in a chat that was put away.
        NotificationKind::Mention => false,
        // What this user wrote is lost on the way, wherever the chat is.
        NotificationKind::Failed => presence == Presence::OffShift,
        NotificationKind::Offered
        | NotificationKind::Message
        | NotificationKind::Staff
        | NotificationKind::Transferred => presence == Presence::OffShift || put_away,
    };
    if silenced {
        return None;
    }
    let own = settings.sounds.iter().find(|own| own.channel_kind == channel_kind).map(|own| own.sound);
    let sound = (settings.sound && !repeated).then(|| own.unwrap_or(settings.default_sound));
    let look = Look {
        in_app: settings.in_app_toaster,
        system: settings.system_notifications,
        sound,
        previews: settings.previews,
    };
    (look.in_app || look.system || look.sound.is_some()).then_some(look)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::KindSound;

    const KINDS: [NotificationKind; 6] = [
        NotificationKind::Offered,
        NotificationKind::Message,
        NotificationKind::Staff,
        NotificationKind::Mention,
        NotificationKind::Transferred,
        NotificationKind::Failed,
    ];

    fn occasion(kind: NotificationKind) -> Occasion {
        Occasion { kind, channel_kind: Some(ChannelKind::Sms), put_away: false, repeated: false }
    }

    /// Every combination of the switches.
    fn all_settings() -> Vec<NotificationSettings> {
        (0..16_u8)
            .map(|bits| NotificationSettings {
                in_app_toaster: bits & 1 != 0,
                system_notifications: bits & 2 != 0,
                sound: bits & 4 != 0,
                previews: bits & 8 != 0,
                ..NotificationSettings::default()
            })
            .collect()
    }

    #[test]
    fn f47_f48_f52_the_table_of_settings_presence_and_kind() {
        let mut shown = 0;
        for settings in all_settings() {
            for &presence in Presence::ALL {
                for kind in KINDS {
                    let look = look(&settings, presence, occasion(kind));
                    let silenced = presence == Presence::OffShift && kind != NotificationKind::Mention;
                    let anything = settings.in_app_toaster || settings.system_notifications || settings.sound;
                    assert_eq!(look.is_some(), anything && !silenced, "{settings:?} {presence:?} {kind:?}");
                    if let Some(look) = look {
                        shown += 1;
                        assert_eq!(look.in_app, settings.in_app_toaster);
                        assert_eq!(look.system, settings.system_notifications);
                        assert_eq!(look.sound.is_some(), settings.sound);
                        assert_eq!(look.previews, settings.previews);
                    }
                }
            }
        }
        // 14 of 16 settings show or sound; Available and Away: six kinds each, Off shift: mentions.
        assert_eq!(shown, 14 * (6 + 6 + 1));
    }

    #[test]
    fn f6_f68_what_was_put_away_is_silent_but_for_who_is_called_by_name() {
        let settings = NotificationSettings::default();
        for kind in KINDS {
            let put_away = Occasion { put_away: true, ..occasion(kind) };
            let heard = matches!(kind, NotificationKind::Mention | NotificationKind::Failed);
            assert_eq!(look(&settings, Presence::Available, put_away).is_some(), heard, "{kind:?}");
        }
    }

    #[test]
    fn f49_each_kind_of_channel_has_its_own_sound_or_the_default() {
        let own: Vec<KindSound> = ChannelKind::ALL
            .iter()
            .map(|&kind| Some(kind))
            .chain([None])
            .zip(Sound::ALL)
            .map(|(channel_kind, &sound)| KindSound { channel_kind, sound })
            .collect();
        assert_eq!(own.len(), 5);
        let heard = |settings: &NotificationSettings, channel_kind| {
            let occasion = Occasion { channel_kind, ..occasion(NotificationKind::Mention) };
            look(settings, Presence::Available, occasion).and_then(|look| look.sound)
        };
        let default = NotificationSettings { default_sound: Sound::Knock, ..NotificationSettings::default() };
        let each = NotificationSettings { sounds: own.clone(), ..default.clone() };
        for KindSound { channel_kind, sound } in own {
            assert_eq!(heard(&default, channel_kind), Some(Sound::Knock));
            assert_eq!(heard(&each, channel_kind), Some(sound));
        }
    }

    #[test]
    fn f53_an_offered_chat_is_heard_once_and_shown_again() {
        let settings = NotificationSettings::default();
        let again = Occasion { repeated: true, ..occasion(NotificationKind::Offered) };
        let look = look(&settings, Presence::Available, again).unwrap();
        assert_eq!((look.in_app, look.system, look.sound), (true, true, None));
    }
}
