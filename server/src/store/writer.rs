//! The one thread that writes. It takes what already waits, runs each request in a savepoint of one transaction, commits
//! once, and only then lets the world know: group commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use rusqlite::{Connection, TransactionBehavior};
use switchboard_protocol::UnixMillis;
use tokio::sync::{mpsc, oneshot};

use super::checkpoint::{self, Progress};
use super::effects::{Effect, Effects};
use super::sql::Sql;
use super::{StoreError, notices};
use crate::clock::Clock;
use crate::config::ChatRules;

/// The most requests of one commit. Beyond it a commit's own time grows faster than its syncs are saved.
const BATCH: usize = 256;
/// Requests that may wait. A sender beyond it waits, which in turn stops the reading of its socket.
const WAITING: usize = 4_096;

/// A transaction in progress, with what the world will be told if it commits.
pub struct Tx<'a> {
    /// The transaction itself; only the store's own files use it.
    pub(super) sql: &'a rusqlite::Transaction<'a>,
    /// The time of the batch.
    pub now: UnixMillis,
    pub(super) effects: &'a mut Effects,
    /// What becomes of chats with time.
    pub(super) rules: ChatRules,
}

impl Tx<'_> {
    pub(super) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }
}

/// A request: what to do in the transaction, and what to do with its outcome after the commit.
trait Job: Send {
    /// The error that the outcome holds, if it does.
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError>;
    /// Called once, after the commit, or with the error that failed the whole batch.
    fn finish(self: Box<Self>, batch: Result<(), StoreError>);
}

struct Request<T, R, F> {
    run: Option<R>,
    outcome: Option<Result<T, StoreError>>,
    finish: F,
}

impl<T, R, F> Job for Request<T, R, F>
where
    T: Send,
    R: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send,
    F: FnOnce(Result<T, StoreError>) + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let Some(run) = self.run.take() else { return Ok(()) };
        // A bug in one request must cost that request, not the thread that everybody writes through.
        let outcome = catch_unwind(AssertUnwindSafe(|| run(tx)))
            .unwrap_or_else(|_| Err(StoreError::Unexpected("a write panicked".into())));
        let error = outcome.as_ref().err().cloned();
        self.outcome = Some(outcome);
        error.map_or(Ok(()), Err)
    }

    fn finish(self: Box<Self>, batch: Result<(), StoreError>) {
        let this = *self;
        let outcome = match (batch, this.outcome) {
            (Err(error), _) => Err(error),
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(StoreError::Stopping),
        };
        (this.finish)(outcome);
    }
}

/// What the thread is sent.
enum Message {
    Job(Box<dyn Job>),
    /// Finish what was sent before, and end.
    Stop,
}

/// What the writer has done since it started.
#[derive(Debug, Default)]
pub struct WriterStats {
    /// Requests that were run.
    pub requests: AtomicU64,
    /// Commits, each one sync of the log.
    pub commits: AtomicU64,
    /// Batches that failed as a whole.
    pub failures: AtomicU64,
    /// Checkpoints that this thread had to finish itself.
    pub checkpoints: AtomicU64,
}

/// Told of each commit, in commit order, on the writer's thread.
pub trait Publish: Send {
    /// A batch was committed and changed this. Nobody need be woken yet.
    fn publish(&mut self, effects: Effects);

    /// All its senders have their answers: who has something to send may be woken. A session that is woken once finds its
    /// answer and its events together, and sends them in one write.
    fn batch_done(&mut self);
}

/// Publishes to nobody.
impl Publish for () {
    fn publish(&mut self, _: Effects) {}

    fn batch_done(&mut self) {}
}

/// What the writer is made of.
pub(super) struct WriterParts {
    pub connection: Connection,
    pub clock: Clock,
    pub publish: Box<dyn Publish>,
    /// Effects are also left in the database, for the server that runs beside this process.
    pub leave_notices: bool,
    /// Asked at the end: whether nobody else works on the database, so that the log may be emptied. Beside a running server
    /// it may not: that would hold up the server's commits until its readers are done.
    pub alone: Box<dyn FnOnce() -> bool + Send>,
    pub rules: ChatRules,
}

/// Sends requests to the thread.
#[derive(Clone)]
pub struct Writer {
    requests: mpsc::Sender<Message>,
    stats: Arc<WriterStats>,
}

