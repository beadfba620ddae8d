//! Where a chat goes: pure functions, fed by the store. Distribution in this version is `everyone`.

pub mod distribution;
pub mod hours;
pub mod roster;
mod settings;

use std::collections::BTreeSet;

use switchboard_protocol::ids::{GroupId, QueueId, UserId};

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

/// What becomes of a chat that nobody owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// It is one user's at once.
    Direct(UserId),
    /// It waits, offered to these; to nobody while the route is missing or leads to nobody.
    Waiting {
        /// The queue it waits in.
        queue: Option<QueueId>,
        /// To whom it is offered.
        candidates: BTreeSet<UserId>,
    },
}

/// Decides by the route and the enabled users at its end.
pub fn offer(route: Option<&Route>, enabled: &[UserId]) -> Offer {
    match (route, enabled) {
        (Some(Route::Users(_)), [one]) => Offer::Direct(*one),
        (route, enabled) => Offer::Waiting {
            queue: match route {
                Some(Route::Queue(queue)) => Some(*queue),
                _ => None,
            },
            candidates: enabled.iter().copied().collect(),
        },
    }
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
        assert_eq!(offer(Some(&Route::Users(vec![a])), &[a]), Offer::Direct(a));
        // One of the two is disabled: the other has it alone.
        assert_eq!(offer(Some(&Route::Users(vec![a, b])), &[b]), Offer::Direct(b));
        let both = Offer::Waiting { queue: None, candidates: [a, b].into() };
        assert_eq!(offer(Some(&Route::Users(vec![a, b])), &[a, b]), both);
    }

    #[test]
    fn f3_a_queue_of_one_still_offers() {
        let ([a], queue) = (users(), QueueId::new());
        let waiting = Offer::Waiting { queue: Some(queue), candidates: [a].into() };
        assert_eq!(offer(Some(&Route::Queue(queue)), &[a]), waiting);
        let group = Offer::Waiting { queue: None, candidates: [a].into() };
        assert_eq!(offer(Some(&Route::Group(GroupId::new())), &[a]), group);
    }

    #[test]
    fn f9_a_chat_that_leads_nowhere_waits_for_nobody() {
        let nobody = Offer::Waiting { queue: None, candidates: BTreeSet::new() };
        assert_eq!(offer(None, &[]), nobody);
        assert_eq!(offer(Some(&Route::Users(Vec::new())), &[]), nobody);
    }

    #[test]
    fn only_the_difference_is_told() {
        let [a, b, c] = users();
        let changed = difference(&[a, b].into(), &[b, c].into());
        assert_eq!(changed, Difference { added: vec![c], removed: vec![a] });
    }
}
