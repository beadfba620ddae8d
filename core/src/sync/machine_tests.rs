//! The machine by itself: what goes in, what comes out.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use switchboard_protocol::collection::{Collection, Revisions};
use switchboard_protocol::command::{CommandResult, CommandStatus};
use switchboard_protocol::event::GoneReason;
use switchboard_protocol::frame::{
    Bye, CatchUp, Changed, Empty, Hello, Live, Page, RequestError, Rows, SnapshotBegin, SnapshotEnd, SnapshotPart,
    Welcome,
};
use switchboard_protocol::ids::{CommandId, DeviceId, FeedId};
use switchboard_protocol::{ClientFrame, ErrorCode, ServerFrame};

use super::machine::{Input, MAX_BATCH, Machine, Now, Output};
use crate::model::ConnectionState;
use crate::testing::{NOW, chat_id, event, gone, me, seeds};

const FEED: [u8; 16] = [7; 16];

struct Bench {
    machine: Machine,
    mono: u64,
}

impl Bench {
    fn new() -> Self {
        Self { machine: Machine::new(1), mono: 1_000_000 }
    }

    fn now(&self) -> Now {
        Now { mono: self.mono, wall: NOW + self.mono as i64 }
    }

    fn input(&mut self, input: Input<'_>) -> Vec<Output> {
        self.machine.handle(self.now(), input)
    }

    fn frame(&mut self, frame: ServerFrame) -> Vec<Output> {
        self.input(Input::Frame(frame, "text"))
    }

    fn after(&mut self, ms: u64) -> Vec<Output> {
        self.mono += ms;
        self.input(Input::Tick)
    }

    fn connect(&mut self, feed: Option<[u8; 16]>, cursor: u64) {
        self.input(Input::Start);
        self.greet(feed, cursor, Revisions::new());
    }

    fn greet(&mut self, feed: Option<[u8; 16]>, cursor: u64, revs: Revisions) {
        let out = self.input(Input::Connected(hello(feed, cursor), revs));
        assert!(matches!(out[..], [Output::Send(ClientFrame::Hello(_))]));
    }

    fn welcome(&mut self, mode: CatchUp, head: u64) -> Vec<Output> {
        self.frame(welcome(mode, head))
    }

    fn live(cursor: u64) -> Self {
        let mut bench = Self::new();
        bench.connect(Some(FEED), cursor);
        bench.welcome(CatchUp::Replay, cursor);
        bench.frame(ServerFrame::Live(Live { seq: cursor }));
        assert!(bench.machine.is_live());
        bench
    }
}

fn hello(feed: Option<[u8; 16]>, cursor: u64) -> Hello {
    Hello { v: 1, device: DeviceId::new(), token: "t".into(), feed_id: feed.map(FeedId::from_bytes), cursor }
}

fn welcome(mode: CatchUp, head: u64) -> ServerFrame {
    ServerFrame::Welcome(Welcome {
        feed_id: FeedId::from_bytes(FEED),
        user: me(),
        head,
        revs: Revisions::from([("users".into(), 4), ("from_the_future".into(), 9)]),
        mode,
        heartbeat_ms: 30_000,
        now: NOW,
    })
}

fn ev(seq: u64) -> ServerFrame {
    ServerFrame::Event(event(seq, 1, &gone(GoneReason::Taken)))
}

fn names(out: &[Output]) -> Vec<String> {
    out.iter()
        .map(|output| match output {
            Output::Send(frame) => format!("send {}", frame.kind()),
            Output::State(state) => match state {
                ConnectionState::Offline { .. } => "offline".into(),
                state => format!("{state:?}"),
            },
            Output::Apply(events) => format!("apply {}", events.len()),
            other => format!("{other:?}").split([' ', '(', '{']).next().unwrap_or_default().to_owned(),
        })
        .collect()
}

fn is_retry(out: &[Output]) -> bool {
    let names = names(out);
    names.iter().any(|name| name == "Disconnect") && names.last().is_some_and(|name| name == "offline")
}

