//! What an app implements to be told of something, and how it stops being told.
//!
//! A listener is called on a thread of the core, one call at a time, with no lock of the core held; it may call back
//! into the core. It should hand over what it got and return: the calls after it wait. A listener that throws is noted
//! in the log and called again the next time.

use std::sync::Arc;

use switchboard_core as core;

use crate::records::{CommandOutcome, ConnectionState, Typing};

/// What a listener may throw; the core goes on.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum ListenerError {
    /// The listener could not take it.
    #[error("the listener failed: {detail}")]
    Failed {
        /// For a developer's log.
        detail: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for ListenerError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { detail: error.reason }
    }
}

/// Told of every change of the connection.
#[uniffi::export(foreign)]
pub trait ConnectionListener: Send + Sync {
    /// The connection is now like this.
    fn on_connection(&self, state: ConnectionState) -> Result<(), ListenerError>;
}

/// Told of who types where.
#[uniffi::export(foreign)]
pub trait TypingListener: Send + Sync {
    /// Somebody started or stopped.
    fn on_typing(&self, typing: Typing) -> Result<(), ListenerError>;
}

/// Told of how commands end.
#[uniffi::export(foreign)]
pub trait CommandListener: Send + Sync {
    /// A command ended.
    fn on_outcome(&self, outcome: CommandOutcome) -> Result<(), ListenerError>;
}

/// A listener of the app behind the core's trait.
pub(crate) struct Bridge<L: ?Sized>(pub(crate) Arc<L>);

impl core::ConnectionListener for Bridge<dyn ConnectionListener> {
    fn on_connection(&self, state: core::ConnectionState) {
        note("connection", self.0.on_connection(state.into()));
    }
}

impl core::TypingListener for Bridge<dyn TypingListener> {
    fn on_typing(&self, typing: core::Typing) {
        note("typing", self.0.on_typing(typing.into()));
    }
}

impl core::CommandListener for Bridge<dyn CommandListener> {
    fn on_outcome(&self, outcome: core::CommandOutcome) {
        note("command", self.0.on_outcome(outcome.into()));
    }
}

/// Notes that a listener threw. Its words may quote what it was given, so they stay out of the log.
pub(crate) fn note(listener: &'static str, outcome: Result<(), ListenerError>) {
    if outcome.is_err() {
        tracing::warn!(listener, "a listener of the app threw");
    }
}

/// Keeps a listener subscribed; it also ends when this object is freed.
#[derive(uniffi::Object)]
pub struct Subscription(core::Subscription);

impl Subscription {
    pub(crate) fn new(subscription: core::Subscription) -> Arc<Self> {
        Arc::new(Self(subscription))
    }
}

#[uniffi::export]
impl Subscription {
    /// Ends it. After this returns no new call of the listener starts; one that is running on another thread may still
    /// be ending.
    pub fn cancel(&self) {
        self.0.cancel();
    }
}
