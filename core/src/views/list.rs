//! A list handle: a window that keeps itself equal to the store and tells its listeners how it changed.

use std::collections::VecDeque;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use switchboard_protocol::ids::{ChatId, MessageId};
use tokio::runtime::Handle;

use super::diff::{ListChange, diff};
use super::hub::Watch;
use super::outlet::{Outlet, Subscription};
use crate::error::{CoreError, Result};
use crate::model::{AlarmRow, InboxRow, TimelineRow, UnsentId, UnsentRow};
use crate::store::{Changes, Store};

/// A row of a list.
pub trait ListRow: Clone + PartialEq + fmt::Debug + Send + Sync + 'static {
    /// What stays the same while the row changes and moves.
    type Id: Copy + Eq + Hash + fmt::Debug;

    /// The row's id.
    fn row_id(&self) -> Self::Id;
}

impl ListRow for InboxRow {
    type Id = ChatId;

    fn row_id(&self) -> ChatId {
        self.chat
    }
}

impl ListRow for TimelineRow {
    type Id = MessageId;

    fn row_id(&self) -> MessageId {
        self.id
    }
}

impl ListRow for UnsentRow {
    type Id = UnsentId;

    fn row_id(&self) -> UnsentId {
        self.id
    }
}

impl ListRow for AlarmRow {
    type Id = ChatId;

    fn row_id(&self) -> ChatId {
        self.chat
    }
}

/// What a listener gets: the steps from the window it has to the present one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListUpdate<R> {
    /// Rises with every update of the list.
    pub revision: u64,
    /// To be applied in order. The first update of a subscription is one reset.
    pub changes: Vec<ListChange<R>>,
    /// The list ended, because its chat left the device: the screen is to be left, and nothing follows.
    pub closed: bool,
}

/// Is told how a list changed. Calls come one at a time, from changing threads, with no lock of the core held. A
/// listener that blocks holds up only itself; when too much waits for it, it gets a reset.
pub trait ListListener<R>: Send + Sync {
    /// The list changed.
    fn on_update(&self, update: ListUpdate<R>);
}

impl<R, F: Fn(ListUpdate<R>) + Send + Sync> ListListener<R> for F {
    fn on_update(&self, update: ListUpdate<R>) {
        self(update);
    }
}

/// A window as it was read.
pub(crate) struct Loaded<R> {
    pub(crate) rows: Vec<R>,
    /// The chat is not on the device (any more).
    pub(crate) gone: bool,
    /// Rows are wanted that only the server has.
    pub(crate) fetch: bool,
    /// There are rows beyond the window's older (or lower) end.
    pub(crate) more: bool,
}

/// Where a list's rows come from. Holds the window's limits.
pub(crate) trait Source<R>: Send {
    fn load(&mut self, store: &Store) -> Result<Loaded<R>>;
    fn concerns(&self, changes: &Changes) -> bool;
    fn closes(&self, changes: &Changes) -> bool;
    fn extend(&mut self, n: u32);
    fn extend_newer(&mut self, n: u32);
}

struct State<R> {
    source: Box<dyn Source<R>>,
    rows: Vec<R>,
    more: bool,
    revision: u64,
    /// The store's generation that the rows are of.
    generation: u64,
    /// A commit concerned the list, and it was not or could not be read.
    stale: bool,
    closed: bool,
    outlets: Vec<Arc<Outlet<ListUpdate<R>>>>,
}

pub(crate) struct ListInner<R> {
    state: Mutex<State<R>>,
    store: Arc<Store>,
    runtime: Handle,
    /// Asks the server for what the window lacks.
    fetch: Box<dyn Fn() + Send + Sync>,
}

/// A window over the store. Cheap to clone; it is kept up to date while it is subscribed to.
pub struct List<R: ListRow> {
    inner: Arc<ListInner<R>>,
}

/// Chats, as Recents and the Archive show them.
pub type InboxList = List<InboxRow>;
/// The messages of one chat, oldest first, with this user's unaccepted replies at the end.
pub type TimelineList = List<TimelineRow>;
/// Texts that did not reach the customer, newest first.
pub type UnsentList = List<UnsentRow>;
/// Waiting chats that nobody looks after, the oldest first.
pub type AlarmList = List<AlarmRow>;

impl<R: ListRow> Clone for List<R> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<R: ListRow> fmt::Debug for List<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.inner.lock();
        f.debug_struct("List")
            .field("rows", &state.rows.len())
            .field("revision", &state.revision)
            .field("closed", &state.closed)
            .finish_non_exhaustive()
    }
}

impl<R: ListRow> List<R> {
    pub(crate) fn open(
        mut source: Box<dyn Source<R>>,
        store: Arc<Store>,
        runtime: Handle,
        fetch: Box<dyn Fn() + Send + Sync>,
    ) -> Result<Self> {
        let generation = store.generation();
        let loaded = source.load(&store)?;
        if loaded.gone {
            return Err(CoreError::NotFound.into());
        }
        if loaded.fetch {
            fetch();
        }
        let state = State {
            source,
            rows: loaded.rows,
            more: loaded.more,
            revision: 0,
            generation,
            stale: false,
            closed: false,
            outlets: Vec::new(),
        };
        Ok(Self { inner: Arc::new(ListInner { state: Mutex::new(state), store, runtime, fetch }) })
    }

