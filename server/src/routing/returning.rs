//! Who gets a chat that had an owner: the same user (F38), or whoever the route leads to (F39, F40).

use switchboard_protocol::UnixMillis;
use switchboard_protocol::collection::Presence;
use switchboard_protocol::message::ReleaseReason;

/// Whether the user who has or had a chat can go on with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OwnerState {
    /// At work.
    Available,
    /// There, and wants no new chats. Own ones go on.
    Away,
    /// Not at work.
    OffShift,
    /// The account is disabled.
    Disabled,
}

impl OwnerState {
    /// Every state.
    pub const ALL: &'static [OwnerState] =
        &[OwnerState::Available, OwnerState::Away, OwnerState::OffShift, OwnerState::Disabled];

    /// From an account's row.
    pub const fn of(disabled: bool, presence: Presence) -> OwnerState {
        match (disabled, presence) {
            (true, _) => OwnerState::Disabled,
            (_, Presence::Available) => OwnerState::Available,
            (_, Presence::Away) => OwnerState::Away,
            (_, Presence::OffShift) => OwnerState::OffShift,
        }
    }

    /// Whether a chat can come back to this user.
    pub const fn at_work(self) -> bool {
        matches!(self, OwnerState::Available | OwnerState::Away)
    }
}

/// Whether an owned chat whose customer waits for an answer leaves its owner now, and why. Asked when a message comes in and
/// when the owner's presence changes; what time alone does is [`super::due`]'s.
///
/// `release`: the queue wants it so (F40). `open`: it is within the queue's hours; before they begin nobody would take it.
/// A disabled account keeps nothing, whatever the queue wants.
pub const fn released(owner: OwnerState, release: bool, open: bool) -> Option<ReleaseReason> {
    match owner {
        OwnerState::Disabled => Some(ReleaseReason::Disabled),
        OwnerState::OffShift if release && open => Some(ReleaseReason::OffShift),
        _ => None,
    }
}

/// Whether a message to a closed chat goes back to the user who had it last, without a word: soon enough after the end, if
/// the queue wants that (F40), and if that user is at work. Otherwise it goes by the route (F39).
pub const fn returns(
    last_owner: Option<OwnerState>,
    closed_at: UnixMillis,
    now: UnixMillis,
    return_within_ms: i64,
) -> bool {
    let soon = return_within_ms > 0 && now.saturating_sub(closed_at) <= return_within_ms;
    match last_owner {
        Some(owner) => soon && owner.at_work(),
        None => false,
    }
}
