//! An operator's phone: the real core on a directory of its own, and a way to wait for what it shows.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use switchboard_core::{
    AlarmKind, Clock, CommandId, CommandListener, CommandOutcome, ConnectionListener, ConnectionState, Core,
    CoreConfig, CoreError, DeskListener, DeskPart, InboxFilter, InboxOrder, InboxRow, List, ListListener, ListRow,
    ListUpdate, MessageKind, Notification, NotificationListener, Outcome, Platform, Subscription, SystemClock,
    TimelineRow, Typing, UnsentRow, Work, WorkListener,
};
use switchboard_protocol::ids::ChatId;
use tokio::sync::watch;

use crate::WAIT;

/// A phone.
pub struct Operator {
    /// The core itself.
    pub core: Core,
    dir: PathBuf,
    clock: Arc<Skipping>,
    pulse: Arc<Pulse>,
    _subscriptions: Vec<Subscription>,
}

/// The machine's clocks, set forward by a test.
struct Skipping {
    clock: SystemClock,
    ahead_ms: AtomicU64,
}

impl Clock for Skipping {
    fn now_ms(&self) -> i64 {
        self.clock.now_ms().saturating_add_unsigned(self.ahead_ms.load(Ordering::SeqCst))
    }

    fn monotonic_ms(&self) -> u64 {
        self.clock.monotonic_ms().saturating_add(self.ahead_ms.load(Ordering::SeqCst))
    }
}

/// Beats whenever the core tells anything, and remembers how commands ended and what was notified.
#[derive(Default)]
struct Pulse(watch::Sender<u64>, Mutex<HashMap<CommandId, Outcome>>, Mutex<Vec<Notification>>);

impl Pulse {
    fn beat(&self) {
        self.0.send_modify(|beats| *beats += 1);
    }

    fn outcome(&self, id: CommandId) -> Option<Outcome> {
        self.1.lock().unwrap_or_else(PoisonError::into_inner).get(&id).copied()
    }
}

impl<R: ListRow> ListListener<R> for Pulse {
    fn on_update(&self, _: ListUpdate<R>) {
        self.beat();
    }
}

impl ConnectionListener for Pulse {
    fn on_connection(&self, _: ConnectionState) {
        self.beat();
    }
}

impl WorkListener for Pulse {
    fn on_work(&self, _: Work) {
        self.beat();
    }
}

impl DeskListener for Pulse {
    fn on_changed(&self, _: DeskPart) {
        self.beat();
    }
}

impl NotificationListener for Pulse {
    fn on_notification(&self, notification: Notification) {
        self.2.lock().unwrap_or_else(PoisonError::into_inner).push(notification);
        self.beat();
    }
}

impl CommandListener for Pulse {
    fn on_outcome(&self, outcome: CommandOutcome) {
        self.1.lock().unwrap_or_else(PoisonError::into_inner).insert(outcome.id, outcome.outcome);
        self.beat();
    }
}

impl Operator {
    /// Opens the store in `dir`, which may be empty or hold an earlier one. Nothing is started.
    pub fn open(dir: &Path) -> Result<Self, CoreError> {
        let clock = Arc::new(Skipping { clock: SystemClock::new(), ahead_ms: AtomicU64::new(0) });
        let config = CoreConfig::new(dir.to_owned(), Platform::Terminal, "test phone");
        let core = Core::open(CoreConfig { clock: clock.clone(), ..config })?;
        let pulse = Arc::new(Pulse::default());
        let subscriptions = vec![
            core.inbox(InboxFilter::All, InboxOrder::NewestFirst)?.subscribe(pulse.clone()),
            core.archive_list()?.subscribe(pulse.clone()),
            core.unsent()?.subscribe(pulse.clone()),
            core.observe_connection(pulse.clone()),
            core.observe_commands(pulse.clone()),
            core.observe_work(pulse.clone()),
            core.observe_desk(pulse.clone()),
            core.observe_notifications(pulse.clone()),
        ];
        Ok(Self { core, dir: dir.to_owned(), clock, pulse, _subscriptions: subscriptions })
    }

    /// Opens a fresh store, enrols with this link and starts.
    pub async fn enrol(dir: &Path, link: &str) -> Result<Self, CoreError> {
        let operator = Self::open(dir)?;
        operator.core.enrol(link).await?;
        operator.core.start();
        Ok(operator)
    }

    /// The directory of its store.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The rows of the inbox.
    pub fn inbox(&self) -> Vec<InboxRow> {
        self.core.inbox(InboxFilter::All, InboxOrder::NewestFirst).and_then(|list| all(&list)).unwrap_or_default()
    }

