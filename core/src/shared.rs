//! What the engine's tasks and the sync driver share.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use switchboard_protocol::ids::UserId;

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::http::{self, Http};
use crate::store::Store;
use crate::store::account::SignedInDevice;
use crate::views::Hub;

/// What the tasks share. It does not hold the runtime, which can only be dropped from outside of it.
pub(crate) struct Shared {
    pub(crate) store: Arc<Store>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Made when it is first needed: reading the root certificates takes longer than opening the store and its first
    /// page, which needs no network.
    net: OnceLock<Net>,
    account: RwLock<Option<SignedInDevice>>,
    clock_offset: AtomicI64,
}

/// What the network side needs.
struct Net {
    tls: Arc<rustls::ClientConfig>,
    http: Http,
}

impl Shared {
    pub(crate) fn new(
        store: Arc<Store>,
        hub: Arc<Hub>,
        clock: Arc<dyn Clock>,
        account: Option<SignedInDevice>,
        clock_offset: i64,
    ) -> Self {
        Self {
            store,
            hub,
            clock,
            net: OnceLock::new(),
            account: RwLock::new(account),
            clock_offset: AtomicI64::new(clock_offset),
        }
    }

    fn net(&self) -> Result<&Net> {
        if let Some(net) = self.net.get() {
            return Ok(net);
        }
        let tls = http::tls()?;
        let http = Http::new(&tls)?;
        Ok(self.net.get_or_init(|| Net { tls: Arc::new(tls), http }))
    }

    pub(crate) fn http(&self) -> Result<&Http> {
        Ok(&self.net()?.http)
    }

    pub(crate) fn tls(&self) -> Result<Arc<rustls::ClientConfig>> {
        Ok(Arc::clone(&self.net()?.tls))
    }

    pub(crate) fn account(&self) -> Option<SignedInDevice> {
        self.account.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn me(&self) -> Option<UserId> {
        self.account.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(|account| account.user.id)
    }

    pub(crate) fn set_account(&self, account: Option<SignedInDevice>) {
        *self.account.write().unwrap_or_else(PoisonError::into_inner) = account;
    }

    /// The server's clock minus this device's.
    pub(crate) fn clock_offset(&self) -> i64 {
        self.clock_offset.load(Ordering::Relaxed)
    }

    pub(crate) fn set_clock_offset(&self, offset: i64) {
        self.clock_offset.store(offset, Ordering::Relaxed);
    }

    /// Deletes everything that this device knows, also who it is.
    pub(crate) async fn forget_everything(&self) -> Result<()> {
        self.set_account(None);
        let store = Arc::clone(&self.store);
        blocking(move || store.wipe()).await
    }
}

/// Runs on one of the runtime's threads for blocking work. To be called on the runtime.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Task(error.to_string()))?
}
