//! What a phone's session does, without a socket, a clock or a store: frames and facts in, actions and frames out.

use std::time::{Duration, Instant};

use switchboard_protocol::collection::Revisions;
use switchboard_protocol::command::CommandResult;
use switchboard_protocol::frame::{Bye, CatchUp, Empty, Fetch, Hello, Live, Pull, Typing, Welcome};
use switchboard_protocol::ids::{CommandId, FeedId, UserId};
use switchboard_protocol::{ClientFrame, ErrorCode, FrameError, ServerFrame, UnixMillis, limits};

use crate::store::StoreError;
use crate::store::commands::{self, Command};
use crate::store::feed::{FeedRow, FeedState, event_frame};

/// Requests of one session that may be at work. Beyond it the socket is not read, so the phone waits.
const IN_FLIGHT: u32 = 32;
/// Typing is repeated every 3 s; what comes faster than this is dropped.
const TYPING_PAUSE: Duration = Duration::from_millis(500);

/// The times that a session keeps.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Hello must come within this.
    pub hello: Duration,
    /// Something must come within one and a half of this.
    pub heartbeat: Duration,
}

/// What the driver has to do.
#[derive(Debug)]
pub enum Action {
    /// Nothing.
    None,
    /// Send this frame.
    Send(String),
    /// Look at the token; then [`Machine::admitted`] or [`Machine::refused`].
    Admit(Hello),
    /// Give this to the writer. The answer is counted by [`Machine::answered`].
    Execute(Box<Command>),
    /// Read a page; the answer is counted.
    Fetch(Fetch),
    /// Read a collection; the answer is counted.
    Pull(Pull),
    /// Tell the others who see the chat, and the visitor.
    Typing(Typing),
    /// Send this and close.
    Close(Bye),
}

/// What is known of a device that may connect.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Whose it is.
    pub user: UserId,
    /// The user's feed.
    pub feed: FeedState,
    /// The collections.
    pub revs: Revisions,
    /// The server's time.
    pub now: UnixMillis,
}

#[derive(Debug)]
enum State {
    AwaitingHello { since: Instant },
    Admitting { feed_id: Option<FeedId>, cursor: u64 },
    Snapshot { target: u64 },
    Following { cursor: u64, target: u64, live: bool },
    Closed,
}

/// One session.
#[derive(Debug)]
pub struct Machine {
    timing: Timing,
    state: State,
    heard: Instant,
    in_flight: u32,
    typed: Option<Instant>,
}

fn bye(code: ErrorCode) -> Bye {
    Bye { code, retry_ms: 0 }
}

fn frame(frame: &ServerFrame) -> Action {
    match frame.to_json() {
        Ok(json) => Action::Send(json),
        Err(error) => {
            tracing::error!(%error, kind = frame.kind(), "a frame cannot be written");
            Action::Close(bye(ErrorCode::Internal))
        }
    }
}

impl Machine {
    /// A session whose socket has just opened.
    pub fn new(timing: Timing, now: Instant) -> Machine {
        Machine { timing, state: State::AwaitingHello { since: now }, heard: now, in_flight: 0, typed: None }
    }

    /// A text frame came.
    pub fn text(&mut self, now: Instant, text: &str) -> Action {
        self.heard = now;
        if text.len() > limits::MAX_INBOUND_FRAME_BYTES {
            return self.close(ErrorCode::TooLarge);
        }
        let read = match ClientFrame::parse(text) {
            Ok(read) => read,
            // Of a newer app: to be ignored, but not as a greeting.
            Err(FrameError::UnknownType(_)) if self.greeted() => return Action::None,
            Err(_) => return self.close(ErrorCode::BadRequest),
        };
        match (&self.state, read) {
            (State::AwaitingHello { .. }, ClientFrame::Hello(hello)) => self.hello(hello),
            (State::AwaitingHello { .. } | State::Admitting { .. }, _) | (_, ClientFrame::Hello(_)) => {
                self.close(ErrorCode::BadRequest)
            }
            (State::Closed, _) => Action::None,
            (State::Snapshot { .. } | State::Following { .. }, read) => self.request(now, read),
        }
    }

