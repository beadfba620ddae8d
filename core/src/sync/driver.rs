//! Does what the machine says: socket, store, timers. One task, everything in order.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use switchboard_protocol::ClientFrame;
use switchboard_protocol::frame::{Hello, Typing as TypingFrame};
use switchboard_protocol::ids::{ChatId, UserId};
use switchboard_protocol::limits::PROTOCOL_VERSION;
use tokio::sync::{mpsc, oneshot};

use super::apply;
use super::by_hand::Line;
use super::machine::{Input, Machine, Now, Output};
use super::requests::Fetching;
use super::socket::{Incoming, Socket};
use crate::error::{CoreError, Error, Result};
use crate::model::Typing;
use crate::shared::Shared;
use crate::store::account::SignedInDevice;
use crate::store::notification::Stretch;
use crate::store::{Durability, Store, account, collection, outbox, snapshot};

/// Frames that are taken from the socket before orders of the app get their turn.
const AT_ONCE: usize = 500;
/// A purge that a reader of another process holds up is tried again this often.
const PURGE_RETRY_MS: u64 = 250;

/// What the app asks of the network side.
pub(crate) enum Order {
    Start,
    Stop,
    Wake,
    OutboxChanged,
    FetchOlder(ChatId, oneshot::Sender<Result<bool, CoreError>>),
    Typing(ChatId, bool),
}

/// The socket is opened by a task of its own: no borrow of this one is held across it.
type Connecting = tokio::task::JoinHandle<Result<Socket>>;

pub(crate) struct Driver {
    pub(super) shared: Arc<Shared>,
    pub(super) machine: Machine,
    socket: Option<Socket>,
    connecting: Option<Connecting>,
    pub(super) fetches: HashMap<u64, Fetching>,
    pub(super) typing: HashMap<(ChatId, Option<UserId>), u64>,
    /// Content was deleted, and the log is to be truncated: at the end of the catch-up, or at once.
    purge_due: bool,
    /// When that is tried again.
    purge_at: Option<u64>,
    /// A batch that is being applied while the next one is read from the socket.
    applying: Option<tokio::task::JoinHandle<Result<apply::Applied>>>,
    /// Whether that batch tells what happens now.
    applying_live: bool,
    /// Waiting chats that were heard, and in which stretch of waiting.
    pub(super) heard: HashMap<ChatId, Stretch>,
    /// What a command of the outbox waited for was applied: it may go.
    settled: bool,
    ended: bool,
    /// In place of the network, for tests.
    line: Option<Arc<Line>>,
}

impl Driver {
    pub(crate) fn new(shared: Arc<Shared>, seed: u64) -> Self {
        Self {
            shared,
            machine: Machine::new(seed),
            socket: None,
            connecting: None,
            fetches: HashMap::new(),
            typing: HashMap::new(),
            purge_due: false,
            purge_at: None,
            applying: None,
            applying_live: false,
            heard: HashMap::new(),
            settled: false,
            ended: false,
            line: None,
        }
    }

    /// One that is moved by hand.
    pub(crate) fn on(shared: Arc<Shared>, seed: u64, line: Arc<Line>) -> Self {
        Self { line: Some(line), ..Self::new(shared, seed) }
    }

