//! A connection without a network: a test hears what the phone says and says what the phone hears.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Both directions, and whether the phone wants a connection.
#[derive(Default)]
pub(crate) struct Line {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    wanted: bool,
    said: Vec<String>,
    heard: VecDeque<String>,
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn want(&self) {
        self.lock().wanted = true;
    }

    /// Whether a connection is wanted; asked once, it is answered once.
    pub(crate) fn take_wanted(&self) -> bool {
        std::mem::take(&mut self.lock().wanted)
    }

    /// Whether a connection is wanted.
    pub(crate) fn is_wanted(&self) -> bool {
        self.lock().wanted
    }

    pub(super) fn say(&self, frame: String) {
        self.lock().said.push(frame);
    }

    /// What the phone said since this was last asked.
    pub(crate) fn take_said(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().said)
    }

    /// The next frame that came in.
    pub(crate) fn hear(&self) -> Option<String> {
        self.lock().heard.pop_front()
    }

    /// Frames come in together.
    pub(crate) fn bring(&self, frames: impl IntoIterator<Item = String>) {
        self.lock().heard.extend(frames);
    }

    /// The connection ended: what was on its way is lost.
    pub(crate) fn cut(&self) {
        let mut inner = self.lock();
        inner.heard.clear();
        inner.said.clear();
    }
}