    /// Something came that is no text frame.
    pub fn binary(&mut self) -> Action {
        self.close(ErrorCode::BadRequest)
    }

    /// A frame came that is larger than the socket reads.
    pub fn too_large(&mut self) -> Action {
        self.close(ErrorCode::TooLarge)
    }

    /// The transport's own ping came.
    pub fn heard(&mut self, now: Instant) {
        self.heard = now;
    }

    fn greeted(&self) -> bool {
        matches!(self.state, State::Snapshot { .. } | State::Following { .. })
    }

    fn hello(&mut self, hello: Hello) -> Action {
        if hello.v < limits::OLDEST_PROTOCOL_VERSION {
            return self.close(ErrorCode::UpgradeApp);
        }
        if hello.v > limits::PROTOCOL_VERSION {
            return self.close(ErrorCode::UpgradeServer);
        }
        self.state = State::Admitting { feed_id: hello.feed_id, cursor: hello.cursor };
        Action::Admit(hello)
    }

    /// The device may connect: the welcome, and how it is brought up to date.
    pub fn admitted(&mut self, facts: Facts) -> Action {
        let State::Admitting { feed_id, cursor } = self.state else { return Action::None };
        let FeedState { feed_id: ours, floor, head } = facts.feed;
        let replay = feed_id == Some(ours) && floor <= cursor && cursor <= head;
        self.state = if replay {
            State::Following { cursor, target: head, live: false }
        } else {
            State::Snapshot { target: head }
        };
        frame(&ServerFrame::Welcome(Welcome {
            feed_id: ours,
            user: facts.user,
            head,
            revs: facts.revs,
            mode: if replay { CatchUp::Replay } else { CatchUp::Snapshot },
            heartbeat_ms: u64::try_from(self.timing.heartbeat.as_millis()).unwrap_or(u64::MAX),
            now: facts.now,
        }))
    }

    /// The device may not connect.
    pub fn refused(&mut self, code: ErrorCode) -> Action {
        self.close(code)
    }

    /// Whether a snapshot is to be read and sent now.
    pub fn wants_snapshot(&self) -> bool {
        matches!(self.state, State::Snapshot { .. })
    }

    /// The snapshot was sent whole; the feed goes on from there.
    pub fn snapshot_sent(&mut self, as_of: u64) {
        if let State::Snapshot { target } = self.state {
            self.state = State::Following { cursor: as_of, target: target.max(as_of), live: false };
        }
    }

    /// The cursor from which rows are wanted; none while there is nothing to follow.
    pub fn cursor(&self) -> Option<u64> {
        match self.state {
            State::Following { cursor, .. } => Some(cursor),
            _ => None,
        }
    }

    /// Whether rows up to the welcome's head are still missing.
    pub fn is_behind(&self) -> bool {
        matches!(self.state, State::Following { cursor, target, .. } if cursor < target)
    }

    /// Rows after the cursor: their frames. A gap means that the rows were pruned while this socket was stalled; it is
    /// closed, and comes back for a snapshot.
    pub fn rows(&mut self, rows: &[FeedRow]) -> Result<Vec<String>, Action> {
        let State::Following { cursor, .. } = &mut self.state else { return Ok(Vec::new()) };
        let mut frames = Vec::with_capacity(rows.len());
        for (seq, tail) in rows {
            if *seq <= *cursor {
                continue;
            }
            if cursor.checked_add(1) != Some(*seq) {
                return Err(self.close(ErrorCode::TooSlow));
            }
            *cursor = *seq;
            frames.push(event_frame(*seq, tail.as_deref()));
        }
        Ok(frames)
    }

