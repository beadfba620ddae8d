use switchboard_core as core;
use switchboard_core::UserId;

use super::Presence;

/// A colleague: a member of a staff chat, or one to choose for it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Colleague {
    /// Who.
    pub user: UserId,
    /// The name.
    pub name: String,
    /// The short number.
    pub extension: Option<String>,
    /// The group's name.
    pub group_name: Option<String>,
    /// Whether they can be reached.
    pub presence: Presence,
    /// Whether it is the user of this device.
    pub is_me: bool,
}

impl From<core::Colleague> for Colleague {
    fn from(row: core::Colleague) -> Self {
        Self {
            user: row.user,
            name: row.name,
            extension: row.extension,
            group_name: row.group_name,
            presence: row.presence.into(),
            is_me: row.is_me,
        }
    }
}
