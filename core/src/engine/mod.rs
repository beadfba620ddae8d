//! The composition root: opens the store, runs the tasks, stops them.

mod account;
#[doc(hidden)]
pub mod by_hand;
mod commands;
mod contacts;
mod internal;
mod life;
mod reads;
mod settings;
mod stale;
mod templates;
mod timers;
mod work;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use switchboard_protocol::UnixMillis;
use switchboard_protocol::device::Platform;
use tokio::runtime::Runtime;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use crate::clock::{Clock, SystemClock};
use crate::error::{CoreError, Error, Result};
use crate::model::ConnectionState;
use crate::shared::Shared;
use crate::store::{Changes, Store};
use crate::sync::driver::{Driver, Order};
use crate::views::{CommandListener, ConnectionListener, DeskWatch, Hub, Subscription, TypingListener, WorkWatch};

/// How a core is opened.
#[derive(Clone)]
pub struct CoreConfig {
    /// The store's directory, made if it is not there. The app chooses one that the platform protects and keeps out
    /// of backups: the device's token is in it.
    pub dir: PathBuf,
    /// What the device runs on.
    pub platform: Platform,
    /// The device's name, as admins see it.
    pub device_name: String,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
}

impl CoreConfig {
    /// With the machine's own clock.
    pub fn new(dir: impl Into<PathBuf>, platform: Platform, device_name: impl Into<String>) -> Self {
        Self { dir: dir.into(), platform, device_name: device_name.into(), clock: Arc::new(SystemClock::new()) }
    }
}

impl std::fmt::Debug for CoreConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CoreConfig").field("dir", &self.dir).field("platform", &self.platform).finish_non_exhaustive()
    }
}

/// The network side while it runs.
struct Running {
    orders: mpsc::UnboundedSender<Order>,
    task: JoinHandle<()>,
}

struct Inner {
    config: CoreConfig,
    shared: Arc<Shared>,
    /// Whether the app wants the network side; it also starts when a sign-in comes later.
    wanted: AtomicBool,
    running: Mutex<Option<Running>>,
    /// Signing in and out, one at a time.
    signing: tokio::sync::Mutex<()>,
    work: Arc<WorkWatch>,
    desk: Arc<DeskWatch>,
    /// Told when the timers are to look again.
    timers: Arc<Notify>,
    runtime: OwnRuntime,
}

/// Our runtime. It may be dropped on a runtime's own thread, where waiting for one is not allowed: the last clone of a
/// core in an async function, or an `open` that fails in one.
struct OwnRuntime(Option<Runtime>);

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl OwnRuntime {
    fn handle(&self) -> Result<&tokio::runtime::Handle> {
        // Taken by `drop` alone.
        self.0.as_ref().map(Runtime::handle).ok_or_else(|| Error::Task("no runtime".into()))
    }
}

/// One device's whole state and its way to the server. Cheap to clone. It has a runtime of its own: its async methods
/// can be awaited from any executor, and what they began is finished also when their caller is cancelled.
#[derive(Clone)]
pub struct Core {
    inner: Arc<Inner>,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("connection", &self.connection()).finish_non_exhaustive()
    }
}

impl Core {
    /// Opens the store in the directory, or makes it. Nothing is sent before [`Core::start`].
    pub fn open(config: CoreConfig) -> Result<Core, CoreError> {
        Ok(Self::open_inner(config)?)
    }