#[test]
fn a_replay_is_applied_then_live_then_the_outbox_goes() {
    let mut bench = Bench::new();
    assert_eq!(names(&bench.input(Input::Start)), ["Connecting", "Connect"]);
    bench.greet(Some(FEED), 5, Revisions::new());
    assert_eq!(names(&bench.welcome(CatchUp::Replay, 7)), ["ServerTime", "CatchingUp", "send pull"]);
    assert!(bench.frame(ev(5)).is_empty(), "what is stored is dropped");
    assert!(bench.frame(ev(6)).is_empty());
    assert!(bench.frame(ev(7)).is_empty());
    assert_eq!(names(&bench.frame(ServerFrame::Live(Live { seq: 7 }))), ["apply 2", "send ack", "Live", "PumpOutbox"]);
    let rows = Rows { req: 1, collection: Collection::Users, rev: 4, rows: Vec::new(), more: false };
    assert_eq!(names(&bench.frame(ServerFrame::Rows(rows))), ["Rows", "Online"]);
}

#[test]
fn a_snapshot_is_staged_and_swapped_and_the_feed_goes_on_from_it() {
    let mut bench = Bench::new();
    bench.connect(None, 0);
    bench.welcome(CatchUp::Snapshot, 40);
    assert_eq!(names(&bench.frame(ServerFrame::SnapshotBegin(SnapshotBegin { as_of: 40 }))), ["StageBegin"]);
    let part = || {
        ServerFrame::SnapshotPart(SnapshotPart { chats: Vec::new(), passed_on: Vec::new(), ..SnapshotPart::default() })
    };
    assert_eq!(names(&bench.frame(part())), ["Stage"]);
    assert_eq!(names(&bench.frame(part())), ["Stage"]);
    assert_eq!(names(&bench.frame(ServerFrame::SnapshotEnd(SnapshotEnd { cursor: 40 }))), ["Swap"]);
    bench.frame(ev(41));
    assert_eq!(names(&bench.frame(ServerFrame::Live(Live { seq: 41 })))[0], "apply 1");
    assert!(bench.machine.is_live());
}

#[test]
fn what_comes_out_of_turn_costs_the_connection() {
    let part = || {
        ServerFrame::SnapshotPart(SnapshotPart { chats: Vec::new(), passed_on: Vec::new(), ..SnapshotPart::default() })
    };
    let end = |cursor| ServerFrame::SnapshotEnd(SnapshotEnd { cursor });
    // Before the welcome.
    for frame in [ev(1), ServerFrame::Live(Live { seq: 0 }), part(), ServerFrame::Pong(Empty {})] {
        let mut bench = Bench::new();
        bench.connect(Some(FEED), 0);
        assert!(is_retry(&bench.frame(frame)));
    }
    // After it.
    for frame in [part(), end(0), welcome(CatchUp::Replay, 0), ServerFrame::SnapshotBegin(SnapshotBegin { as_of: 0 })] {
        assert!(is_retry(&Bench::live(0).frame(frame)));
    }
    let mut bench = Bench::new();
    bench.connect(None, 0);
    bench.welcome(CatchUp::Snapshot, 9);
    bench.frame(ServerFrame::SnapshotBegin(SnapshotBegin { as_of: 9 }));
    assert!(is_retry(&bench.frame(end(8))), "another end than the beginning said");
    let mut bench = Bench::new();
    bench.connect(None, 0);
    bench.welcome(CatchUp::Snapshot, 9);
    assert!(is_retry(&bench.frame(ev(1))), "an event in the middle of a snapshot");
    // Live, and something is missing.
    let mut bench = Bench::new();
    bench.connect(Some(FEED), 3);
    bench.welcome(CatchUp::Replay, 5);
    assert!(is_retry(&bench.frame(ServerFrame::Live(Live { seq: 5 }))));
    // A replay of another log, or from beyond its end.
    let mut bench = Bench::new();
    bench.connect(Some([8; 16]), 3);
    assert!(is_retry(&bench.welcome(CatchUp::Replay, 5)));
    let mut bench = Bench::new();
    bench.connect(Some(FEED), 6);
    assert!(is_retry(&bench.welcome(CatchUp::Replay, 5)));
}

#[test]
fn a_gap_applies_what_came_before_it_and_reconnects() {
    let mut bench = Bench::live(3);
    bench.frame(ev(4));
    assert_eq!(names(&bench.frame(ev(6))), ["apply 1", "Disconnect", "offline"]);
}

