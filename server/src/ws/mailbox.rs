//! What reaches one session from elsewhere: answers, hints, and the word to close. Bounded.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use switchboard_protocol::ErrorCode;
use switchboard_protocol::frame::Bye;
use tokio::sync::Notify;

/// Frames that may wait for one session. Answers are bounded by what a session may have in flight; the rest are hints
/// that come seldom. A session that does not take this many is stalled.
const WAITING: usize = 256;

/// What a session finds when it looks.
#[derive(Debug, Default)]
pub struct Mail {
    /// Frames to send, in order.
    pub frames: VecDeque<Arc<str>>,
    /// How many of the session's requests were finished.
    pub done: u32,
    /// To be closed with this, now.
    pub bye: Option<Bye>,
    /// To be closed with this, when work in flight is done.
    pub stop: Option<Bye>,
}

impl Mail {
    fn push(&mut self, json: Arc<str>) {
        if self.frames.len() < WAITING {
            self.frames.push_back(json);
        } else {
            self.bye.get_or_insert(Bye { code: ErrorCode::TooSlow, retry_ms: 0 });
        }
    }
}

/// One session's mailbox.
#[derive(Debug, Default)]
pub struct Mailbox {
    mail: Mutex<Mail>,
    arrived: Notify,
}

impl Mailbox {
    fn with<T>(&self, change: impl FnOnce(&mut Mail) -> T) -> T {
        let result = change(&mut self.mail.lock().unwrap_or_else(PoisonError::into_inner));
        self.arrived.notify_one();
        result
    }

    /// A hint: it may be lost with the socket.
    pub fn post(&self, json: Arc<str>) {
        self.with(|mail| mail.push(json));
    }

    /// A request that the session counted is finished; with its answer, if it has one.
    pub fn answer(&self, json: Option<Arc<str>>) {
        self.with(|mail| {
            mail.done += 1;
            if let Some(json) = json {
                mail.push(json);
            }
        });
    }

    /// Closes the session at once. The first reason counts.
    pub fn close(&self, bye: Bye) {
        self.with(|mail| {
            mail.bye.get_or_insert(bye);
        });
    }

    /// Closes the session when its work in flight is done.
    pub fn stop(&self, bye: Bye) {
        self.with(|mail| {
            mail.stop.get_or_insert(bye);
        });
    }

    /// There may be something to take, here or in the feed.
    pub fn wake(&self) {
        self.arrived.notify_one();
    }

    /// Waits for the next word. A word that came before is not missed.
    pub async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Takes everything.
    pub fn take(&self) -> Mail {
        let mut mail = self.mail.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *mail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_mailbox_closes_the_session_and_keeps_what_it_has() {
        let mailbox = Mailbox::default();
        for _ in 0..=WAITING {
            mailbox.post("{}".into());
        }
        let mail = mailbox.take();
        assert_eq!(mail.frames.len(), WAITING);
        assert_eq!(mail.bye, Some(Bye { code: ErrorCode::TooSlow, retry_ms: 0 }));
    }

    #[test]
    fn the_first_reason_counts() {
        let mailbox = Mailbox::default();
        mailbox.close(Bye { code: ErrorCode::Revoked, retry_ms: 0 });
        mailbox.close(Bye { code: ErrorCode::TooSlow, retry_ms: 0 });
        assert_eq!(mailbox.take().bye.map(|bye| bye.code), Some(ErrorCode::Revoked));
    }
}