    fn open_inner(config: CoreConfig) -> Result<Core> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("switchboard-core")
            // Threads that call listeners stay attached to the JVM; a new one costs 0.1 to 0.3 ms.
            .thread_keep_alive(Duration::from_secs(60))
            .enable_all()
            .build()?;
        let runtime = OwnRuntime(Some(runtime));
        // The hub learns of commits from the store, and the store is needed to make the hub's first state.
        let hub: Arc<OnceLock<Weak<Hub>>> = Arc::default();
        let announce = Arc::clone(&hub);
        let timers = Arc::new(Notify::new());
        let look_again = Arc::clone(&timers);
        let committed = Box::new(move |changes: Changes| {
            if changes.timers || changes.all {
                look_again.notify_one();
            }
            if let Some(hub) = announce.get().and_then(Weak::upgrade) {
                hub.committed(changes);
            }
        });
        let store = Arc::new(Store::open(&config.dir, committed)?);
        let (account, clock_offset) =
            store.read(|db| Ok((crate::store::account::load(db)?, crate::store::account::clock_offset(db)?)))?;
        let state = if account.is_some() { ConnectionState::Stopped } else { ConnectionState::SignedOut };
        let started = Arc::new(Hub::start(runtime.handle()?.clone(), state)?);
        let _ = hub.set(Arc::downgrade(&started));
        // Before the first page is shown: what became due while nothing ran.
        timers::run_due(&store, config.clock.now_ms(), clock_offset)?;
        let shared = Arc::new(Shared::new(store, started, Arc::clone(&config.clock), account, clock_offset));
        let work = Arc::new(work::watch(runtime.handle()?.clone(), &shared));
        let watched: Arc<WorkWatch> = Arc::clone(&work);
        shared.hub.add_list(Arc::downgrade(&watched) as Weak<dyn crate::views::Watch>);
        let desk = Arc::new(DeskWatch::new(runtime.handle()?.clone()));
        let watched: Arc<DeskWatch> = Arc::clone(&desk);
        shared.hub.add_list(Arc::downgrade(&watched) as Weak<dyn crate::views::Watch>);
        let inner = Arc::new(Inner {
            config,
            shared,
            wanted: AtomicBool::new(false),
            running: Mutex::new(None),
            signing: tokio::sync::Mutex::new(()),
            work,
            desk,
            timers: Arc::clone(&timers),
            runtime,
        });
        inner.runtime.handle()?.spawn(timers::run(Arc::downgrade(&inner), timers));
        Ok(Core { inner })
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }

    fn runtime(&self) -> Result<&tokio::runtime::Handle> {
        self.inner.runtime.handle()
    }

    /// Runs to its end on our own runtime, whatever becomes of the caller.
    async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T, CoreError> {
        let task = self.runtime()?.spawn(work);
        Ok(task.await.map_err(|error| Error::Task(error.to_string()))??)
    }

    /// Starts the network side; while signed out it waits for a sign-in. Called again it does no harm.
    pub fn start(&self) {
        self.inner.wanted.store(true, Ordering::Release);
        self.ensure_running();
    }

    fn ensure_running(&self) {
        if !self.inner.wanted.load(Ordering::Acquire) || self.shared().me().is_none() {
            return;
        }
        let Ok(runtime) = self.runtime() else { return };
        let mut running = self.inner.running.lock().unwrap_or_else(PoisonError::into_inner);
        let alive = running.as_ref().is_some_and(|running| running.orders.send(Order::Start).is_ok());
        if alive {
            return;
        }
        let (orders, inbox) = mpsc::unbounded_channel();
        let _ = orders.send(Order::Start);
        let driver = Driver::new(Arc::clone(self.shared()), rand::random());
        let task = runtime.spawn(driver.run(inbox));
        *running = Some(Running { orders, task });
    }

    /// Ends the connection and waits until nothing is under way any more. Everything else works on.
    pub async fn stop(&self) {
        self.inner.wanted.store(false, Ordering::Release);
        self.end_running().await;
    }

    async fn end_running(&self) {
        let running = self.inner.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Running { orders, task }) = running {
            let _ = orders.send(Order::Stop);
            let _ = task.await;
        }
    }

    fn order(&self, order: Order) {
        let running = self.inner.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = running.as_ref() {
            // While nothing runs there is nobody to tell: the store has it, and a start looks there.
            let _ = running.orders.send(order);
        }
    }

    /// Now is a good moment to connect: the network is back, or the app came to the front.
    pub fn wake(&self) {
        // Timers stand still while a phone sleeps.
        self.inner.timers.notify_one();
        self.order(Order::Wake);
    }

    /// How the core stands to its server.
    pub fn connection(&self) -> ConnectionState {
        self.shared().hub.connection()
    }

    /// Follows the connection state; the present one is told before this returns.
    pub fn observe_connection(&self, listener: Arc<dyn ConnectionListener>) -> Subscription {
        self.shared().hub.observe_connection(listener)
    }

    /// Follows who types where.
    pub fn observe_typing(&self, listener: Arc<dyn TypingListener>) -> Subscription {
        self.shared().hub.observe_typing(listener)
    }

    /// Follows how commands end.
    pub fn observe_commands(&self, listener: Arc<dyn CommandListener>) -> Subscription {
        self.shared().hub.observe_commands(listener)
    }

    /// The server's clock, as far as it is known: what waiting times are counted by.
    pub fn server_now(&self) -> UnixMillis {
        self.shared().clock.now_ms().saturating_add(self.shared().clock_offset())
    }
}
