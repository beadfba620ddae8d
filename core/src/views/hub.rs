//! Who is told what: the lists after each commit, the listeners of connection, typing and commands.

use std::collections::VecDeque;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::runtime::Handle;

use super::notifications::NotificationListener;
use super::outlet::{Outlet, Subscription};
use crate::error::Result;
use crate::model::{CommandOutcome, ConnectionState, Notification, Typing};
use crate::store::Changes;

/// Is told how the core stands to its server; first the present state, before `observe_connection` returns.
pub trait ConnectionListener: Send + Sync {
    /// The state changed.
    fn on_connection(&self, state: ConnectionState);
}

impl<F: Fn(ConnectionState) + Send + Sync> ConnectionListener for F {
    fn on_connection(&self, state: ConnectionState) {
        self(state);
    }
}

/// Is told who types where.
pub trait TypingListener: Send + Sync {
    /// Somebody started or stopped typing.
    fn on_typing(&self, typing: Typing);
}

impl<F: Fn(Typing) + Send + Sync> TypingListener for F {
    fn on_typing(&self, typing: Typing) {
        self(typing);
    }
}

/// Is told how commands end.
pub trait CommandListener: Send + Sync {
    /// A command ended.
    fn on_outcome(&self, outcome: CommandOutcome);
}

impl<F: Fn(CommandOutcome) + Send + Sync> CommandListener for F {
    fn on_outcome(&self, outcome: CommandOutcome) {
        self(outcome);
    }
}

/// Something that follows the store.
pub(crate) trait Watch: Send + Sync {
    fn committed(&self, changes: &Changes);
}

/// The listeners of one kind of notice.
pub(super) struct Observers<T> {
    outlets: Mutex<Vec<Arc<Outlet<T>>>>,
}

impl<T: Clone + Send + 'static> Observers<T> {
    pub(super) fn new() -> Self {
        Self { outlets: Mutex::new(Vec::new()) }
    }

    pub(super) fn add(&self, outlet: Arc<Outlet<T>>) {
        self.outlets.lock().unwrap_or_else(PoisonError::into_inner).push(outlet);
    }

    /// Whether nobody listens.
    pub(super) fn is_empty(&self) -> bool {
        let mut outlets = self.outlets.lock().unwrap_or_else(PoisonError::into_inner);
        outlets.retain(|outlet| !outlet.is_cancelled());
        outlets.is_empty()
    }

    pub(super) fn tell(&self, runtime: &Handle, item: &T, coalesce: impl Fn(&mut VecDeque<T>, T)) {
        let mut outlets = self.outlets.lock().unwrap_or_else(PoisonError::into_inner);
        outlets.retain(|outlet| outlet.offer(runtime, item.clone(), &coalesce));
    }
}

pub(crate) struct Hub {
    runtime: Handle,
    lists: Arc<Mutex<Vec<Weak<dyn Watch>>>>,
    commits: mpsc::Sender<Changes>,
    connection: Observers<ConnectionState>,
    state: Mutex<ConnectionState>,
    typing: Observers<Typing>,
    commands: Observers<CommandOutcome>,
    notifications: Observers<Notification>,
}

impl Hub {
    /// Starts the hub's thread, which ends when the hub is dropped.
    pub(crate) fn start(runtime: Handle, state: ConnectionState) -> Result<Self> {
        let lists: Arc<Mutex<Vec<Weak<dyn Watch>>>> = Arc::default();
        let (commits, inbox) = mpsc::channel::<Changes>();
        let watched = Arc::clone(&lists);
        std::thread::Builder::new().name("switchboard-views".into()).spawn(move || {
            while let Ok(mut changes) = inbox.recv() {
                // What was committed while the lists were being read is looked at once.
                while let Ok(later) = inbox.try_recv() {
                    changes.merge(later);
                }
                tell_lists(&watched, &changes);
            }
        })?;
        Ok(Self {
            runtime,
            lists,
            commits,
            connection: Observers::new(),
            state: Mutex::new(state),
            typing: Observers::new(),
            commands: Observers::new(),
            notifications: Observers::new(),
        })
    }

    pub(crate) fn add_list(&self, list: Weak<dyn Watch>) {
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        lists.retain(|list| list.strong_count() > 0);
        lists.push(list);
    }

    /// To be called after every commit.
    pub(crate) fn committed(&self, changes: Changes) {
        if !changes.is_empty() {
            // The thread lives as long as this sender, so there is nobody to tell only when it died of a panic.
            let _ = self.commits.send(changes);
        }
    }

    pub(crate) fn connection(&self) -> ConnectionState {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_connection(&self, state: ConnectionState) {
        let mut present = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if *present != state {
            *present = state;
            // Told under the lock, so that two changes cannot overtake each other; it only queues.
            self.connection.tell(&self.runtime, &state, |waiting, last| {
                waiting.clear();
                waiting.push_back(last);
            });
        }
    }

    pub(crate) fn observe_connection(&self, listener: Arc<dyn ConnectionListener>) -> Subscription {
        let outlet = {
            let present = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let outlet = Outlet::new(*present, Box::new(move |state| listener.on_connection(state)));
            self.connection.add(Arc::clone(&outlet));
            outlet
        };
        outlet.deliver_first(&self.runtime);
        Subscription::new(outlet)
    }

    pub(crate) fn typing(&self, typing: &Typing) {
        self.typing.tell(&self.runtime, typing, drop_oldest);
    }

    pub(crate) fn observe_typing(&self, listener: Arc<dyn TypingListener>) -> Subscription {
        let outlet = Outlet::idle(Box::new(move |typing| listener.on_typing(typing)));
        self.typing.add(Arc::clone(&outlet));
        Subscription::new(outlet)
    }

    pub(crate) fn command_ended(&self, outcome: &CommandOutcome) {
        // Never dropped: outcomes are as few as the user's actions.
        self.commands.tell(&self.runtime, outcome, VecDeque::push_back);
    }

    pub(crate) fn observe_commands(&self, listener: Arc<dyn CommandListener>) -> Subscription {
        let outlet = Outlet::idle(Box::new(move |outcome| listener.on_outcome(outcome)));
        self.commands.add(Arc::clone(&outlet));
        Subscription::new(outlet)
    }
}

impl Hub {
    /// Something happened now.
    pub(crate) fn notify(&self, notification: &Notification) {
        self.notifications.tell(&self.runtime, notification, drop_oldest);
    }

    /// Whether nobody wants to be told.
    pub(crate) fn nobody_is_notified(&self) -> bool {
        self.notifications.is_empty()
    }

    pub(crate) fn observe_notifications(&self, listener: Arc<dyn NotificationListener>) -> Subscription {
        let outlet = Outlet::idle(Box::new(move |notification| listener.on_notification(notification)));
        self.notifications.add(Arc::clone(&outlet));
        Subscription::new(outlet)
    }
}

fn drop_oldest<T>(waiting: &mut VecDeque<T>, last: T) {
    waiting.pop_front();
    waiting.push_back(last);
}

fn tell_lists(lists: &Mutex<Vec<Weak<dyn Watch>>>, changes: &Changes) {
    let present: Vec<Arc<dyn Watch>> = {
        let lists = lists.lock().unwrap_or_else(PoisonError::into_inner);
        lists.iter().filter_map(Weak::upgrade).collect()
    };
    for list in present {
        list.committed(changes);
    }
}
