//! What time alone does to a chat, and when.

use switchboard_protocol::UnixMillis;
use switchboard_protocol::message::ReleaseReason;

use super::hours::Hours;
use super::returning::{OwnerState, released};

/// Where a chat is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It waits.
    Waiting {
        /// Since when.
        since: UnixMillis,
        /// Whether it is offered to everyone by now.
        widened: bool,
    },
    /// It is somebody's.
    Owned {
        /// How the owner is.
        owner: OwnerState,
        /// Since when the customer waits for this owner's answer.
        unanswered_since: Option<UnixMillis>,
    },
    /// Nothing is to be done.
    Closed,
}

/// A chat with everything that time goes by.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// Where it is.
    pub place: Place,
    /// When it was passed on, if nobody answered since.
    pub transferred_at: Option<UnixMillis>,
    /// After how long it then returns.
    pub transfer_return_ms: Option<i64>,
    /// After how long it is offered to everyone; none when it is from the start.
    pub widen_after_ms: Option<i64>,
    /// F40: after how long within hours it leaves its owner.
    pub release_after_ms: Option<i64>,
    /// The queue's hours; none: always open.
    pub hours: Option<&'a Hours>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Offer it to everyone.
    Widen,
    /// Back to the one who passed it on.
    Return,
    /// Away from its owner, by its route.
    Release(ReleaseReason),
}

/// The next thing that time does to a chat, if nothing else happens. At or before `now` it is to be done at once.
pub fn next(case: Case<'_>, now: UnixMillis) -> Option<(UnixMillis, Act)> {
    let returns = match (case.transferred_at, case.transfer_return_ms, case.place) {
        (_, _, Place::Closed) => None,
        (Some(at), Some(after), _) => Some((at.saturating_add(after), Act::Return)),
        _ => None,
    };
    let other = match case.place {
        Place::Waiting { since, widened: false } => {
            case.widen_after_ms.map(|after| (since.saturating_add(after), Act::Widen))
        }
        Place::Owned { owner, unanswered_since: Some(since) } => release(case, owner, since, now),
        _ => None,
    };
    // Of two at one moment the return goes first: what it does makes the other pointless.
    match (returns, other) {
        (Some(returns), Some(other)) if other.0 < returns.0 => Some(other),
        (Some(returns), _) => Some(returns),
        (None, other) => other,
    }
}

/// F40: when a customer who waits is taken from an owner who does not answer.
fn release(case: Case<'_>, owner: OwnerState, since: UnixMillis, now: UnixMillis) -> Option<(UnixMillis, Act)> {
    let open = case.hours.is_none_or(|hours| hours.is_open(now));
    if let Some(reason) = released(owner, case.release_after_ms.is_some(), open) {
        return Some((now, Act::Release(reason)));
    }
    let after = case.release_after_ms?;
    if !owner.at_work() {
        // Off shift, and it is closed: when it opens.
        let opens = case.hours?.next_change(now)?;
        return Some((opens, Act::Release(ReleaseReason::OffShift)));
    }
    let at = match case.hours {
        Some(hours) => hours.add_open(since, after)?,
        None => since.saturating_add(after),
    };
    Some((at, Act::Release(ReleaseReason::Unanswered)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchboard_protocol::hours::{Interval, WeekHours};

    const HOUR: i64 = 3_600_000;

    fn office() -> Hours {
        let intervals = (1..=7).map(|day| Interval { day, from: 540, to: 1020 }).collect();
        Hours::new(&WeekHours { zone: "UTC".into(), intervals, holidays: Vec::new() }).unwrap()
    }

    fn case(place: Place) -> Case<'static> {
        Case {
            place,
            transferred_at: None,
            transfer_return_ms: None,
            widen_after_ms: None,
            release_after_ms: None,
            hours: None,
        }
    }

    #[test]
    fn f9_widening_is_due_once_and_only_if_it_is_set() {
        let waiting = |widened| Place::Waiting { since: 100, widened };
        assert_eq!(next(case(waiting(false)), 100), None);
        let set = |widened| Case { widen_after_ms: Some(50), ..case(waiting(widened)) };
        assert_eq!(next(set(false), 100), Some((150, Act::Widen)));
        assert_eq!(next(set(true), 100), None);
    }

    #[test]
    fn f29_an_unanswered_transfer_returns_before_anything_else_of_that_moment() {
        let waiting = Place::Waiting { since: 100, widened: false };
        let both = |widen| Case {
            transferred_at: Some(100),
            transfer_return_ms: Some(50),
            widen_after_ms: Some(widen),
            ..case(waiting)
        };
        assert_eq!(next(both(49), 100), Some((149, Act::Widen)));
        assert_eq!(next(both(50), 100), Some((150, Act::Return)));
        assert_eq!(next(Case { transfer_return_ms: None, ..both(70) }, 100), Some((170, Act::Widen)));
        assert_eq!(next(Case { place: Place::Closed, ..both(70) }, 100), None);
    }

    #[test]
    fn f40_an_unanswered_customer_leaves_an_owner_within_hours_alone() {
        let office = office();
        let owned = |owner| Place::Owned { owner, unanswered_since: Some(16 * HOUR) };
        let set = |owner| Case { release_after_ms: Some(2 * HOUR), hours: Some(&office), ..case(owned(owner)) };
        let unanswered = Act::Release(ReleaseReason::Unanswered);
        let off_shift = Act::Release(ReleaseReason::OffShift);
        // One hour today, one tomorrow.
        for owner in [OwnerState::Available, OwnerState::Away] {
            assert_eq!(next(set(owner), 16 * HOUR), Some((34 * HOUR, unanswered)));
        }
        // Nobody to wait for: at once when it is open, otherwise when it opens.
        assert_eq!(next(set(OwnerState::OffShift), 16 * HOUR), Some((16 * HOUR, off_shift)));
        assert_eq!(next(set(OwnerState::OffShift), 18 * HOUR), Some((33 * HOUR, off_shift)));
        // Always open.
        let always = Case { hours: None, ..set(OwnerState::Available) };
        assert_eq!(next(always, 0), Some((18 * HOUR, unanswered)));
        // Not set, or nobody waits.
        assert_eq!(next(Case { release_after_ms: None, ..set(OwnerState::OffShift) }, 16 * HOUR), None);
        let answered = Place::Owned { owner: OwnerState::OffShift, unanswered_since: None };
        assert_eq!(next(Case { place: answered, ..set(OwnerState::OffShift) }, 16 * HOUR), None);
    }
}
