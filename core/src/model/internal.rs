use switchboard_protocol::collection::Presence;
use switchboard_protocol::ids::UserId;

/// A colleague: a member of a staff chat, or one to choose for it.
#[derive(Debug, Clone, PartialEq, Eq)]
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
