//! A core whose network side is moved by hand: the same engine, driver, machine and store, but every step is asked for,
//! and a test stands in for the network. For the model test; apps have no use for it.

use std::sync::Arc;

use switchboard_protocol::device::SignedIn;
use tokio::sync::mpsc;
use url::Url;

use super::{Core, CoreConfig, Running};
use crate::error::{CoreError, Error, Result};
use crate::model::ConnectionState;
use crate::store::account::SignedInDevice;
use crate::store::{Durability, account};
use crate::sync::by_hand::Line;
use crate::sync::driver::{Driver, Order};
use crate::sync::socket::{Incoming, Socket};

/// A phone that does nothing by itself.
pub struct Phone {
    core: Core,
    driver: Driver,
    orders: mpsc::UnboundedReceiver<Order>,
    line: Arc<Line>,
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Phone").field("core", &self.core).finish_non_exhaustive()
    }
}

impl Phone {
    /// Opens the store of a device that is signed in, or is now signed in with what the server gave.
    pub fn open(config: CoreConfig, seed: u64, signed_in: Option<SignedIn>) -> Result<Phone, CoreError> {
        Ok(Self::open_inner(config, seed, signed_in)?)
    }

    fn open_inner(config: CoreConfig, seed: u64, signed_in: Option<SignedIn>) -> Result<Phone> {
        let core = Core::open_inner(config)?;
        if let Some(SignedIn { user, device, token }) = signed_in {
            let server = Url::parse("http://localhost/").map_err(|error| Error::Task(error.to_string()))?;
            let device = SignedInDevice { server, user, device, token };
            core.shared().store.write(Durability::Normal, |tx, _| account::save(tx, &device))?;
            core.shared().set_account(Some(device));
            core.shared().hub.set_connection(ConnectionState::Stopped);
        }
        let line = Arc::new(Line::default());
        let driver = Driver::on(Arc::clone(core.shared()), seed, Arc::clone(&line));
        let (sender, orders) = mpsc::unbounded_channel();
        let task = core.runtime()?.spawn(std::future::ready(()));
        let mut running = core.inner.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *running = Some(Running { orders: sender, task });
        drop(running);
        Ok(Phone { core, driver, orders, line })
    }

    /// The core, for all that an app does with it. Its orders to the network side wait for [`Phone::obey`].
    pub fn core(&self) -> &Core {
        &self.core
    }

    /// Runs something of the core to its end.
    pub fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        match self.core.runtime() {
            Ok(runtime) => runtime.block_on(work),
            // Only while the core is being dropped.
            Err(error) => unreachable!("{error}"),
        }
    }

    fn step<T>(&mut self, work: impl AsyncFnOnce(&mut Driver) -> T) -> Option<T> {
        let Ok(runtime) = self.core.runtime().cloned() else { return None };
        let driver = &mut self.driver;
        Some(runtime.block_on(async move {
            let done = work(driver).await;
            let failure = driver.settle().await;
            driver.failed(failure).await;
            driver.go_on().await;
            done
        }))
    }

    /// Does what the core asked of its network side.
    pub fn obey(&mut self) {
        while let Ok(order) = self.orders.try_recv() {
            self.step(async |driver| driver.order(order).await);
        }
    }

    /// Whether it wants a connection and waits for one.
    pub fn wants_connection(&self) -> bool {
        self.line.is_wanted()
    }

    /// The connection that it waits for is there, or is not to be had.
    pub fn connected(&mut self, there: bool) {
        if self.line.take_wanted() {
            // What was said on an earlier connection does not get onto this one.
            self.line.cut();
            let opened = if there { Ok(Socket::on(Arc::clone(&self.line))) } else { Err(CoreError::Offline.into()) };
            self.step(async |driver| driver.opened(opened).await);
        }
    }

    /// Frames come in together.
    pub fn receive(&mut self, frames: impl IntoIterator<Item = String>) {
        self.line.bring(frames);
        if let Some(first) = self.line.hear() {
            self.step(async |driver| driver.incoming(Incoming::read(&first)).await);
        }
    }

    /// The connection broke.
    pub fn lost(&mut self) {
        self.line.cut();
        self.step(async |driver| driver.incoming(Incoming::Closed).await);
        self.line.cut();
    }

    /// Time went by.
    pub fn tick(&mut self) {
        self.step(Driver::tick);
    }

    /// What it said since this was last asked.
    pub fn said(&mut self) -> Vec<String> {
        self.line.take_said()
    }

    /// Whether it has signed itself out.
    pub fn has_ended(&self) -> bool {
        self.driver.has_ended()
    }
}