#[test]
fn events_are_applied_when_the_buffer_is_empty_or_the_batch_is_full() {
    let mut bench = Bench::live(0);
    for seq in 1..MAX_BATCH as u64 {
        assert!(bench.frame(ev(seq)).is_empty());
    }
    assert_eq!(names(&bench.frame(ev(MAX_BATCH as u64))), ["apply 10000", "send ack"]);
    bench.frame(ev(10_001));
    assert_eq!(names(&bench.input(Input::Drained)), ["apply 1"]);
    assert!(bench.input(Input::Drained).is_empty());
    // An answer is never handled before the events that came before it.
    bench.frame(ev(10_002));
    let result = CommandResult {
        id: CommandId::new(),
        status: CommandStatus::Applied,
        seq: Some(10_002),
        code: None,
        owner: None,
        owner_epoch: None,
    };
    assert_eq!(names(&bench.frame(ServerFrame::Result(result))), ["apply 1", "Result", "PumpOutbox"]);
}

#[test]
fn a_replay_is_applied_in_few_batches_and_no_slower_than_a_person_looks() {
    let mut bench = Bench::new();
    bench.connect(Some(FEED), 0);
    bench.welcome(CatchUp::Replay, 9_000);
    bench.frame(ev(1));
    assert!(bench.input(Input::Drained).is_empty(), "more is announced");
    assert!(bench.after(399).is_empty());
    assert_eq!(names(&bench.after(1)), ["apply 1"], "but it does not come");
    // Few events can be much content.
    let large = || {
        let mut event = event(0, 1, &crate::testing::added(crate::testing::inbound(1, 1, &"x".repeat(16_000))));
        event.seq = 0;
        event
    };
    let mut seq = 1;
    let applied = loop {
        seq += 1;
        let out = bench.frame(ServerFrame::Event(switchboard_protocol::frame::Event { seq, ..large() }));
        if !out.is_empty() {
            break names(&out);
        }
    };
    assert_eq!(applied, ["apply 260"]);
}

#[test]
fn one_missed_heartbeat_reconnects() {
    let mut bench = Bench::live(0);
    assert_eq!(bench.machine.deadline(), Some(bench.mono + 30_000));
    assert!(bench.after(29_999).is_empty());
    assert_eq!(names(&bench.after(1)), ["send ping"]);
    // An answer, of whatever kind, is a sign of life.
    bench.mono += 5_000;
    bench.frame(ServerFrame::Pong(Empty {}));
    assert_eq!(names(&bench.after(25_000)), ["send ping"]);
    assert!(is_retry(&bench.after(20_000)));
}

#[test]
fn a_server_that_does_not_welcome_is_given_up() {
    let mut bench = Bench::new();
    bench.connect(None, 0);
    let deadline = bench.machine.deadline().unwrap();
    assert!(bench.after(deadline - bench.mono - 1).is_empty());
    assert!(is_retry(&bench.after(1)));
    let until = bench.machine.deadline().unwrap();
    assert!(until <= bench.mono + 1_000);
    assert_eq!(names(&bench.after(until - bench.mono)), ["Connecting", "Connect"]);
    // A welcome that comes too late belongs to nothing.
    assert!(bench.welcome(CatchUp::Snapshot, 3).is_empty());
}

#[test]
fn goodbyes_say_whether_and_when_to_come_back() {
    let bye = |code, retry_ms| ServerFrame::Bye(Bye { code, retry_ms });
    let mut bench = Bench::live(0);
    let out = bench.frame(bye(ErrorCode::ShuttingDown, 4_000));
    assert!(is_retry(&out));
    assert_eq!(bench.machine.deadline(), Some(bench.mono + 4_000));
    assert_eq!(names(&bench.input(Input::Wake)), ["Connecting", "Connect"]);

    let mut bench = Bench::live(0);
    bench.frame(bye(ErrorCode::SlowDown, u64::MAX));
    assert_eq!(bench.machine.deadline(), Some(bench.mono + 600_000), "not for ever");

    let out = Bench::live(0).frame(bye(ErrorCode::Revoked, 0));
    assert_eq!(names(&out), ["Disconnect", "DeleteStore", "SignedOut"]);

    for code in [ErrorCode::Unauthorized, ErrorCode::UpgradeApp] {
        let mut bench = Bench::live(0);
        bench.frame(ev(1));
        let out = bench.frame(bye(code, 5));
        assert!(
            matches!(out[..], [Output::Apply(_), Output::Disconnect, Output::State(ConnectionState::Refused(c))] if c == code)
        );
        assert_eq!(bench.machine.deadline(), None);
        assert!(bench.input(Input::Wake).is_empty());
        assert_eq!(names(&bench.input(Input::Start)), ["Connecting", "Connect"], "after a sign-in or an update");
    }
    // Our own former connection, noticed late, costs a moment; a rival ever more.
    let mut bench = Bench::live(0);
    bench.frame(bye(ErrorCode::Replaced, 0));
    assert!(bench.machine.deadline() <= Some(bench.mono + 1_000));
    let mut longest = 0;
    for _ in 0..20 {
        bench.input(Input::Wake);
        bench.greet(Some(FEED), 0, Revisions::from([("users".into(), 4)]));
        bench.welcome(CatchUp::Replay, 0);
        bench.frame(ServerFrame::Live(Live { seq: 0 }));
        bench.frame(bye(ErrorCode::Replaced, 0));
        longest = longest.max(bench.machine.deadline().unwrap() - bench.mono);
    }
    assert!((5_000..=30_000).contains(&longest));

    let mut bench = Bench::live(0);
    bench.frame(bye(ErrorCode::UpgradeServer, 0));
    assert!(bench.machine.deadline() >= Some(bench.mono + 60_000));
}

