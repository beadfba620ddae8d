//! The connection as a machine without a socket, a clock or a store: what happened goes in, what is to be done comes
//! out. The driver does it, in order.

use switchboard_protocol::collection::{Collection, Revisions};
use switchboard_protocol::command::{CommandResult, CommandStatus};
use switchboard_protocol::frame::{
    Ack, Bye, CatchUp, Changed, Empty, Event, Hello, Page, PeerTyping, RequestError, Rows, Welcome,
};
use switchboard_protocol::ids::FeedId;
use switchboard_protocol::{ClientFrame, ErrorCode, ServerFrame, UnixMillis};

use super::backoff::Backoff;
use super::pulls::Pulls;
use crate::model::ConnectionState;

/// Events that are applied in one transaction. A chat's row and the index's segments are written once a batch: 10,000
/// events of 2,000 chats took 410 ms of CPU in batches of up to 500, 267 ms in batches of 4,000, of which 147 ms are the
/// bare SQL. A reply that is typed meanwhile waits for one transaction, some 0.3 s.
pub(crate) const MAX_BATCH: usize = 10_000;
/// And no more than this of their content, to keep memory flat.
pub(crate) const MAX_BATCH_BYTES: usize = 4 * 1024 * 1024;
/// While more of a replay is announced, what came in waits this long for it.
const REPLAY_PATIENCE_MS: u64 = 400;
/// How long the server may take to welcome a connection.
const WELCOME_MS: u64 = 15_000;
/// Events after which the server is told how far the device is, while more come in.
const ACK_EVERY: u64 = 500;
/// A connection that lasted this long was not fought over.
const REPLACED_CALM_MS: u64 = 60_000;
/// A server's wish for when to come back is followed up to here.
const MAX_RETRY_MS: u64 = 10 * 60 * 1000;

/// Something that happened.
#[cfg_attr(test, derive(Debug))]
pub(crate) enum Input<'a> {
    /// The app wants a connection.
    Start,
    /// The app wants none.
    Stop,
    /// Now is a good moment to try: the network is back, or the app came to the front.
    Wake,
    /// The socket is open; this is what to say on it, and which collections are here.
    Connected(Hello, Revisions),
    /// The socket could not be opened, or was lost.
    Disconnected,
    /// A frame came in, with its text.
    Frame(ServerFrame, &'a str),
    /// Something came in that is no frame.
    Malformed,
    /// Nothing more is in the socket's buffer at the moment.
    Drained,
    /// Time went by.
    Tick,
    /// The store could not take what it was to store.
    StoreFailed,
    /// The store holds something that only a snapshot puts right.
    Resync,
    /// The outbox has something new.
    OutboxChanged,
    /// A frame of the user's doing.
    Say(ClientFrame),
}

/// Something to be done.
#[cfg_attr(test, derive(Debug))]
pub(crate) enum Output {
    Connect,
    /// Close the socket; what was in flight goes back into the outbox.
    Disconnect,
    Send(ClientFrame),
    State(ConnectionState),
    /// The server's clock.
    ServerTime(UnixMillis),
    /// Apply in one transaction, then announce.
    Apply(Vec<Event>),
    StageBegin,
    Stage(String),
    Swap {
        feed_id: FeedId,
        cursor: u64,
    },
    /// The log is caught up with: accepted commands are reconciled, a purge is finished, fetches and commands go.
    Live,
    Rows(Rows),
    Page(Page),
    RequestFailed(RequestError),
    Result(CommandResult),
    Typing(PeerTyping),
    /// Send what the outbox has.
    PumpOutbox,
    /// The server revoked this device: delete the store.
    DeleteStore,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Stopped,
    /// Stopped by the server, for good or until something changes here.
    Refused(ErrorCode),
    Waiting {
        until: u64,
    },
    Connecting,
    Greeting {
        deadline: u64,
    },
    Replaying,
    AwaitingSnapshot,
    Staging {
        as_of: u64,
    },
    Live,
}

