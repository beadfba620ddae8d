//! What an app implements to be told of something, and how it stops being told.
//!
//! A listener is called on a thread of the core, one call at a time, with no lock of the core held; it may call back
//! into the core. It should hand over what it got and return: the calls after it wait. A listener that throws is noted
//! in the log and called again the next time.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use switchboard_core as core;

use crate::records::{ChatNotification, CommandOutcome, ConnectionState, DeskPart, Typing, Work};

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

/// Told of what changes in the user's own work: presence, schedule, queues.
#[uniffi::export(foreign)]
pub trait WorkListener: Send + Sync {
    /// The work is now like this.
    fn on_work(&self, work: Work) -> Result<(), ListenerError>;
}

/// Told of what changes in rows that no list follows: templates, contacts, labels, settings.
#[uniffi::export(foreign)]
pub trait DeskListener: Send + Sync {
    /// This part changed: read it again. What came together is told once.
    fn on_changed(&self, part: DeskPart) -> Result<(), ListenerError>;
}

/// Told of what is to be shown and heard, once for each thing that happens while this device is connected. What happened
/// before is in the lists, and was announced by a push.
#[uniffi::export(foreign)]
pub trait NotificationListener: Send + Sync {
    /// Something happened. In front the app shows it if `in_app`, and otherwise hands it to the system if `system`.
    fn on_notification(&self, notification: ChatNotification) -> Result<(), ListenerError>;
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

impl core::WorkListener for Bridge<dyn WorkListener> {
    fn on_work(&self, work: core::Work) {
        note("work", self.0.on_work(work.into()));
    }
}

impl core::DeskListener for Bridge<dyn DeskListener> {
    fn on_changed(&self, part: core::DeskPart) {
        note("desk", self.0.on_changed(part.into()));
    }
}

impl core::NotificationListener for Bridge<dyn NotificationListener> {
    fn on_notification(&self, notification: core::Notification) {
        note("notification", self.0.on_notification(notification.into()));
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
pub struct Subscription {
    subscription: core::Subscription,
    /// The list that is followed: it need not be kept by the app. Swift frees a handle right after its last use.
    list: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Subscription {
    pub(crate) fn new(subscription: core::Subscription) -> Arc<Self> {
        Arc::new(Self { subscription, list: Mutex::new(None) })
    }

    pub(crate) fn of_list(list: impl Any + Send, subscription: core::Subscription) -> Arc<Self> {
        Arc::new(Self { subscription, list: Mutex::new(Some(Box::new(list))) })
    }
}

#[uniffi::export]
impl Subscription {
    /// Ends it. After this returns the listener is not called again, and no call of it is under way, unless this is
    /// called by the listener itself. So a listener must never wait for the thread that cancels it.
    pub fn cancel(&self) {
        self.subscription.cancel();
        // Freed without the lock: what a list holds is not known here.
        let list = self.list.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(list);
    }
}