    /// Nothing is missing at the moment: says so once.
    pub fn up_to_date(&mut self) -> Action {
        match &mut self.state {
            State::Following { cursor, target, live } if !*live && *cursor >= *target => {
                *live = true;
                frame(&ServerFrame::Live(Live { seq: *cursor }))
            }
            _ => Action::None,
        }
    }

    fn request(&mut self, now: Instant, read: ClientFrame) -> Action {
        match read {
            ClientFrame::Command(command) => match Command::from_frame(&command) {
                Ok(command) => {
                    self.in_flight += 1;
                    Action::Execute(Box::new(command))
                }
                Err(result) => frame(&ServerFrame::Result(result)),
            },
            ClientFrame::Fetch(fetch) => {
                self.in_flight += 1;
                Action::Fetch(fetch)
            }
            ClientFrame::Pull(pull) => {
                self.in_flight += 1;
                Action::Pull(pull)
            }
            ClientFrame::Ephemeral(typing) => {
                // The end of typing is never dropped: it is what clears the others' screens.
                let soon = self.typed.is_some_and(|then| now.duration_since(then) < TYPING_PAUSE);
                if soon && typing.typing {
                    return Action::None;
                }
                self.typed = typing.typing.then_some(now);
                Action::Typing(typing)
            }
            ClientFrame::Ping(_) => frame(&ServerFrame::Pong(Empty {})),
            // The cursor that counts is the one the device greets with.
            ClientFrame::Ack(_) => Action::None,
            ClientFrame::Hello(_) => self.close(ErrorCode::BadRequest),
        }
    }

