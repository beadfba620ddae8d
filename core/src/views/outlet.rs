//! The way of one listener: a bounded queue, and at most one call at a time, made without any lock of the core.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

/// Updates that wait for a slow listener; one more, and they are coalesced.
const CAPACITY: usize = 64;

struct Queue<T> {
    waiting: VecDeque<T>,
    /// Some thread has taken it upon itself to empty the queue.
    draining: bool,
    cancelled: bool,
    calling: Option<ThreadId>,
}

pub(crate) struct Outlet<T> {
    queue: Mutex<Queue<T>>,
    returned: Condvar,
    call: Box<dyn Fn(T) + Send + Sync>,
}

/// Ends a call in the books also when the listener panics.
struct CallEnds<'a, T>(&'a Outlet<T>);

impl<T> Drop for CallEnds<'_, T> {
    fn drop(&mut self) {
        let mut queue = self.0.lock();
        queue.calling = None;
        if thread::panicking() {
            queue.draining = false;
        }
        self.0.returned.notify_all();
    }
}

impl<T: Send + 'static> Outlet<T> {
    /// An outlet whose first item is delivered by [`Outlet::deliver_first`] on the subscriber's own thread.
    pub(crate) fn new(first: T, call: Box<dyn Fn(T) + Send + Sync>) -> Arc<Self> {
        let queue = Queue { waiting: VecDeque::from([first]), draining: true, cancelled: false, calling: None };
        Arc::new(Self { queue: Mutex::new(queue), returned: Condvar::new(), call })
    }

    /// An outlet that has nothing to tell yet.
    pub(crate) fn idle(call: Box<dyn Fn(T) + Send + Sync>) -> Arc<Self> {
        let queue = Queue { waiting: VecDeque::new(), draining: false, cancelled: false, calling: None };
        Arc::new(Self { queue: Mutex::new(queue), returned: Condvar::new(), call })
    }

    /// Delivers the first item on this thread, and leaves what came meanwhile to `runtime`.
    pub(crate) fn deliver_first(self: &Arc<Self>, runtime: &tokio::runtime::Handle) {
        self.deliver_one();
        let more = {
            let mut queue = self.lock();
            queue.draining = !queue.waiting.is_empty();
            queue.draining
        };
        if more {
            self.spawn_drain(runtime);
        }
    }

    /// Queues an item. `coalesce` says what stands for the waiting items and this one when there are too many.
    /// False: the listener was cancelled.
    pub(crate) fn offer(
        self: &Arc<Self>,
        runtime: &tokio::runtime::Handle,
        item: T,
        coalesce: impl FnOnce(&mut VecDeque<T>, T),
    ) -> bool {
        let start = {
            let mut queue = self.lock();
            if queue.cancelled {
                return false;
            }
            if queue.waiting.len() < CAPACITY {
                queue.waiting.push_back(item);
            } else {
                coalesce(&mut queue.waiting, item);
            }
            !std::mem::replace(&mut queue.draining, true)
        };
        if start {
            self.spawn_drain(runtime);
        }
        true
    }

    // Each listener is called from a thread of its own turn, so that one that blocks holds up only itself.
    fn spawn_drain(self: &Arc<Self>, runtime: &tokio::runtime::Handle) {
        let outlet = Arc::clone(self);
        runtime.spawn_blocking(move || while outlet.deliver_one() {});
    }

    /// Makes one call. False: nothing waited, and nobody drains any more.
    fn deliver_one(&self) -> bool {
        let item = {
            let mut queue = self.lock();
            if queue.cancelled {
                queue.waiting.clear();
            }
            let Some(item) = queue.waiting.pop_front() else {
                queue.draining = false;
                return false;
            };
            queue.calling = Some(thread::current().id());
            item
        };
        let _ends = CallEnds(self);
        (self.call)(item);
        true
    }
}

impl<T> Outlet<T> {
    pub(crate) fn is_cancelled(&self) -> bool {
        self.lock().cancelled
    }

    // A poisoned queue is still a queue: nothing of it is half-written at any point.
    fn lock(&self) -> MutexGuard<'_, Queue<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

trait Cancel: Send + Sync {
    fn cancel(&self);
}

impl<T: Send> Cancel for Outlet<T> {
    fn cancel(&self) {
        let mut queue = self.lock();
        queue.cancelled = true;
        queue.waiting.clear();
        // Waiting for a call that is under way makes the promise simple: after `cancel` nothing runs. From inside the
        // listener itself there is nothing to wait for.
        while queue.calling.is_some_and(|caller| caller != thread::current().id()) {
            queue = self.returned.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A listener's registration. Dropping it cancels it.
#[must_use = "dropping a subscription cancels it"]
pub struct Subscription {
    outlet: Arc<dyn Cancel>,
    /// The list that is followed: whoever listens to it wants it kept, also without its handle.
    _source: Option<Arc<dyn std::any::Any + Send + Sync>>,
}

impl Subscription {
    pub(crate) fn new<T: Send + 'static>(outlet: Arc<Outlet<T>>) -> Self {
        Self { outlet, _source: None }
    }

    pub(crate) fn keeping<T: Send + 'static>(
        outlet: Arc<Outlet<T>>,
        source: Arc<dyn std::any::Any + Send + Sync>,
    ) -> Self {
        Self { outlet, _source: Some(source) }
    }

    /// After this returns the listener is not called again, and no call of it is under way (unless this is called by
    /// the listener itself). A listener must therefore not wait for the thread that cancels it.
    pub fn cancel(&self) {
        self.outlet.cancel();
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}
