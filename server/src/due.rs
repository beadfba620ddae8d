//! The alarm clock of what is due: it sleeps until the next moment that the database names, or until an earlier one appears.

use std::sync::{Mutex, PoisonError};

use switchboard_protocol::UnixMillis;
use tokio::sync::Notify;

use crate::clock::Clock;

/// Where those who write leave the moments that appeared, for the one who sleeps.
#[derive(Debug, Default)]
pub(crate) struct DueClock {
    /// The earliest moment that appeared since the database was last asked.
    appeared: Mutex<Option<UnixMillis>>,
    earlier: Notify,
}

impl DueClock {
    /// Something is due at this moment.
    pub(crate) fn appears(&self, at: UnixMillis) {
        let mut appeared = self.appeared.lock().unwrap_or_else(PoisonError::into_inner);
        if appeared.is_none_or(|known| at < known) {
            *appeared = Some(at);
            // Kept for the sleeper if nobody sleeps yet.
            self.earlier.notify_one();
        }
    }

    /// The database is about to be asked: what appeared till now it knows.
    pub(crate) fn looked(&self) {
        *self.appeared.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Sleeps until `next`, or until an earlier moment that appears meanwhile; without either for as long as there is none.
    pub(crate) async fn sleep(&self, clock: &Clock, next: Option<UnixMillis>) {
        let mut until = next;
        loop {
            let appeared = *self.appeared.lock().unwrap_or_else(PoisonError::into_inner);
            until = [until, appeared].into_iter().flatten().min();
            match until {
                Some(at) => tokio::select! {
                    () = clock.sleep_until(at) => return,
                    () = self.earlier.notified() => {}
                },
                None => self.earlier.notified().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Lets every task that can run do so.
    async fn settle() {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn it_sleeps_by_the_clock_and_wakes_for_what_is_earlier() {
        let (clock, due, woken) = (Clock::manual(0), Arc::new(DueClock::default()), Arc::new(AtomicUsize::new(0)));
        let task = tokio::spawn({
            let (clock, due, woken) = (clock.clone(), due.clone(), woken.clone());
            async move {
                for next in [Some(100), None, Some(1000)] {
                    due.sleep(&clock, next).await;
                    due.looked();
                    woken.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        let count = || woken.load(Ordering::SeqCst);
        settle().await;
        clock.advance(99);
        settle().await;
        assert_eq!(count(), 0);
        clock.advance(1);
        settle().await;
        assert_eq!(count(), 1, "at its moment");
        clock.advance(1_000_000);
        settle().await;
        assert_eq!(count(), 1, "nothing is due");
        // Something appears: first later, then sooner.
        due.appears(2_000_000);
        settle().await;
        due.appears(1_000_200);
        settle().await;
        assert_eq!(count(), 1);
        clock.advance(100);
        settle().await;
        // The third moment is long past.
        assert_eq!(count(), 3);
        task.await.unwrap();
    }

    #[tokio::test]
    async fn what_appears_between_the_look_and_the_sleep_is_not_missed() {
        let (clock, due) = (Clock::manual(50), DueClock::default());
        due.looked();
        due.appears(50);
        due.sleep(&clock, Some(1_000)).await;
        due.looked();
        // The notice that is left over wakes the next sleep for nothing, and it goes on sleeping.
        let sleep = due.sleep(&clock, Some(1_000));
        tokio::pin!(sleep);
        for _ in 0..20 {
            tokio::select! {
                biased;
                () = &mut sleep => panic!("nothing is due"),
                () = tokio::task::yield_now() => {}
            }
        }
    }
}
