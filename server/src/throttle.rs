//! How often somebody may do something: buckets that refill, by address, visitor or user. In memory: after a restart
//! everybody starts with a full one.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use switchboard_protocol::ids::VisitorId;

use crate::clock::Clock;
use crate::config::{AddressKey, Rate};

/// What is counted, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Throttled {
    /// New widget sockets of an address.
    Sockets(AddressKey),
    /// New visitors of an address.
    NewVisitors(AddressKey),
    /// Messages of an address.
    AddressMessages(AddressKey),
    /// Messages of a visitor.
    Visitor(VisitorId),
    /// Attempts to sign in of an address.
    AddressSignIns(AddressKey),
    /// Attempts to sign in as a user; the hash of the name, for names that do not exist count as well.
    UserSignIns([u8; 32]),
}

/// Buckets at once. An attacker with more addresses than this makes us forget the fullest, never run out of memory.
const MOST: usize = 100_000;

#[derive(Debug)]
struct Bucket {
    /// Thousandths of a permission.
    level: u64,
    at: i64,
}

/// The buckets.
#[derive(Debug)]
pub(crate) struct Throttle {
    clock: Clock,
    buckets: Mutex<HashMap<Throttled, Bucket>>,
}

impl Throttle {
    pub(crate) fn new(clock: Clock) -> Throttle {
        Throttle { clock, buckets: Mutex::new(HashMap::new()) }
    }

    /// Takes one permission, or says in how many milliseconds there will be one.
    pub(crate) fn check(&self, who: Throttled, rate: Rate) -> Result<(), u64> {
        if rate == Rate::UNLIMITED {
            return Ok(());
        }
        let now = self.clock.now();
        let full = u64::from(rate.burst) * 1000;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST && !buckets.contains_key(&who) {
            forget(&mut buckets, now);
        }
        let bucket = buckets.entry(who).or_insert(Bucket { level: full, at: now });
        let passed = u64::try_from(now.saturating_sub(bucket.at)).unwrap_or(0);
        bucket.at = now;
        // per_minute permissions a minute are per_minute / 60 thousandths a millisecond.
        bucket.level = full.min(bucket.level.saturating_add(passed.saturating_mul(u64::from(rate.per_minute)) / 60));
        if bucket.level >= 1000 {
            bucket.level -= 1000;
            return Ok(());
        }
        Err(((1000 - bucket.level) * 60).div_ceil(u64::from(rate.per_minute)).max(1))
    }
}

/// Buckets that nobody touched for an hour are full again; if that is not enough, all go.
fn forget<K: Eq + Hash>(buckets: &mut HashMap<K, Bucket>, now: i64) {
    buckets.retain(|_, bucket| now.saturating_sub(bucket.at) < 3_600_000);
    if buckets.len() >= MOST {
        tracing::warn!("more addresses than the throttle can remember: it starts over");
        buckets.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3, per_minute: 60 };

    fn someone(last: u8) -> Throttled {
        Throttled::Sockets(AddressKey::of(std::net::IpAddr::from([192, 0, 2, last])))
    }

    #[test]
    fn a_burst_passes_and_then_one_a_second() {
        let clock = Clock::manual(1_000_000);
        let throttle = Throttle::new(clock.clone());
        for _ in 0..3 {
            assert_eq!(throttle.check(someone(1), RATE), Ok(()));
        }
        assert_eq!(throttle.check(someone(1), RATE), Err(1000));
        assert_eq!(throttle.check(someone(2), RATE), Ok(()), "another address is another bucket");
        clock.advance(400);
        assert_eq!(throttle.check(someone(1), RATE), Err(600));
        clock.advance(600);
        assert_eq!(throttle.check(someone(1), RATE), Ok(()));
        clock.advance(3_600_000);
        for _ in 0..3 {
            assert_eq!(throttle.check(someone(1), RATE), Ok(()));
        }
        assert!(throttle.check(someone(1), RATE).is_err(), "a bucket does not overflow");
    }

    #[test]
    fn a_clock_that_goes_back_does_no_harm() {
        let clock = Clock::manual(1_000_000);
        let throttle = Throttle::new(clock.clone());
        for _ in 0..3 {
            throttle.check(someone(1), RATE).unwrap();
        }
        clock.advance(-500_000);
        assert_eq!(throttle.check(someone(1), RATE), Err(1000));
    }
}