    pub(crate) fn watch(&self) -> std::sync::Weak<dyn Watch> {
        let inner: std::sync::Weak<ListInner<R>> = Arc::downgrade(&self.inner);
        inner
    }

    /// Registers a listener. Its first call, a reset with the present window, is made before this returns.
    pub fn subscribe(&self, listener: Arc<dyn ListListener<R>>) -> Subscription {
        let outlet = {
            let mut state = self.inner.lock();
            self.inner.freshen(&mut state);
            let first = ListUpdate {
                revision: state.revision,
                changes: vec![ListChange::Reset { rows: state.rows.clone() }],
                closed: state.closed,
            };
            let outlet = Outlet::new(first, Box::new(move |update| listener.on_update(update)));
            state.outlets.push(Arc::clone(&outlet));
            outlet
        };
        outlet.deliver_first(&self.inner.runtime);
        Subscription::keeping(outlet, self.inner.clone())
    }

    /// Widens the window by `n` rows at its far end: the bottom of the inbox, the top (older end) of a timeline, which
    /// asks the server when this device has no more. The rows arrive as an update.
    pub fn extend(&self, n: u32) -> Result<(), CoreError> {
        self.widen(|source| source.extend(n))
    }

    /// Widens a timeline that was opened around a message by `n` rows at its newer end.
    pub fn extend_newer(&self, n: u32) -> Result<(), CoreError> {
        self.widen(|source| source.extend_newer(n))
    }

    fn widen(&self, change: impl FnOnce(&mut dyn Source<R>)) -> Result<(), CoreError> {
        let fetch = {
            let mut state = self.inner.lock();
            if state.closed {
                return Err(CoreError::NotFound);
            }
            change(state.source.as_mut());
            self.inner.reload(&mut state)?
        };
        if fetch {
            (self.inner.fetch)();
        }
        Ok(())
    }

    /// The present window.
    pub fn rows(&self) -> Vec<R> {
        let mut state = self.inner.lock();
        self.inner.freshen(&mut state);
        state.rows.clone()
    }

    /// Whether there is more beyond the window's far end, on this device or on the server.
    pub fn has_more(&self) -> bool {
        let mut state = self.inner.lock();
        self.inner.freshen(&mut state);
        state.more
    }
}

impl<R: ListRow> ListInner<R> {
    fn lock(&self) -> MutexGuard<'_, State<R>> {
        // After a panic in between, the next reload puts right whatever was left.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the window again if a commit passed by while nobody watched.
    fn freshen(&self, state: &mut State<R>) {
        state.outlets.retain(|outlet| !outlet.is_cancelled());
        // While somebody listens the hub keeps the rows up to date, and they are what that listener has.
        let unwatched = state.outlets.is_empty() && state.generation != self.store.generation();
        if state.closed || !(state.stale || unwatched) {
            return;
        }
        if let Err(error) = self.reload(state) {
            // The rows of before are the best there is; the next commit tries again.
            tracing::warn!(%error, "a list could not be read");
            state.stale = true;
        }
    }

    /// Reads the window and tells the listeners what changed. True: rows are wanted that only the server has.
    fn reload(&self, state: &mut State<R>) -> Result<bool> {
        let generation = self.store.generation();
        let loaded = state.source.load(&self.store)?;
        state.generation = generation;
        state.stale = false;
        if loaded.gone {
            self.close(state);
            return Ok(false);
        }
        state.more = loaded.more;
        let changes = diff(&state.rows, &loaded.rows);
        if !changes.is_empty() {
            state.rows = loaded.rows;
            self.publish(state, changes);
        }
        Ok(loaded.fetch)
    }

    fn close(&self, state: &mut State<R>) {
        state.closed = true;
        state.more = false;
        state.rows = Vec::new();
        self.publish(state, vec![ListChange::Reset { rows: Vec::new() }]);
    }

    fn publish(&self, state: &mut State<R>, changes: Vec<ListChange<R>>) {
        state.revision += 1;
        let (revision, closed, rows) = (state.revision, state.closed, &state.rows);
        let coalesce = |waiting: &mut VecDeque<ListUpdate<R>>, _late: ListUpdate<R>| {
            waiting.clear();
            waiting.push_back(ListUpdate { revision, changes: vec![ListChange::Reset { rows: rows.clone() }], closed });
        };
        state.outlets.retain(|outlet| {
            let update = ListUpdate { revision, changes: changes.clone(), closed };
            outlet.offer(&self.runtime, update, coalesce)
        });
    }
}

impl<R: ListRow> Watch for ListInner<R> {
    fn committed(&self, changes: &Changes) {
        let fetch = {
            let mut state = self.lock();
            if state.closed {
                return;
            }
            if state.source.closes(changes) {
                self.close(&mut state);
                return;
            }
            if !state.source.concerns(changes) {
                return;
            }
            state.outlets.retain(|outlet| !outlet.is_cancelled());
            if state.outlets.is_empty() {
                state.stale = true;
                return;
            }
            match self.reload(&mut state) {
                Ok(fetch) => fetch,
                Err(error) => {
                    tracing::warn!(%error, "a list could not be read");
                    state.stale = true;
                    false
                }
            }
        };
        if fetch {
            (self.fetch)();
        }
    }
}