    /// Whether nothing is to be done any more.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    pub(crate) async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        while !self.ended {
            let sleep = self.sleep();
            tokio::select! {
                // Orders first: `stop` is not to wait for a flood of events.
                biased;
                order = orders.recv() => match order {
                    Some(order) => self.order(order).await,
                    None => break,
                },
                applied = poll_applying(&mut self.applying) => {
                    self.applying = None;
                    let failure = self.applied(applied).await;
                    self.failed(failure).await;
                }
                opened = poll_connecting(&mut self.connecting) => self.opened(opened).await,
                incoming = poll_socket(&mut self.socket) => self.incoming(incoming).await,
                () = sleep => self.tick().await,
            }
            // Whichever of these applied a batch.
            self.go_on().await;
        }
        self.input(Input::Stop).await;
        if self.purge_due {
            self.finish_purge().await;
        }
    }

    pub(super) fn now(&self) -> Now {
        Now { mono: self.shared.clock.monotonic_ms(), wall: self.shared.clock.now_ms() }
    }

    fn sleep(&self) -> impl Future<Output = ()> + Send + use<> {
        let typing = self.typing.values().min().copied();
        let next = [self.machine.deadline(), typing, self.purge_at].into_iter().flatten().min();
        let now = self.now().mono;
        async move {
            match next {
                Some(at) => tokio::time::sleep(Duration::from_millis(at.saturating_sub(now))).await,
                None => std::future::pending().await,
            }
        }
    }

    pub(crate) async fn tick(&mut self) {
        let now = self.now().mono;
        let over: Vec<_> = self.typing.iter().filter(|(_, at)| **at <= now).map(|(who, _)| *who).collect();
        for (chat, user) in over {
            self.typing.remove(&(chat, user));
            self.shared.hub.typing(&Typing { chat, user, name: None, typing: false });
        }
        if self.purge_at.is_some_and(|at| at <= now) {
            self.finish_purge().await;
        }
        self.input(Input::Tick).await;
    }

    pub(crate) async fn order(&mut self, order: Order) {
        match order {
            Order::Start => self.input(Input::Start).await,
            Order::Stop => self.ended = true,
            Order::Wake => self.input(Input::Wake).await,
            Order::OutboxChanged => self.input(Input::OutboxChanged).await,
            Order::Typing(chat, typing) => {
                self.input(Input::Say(ClientFrame::Ephemeral(TypingFrame { chat, typing }))).await;
            }
            Order::FetchOlder(chat, waiter) => self.fetch(chat, waiter).await,
        }
    }

    pub(crate) async fn opened(&mut self, opened: Result<Socket>) {
        self.connecting = None;
        let hello = match opened {
            Ok(socket) => {
                self.socket = Some(socket);
                self.hello().await
            }
            Err(error) => Err(error),
        };
        match hello {
            Ok((hello, revs)) => self.input(Input::Connected(hello, revs)).await,
            Err(error) => {
                tracing::debug!(%error, "no connection");
                self.input(Input::Disconnected).await;
            }
        }
    }

    async fn hello(&self) -> Result<(Hello, switchboard_protocol::collection::Revisions)> {
        let device = self.device()?;
        let (position, revs) =
            self.store(|store| store.read(|db| Ok((account::position(db)?, collection::revisions(db)?)))).await?;
        let feed_id = position.feed_id.filter(|_| !position.want_snapshot);
        let hello = Hello {
            v: PROTOCOL_VERSION,
            device: device.device,
            token: device.token,
            feed_id,
            cursor: if feed_id.is_some() { position.cursor } else { 0 },
        };
        Ok((hello, revs))
    }

    fn device(&self) -> Result<SignedInDevice> {
        self.shared.account().ok_or_else(|| CoreError::SignInAgain.into())
    }

    /// A frame, and whatever else is already here: one transaction for all of it.
    pub(crate) async fn incoming(&mut self, first: Incoming) {
        let mut next = Some(first);
        let mut count = 0;
        while let Some(incoming) = next.take() {
            match incoming {
                Incoming::Frame(frame, text) => self.input(Input::Frame(*frame, &text)).await,
                Incoming::Unknown => {}
                Incoming::Malformed => {
                    tracing::warn!("the server sent something that is not a frame");
                    // It may come again at the same place of a replay; a snapshot gets past it.
                    let marked =
                        self.store(|store| store.write(Durability::Normal, |tx, _| account::want_snapshot(tx))).await;
                    if let Err(error) = marked {
                        tracing::warn!(%error, "the store cannot be marked");
                    }
                    self.input(Input::Malformed).await;
                }
                Incoming::Closed => self.input(Input::Disconnected).await,
            }
            count += 1;
            if count < AT_ONCE
                && let Some(socket) = &mut self.socket
            {
                next = socket.next().now_or_never();
            }
        }
        self.input(Input::Drained).await;
    }

    /// Tells the machine what happened and does what it says. When something of that fails, the rest of it is of a
    /// state that is no more: the machine is told, and says anew what to do.
    pub(super) async fn input(&mut self, input: Input<'_>) {
        let now = self.now();
        // Before the machine is told: what the end of a catch-up still brings happened earlier.
        let live = self.machine.is_live();
        let mut todo: VecDeque<Output> = self.machine.handle(now, input).into();
        while let Some(output) = todo.pop_front() {
            // Everything that touches the store keeps its place behind the batch that is being applied.
            let failure = match output {
                Output::Connect | Output::Send(_) | Output::State(_) | Output::Typing(_) => None,
                _ => self.settle().await,
            };
            let failure = match failure {
                Some(failure) => Some(failure),
                None => self.perform(output, live).await,
            };
            if let Some(failure) = failure {
                let now = self.now();
                let instead = self.machine.handle(now, failure);
                // Nothing to say to it: the machine had already given the connection up, and that goes on.
                if !instead.is_empty() {
                    todo = instead.into();
                }
            }
        }
    }

    /// Waits for the batch that is being applied.
    pub(crate) async fn settle(&mut self) -> Option<Input<'static>> {
        let applying = self.applying.take()?;
        let applied = applying.await.unwrap_or_else(|error| Err(Error::Task(error.to_string())));
        self.applied(applied).await
    }

    /// Sends what waited in the outbox for something that was applied since.
    pub(crate) async fn go_on(&mut self) {
        while std::mem::take(&mut self.settled) {
            self.input(Input::OutboxChanged).await;
        }
    }

    pub(crate) async fn failed(&mut self, failure: Option<Input<'static>>) {
        if let Some(failure) = failure {
            self.input(failure).await;
        }
    }

    async fn perform(&mut self, output: Output, live: bool) -> Option<Input<'static>> {
        match output {
            Output::Connect => {
                self.connect();
                None
            }
            Output::Disconnect => {
                self.disconnect().await;
                None
            }
            Output::Send(frame) => self.send(&frame).await,
            Output::State(state) => {
                self.shared.hub.set_connection(state);
                None
            }
            Output::ServerTime(server) => {
                let offset = server - self.shared.clock.now_ms();
                self.shared.set_clock_offset(offset);
                let stored = self
                    .store(move |store| store.write(Durability::Normal, |tx, _| account::set_clock_offset(tx, offset)))
                    .await;
                store_failed(stored)
            }
            Output::Apply(events) => {
                let (me, wall, store) = (self.shared.me()?, self.now().wall, Arc::clone(&self.shared.store));
                self.applying_live = live;
                self.applying = Some(tokio::task::spawn_blocking(move || apply::events(&store, me, wall, &events)));
                None
            }
            Output::StageBegin => store_failed(
                self.store(|store| store.write(Durability::Normal, |tx, _| snapshot::drop_stage(tx))).await,
            ),
            Output::Stage(json) => store_failed(
                self.store(move |store| store.write(Durability::Normal, |tx, _| snapshot::stage(tx, &json))).await,
            ),
            Output::Swap { feed_id, cursor } => {
                let (me, wall) = (self.shared.me()?, self.now().wall);
                self.applying_live = false;
                let applied = self.store(move |store| apply::swap(store, me, wall, feed_id, cursor)).await;
                self.applied(applied).await
            }
            Output::Live => {
                let done = self.store(|store| store.write(Durability::Normal, outbox::caught_up)).await;
                self.finish_purge().await;
                store_failed(done)
            }
            Output::Rows(rows) => {
                let stored = self
                    .store(move |store| {
                        store.write(Durability::Normal, |tx, changes| collection::store(tx, &rows, changes))
                    })
                    .await;
                store_failed(stored)
            }
            Output::Page(page) => self.page(page).await,
            Output::RequestFailed(error) => {
                self.request_failed(&error);
                None
            }
            Output::Result(result) => {
                let wall = self.now().wall;
                match self.store(move |store| apply::result(store, wall, &result)).await {
                    Ok(outcomes) => {
                        for outcome in &outcomes {
                            self.shared.hub.command_ended(outcome);
                        }
                        self.announce(Vec::new(), &outcomes).await;
                        None
                    }
                    Err(error) => store_failed(Err::<(), _>(error)),
                }
            }
            Output::Typing(typing) => {
                self.peer_typing(&typing).await;
                None
            }
            Output::PumpOutbox => {
                // Full: that something may be on its way must be known after a power cut, before it is on its way.
                let wall = self.now().wall;
                let frames = self.store(move |store| store.write(Durability::Full, outbox::take_sendable(wall))).await;
                match frames {
                    Ok(frames) => {
                        for frame in frames {
                            if let Some(failure) = self.send(&ClientFrame::Command(frame)).await {
                                return Some(failure);
                            }
                        }
                        None
                    }
                    Err(error) => store_failed(Err::<(), _>(error)),
                }
            }
            Output::DeleteStore => {
                if let Err(error) = self.shared.forget_everything().await {
                    tracing::error!(%error, "the store of a revoked device could not be deleted; it is at the next start");
                }
                self.ended = true;
                None
            }
        }
    }

    fn connect(&mut self) {
        if let Some(line) = &self.line {
            line.want();
            return;
        }
        let (device, shared) = (self.device(), Arc::clone(&self.shared));
        self.connecting = Some(tokio::spawn(async move { Socket::connect(device?.server, shared.tls()?).await }));
    }

    async fn disconnect(&mut self) {
        if let Some(connecting) = self.connecting.take() {
            connecting.abort();
        }
        if let Some(socket) = self.socket.take() {
            // Nobody waits for a goodbye that a dead line does not take.
            tokio::spawn(socket.close());
        }
        for (_, fetching) in self.fetches.drain() {
            for waiter in fetching.waiters {
                let _ = waiter.send(Err(CoreError::Offline));
            }
        }
        for (chat, user) in std::mem::take(&mut self.typing).into_keys() {
            self.shared.hub.typing(&Typing { chat, user, name: None, typing: false });
        }
        let noted = self
            .store(|store| {
                let (in_flight, staged) =
                    store.read(|db| Ok((outbox::any_in_flight(db)?, snapshot::any_staged(db)?)))?;
                if in_flight || staged {
                    store.write(Durability::Normal, |tx, changes| {
                        changes.chats.extend(outbox::lost(tx)?);
                        snapshot::drop_stage(tx)
                    })?;
                }
                Ok(staged)
            })
            .await;
        match noted {
            Ok(staged) => self.purge_due |= staged,
            // The next start puts it right.
            Err(error) => tracing::warn!(%error, "the outbox does not know that the connection was lost"),
        }
        if self.purge_due {
            self.finish_purge().await;
        }
    }

    async fn send(&mut self, frame: &ClientFrame) -> Option<Input<'static>> {
        let Some(socket) = &mut self.socket else { return Some(Input::Disconnected) };
        match socket.send(frame).await {
            Ok(()) => None,
            Err(error) => {
                tracing::debug!(%error, "the connection was lost");
                Some(Input::Disconnected)
            }
        }
    }

    async fn applied(&mut self, applied: Result<apply::Applied>) -> Option<Input<'static>> {
        let applied = match applied {
            Ok(applied) => applied,
            Err(error) => return store_failed(Err::<(), _>(error)),
        };
        for outcome in &applied.outcomes {
            self.shared.hub.command_ended(outcome);
        }
        let news = if self.applying_live { applied.news } else { Vec::new() };
        self.announce(news, &applied.outcomes).await;
        self.settled |= applied.settled;
        self.purge_due |= applied.purge;
        // Once a catch-up: while more is coming, the purge waits for its end, or for the connection's.
        if self.purge_due && !self.machine.is_catching_up() {
            self.finish_purge().await;
        }
        applied.resync.then_some(Input::Resync)
    }

    async fn finish_purge(&mut self) {
        self.purge_at = match self.store(Store::finish_purge).await {
            Ok(true) => {
                self.purge_due = false;
                None
            }
            Ok(false) => Some(self.now().mono + PURGE_RETRY_MS),
            Err(error) => {
                tracing::warn!(%error, "a purge could not be finished; it is tried again");
                Some(self.now().mono + PURGE_RETRY_MS * 20)
            }
        };
    }

    /// Runs on the store, away from the async threads.
    pub(super) async fn store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = Arc::clone(&self.shared.store);
        tokio::task::spawn_blocking(move || work(&store)).await.map_err(|error| Error::Task(error.to_string()))?
    }
}

fn store_failed<T>(result: Result<T>) -> Option<Input<'static>> {
    match result {
        Ok(_) => None,
        Err(error) => {
            // Nothing was accepted that is not stored: the cursor stays, and the server sends it again.
            tracing::warn!(%error, "the store does not take what came in");
            Some(Input::StoreFailed)
        }
    }
}

async fn poll_applying(
    applying: &mut Option<tokio::task::JoinHandle<Result<apply::Applied>>>,
) -> Result<apply::Applied> {
    match applying {
        Some(applying) => applying.await.unwrap_or_else(|error| Err(Error::Task(error.to_string()))),
        None => std::future::pending().await,
    }
}

async fn poll_connecting(connecting: &mut Option<Connecting>) -> Result<Socket> {
    match connecting {
        Some(connecting) => connecting.await.unwrap_or_else(|error| Err(Error::Task(error.to_string()))),
        None => std::future::pending().await,
    }
}

async fn poll_socket(socket: &mut Option<Socket>) -> Incoming {
    match socket {
        Some(socket) => socket.next().await,
        None => std::future::pending().await,
    }
}