impl Writer {
    pub(super) fn start(mut parts: WriterParts) -> Result<(Writer, JoinHandle<()>, Arc<Progress>), StoreError> {
        let (requests, waiting) = mpsc::channel(WAITING);
        let stats = Arc::new(WriterStats::default());
        let progress = Arc::new(Progress::default());
        progress.watch(&mut parts.connection)?;
        let thread = Thread { parts, stats: stats.clone(), progress: progress.clone() };
        let thread = std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || thread.run(waiting))
            .map_err(|error| StoreError::Unexpected(error.to_string()))?;
        Ok((Writer { requests, stats }, thread, progress))
    }

    /// Runs `run` in the next batch; `finish` is called after its commit (and after its effects were published) on the
    /// writer's thread, so it must be quick. Waits only for a place in the line.
    pub async fn submit<T, R, F>(&self, run: R, finish: F)
    where
        T: Send + 'static,
        R: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
        F: FnOnce(Result<T, StoreError>) + Send + 'static,
    {
        let request = Box::new(Request { run: Some(run), outcome: None, finish });
        if let Err(mpsc::error::SendError(Message::Job(refused))) = self.requests.send(Message::Job(request)).await {
            refused.finish(Err(StoreError::Stopping));
        }
    }

    /// Runs `run` in the next batch and waits for its commit. Once it was sent it runs, even if the caller goes away.
    pub async fn write<T, R>(&self, run: R) -> Result<T, StoreError>
    where
        T: Send + 'static,
        R: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.submit(run, move |outcome| drop(answer.send(outcome))).await;
        answered.await.unwrap_or(Err(StoreError::Stopping))
    }

    /// Lets the thread finish what was sent before, and end.
    pub(super) async fn stop(&self) {
        // An error means that it ended already.
        drop(self.requests.send(Message::Stop).await);
    }

    /// What the writer has done since it started.
    pub fn stats(&self) -> &WriterStats {
        &self.stats
    }
}

struct Thread {
    parts: WriterParts,
    stats: Arc<WriterStats>,
    progress: Arc<Progress>,
}

impl Thread {
    fn run(mut self, mut waiting: mpsc::Receiver<Message>) {
        let mut batch = Vec::with_capacity(BATCH);
        while let Some(first) = waiting.blocking_recv() {
            let mut next = Ok(first);
            while let Ok(message) = next {
                match message {
                    Message::Job(job) => batch.push(job),
                    // What others managed to send meanwhile is still in the line; nothing more gets in.
                    Message::Stop => waiting.close(),
                }
                if batch.len() == BATCH {
                    break;
                }
                next = waiting.try_recv();
            }
            if batch.is_empty() {
                continue;
            }
            self.batch(&mut batch);
            if self.progress.take_restart() {
                self.stats.checkpoints.fetch_add(1, Ordering::Relaxed);
                if let Err(error) = checkpoint::passive(&self.parts.connection) {
                    tracing::warn!(%error, "the writer's checkpoint failed; it is tried again");
                }
            }
        }
        if !(self.parts.alone)() {
            return;
        }
        // Nobody can write any more: the last word is a log that is empty.
        match checkpoint::truncate(&self.parts.connection) {
            Ok(true) => {}
            Ok(false) => tracing::warn!("a reader kept the last checkpoint from emptying the log; nothing is lost"),
            Err(error) => tracing::warn!(%error, "the last checkpoint failed; the log is kept, nothing is lost"),
        }
    }

    fn batch(&mut self, jobs: &mut Vec<Box<dyn Job>>) {
        self.stats.requests.fetch_add(jobs.len() as u64, Ordering::Relaxed);
        let committed = self.commit(jobs);
        match committed {
            Ok(effects) => {
                self.stats.commits.fetch_add(1, Ordering::Relaxed);
                let news = !effects.is_empty();
                if news {
                    self.parts.publish.publish(effects);
                }
                for job in jobs.drain(..) {
                    job.finish(Ok(()));
                }
                if news {
                    self.parts.publish.batch_done();
                }
            }
            Err(error) => {
                self.stats.failures.fetch_add(1, Ordering::Relaxed);
                tracing::error!(%error, requests = jobs.len(), "a batch of writes failed; its senders will try again");
                for job in jobs.drain(..) {
                    job.finish(Err(error.clone()));
                }
            }
        }
    }

    /// Runs all jobs in one transaction. An error means that nothing of the batch is stored.
    fn commit(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<Effects, StoreError> {
        let now = self.parts.clock.now();
        let (leave_notices, rules) = (self.parts.leave_notices, self.parts.rules);
        let transaction = self.parts.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut effects = Effects::default();
        for job in jobs.iter_mut() {
            let mark = effects.len();
            transaction.sql("SAVEPOINT request")?.execute([])?;
            let mut tx = Tx { sql: &transaction, now, effects: &mut effects, rules };
            let mut outcome = job.run(&mut tx);
            if outcome.is_ok() && leave_notices {
                outcome = notices::leave(&transaction, &effects[mark..]);
                // The job believes that it succeeded: without its notices the batch must not stand.
                outcome.clone().map_err(|error| StoreError::Unavailable(error.to_string()))?;
            }
            if transaction.is_autocommit() {
                return Err(StoreError::Unavailable("the database rolled the transaction back".into()));
            }
            match outcome {
                Ok(()) => {}
                Err(error) if error.fails_batch() => return Err(error),
                Err(_) => {
                    effects.truncate(mark);
                    transaction.sql("ROLLBACK TO request")?.execute([])?;
                }
            }
            transaction.sql("RELEASE request")?.execute([])?;
        }
        transaction.commit()?;
        Ok(effects)
    }
}

/// One request in a transaction of its own on the caller's thread: a batch of one, for tests that move everything by hand.
pub(crate) fn transact<T>(
    connection: &mut Connection,
    now: UnixMillis,
    run: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>,
) -> Result<(T, Effects), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut effects = Effects::default();
    let done = run(&mut Tx { sql: &transaction, now, effects: &mut effects, rules: ChatRules::default() })?;
    transaction.commit()?;
    Ok((done, effects))
}