#[test]
fn a_collection_is_pulled_once_at_a_time_and_again_when_it_changed_meanwhile() {
    let mut bench = Bench::new();
    bench.input(Input::Start);
    bench.greet(Some(FEED), 0, Revisions::from([("users".into(), 4)]));
    assert_eq!(names(&bench.welcome(CatchUp::Replay, 0)), ["ServerTime", "CatchingUp"], "nothing new");
    bench.frame(ServerFrame::Live(Live { seq: 0 }));
    let changed = |name: &str, rev| ServerFrame::Changed(Changed { collection: name.into(), rev });
    let out = bench.frame(changed("queues", 2));
    let [Output::Send(ClientFrame::Pull(pull))] = &out[..] else { panic!("{:?}", names(&out)) };
    let req = pull.req;
    assert!(bench.frame(changed("queues", 3)).is_empty());
    assert!(bench.frame(changed("holidays", 9)).is_empty(), "a collection of a newer server");
    let rows =
        |req, rev| ServerFrame::Rows(Rows { req, collection: Collection::Queues, rev, rows: Vec::new(), more: false });
    assert!(bench.frame(rows(req + 7, 2)).is_empty(), "not asked for");
    assert_eq!(names(&bench.frame(rows(req, 2))), ["Rows", "send pull"]);
    assert!(bench.frame(ServerFrame::Error(RequestError { req: req + 1, code: ErrorCode::Internal })).is_empty());
    let page = Page { req: 5, chat: chat_id(1), messages: Vec::new(), more: false };
    assert_eq!(names(&bench.frame(ServerFrame::Page(page))), ["Page"]);
}

#[test]
fn the_outbox_rests_when_the_server_cannot_decide() {
    let mut bench = Bench::live(0);
    let result = CommandResult {
        id: CommandId::new(),
        status: CommandStatus::Retry,
        seq: None,
        code: Some(ErrorCode::Storage),
        owner: None,
        owner_epoch: None,
    };
    assert_eq!(names(&bench.frame(ServerFrame::Result(result))), ["Result"]);
    assert!(bench.input(Input::OutboxChanged).is_empty());
    let rest = bench.machine.deadline().unwrap() - bench.mono;
    assert!((500..=1_000).contains(&rest));
    assert_eq!(names(&bench.after(rest)), ["PumpOutbox"]);
    assert_eq!(names(&bench.input(Input::OutboxChanged)), ["PumpOutbox"]);
}

#[test]
fn stopping_applies_what_came_in_and_says_so_once() {
    let mut bench = Bench::live(0);
    bench.frame(ev(1));
    assert_eq!(names(&bench.input(Input::Stop)), ["apply 1", "Disconnect", "Stopped"]);
    assert!(bench.input(Input::Stop).is_empty());
    assert!(bench.frame(ev(2)).is_empty());
    assert_eq!(names(&bench.input(Input::Start)), ["Connecting", "Connect"]);
    // Stopped while the socket was being opened.
    bench.input(Input::Stop);
    assert_eq!(names(&bench.input(Input::Connected(hello(None, 0), Revisions::new()))), ["Disconnect"]);
}

