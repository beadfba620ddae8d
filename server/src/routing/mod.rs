//! Where a chat goes and when: pure functions on a clock that is handed in, fed by the store.

pub mod distribution;
pub mod due;
pub mod hours;
pub mod presence;
pub mod returning;
pub mod roster;
mod settings;

use std::collections::BTreeSet;

use switchboard_protocol::ids::{GroupId, QueueId, UserId};

pub use returning::OwnerState;
pub use settings::{DEFAULT_N, Distribution, MAX_TIME_MS, QueueSettings, SettingsError};

/// Where a channel's new chats go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// To a queue's members.
    Queue(QueueId),
    /// To everybody in a group.
    Group(GroupId),
    /// To these users; to exactly one, it is owned at once.
    Users(Vec<UserId>),
}

/// What becomes of a chat that its route leads directly to users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Direct {
    /// It is this user's at once.
    Owned(UserId),
    /// It waits, offered to these.
    Offered(BTreeSet<UserId>),
}

/// F3: to exactly one enabled user a chat goes at once, whatever the presence; of several it is offered to those who are
/// Available.
pub fn direct(users: &[(UserId, OwnerState)]) -> Direct {
    let mut enabled = users.iter().filter(|(_, state)| *state != OwnerState::Disabled);
    match (enabled.next(), enabled.next()) {
        (Some((one, _)), None) => Direct::Owned(*one),
        _ => Direct::Offered(available(users)),
    }
}

/// Those of a group, or of several users, who are offered a chat.
pub fn available(users: &[(UserId, OwnerState)]) -> BTreeSet<UserId> {
    users.iter().filter(|(_, state)| *state == OwnerState::Available).map(|(user, _)| *user).collect()
}

/// What has to be done so that a waiting chat is offered to `wanted` instead of `present`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Who gets the chat.
    pub added: Vec<UserId>,
    /// Who loses it.
    pub removed: Vec<UserId>,
}

/// Compares two sets of candidates.
pub fn difference(present: &BTreeSet<UserId>, wanted: &BTreeSet<UserId>) -> Difference {
    Difference {
        added: wanted.difference(present).copied().collect(),
        removed: present.difference(wanted).copied().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users<const N: usize>() -> [UserId; N] {
        std::array::from_fn(|_| UserId::new())
    }

    #[test]
    fn f3_a_route_to_one_user_is_owned_at_once_and_to_several_it_waits() {
        let [a, b] = users();
        for &state in &OwnerState::ALL[..3] {
            assert_eq!(direct(&[(a, state)]), Direct::Owned(a));
            // One of the two is disabled: the other has it alone.
            assert_eq!(direct(&[(a, OwnerState::Disabled), (b, state)]), Direct::Owned(b));
        }
        let both = [(a, OwnerState::Available), (b, OwnerState::Available)];
        assert_eq!(direct(&both), Direct::Offered([a, b].into()));
    }

    #[test]
    fn f52_only_who_is_available_is_offered_a_chat() {
        let [a, b, c, d] = users();
        let all =
            [(a, OwnerState::Available), (b, OwnerState::Away), (c, OwnerState::OffShift), (d, OwnerState::Disabled)];
        assert_eq!(available(&all), [a].into());
        assert_eq!(direct(&all), Direct::Offered([a].into()));
        assert_eq!(direct(&all[1..]), Direct::Offered(BTreeSet::new()));
        assert_eq!(direct(&[]), Direct::Offered(BTreeSet::new()));
    }

    #[test]
    fn only_the_difference_is_told() {
        let [a, b, c] = users();
        let changed = difference(&[a, b].into(), &[b, c].into());
        assert_eq!(changed, Difference { added: vec![c], removed: vec![a] });
    }
}