    /// A counted request was answered.
    pub fn answered(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Whether the socket may be read.
    pub fn reads(&self) -> bool {
        self.in_flight < IN_FLIGHT
    }

    /// Whether nothing is at work.
    pub fn idle(&self) -> bool {
        self.in_flight == 0
    }

    /// When [`Machine::timeout`] is to be asked next.
    pub fn deadline(&self) -> Instant {
        match self.state {
            State::AwaitingHello { since } => since + self.timing.hello,
            _ => self.heard + self.timing.heartbeat * 3 / 2,
        }
    }

    /// The deadline came: whether the peer was silent for too long.
    pub fn timeout(&mut self, now: Instant) -> Action {
        if now < self.deadline() || !self.reads() {
            return Action::None;
        }
        self.close(ErrorCode::TooSlow)
    }

    fn close(&mut self, code: ErrorCode) -> Action {
        self.state = State::Closed;
        Action::Close(bye(code))
    }
}

/// A writer's answer as a frame.
pub fn result_frame(id: CommandId, result: Result<CommandResult, StoreError>) -> Option<String> {
    let result = result.unwrap_or_else(|error| {
        let code = match &error {
            StoreError::Stopping => ErrorCode::ShuttingDown,
            error if error.is_transient() => ErrorCode::Storage,
            error => {
                tracing::error!(%error, "a command failed");
                ErrorCode::Internal
            }
        };
        commands::retry(id, code)
    });
    ServerFrame::Result(result).to_json().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use switchboard_protocol::ids::{ChatId, DeviceId};

    const TIMING: Timing = Timing { hello: Duration::from_secs(10), heartbeat: Duration::from_secs(30) };

    fn facts(feed_id: FeedId, floor: u64, head: u64) -> Facts {
        Facts { user: UserId::new(), feed: FeedState { feed_id, floor, head }, revs: Revisions::new(), now: 5 }
    }

    fn hello(v: u32, feed_id: Option<FeedId>, cursor: u64) -> String {
        ClientFrame::Hello(Hello { v, device: DeviceId::new(), token: "t".into(), feed_id, cursor }).to_json().unwrap()
    }

    fn welcomed(cursor: u64, floor: u64, head: u64) -> Machine {
        let (mut machine, feed_id) = (Machine::new(TIMING, Instant::now()), FeedId::new());
        let action = machine.text(Instant::now(), &hello(1, Some(feed_id), cursor));
        assert!(matches!(action, Action::Admit(_)));
        assert!(matches!(machine.admitted(facts(feed_id, floor, head)), Action::Send(_)));
        machine
    }

    #[track_caller]
    fn closed(action: Action, code: ErrorCode) {
        match action {
            Action::Close(bye) => assert_eq!(bye.code, code),
            other => panic!("expected bye {code}, got {other:?}"),
        }
    }

    fn row(seq: u64) -> FeedRow {
        let tail = crate::store::effects::EventTail { chat: ChatId::new(), json: "\"kind\":\"x\"}".into() };
        (seq, Some(Arc::new(tail)))
    }

    #[test]
    fn the_first_frame_is_hello_and_only_the_first() {
        for text in ["{\"type\":\"ping\"}", "{\"type\":\"future\"}", "{", "[]", "{\"type\":1}", "\"hello\"", ""] {
            closed(Machine::new(TIMING, Instant::now()).text(Instant::now(), text), ErrorCode::BadRequest);
        }
        closed(welcomed(0, 0, 0).text(Instant::now(), &hello(1, None, 0)), ErrorCode::BadRequest);
    }

    #[test]
    fn versions_of_another_time_are_told_whom_to_update() {
        closed(Machine::new(TIMING, Instant::now()).text(Instant::now(), &hello(0, None, 0)), ErrorCode::UpgradeApp);
        closed(
            Machine::new(TIMING, Instant::now()).text(Instant::now(), &hello(99, None, 0)),
            ErrorCode::UpgradeServer,
        );
    }

    #[test]
    fn a_cursor_inside_the_feed_is_replayed_and_any_other_gets_a_snapshot() {
        for (cursor, floor, head, snapshot) in
            [(0, 0, 0, false), (3, 3, 9, false), (9, 0, 9, false), (2, 3, 9, true), (10, 0, 9, true)]
        {
            assert_eq!(welcomed(cursor, floor, head).wants_snapshot(), snapshot, "{cursor} in {floor}..{head}");
        }
        let mut machine = Machine::new(TIMING, Instant::now());
        machine.text(Instant::now(), &hello(1, Some(FeedId::new()), 1));
        machine.admitted(facts(FeedId::new(), 0, 5));
        assert!(machine.wants_snapshot(), "a cursor of another log means nothing");
        machine.snapshot_sent(6);
        assert_eq!(machine.cursor(), Some(6));
    }

    #[test]
    fn replay_then_live_once() {
        let mut machine = welcomed(1, 0, 3);
        assert!(machine.is_behind());
        assert!(matches!(machine.up_to_date(), Action::None));
        assert_eq!(machine.rows(&[row(2), (3, None)]).unwrap().len(), 2);
        let Action::Send(live) = machine.up_to_date() else { panic!() };
        assert_eq!(live, "{\"type\":\"live\",\"seq\":3}");
        assert!(matches!(machine.up_to_date(), Action::None));
        // A row that was read twice is sent once.
        assert_eq!(machine.rows(&[row(3), row(4)]).unwrap().len(), 1);
    }

    #[test]
    fn a_gap_closes_instead_of_being_sent() {
        let mut machine = welcomed(1, 0, 9);
        closed(machine.rows(&[row(2), row(4)]).unwrap_err(), ErrorCode::TooSlow);
    }

    #[test]
    fn unknown_frames_and_fields_are_ignored_and_broken_ones_close() {
        let now = Instant::now();
        let mut machine = welcomed(0, 0, 0);
        assert!(matches!(machine.text(now, "{\"type\":\"from_the_future\",\"x\":[1]}"), Action::None));
        assert!(matches!(machine.text(now, "{\"type\":\"ping\",\"more\":{}}"), Action::Send(_)));
        for text in ["{\"type\":\"fetch\"}", "{\"type\":\"command\",\"id\":\"x\"}", "nonsense"] {
            closed(welcomed(0, 0, 0).text(now, text), ErrorCode::BadRequest);
        }
        // Deep nesting costs no stack: skipped where a field is unknown, an error where it is read.
        let nest = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let skipped = format!("{{\"type\":\"ping\",\"x\":{}}}", nest(30_000));
        assert!(matches!(welcomed(0, 0, 0).text(now, &skipped), Action::Send(_)));
        for deep in [nest(30_000), format!("{{\"type\":{}}}", nest(30_000)), "[".repeat(60_000)] {
            closed(welcomed(0, 0, 0).text(now, &deep), ErrorCode::BadRequest);
        }
        let large = format!("{{\"type\":\"ping\",\"x\":\"{}\"}}", "a".repeat(limits::MAX_INBOUND_FRAME_BYTES));
        closed(welcomed(0, 0, 0).text(now, &large), ErrorCode::TooLarge);
        closed(welcomed(0, 0, 0).binary(), ErrorCode::BadRequest);
    }

    #[test]
    fn a_command_that_cannot_be_used_is_answered_and_the_connection_goes_on() {
        let mut machine = welcomed(0, 0, 0);
        let command = |kind: &str, body: &str| {
            format!(
                "{{\"type\":\"command\",\"id\":\"{}\",\"kind\":\"{kind}\",\"chat\":\"{}\"{body}}}",
                CommandId::new(),
                ChatId::new()
            )
        };
        for (text, code) in [
            (command("dance", ""), "unsupported"),
            (command("reply", ",\"body\":{\"text\":1}"), "bad_request"),
            (command("read", ""), "bad_request"),
        ] {
            let Action::Send(answer) = machine.text(Instant::now(), &text) else { panic!("{text}") };
            assert!(answer.contains("\"rejected\"") && answer.contains(code), "{answer}");
        }
        assert!(machine.idle());
        assert!(matches!(machine.text(Instant::now(), &command("take", "")), Action::Execute(_)));
        assert!(!machine.idle());
        machine.answered();
        assert!(machine.idle());
    }

    #[test]
    fn work_in_flight_is_bounded_by_not_reading() {
        let mut machine = welcomed(0, 0, 0);
        for _ in 0..IN_FLIGHT {
            assert!(machine.reads());
            let fetch = ClientFrame::Fetch(Fetch { req: 1, chat: ChatId::new(), before: 1, n: 1 });
            assert!(matches!(machine.text(Instant::now(), &fetch.to_json().unwrap()), Action::Fetch(_)));
        }
        assert!(!machine.reads());
        machine.answered();
        assert!(machine.reads());
    }

    #[test]
    fn silence_closes_before_hello_and_after() {
        let start = Instant::now();
        let mut machine = Machine::new(TIMING, start);
        assert!(matches!(machine.timeout(start + Duration::from_secs(9)), Action::None));
        closed(machine.timeout(start + Duration::from_secs(10)), ErrorCode::TooSlow);
        let mut machine = welcomed(0, 0, 0);
        let ping = start + Duration::from_secs(40);
        machine.text(ping, "{\"type\":\"ping\"}");
        assert_eq!(machine.deadline(), ping + Duration::from_secs(45));
        assert!(matches!(machine.timeout(ping + Duration::from_secs(44)), Action::None));
        closed(machine.timeout(ping + Duration::from_secs(45)), ErrorCode::TooSlow);
    }

    #[test]
    fn f58_typing_is_thinned_but_its_end_is_told() {
        let (mut machine, start) = (welcomed(0, 0, 0), Instant::now());
        let typing = |typing| ClientFrame::Ephemeral(Typing { chat: ChatId::new(), typing }).to_json().unwrap();
        assert!(matches!(machine.text(start, &typing(true)), Action::Typing(_)));
        assert!(matches!(machine.text(start + Duration::from_millis(100), &typing(true)), Action::None));
        assert!(matches!(machine.text(start + Duration::from_millis(200), &typing(false)), Action::Typing(_)));
        assert!(matches!(machine.text(start + Duration::from_millis(300), &typing(true)), Action::Typing(_)));
    }
}
