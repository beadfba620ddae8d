//! One log that several sessions follow: a user's feed on all of the user's devices, a visitor's conversation in all
//! tabs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use switchboard_protocol::frame::Bye;

use super::mailbox::Mailbox;

/// Items that a session may be behind and still be served from memory. Beyond it the database serves.
const RING: usize = 64;
/// Items given to a session at a time, so that one send does not grow without bound.
const TAKE: usize = 32;

/// What a session finds behind its cursor.
#[derive(Debug)]
pub enum Taken<T> {
    /// Nothing.
    Nothing,
    /// These, in order, without a gap.
    Items(Vec<(u64, T)>),
    /// Something that only the database still has.
    Behind,
}

/// A log's newest part and those who follow it.
#[derive(Debug)]
pub struct Hub<T> {
    inner: Mutex<Inner<T>>,
}

#[derive(Debug)]
struct Inner<T> {
    ring: VecDeque<(u64, T)>,
    head: u64,
    followers: Vec<Follower>,
}

#[derive(Debug)]
struct Follower {
    id: u64,
    mailbox: Arc<Mailbox>,
    cursor: u64,
}

impl<T> Default for Hub<T> {
    fn default() -> Self {
        Self { inner: Mutex::new(Inner { ring: VecDeque::new(), head: 0, followers: Vec::new() }) }
    }
}

