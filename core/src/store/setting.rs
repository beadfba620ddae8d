//! What the user set on this device.

use rusqlite::{Connection, Transaction, params};
use switchboard_protocol::chat::ChannelKind;

use crate::error::Result;
use crate::model::{KindSound, NotificationSettings, Sound};

const TOASTER: &str = "toaster";
const SYSTEM: &str = "system";
const SOUND: &str = "sound";
const DEFAULT_SOUND: &str = "default_sound";
const PREVIEWS: &str = "previews";

/// The name under which a kind's own sound stands.
fn sound_name(kind: Option<ChannelKind>) -> String {
    format!("sound.{}", kind.map_or("staff", ChannelKind::as_str))
}

fn kinds() -> impl Iterator<Item = Option<ChannelKind>> {
    ChannelKind::ALL.iter().copied().map(Some).chain([None])
}

fn get(db: &Connection, name: &str) -> Result<Option<String>> {
    let mut statement = db.prepare_cached("SELECT value FROM setting WHERE name = ?1")?;
    let mut rows = statement.query([name])?;
    Ok(match rows.next()? {
        Some(row) => Some(row.get(0)?),
        None => None,
    })
}

fn put(tx: &Transaction<'_>, name: &str, value: Option<&str>) -> Result<()> {
    match value {
        Some(value) => tx
            .prepare_cached(
                "INSERT INTO setting (name, value) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            )?
            .execute(params![name, value])?,
        None => tx.prepare_cached("DELETE FROM setting WHERE name = ?1")?.execute([name])?,
    };
    Ok(())
}

/// Settings > Chat. What was never set, and what an older or newer app wrote that this one cannot read, is as at first.
pub(crate) fn notifications(db: &Connection) -> Result<NotificationSettings> {
    let default = NotificationSettings::default();
    let switch = |name, default| -> Result<bool> {
        Ok(match get(db, name)?.as_deref() {
            Some("on") => true,
            Some("off") => false,
            _ => default,
        })
    };
    let sound = |name: &str| -> Result<Option<Sound>> { Ok(get(db, name)?.as_deref().and_then(Sound::from_name)) };
    let mut sounds = Vec::new();
    for channel_kind in kinds() {
        if let Some(sound) = sound(&sound_name(channel_kind))? {
            sounds.push(KindSound { channel_kind, sound });
        }
    }
    Ok(NotificationSettings {
        in_app_toaster: switch(TOASTER, default.in_app_toaster)?,
        system_notifications: switch(SYSTEM, default.system_notifications)?,
        sound: switch(SOUND, default.sound)?,
        default_sound: sound(DEFAULT_SOUND)?.unwrap_or(default.default_sound),
        sounds,
        previews: switch(PREVIEWS, default.previews)?,
    })
}

/// Of two sounds for one kind the last one holds.
pub(crate) fn set_notifications(tx: &Transaction<'_>, settings: &NotificationSettings) -> Result<()> {
    for (name, on) in [
        (TOASTER, settings.in_app_toaster),
        (SYSTEM, settings.system_notifications),
        (SOUND, settings.sound),
        (PREVIEWS, settings.previews),
    ] {
        put(tx, name, Some(if on { "on" } else { "off" }))?;
    }
    put(tx, DEFAULT_SOUND, Some(settings.default_sound.as_str()))?;
    for kind in kinds() {
        let own = settings.sounds.iter().rev().find(|own| own.channel_kind == kind);
        put(tx, &sound_name(kind), own.map(|own| own.sound.as_str()))?;
    }
    Ok(())
}
