//! The user's own work, told when it changes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;

use super::hub::{Observers, Watch};
use super::outlet::{Outlet, Subscription};
use crate::model::Work;
use crate::store::Changes;

/// Is told how the user's own work stands; first as it is, before `observe_work` returns.
pub trait WorkListener: Send + Sync {
    /// Presence, schedule or queues changed.
    fn on_work(&self, work: Work);
}

impl<F: Fn(Work) + Send + Sync> WorkListener for F {
    fn on_work(&self, work: Work) {
        self(work);
    }
}

/// Follows the store and tells what is new.
pub(crate) struct WorkWatch {
    runtime: Handle,
    /// `None`: it cannot be read now.
    load: Box<dyn Fn() -> Option<Work> + Send + Sync>,
    last: Mutex<Work>,
    observers: Observers<Work>,
}

impl WorkWatch {
    pub(crate) fn new(runtime: Handle, load: Box<dyn Fn() -> Option<Work> + Send + Sync>) -> Self {
        Self { runtime, load, last: Mutex::default(), observers: Observers::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Work> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn observe(&self, listener: Arc<dyn WorkListener>) -> Subscription {
        let outlet = {
            let mut last = self.lock();
            self.tell_new(&mut last);
            let outlet = Outlet::new(last.clone(), Box::new(move |work| listener.on_work(work)));
            self.observers.add(Arc::clone(&outlet));
            outlet
        };
        outlet.deliver_first(&self.runtime);
        Subscription::new(outlet)
    }

    // Told under the lock, so that two changes cannot overtake each other; it only queues.
    fn tell_new(&self, last: &mut Work) {
        let Some(work) = (self.load)() else { return };
        if *last != work {
            *last = work;
            self.observers.tell(&self.runtime, last, |waiting: &mut VecDeque<Work>, last| {
                waiting.clear();
                waiting.push_back(last);
            });
        }
    }
}

impl Watch for WorkWatch {
    fn committed(&self, changes: &Changes) {
        if (changes.names || changes.all) && !self.observers.is_empty() {
            self.tell_new(&mut self.lock());
        }
    }
}