/// Whatever comes in whatever order: nothing is sent without a socket, what is applied is the feed without a gap, and
/// there is always a way on.
#[test]
fn no_order_of_events_breaks_the_machine() {
    for seed in seeds(300) {
        let mut random = StdRng::seed_from_u64(seed);
        let mut bench = Bench::new();
        let (mut socket, mut stored, mut feed) = (false, 0_u64, 0_u64);
        let (mut connecting, mut state) = (true, None);
        bench.input(Input::Start);
        for step in 0..400 {
            let seq = if random.random_bool(0.9) { feed + 1 } else { random.random_range(0..feed + 5) };
            let status = if random.random_bool(0.3) { CommandStatus::Retry } else { CommandStatus::Applied };
            let id = CommandId::new();
            let result = CommandResult { id, status, seq: None, code: None, owner: None, owner_epoch: None };
            let code = ErrorCode::ALL[random.random_range(0..ErrorCode::ALL.len())];
            let mode = if random.random_bool(0.5) { CatchUp::Replay } else { CatchUp::Snapshot };
            let as_of = random.random_range(feed..feed + 3);
            let input = match random.random_range(0..24) {
                0 => Input::Start,
                1 if random.random_bool(0.2) => Input::Stop,
                2 => Input::Wake,
                3 | 4 => Input::Connected(hello(random.random_bool(0.8).then_some(FEED), stored), Revisions::new()),
                5 if random.random_bool(0.3) => Input::Disconnected,
                6 if random.random_bool(0.3) => Input::Malformed,
                7 => Input::Drained,
                8 if random.random_bool(0.3) => Input::StoreFailed,
                9 => Input::OutboxChanged,
                10 => Input::Say(ClientFrame::Ping(Empty {})),
                11 | 12 => {
                    bench.mono += random.random_range(0..20_000);
                    Input::Tick
                }
                13 => Input::Frame(welcome(mode, feed + random.random_range(0..3)), "t"),
                14 => Input::Frame(ServerFrame::Live(Live { seq: feed }), "t"),
                15 => Input::Frame(ServerFrame::SnapshotBegin(SnapshotBegin { as_of }), "t"),
                16 => Input::Frame(
                    ServerFrame::SnapshotPart(SnapshotPart {
                        chats: Vec::new(),
                        passed_on: Vec::new(),
                        ..SnapshotPart::default()
                    }),
                    "t",
                ),
                17 => Input::Frame(ServerFrame::SnapshotEnd(SnapshotEnd { cursor: as_of }), "t"),
                18 => Input::Frame(ServerFrame::Result(result), "t"),
                19 if random.random_bool(0.3) => Input::Frame(ServerFrame::Bye(Bye { code, retry_ms: 5 }), "t"),
                20 => Input::Frame(ServerFrame::Pong(Empty {}), "t"),
                _ => {
                    if socket && seq == feed + 1 {
                        feed = seq;
                    }
                    Input::Frame(ev(seq), "t")
                }
            };
            let opened = matches!(input, Input::Connected(..));
            if opened && (socket || !connecting) {
                continue;
            }
            let greeted = opened.then_some(stored);
            socket |= opened;
            connecting &= !opened;
            if let Some(stored) = greeted {
                feed = stored;
            }
            for output in bench.input(input) {
                match output {
                    Output::Connect => {
                        assert!(!socket && !connecting, "seed {seed} step {step}: one connection at a time");
                        connecting = true;
                    }
                    Output::Disconnect => (socket, connecting) = (false, false),
                    Output::Send(_) | Output::PumpOutbox => assert!(socket, "seed {seed} step {step}: no socket"),
                    Output::Apply(events) => {
                        assert!(events.len() <= MAX_BATCH, "seed {seed}");
                        for event in events {
                            assert_eq!(event.seq, stored + 1, "seed {seed} step {step}: a gap was applied");
                            stored = event.seq;
                        }
                    }
                    Output::Swap { cursor, .. } => {
                        stored = cursor;
                        feed = cursor;
                    }
                    Output::State(new) => {
                        assert_ne!(state, Some(new), "seed {seed} step {step}: told twice");
                        state = Some(new);
                    }
                    _ => {}
                }
            }
            let waits = bench.machine.deadline().is_some() || connecting || bench.machine.has_ended();
            assert!(waits, "seed {seed} step {step}: nothing will ever happen again");
        }
    }
}