impl Phase {
    fn is_welcomed(self) -> bool {
        matches!(self, Phase::Replaying | Phase::AwaitingSnapshot | Phase::Staging { .. } | Phase::Live)
    }

    fn has_socket(self) -> bool {
        self.is_welcomed() || matches!(self, Phase::Greeting { .. })
    }
}

pub(crate) struct Machine {
    phase: Phase,
    backoff: Backoff,
    /// Pauses after the server asked for commands again, and after another connection replaced ours.
    retry_pause: Backoff,
    replaced_pause: Backoff,
    live_since: u64,
    /// The log that the store follows, and how far, with the events that wait to be applied.
    feed_id: Option<FeedId>,
    cursor: u64,
    acked: u64,
    waiting: Vec<Event>,
    waiting_bytes: usize,
    waiting_since: u64,
    pulls: Pulls,
    heartbeat_ms: u64,
    last_heard: u64,
    last_ping: u64,
    /// The outbox rests until then, because the server could not decide.
    outbox_rests: Option<u64>,
    state: Option<ConnectionState>,
    out: Vec<Output>,
}

/// The two clocks at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    pub(crate) mono: u64,
    pub(crate) wall: UnixMillis,
}

impl Machine {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            phase: Phase::Stopped,
            backoff: Backoff::new(seed),
            retry_pause: Backoff::new(seed.wrapping_add(1)),
            replaced_pause: Backoff::new(seed.wrapping_add(2)),
            live_since: 0,
            feed_id: None,
            cursor: 0,
            acked: 0,
            waiting: Vec::new(),
            waiting_bytes: 0,
            waiting_since: 0,
            pulls: Pulls::default(),
            heartbeat_ms: 30_000,
            last_heard: 0,
            last_ping: 0,
            outbox_rests: None,
            state: None,
            out: Vec::new(),
        }
    }

    /// Whether requests can be sent and answered now.
    pub(crate) fn is_live(&self) -> bool {
        self.phase == Phase::Live
    }

    /// Whether more is announced of what happened before now.
    pub(crate) fn is_catching_up(&self) -> bool {
        self.phase.is_welcomed() && !self.is_live()
    }

    /// Whether there is no connection, and none is being tried for.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Stopped | Phase::Refused(_))
    }

    /// A number for a request.
    pub(crate) fn next_req(&mut self) -> u64 {
        self.pulls.next_req()
    }

    /// When [`Input::Tick`] is wanted, by the monotonic clock.
    pub(crate) fn deadline(&self) -> Option<u64> {
        let connection = match self.phase {
            Phase::Waiting { until } => Some(until),
            Phase::Greeting { deadline } => Some(deadline),
            phase if phase.is_welcomed() => Some(self.ping_at().min(self.silence_at())),
            _ => None,
        };
        let outbox = self.outbox_rests.filter(|_| self.is_live());
        let replay = (!self.waiting.is_empty()).then_some(self.waiting_since + REPLAY_PATIENCE_MS);
        [connection, outbox, replay].into_iter().flatten().min()
    }

    fn ping_at(&self) -> u64 {
        self.last_ping + self.heartbeat_ms
    }

    fn silence_at(&self) -> u64 {
        self.last_heard + self.heartbeat_ms + self.heartbeat_ms / 2
    }

    /// Takes in what happened; the answer is to be done in order.
    pub(crate) fn handle(&mut self, now: Now, input: Input<'_>) -> Vec<Output> {
        match input {
            Input::Start => {
                if self.has_ended() {
                    self.backoff.reset();
                    self.connect();
                }
            }
            Input::Stop => {
                if self.phase != Phase::Stopped {
                    self.hang_up();
                    self.phase = Phase::Stopped;
                    self.tell(ConnectionState::Stopped);
                }
            }
            Input::Wake => {
                if matches!(self.phase, Phase::Waiting { .. }) {
                    self.connect();
                }
            }
            Input::Connected(hello, revs) => self.connected(now, hello, revs),
            Input::Disconnected => {
                if self.phase == Phase::Connecting || self.phase.has_socket() {
                    self.retry(now, 0);
                }
            }
            Input::Frame(frame, text) => {
                self.last_heard = now.mono;
                self.frame(now, frame, text);
            }
            Input::Malformed => {
                if self.phase.has_socket() {
                    self.retry(now, 0);
                }
            }
            Input::Drained => {
                if self.phase != Phase::Replaying {
                    self.flush();
                }
            }
            Input::Tick => self.tick(now),
            Input::StoreFailed | Input::Resync => {
                if self.phase.has_socket() {
                    self.waiting.clear();
                    self.retry(now, 0);
                }
            }
            Input::OutboxChanged => {
                if self.is_live() && self.outbox_rests.is_none() {
                    self.out.push(Output::PumpOutbox);
                }
            }
            Input::Say(frame) => {
                if self.is_live() {
                    self.out.push(Output::Send(frame));
                }
            }
        }
        std::mem::take(&mut self.out)
    }

    fn tell(&mut self, state: ConnectionState) {
        if self.state != Some(state) {
            self.state = Some(state);
            self.out.push(Output::State(state));
        }
    }

    fn connect(&mut self) {
        self.phase = Phase::Connecting;
        self.tell(ConnectionState::Connecting);
        self.out.push(Output::Connect);
    }

    /// Ends the connection, if there is one. What already came in is kept.
    fn hang_up(&mut self) {
        self.flush();
        if self.phase.has_socket() || self.phase == Phase::Connecting {
            self.out.push(Output::Disconnect);
        }
        self.pulls.clear();
        self.outbox_rests = None;
    }

    /// Ends the connection and comes back, after `at_least_ms` if the server asked for it, otherwise as backoff says.
    fn retry(&mut self, now: Now, at_least_ms: u64) {
        self.hang_up();
        let pause = self.backoff.pause_ms();
        let pause = if at_least_ms > 0 { at_least_ms.min(MAX_RETRY_MS) } else { pause };
        self.phase = Phase::Waiting { until: now.mono + pause };
        self.tell(ConnectionState::Offline { retry_at: now.wall.saturating_add_unsigned(pause) });
    }

    fn refuse(&mut self, code: ErrorCode) {
        self.hang_up();
        self.phase = Phase::Refused(code);
        self.tell(ConnectionState::Refused(code));
    }

    fn connected(&mut self, now: Now, hello: Hello, revs: Revisions) {
        if self.phase != Phase::Connecting {
            // Stopped while the socket was being opened.
            self.out.push(Output::Disconnect);
            return;
        }
        self.feed_id = hello.feed_id;
        self.cursor = hello.cursor;
        self.acked = hello.cursor;
        self.pulls.start(revs);
        self.last_heard = now.mono;
        self.last_ping = now.mono;
        self.phase = Phase::Greeting { deadline: now.mono + WELCOME_MS };
        self.out.push(Output::Send(ClientFrame::Hello(hello)));
    }

    fn tick(&mut self, now: Now) {
        if now.mono >= self.waiting_since + REPLAY_PATIENCE_MS {
            self.flush();
        }
        match self.phase {
            Phase::Waiting { until } if now.mono >= until => self.connect(),
            Phase::Greeting { deadline } if now.mono >= deadline => self.retry(now, 0),
            phase if phase.is_welcomed() => {
                if now.mono >= self.silence_at() {
                    // One miss is enough: a phone's connection dies without a word.
                    self.retry(now, 0);
                    return;
                }
                if now.mono >= self.ping_at() {
                    self.last_ping = now.mono;
                    self.ack();
                    self.out.push(Output::Send(ClientFrame::Ping(Empty {})));
                }
                if self.outbox_rests.is_some_and(|until| now.mono >= until) {
                    self.outbox_rests = None;
                    if self.is_live() {
                        self.out.push(Output::PumpOutbox);
                    }
                }
            }
            _ => {}
        }
    }

    fn frame(&mut self, now: Now, frame: ServerFrame, text: &str) {
        if let ServerFrame::Bye(bye) = frame {
            self.bye(now, &bye);
            return;
        }
        if let Phase::Greeting { .. } = self.phase {
            match frame {
                ServerFrame::Welcome(welcome) => self.welcome(now, &welcome),
                // Nothing else may come first.
                _ => self.retry(now, 0),
            }
            return;
        }
        if !self.phase.is_welcomed() {
            return;
        }
        match frame {
            ServerFrame::Event(event) => self.event(now, event),
            ServerFrame::Live(live) => match self.phase {
                Phase::Replaying if live.seq == self.cursor => self.live(now),
                Phase::Replaying => self.retry(now, 0),
                _ => {}
            },
            ServerFrame::SnapshotBegin(begin) => match self.phase {
                Phase::AwaitingSnapshot => {
                    self.phase = Phase::Staging { as_of: begin.as_of };
                    self.out.push(Output::StageBegin);
                }
                _ => self.retry(now, 0),
            },
            ServerFrame::SnapshotPart(_) => match self.phase {
                Phase::Staging { .. } => self.out.push(Output::Stage(text.to_owned())),
                _ => self.retry(now, 0),
            },
            ServerFrame::SnapshotEnd(end) => match (self.phase, self.feed_id) {
                (Phase::Staging { as_of }, Some(feed_id)) if as_of == end.cursor => {
                    self.cursor = end.cursor;
                    self.out.push(Output::Swap { feed_id, cursor: end.cursor });
                    // What happened since the snapshot was read follows as events.
                    self.phase = Phase::Replaying;
                }
                _ => self.retry(now, 0),
            },
            ServerFrame::Page(page) => {
                self.flush();
                self.out.push(Output::Page(page));
            }
            ServerFrame::Rows(rows) => self.rows(rows),
            ServerFrame::Error(error) => {
                if self.pulls.failed(error.req) {
                    self.complete();
                } else {
                    self.out.push(Output::RequestFailed(error));
                }
            }
            ServerFrame::Changed(changed) => self.changed(&changed),
            ServerFrame::Ephemeral(typing) => self.out.push(Output::Typing(typing)),
            ServerFrame::Result(result) => self.result(now, result),
            ServerFrame::Pong(_) => {}
            ServerFrame::Welcome(_) => self.retry(now, 0),
            ServerFrame::Bye(_) => {}
        }
    }

    fn welcome(&mut self, now: Now, welcome: &Welcome) {
        self.heartbeat_ms = welcome.heartbeat_ms.clamp(1_000, 120_000);
        self.out.push(Output::ServerTime(welcome.now));
        match welcome.mode {
            CatchUp::Replay if self.feed_id == Some(welcome.feed_id) && self.cursor <= welcome.head => {
                self.phase = Phase::Replaying;
            }
            // A replay of a log that is not ours, or from a place that it has not reached.
            CatchUp::Replay => {
                self.retry(now, 0);
                return;
            }
            CatchUp::Snapshot => {
                self.feed_id = Some(welcome.feed_id);
                self.phase = Phase::AwaitingSnapshot;
            }
        }
        self.tell(ConnectionState::CatchingUp);
        for (name, &rev) in &welcome.revs {
            if let Some(collection) = Collection::from_name(name) {
                self.want(collection, rev);
            }
        }
    }

    fn live(&mut self, now: Now) {
        self.live_since = now.mono;
        self.flush();
        self.ack();
        self.phase = Phase::Live;
        self.backoff.reset();
        self.out.push(Output::Live);
        self.out.push(Output::PumpOutbox);
        self.complete();
    }

    /// Up to date is who also has the names of users and queues that the welcome announced.
    fn complete(&mut self) {
        if self.is_live() && self.pulls.are_answered() {
            self.tell(ConnectionState::Online);
        }
    }

    fn event(&mut self, now: Now, event: Event) {
        if !matches!(self.phase, Phase::Replaying | Phase::Live) {
            self.retry(now, 0);
            return;
        }
        if event.seq <= self.cursor {
            return;
        }
        if event.seq != self.cursor + 1 {
            tracing::warn!(cursor = self.cursor, seq = event.seq, "a gap in the feed");
            self.retry(now, 0);
            return;
        }
        self.cursor = event.seq;
        if self.waiting.is_empty() {
            self.waiting_since = now.mono;
        }
        self.waiting_bytes += event.body.as_deref().map_or(0, |body| body.get().len());
        self.waiting.push(event);
        if self.waiting.len() >= MAX_BATCH || self.waiting_bytes >= MAX_BATCH_BYTES {
            self.flush();
        }
    }

    /// Hands over what waits to be applied.
    fn flush(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        self.waiting_bytes = 0;
        self.out.push(Output::Apply(std::mem::take(&mut self.waiting)));
        if self.cursor - self.acked >= ACK_EVERY {
            self.ack();
        }
    }

    fn ack(&mut self) {
        if self.acked < self.cursor && self.waiting.is_empty() {
            self.acked = self.cursor;
            self.out.push(Output::Send(ClientFrame::Ack(Ack { cursor: self.cursor })));
        }
    }

    fn result(&mut self, now: Now, result: CommandResult) {
        // What it caused may be in the batch that waits.
        self.flush();
        let retry = result.status == CommandStatus::Retry;
        self.out.push(Output::Result(result));
        if retry {
            let pause = self.retry_pause.pause_ms().max(500);
            self.outbox_rests.get_or_insert(now.mono + pause);
        } else {
            self.retry_pause.reset();
            // The next reply of that chat can go.
            if self.is_live() && self.outbox_rests.is_none() {
                self.out.push(Output::PumpOutbox);
            }
        }
    }

    /// A collection has this revision on the server.
    fn want(&mut self, collection: Collection, rev: u64) {
        if let Some(pull) = self.pulls.want(collection, rev) {
            self.out.push(Output::Send(ClientFrame::Pull(pull)));
        }
    }

    fn changed(&mut self, changed: &Changed) {
        if let Some(collection) = Collection::from_name(&changed.collection) {
            self.want(collection, changed.rev);
        }
    }

    fn rows(&mut self, rows: Rows) {
        let Some(again) = self.pulls.answered(&rows) else { return };
        self.out.push(Output::Rows(rows));
        self.out.extend(again.into_iter().map(|pull| Output::Send(ClientFrame::Pull(pull))));
        self.complete();
    }

    fn bye(&mut self, now: Now, bye: &Bye) {
        if !self.phase.has_socket() {
            return;
        }
        match bye.code {
            ErrorCode::Revoked => {
                self.waiting.clear();
                self.hang_up();
                self.phase = Phase::Stopped;
                self.out.push(Output::DeleteStore);
                self.tell(ConnectionState::SignedOut);
            }
            ErrorCode::Unauthorized | ErrorCode::UpgradeApp => self.refuse(bye.code),
            ErrorCode::UpgradeServer => {
                // The server will be brought up to date one day: ask seldom.
                self.backoff.exhaust();
                let pause = bye.retry_ms.clamp(60_000, MAX_RETRY_MS);
                self.retry(now, pause);
                self.tell(ConnectionState::Refused(bye.code));
            }
            ErrorCode::Replaced => {
                // Either our own former connection, which the server noticed late: then the first pause is a short
                // one. Or another process with this device's token: then the pauses grow, because nothing but a
                // connection that lasts resets them, and it does not become a fight without end.
                if now.mono.saturating_sub(self.live_since) > REPLACED_CALM_MS {
                    self.replaced_pause.reset();
                }
                let pause = self.replaced_pause.pause_ms().max(1);
                self.retry(now, pause.max(bye.retry_ms));
            }
            _ => self.retry(now, bye.retry_ms),
        }
    }
}