impl<T: Clone> Hub<T> {
    fn with<R>(&self, change: impl FnOnce(&mut Inner<T>) -> R) -> R {
        change(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds a session. Until its first [`Hub::take`] nothing is kept for it, and nothing is lost: it then asks for what
    /// follows its cursor, wherever that is.
    pub fn follow(&self, id: u64, mailbox: Arc<Mailbox>) {
        self.with(|inner| inner.followers.push(Follower { id, mailbox, cursor: u64::MAX }));
    }

    /// Removes a session; whether nobody is left.
    pub fn leave(&self, id: u64) -> bool {
        self.with(|inner| {
            inner.followers.retain(|follower| follower.id != id);
            inner.trim();
            inner.followers.is_empty()
        })
    }

    /// The next item of the log, in the log's order. Whom to wake, when it suits, is added to `wake`.
    pub fn publish(&self, no: u64, item: T, wake: &mut Vec<Arc<Mailbox>>) {
        self.with(|inner| {
            if inner.ring.back().is_some_and(|(last, _)| last.checked_add(1) != Some(no)) {
                // Another process wrote in between; the database has it.
                inner.ring.clear();
            }
            if inner.ring.len() == RING {
                inner.ring.pop_front();
            }
            inner.ring.push_back((no, item));
            inner.head = inner.head.max(no);
            wake.extend(inner.followers.iter().map(|follower| follower.mailbox.clone()));
        });
    }

    /// The log grew by another's hand: the database has it.
    pub fn grew(&self, head: u64, wake: &mut Vec<Arc<Mailbox>>) {
        self.with(|inner| {
            inner.ring.clear();
            inner.head = inner.head.max(head);
            wake.extend(inner.followers.iter().map(|follower| follower.mailbox.clone()));
        });
    }

    /// Changes items that are still in memory.
    pub fn revise(&self, mut revise: impl FnMut(&mut T)) {
        self.with(|inner| inner.ring.iter_mut().for_each(|(_, item)| revise(item)));
    }

    /// Brings a frame to every session.
    pub fn post(&self, json: &Arc<str>) {
        self.with(|inner| {
            for follower in &inner.followers {
                follower.mailbox.post(json.clone());
            }
        });
    }

    /// Closes every session.
    pub fn close(&self, bye: &Bye) {
        self.with(|inner| {
            for follower in &inner.followers {
                follower.mailbox.close(bye.clone());
            }
        });
    }

    /// What follows a session's cursor. What every session has taken is dropped.
    pub fn take(&self, id: u64, cursor: u64) -> Taken<T> {
        self.with(|inner| {
            if let Some(follower) = inner.followers.iter_mut().find(|follower| follower.id == id) {
                follower.cursor = cursor;
            }
            inner.trim();
            let first = inner.ring.front().map(|(no, _)| *no);
            match first {
                _ if inner.head <= cursor => Taken::Nothing,
                Some(first) if first <= cursor.saturating_add(1) => {
                    Taken::Items(inner.ring.iter().skip_while(|(no, _)| *no <= cursor).take(TAKE).cloned().collect())
                }
                _ => Taken::Behind,
            }
        })
    }

    /// How many items are kept in memory.
    #[cfg(test)]
    fn kept(&self) -> usize {
        self.with(|inner| inner.ring.len())
    }
}

impl<T> Inner<T> {
    fn trim(&mut self) {
        let needed = self.followers.iter().map(|follower| follower.cursor).min().unwrap_or(u64::MAX);
        while self.ring.front().is_some_and(|(no, _)| *no <= needed) {
            self.ring.pop_front();
        }
        if self.ring.is_empty() {
            // An idle connection holds no buffer.
            self.ring.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(taken: Taken<u64>) -> Vec<u64> {
        match taken {
            Taken::Items(items) => items.into_iter().map(|(no, item)| no * 1000 + item).collect(),
            Taken::Nothing => Vec::new(),
            Taken::Behind => vec![0],
        }
    }

    fn hub(followers: &[u64]) -> Hub<u64> {
        let hub = Hub::default();
        for &id in followers {
            hub.follow(id, Arc::new(Mailbox::default()));
        }
        hub
    }

    #[test]
    fn a_session_takes_what_follows_its_cursor_and_memory_is_freed_when_all_have() {
        let hub = hub(&[1, 2]);
        assert!(matches!(hub.take(1, 4), Taken::Nothing));
        assert!(matches!(hub.take(2, 4), Taken::Nothing));
        hub.publish(5, 5, &mut Vec::new());
        hub.publish(6, 6, &mut Vec::new());
        assert_eq!(numbers(hub.take(1, 4)), [5005, 6006]);
        assert!(matches!(hub.take(1, 6), Taken::Nothing));
        assert_eq!(hub.kept(), 2, "the other session still needs them");
        assert_eq!(numbers(hub.take(2, 5)), [6006]);
        assert_eq!(hub.kept(), 1);
        assert!(!hub.leave(2));
        assert_eq!(hub.kept(), 0);
        assert!(hub.leave(1));
    }

    #[test]
    fn a_session_that_fell_behind_is_sent_to_the_database_and_the_ring_stays_bounded() {
        let hub = hub(&[1]);
        hub.take(1, 0);
        for no in 1..=1000 {
            hub.publish(no, no, &mut Vec::new());
        }
        assert_eq!(hub.kept(), RING);
        assert!(matches!(hub.take(1, 0), Taken::Behind));
        // After the database it goes on from the ring.
        assert_eq!(numbers(hub.take(1, 990)).len(), 10);
    }

    #[test]
    fn what_another_process_wrote_is_read_from_the_database() {
        let hub = hub(&[1]);
        hub.take(1, 3);
        hub.publish(4, 4, &mut Vec::new());
        hub.grew(6, &mut Vec::new());
        assert!(matches!(hub.take(1, 3), Taken::Behind));
        hub.publish(7, 7, &mut Vec::new());
        assert!(matches!(hub.take(1, 3), Taken::Behind));
        assert_eq!(numbers(hub.take(1, 6)), [7007]);
        hub.publish(9, 9, &mut Vec::new());
        assert!(matches!(hub.take(1, 7), Taken::Behind), "8 is nobody's but the database's");
    }

    #[test]
    fn what_is_published_late_is_not_given_twice() {
        let hub = hub(&[1]);
        // The session read 5 from the database before the writer got to publish it.
        hub.take(1, 5);
        hub.publish(5, 5, &mut Vec::new());
        assert!(matches!(hub.take(1, 5), Taken::Nothing));
        assert_eq!(hub.kept(), 0);
    }
}
