//! What every request and session shares.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::config::{Config, IpNet};
use crate::passwords::Passwords;
use crate::store::{Store, StoreError};
use crate::throttle::Throttle;
use crate::ws::machine::Timing;
use crate::ws::registry::Registry;

/// Snapshots that are read at once, over all sessions.
const SNAPSHOTS: usize = 4;

/// What every request and session shares.
pub(crate) struct App {
    pub config: Config,
    pub store: Arc<Store>,
    pub registry: Arc<Registry>,
    pub throttle: Throttle,
    pub passwords: Passwords,
    pub proxies: Vec<IpNet>,
    pub snapshots: Arc<Semaphore>,
    /// When the database last proved that it takes a write, and whether it did. The lock is held while one proof runs, so
    /// that however many ask, the disk is asked once a second.
    pub proved: tokio::sync::Mutex<Option<(Instant, Result<(), StoreError>)>>,
    /// The newest notice of another process that was told to the sockets; only those may be forgotten.
    pub told: AtomicI64,
    stopping: AtomicBool,
}

impl App {
    pub(crate) fn new(
        config: Config,
        store: Arc<Store>,
        registry: Arc<Registry>,
        passwords: Passwords,
        proxies: Vec<IpNet>,
        told: i64,
    ) -> App {
        let throttle = Throttle::new(config.clock.clone());
        let snapshots = Arc::new(Semaphore::new(SNAPSHOTS));
        let stopping = AtomicBool::new(false);
        App {
            config,
            store,
            registry,
            throttle,
            passwords,
            proxies,
            snapshots,
            proved: tokio::sync::Mutex::new(None),
            told: AtomicI64::new(told),
            stopping,
        }
    }

    pub(crate) fn timing(&self) -> Timing {
        Timing {
            hello: Duration::from_millis(self.config.limits.hello_timeout_ms),
            heartbeat: Duration::from_millis(self.config.limits.heartbeat_ms),
        }
    }

    pub(crate) fn write_timeout(&self) -> Duration {
        Duration::from_millis(self.config.limits.write_timeout_ms)
    }

    /// From now on nobody new is let in.
    pub(crate) fn begin_stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }
}