    /// The rows of the archive.
    pub fn archive(&self) -> Vec<InboxRow> {
        self.core.archive_list().and_then(|list| all(&list)).unwrap_or_default()
    }

    /// The chats that the user does not want to see for a while.
    pub fn snoozed(&self) -> Vec<InboxRow> {
        self.core.inbox(InboxFilter::Snoozed, InboxOrder::NewestFirst).and_then(|list| all(&list)).unwrap_or_default()
    }

    /// The texts of a chat's timeline; empty when the chat is not there.
    pub fn timeline(&self, chat: ChatId) -> Vec<TimelineRow> {
        self.whole_timeline(chat).into_iter().filter(|row| row.kind == MessageKind::Text).collect()
    }

    /// The rows of a chat's timeline, notes and activities among them; empty when the chat is not there.
    pub fn whole_timeline(&self, chat: ChatId) -> Vec<TimelineRow> {
        self.core.timeline(chat, None).and_then(|list| all(&list)).unwrap_or_default()
    }

    /// Sets this phone's clock forward by the time in which an action can be undone.
    pub fn skip_undo(&self) {
        self.ahead(switchboard_protocol::limits::UNDO_MS + 1);
        self.core.wake();
    }

    /// Sets this phone's clock forward.
    pub fn ahead(&self, ms: u64) {
        self.clock.ahead_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// The texts that did not go out.
    pub fn unsent(&self) -> Vec<UnsentRow> {
        self.core.unsent().and_then(|list| all(&list)).unwrap_or_default()
    }

    /// Everything that this phone shows of its chats, in one text: two phones of a user that are up to date have the
    /// same.
    pub fn state(&self) -> String {
        let mut rows = self.inbox();
        rows.sort_by_key(|row| row.chat);
        let mut state = String::new();
        for row in rows {
            let last = row.last_message.as_ref().map(|last| (&last.preview, last.author, last.sent_at));
            let _ = writeln!(
                state,
                "{} {:?} owner {:?} unread {} waiting since {:?} contact {:?} queue {:?} last {last:?}",
                row.chat, row.state, row.owner, row.unread, row.waiting_since, row.contact_name, row.queue_name
            );
            for message in self.whole_timeline(row.chat) {
                let (id, no, sent_at, delivery) = (message.id, message.no, message.sent_at, message.state);
                let author = (message.author, message.author_id, message.author_name);
                let _ = writeln!(state, "  {id} {no:?} {author:?} {:?} {sent_at} {delivery:?}", message.text);
            }
        }
        state
    }

    /// Waits until `probe` finds what it looks for; it is asked again whenever the core tells anything.
    ///
    /// # Panics
    /// When it does not come within [`WAIT`]; `what` says what was waited for.
    pub async fn until<T>(&self, what: &str, probe: impl Fn(&Self) -> Option<T>) -> T {
        let mut beats = self.pulse.0.subscribe();
        let search = async {
            loop {
                beats.mark_unchanged();
                if let Some(found) = probe(self) {
                    return found;
                }
                // The sender lives as long as `self`.
                let _ = beats.changed().await;
            }
        };
        match tokio::time::timeout(WAIT, search).await {
            Ok(found) => found,
            Err(_) => panic!(
                "{what}: not within {WAIT:?}; connection {:?}, {} chats, {} unsent",
                self.core.connection(),
                self.inbox().len(),
                self.unsent().len(),
            ),
        }
    }

    /// What was notified since this was asked last, the oldest first.
    pub fn notified(&self) -> Vec<Notification> {
        std::mem::take(&mut *self.pulse.2.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until something is true of a chat's timeline.
    pub async fn until_timeline<T>(&self, chat: ChatId, what: &str, probe: impl Fn(&[TimelineRow]) -> Option<T>) -> T {
        let list = self.core.timeline(chat, None);
        let _subscription = list.as_ref().ok().map(|list| list.subscribe(self.pulse.clone()));
        self.until(what, |operator| probe(&operator.timeline(chat))).await
    }

    /// Waits until this phone shows what `other` shows. It need not be at once when both are up to date: what the one
    /// has read comes to the other by the feed.
    ///
    /// # Panics
    /// When they still differ after [`WAIT`].
    pub async fn until_same_state(&self, other: &Operator, what: &str) {
        let (mut ours, mut theirs) = (self.pulse.0.subscribe(), other.pulse.0.subscribe());
        let same = async {
            loop {
                ours.mark_unchanged();
                theirs.mark_unchanged();
                if self.state() == other.state() {
                    return;
                }
                // The senders live as long as the two phones.
                tokio::select! { _ = ours.changed() => {}, _ = theirs.changed() => {} }
            }
        };
        if tokio::time::timeout(WAIT, same).await.is_err() {
            assert_eq!(self.state(), other.state(), "{what}");
        }
    }

    /// Waits until something is true of the alarms.
    pub async fn until_alarms<T>(&self, what: &str, probe: impl Fn(&[AlarmKind]) -> Option<T>) -> T {
        let list = self.core.alarms().expect("the store is open");
        let _subscription = list.subscribe(self.pulse.clone());
        self.until(what, |_| probe(&list.rows().iter().map(|row| row.kind).collect::<Vec<_>>())).await
    }

    /// Waits until the server has done a command; the time in which it could be undone is skipped.
    ///
    /// # Panics
    /// When the server does not do it.
    pub async fn done(&self, command: Result<CommandId, CoreError>) {
        let id = command.expect("the command is queued");
        self.skip_undo();
        let outcome = self.until("the command ends", |operator| operator.pulse.outcome(id)).await;
        assert_eq!(outcome, Outcome::Applied);
    }

    /// Waits until a chat with this id is in the inbox.
    pub async fn until_chat(&self, chat: ChatId) -> InboxRow {
        self.until("the chat is in the inbox", |operator| operator.inbox().into_iter().find(|row| row.chat == chat))
            .await
    }

    /// Waits until there is a chat whose last message is this, and returns its row.
    pub async fn until_offered(&self, text: &str) -> InboxRow {
        self.until("a chat with this text is offered", |operator| {
            let shows = |row: &InboxRow| row.last_message.as_ref().is_some_and(|last| last.preview == text);
            operator.inbox().into_iter().find(shows)
        })
        .await
    }

    /// Waits until a chat is no longer in the inbox.
    pub async fn until_gone(&self, chat: ChatId) {
        self.until("the chat is gone", |operator| operator.inbox().iter().all(|row| row.chat != chat).then_some(()))
            .await;
    }

    /// Waits until the core is up to date.
    pub async fn until_online(&self) {
        self.until("online", |operator| (operator.core.connection() == ConnectionState::Online).then_some(())).await;
    }

    /// Stops the network and lets go of the store, so that its directory can be opened again.
    pub async fn close(self) -> PathBuf {
        let Self { core, dir, _subscriptions, .. } = self;
        core.stop().await;
        drop(_subscriptions);
        drop(core);
        dir
    }
}

/// All rows of a list, however long its window is.
fn all<R: ListRow>(list: &List<R>) -> Result<Vec<R>, CoreError> {
    loop {
        let before = list.rows().len();
        list.extend(500)?;
        let rows = list.rows();
        if rows.len() == before {
            return Ok(rows);
        }
    }
}

/// How commands end, as a stream.
pub fn outcome_stream(core: &Core) -> OutcomeStream {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let listener = move |outcome: CommandOutcome| {
        // Nobody listens any more when the test is over.
        let _ = sender.send(outcome);
    };
    OutcomeStream { receiver, _subscription: core.observe_commands(Arc::new(listener)) }
}

/// A stream of outcomes; dropping it ends the subscription.
pub struct OutcomeStream {
    receiver: tokio::sync::mpsc::UnboundedReceiver<CommandOutcome>,
    _subscription: Subscription,
}

impl OutcomeStream {
    /// Waits for the end of this command.
    ///
    /// # Panics
    /// When it does not come within [`WAIT`].
    pub async fn of(&mut self, id: CommandId) -> Outcome {
        let found = async {
            while let Some(outcome) = self.receiver.recv().await {
                if outcome.id == id {
                    return Some(outcome.outcome);
                }
            }
            None
        };
        tokio::time::timeout(WAIT, found).await.ok().flatten().expect("the command ends")
    }
}

/// Who types where, as a stream.
pub fn typing_stream(core: &Core) -> TypingStream {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let listener = move |typing: Typing| drop(sender.send(typing));
    TypingStream { receiver, _subscription: core.observe_typing(Arc::new(listener)) }
}

/// A stream of typing notices; dropping it ends the subscription.
pub struct TypingStream {
    receiver: tokio::sync::mpsc::UnboundedReceiver<Typing>,
    _subscription: Subscription,
}

impl TypingStream {
    /// The next notice.
    pub async fn recv(&mut self) -> Option<Typing> {
        self.receiver.recv().await
    }
}
