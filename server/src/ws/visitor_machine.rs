//! What a widget's session does, without a socket, a clock or a store.

use std::time::{Duration, Instant};

use switchboard_protocol::frame::{Bye, Empty};
use switchboard_protocol::ids::FeedId;
use switchboard_protocol::message::MessageStatus;
use switchboard_protocol::widget::{
    PreChat, WidgetClientFrame, WidgetConfig, WidgetHello, WidgetHours, WidgetRate, WidgetRefused, WidgetSend,
    WidgetServerFrame, WidgetWelcome,
};
use switchboard_protocol::{ErrorCode, FrameError, UnixMillis, limits};

use super::machine::Timing;
use crate::store::effects::VisitorKey;
use crate::store::inbound::{self, VisitorState};
use crate::store::visitors;

/// Requests of one session that may be at work.
const IN_FLIGHT: u32 = 16;
/// Typing is repeated every 3 s; what comes faster than this is dropped.
const TYPING_PAUSE: Duration = Duration::from_millis(500);

/// What the driver has to do.
#[derive(Debug)]
pub enum Action {
    /// Nothing.
    None,
    /// Send these frames.
    Send(Vec<String>),
    /// Find the channel and the visitor; then [`VisitorMachine::admitted`] or [`VisitorMachine::refused`].
    Admit(Box<WidgetHello>),
    /// Store this message, as far as the throttles allow. The answer is counted by [`VisitorMachine::answered`].
    Store(WidgetSend),
    /// Store this rating, as far as the throttles allow. The answer is counted.
    Rate(WidgetRate),
    /// Staff's messages got this far; the end of the write is counted.
    Progress(u64, MessageStatus),
    /// Tell the staff who see the chat.
    Typing(bool),
    /// Send this and close.
    Close(Bye),
}

/// What is known of a visitor who may connect.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The server's log.
    pub feed_id: FeedId,
    /// The visitor and the channel.
    pub key: VisitorKey,
    /// The token that was made for a new visitor.
    pub new_token: Option<String>,
    /// The channel's looks.
    pub config: WidgetConfig,
    /// Whether somebody is there to answer.
    pub hours: WidgetHours,
    /// The conversation.
    pub state: VisitorState,
    /// The server's time.
    pub now: UnixMillis,
}

#[derive(Debug)]
enum State {
    AwaitingHello { since: Instant },
    Admitting { feed_id: Option<FeedId>, after: u64 },
    Following { cursor: u64, target: u64, delivered: u64, read: u64 },
    Closed,
}

/// One session.
#[derive(Debug)]
pub struct VisitorMachine {
    timing: Timing,
    state: State,
    heard: Instant,
    in_flight: u32,
    typed: Option<Instant>,
}

fn bye(code: ErrorCode, retry_ms: u64) -> Bye {
    Bye { code, retry_ms }
}

fn frame(frame: &WidgetServerFrame) -> Action {
    match frame.to_json() {
        Ok(json) => Action::Send(vec![json]),
        Err(error) => {
            tracing::error!(%error, kind = frame.kind(), "a frame cannot be written");
            Action::Close(bye(ErrorCode::Internal, 0))
        }
    }
}

fn known(form: PreChat, state: &VisitorState) -> bool {
    match form {
        PreChat::None => true,
        PreChat::Name => state.name.is_some(),
        PreChat::Email => state.email.is_some(),
        PreChat::NameAndEmail => state.name.is_some() && state.email.is_some(),
    }
}

impl VisitorMachine {
    /// A session whose socket has just opened.
    pub fn new(timing: Timing, now: Instant) -> VisitorMachine {
        VisitorMachine { timing, state: State::AwaitingHello { since: now }, heard: now, in_flight: 0, typed: None }
    }

    /// A text frame came.
    pub fn text(&mut self, now: Instant, text: &str) -> Action {
        self.heard = now;
        if text.len() > limits::MAX_INBOUND_FRAME_BYTES {
            return self.close(ErrorCode::TooLarge, 0);
        }
        let read = match WidgetClientFrame::parse(text) {
            Ok(read) => read,
            Err(FrameError::UnknownType(_)) if matches!(self.state, State::Following { .. }) => return Action::None,
            Err(_) => return self.close(ErrorCode::BadRequest, 0),
        };
        match (&self.state, read) {
            (State::AwaitingHello { .. }, WidgetClientFrame::Hello(hello)) => {
                if hello.v < limits::OLDEST_PROTOCOL_VERSION {
                    return self.close(ErrorCode::UpgradeApp, 0);
                }
                if hello.v > limits::PROTOCOL_VERSION {
                    return self.close(ErrorCode::UpgradeServer, 0);
                }
                self.state = State::Admitting { feed_id: hello.feed_id, after: hello.after };
                Action::Admit(Box::new(hello))
            }
            (State::Following { .. }, read) => self.request(now, read),
            (State::Closed, _) => Action::None,
            _ => self.close(ErrorCode::BadRequest, 0),
        }
    }

    fn request(&mut self, now: Instant, read: WidgetClientFrame) -> Action {
        match read {
            WidgetClientFrame::Hello(_) => self.close(ErrorCode::BadRequest, 0),
            WidgetClientFrame::Send(send) => match inbound::check_send(&send) {
                Ok(()) => {
                    self.in_flight += 1;
                    Action::Store(send)
                }
                Err(code) => frame(&WidgetServerFrame::Refused(WidgetRefused { id: send.id, code })),
            },
            WidgetClientFrame::Typing(typing) => {
                let soon = self.typed.is_some_and(|then| now.duration_since(then) < TYPING_PAUSE);
                if soon && typing.typing {
                    return Action::None;
                }
                self.typed = typing.typing.then_some(now);
                Action::Typing(typing.typing)
            }
            WidgetClientFrame::Delivered(mark) => self.progress(mark.upto, MessageStatus::Delivered),
            WidgetClientFrame::Read(mark) => self.progress(mark.upto, MessageStatus::Read),
            WidgetClientFrame::Rate(rate) => match visitors::check_rate(&rate) {
                Ok(()) => {
                    self.in_flight += 1;
                    Action::Rate(rate)
                }
                Err(code) => frame(&WidgetServerFrame::Refused(WidgetRefused { id: rate.id, code })),
            },
            WidgetClientFrame::Ping(_) => frame(&WidgetServerFrame::Pong(Empty {})),
        }
    }

    /// A mark counts up to what was sent to this browser, and only when it rises: repeating it costs the database nothing.
    fn progress(&mut self, upto: u64, status: MessageStatus) -> Action {
        let State::Following { cursor, delivered, read, .. } = &mut self.state else { return Action::None };
        let upto = upto.min(*cursor);
        let mark = if status == MessageStatus::Read { read } else { delivered };
        if upto <= *mark {
            return Action::None;
        }
        *mark = upto;
        self.in_flight += 1;
        Action::Progress(upto, status)
    }

    /// Something came that is no text frame.
    pub fn binary(&mut self) -> Action {
        self.close(ErrorCode::BadRequest, 0)
    }

    /// A frame came that is larger than the socket reads.
    pub fn too_large(&mut self) -> Action {
        self.close(ErrorCode::TooLarge, 0)
    }

    /// The transport's own ping came.
    pub fn heard(&mut self, now: Instant) {
        self.heard = now;
    }

    /// The visitor may connect: the welcome, and how far the conversation's messages got meanwhile.
    pub fn admitted(&mut self, facts: Facts) -> Action {
        let State::Admitting { feed_id, after } = self.state else { return Action::None };
        let state = &facts.state;
        let same_log = feed_id == Some(facts.feed_id) && after <= state.last_no;
        let cursor = if same_log { after } else { 0 };
        let welcome = WidgetServerFrame::Welcome(WidgetWelcome {
            feed_id: facts.feed_id,
            visitor: facts.key.visitor,
            token: facts.new_token,
            known: known(facts.config.pre_chat, state),
            has_email: state.email.is_some(),
            hours: facts.hours,
            config: facts.config,
            last_no: state.last_no,
            read_upto: state.read_upto,
            heartbeat_ms: u64::try_from(self.timing.heartbeat.as_millis()).unwrap_or(u64::MAX),
            now: facts.now,
        });
        self.state = State::Following {
            cursor,
            target: state.last_no,
            delivered: state.delivered_upto.max(state.read_upto),
            read: state.read_upto,
        };
        let Action::Send(mut frames) = frame(&welcome) else { return self.close(ErrorCode::Internal, 0) };
        match inbound::visitor_statuses(state) {
            Ok(statuses) => frames.extend(statuses.iter().map(|json| json.to_string())),
            Err(error) => {
                tracing::error!(%error, "a status cannot be written");
                return self.close(ErrorCode::Internal, 0);
            }
        }
        Action::Send(frames)
    }

    /// The visitor may not connect.
    pub fn refused(&mut self, code: ErrorCode, retry_ms: u64) -> Action {
        self.close(code, retry_ms)
    }

    /// The cursor from which messages are wanted; none while there is nothing to follow.
    pub fn cursor(&self) -> Option<u64> {
        match self.state {
            State::Following { cursor, .. } => Some(cursor),
            _ => None,
        }
    }

    /// Whether messages up to the welcome's last are still missing.
    pub fn is_behind(&self) -> bool {
        matches!(self.state, State::Following { cursor, target, .. } if cursor < target)
    }

    /// Messages after the cursor: their frames.
    pub fn messages<T>(&mut self, messages: Vec<(u64, T)>) -> Result<Vec<T>, Action> {
        let State::Following { cursor, .. } = &mut self.state else { return Ok(Vec::new()) };
        let mut frames = Vec::with_capacity(messages.len());
        for (no, json) in messages {
            if no <= *cursor {
                continue;
            }
            if cursor.checked_add(1) != Some(no) {
                return Err(self.close(ErrorCode::TooSlow, 0));
            }
            *cursor = no;
            frames.push(json);
        }
        Ok(frames)
    }

    /// A counted request was finished.
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

    /// When [`VisitorMachine::timeout`] is to be asked next.
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
        self.close(ErrorCode::TooSlow, 0)
    }

    fn close(&mut self, code: ErrorCode, retry_ms: u64) -> Action {
        self.state = State::Closed;
        Action::Close(bye(code, retry_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchboard_protocol::ids::{ChannelId, MessageId, VisitorId};
    use switchboard_protocol::widget::Upto;

    const TIMING: Timing = Timing { hello: Duration::from_secs(10), heartbeat: Duration::from_secs(30) };

    fn hello(feed_id: Option<FeedId>, after: u64) -> String {
        let hello =
            WidgetHello { v: 1, channel: "key".into(), token: None, feed_id, after, page: None, referrer: None };
        WidgetClientFrame::Hello(hello).to_json().unwrap()
    }

    fn facts(feed_id: FeedId, last_no: u64) -> Facts {
        Facts {
            feed_id,
            key: VisitorKey { channel: ChannelId::new(), visitor: VisitorId::new() },
            new_token: Some("token".into()),
            config: WidgetConfig { pre_chat: PreChat::Name, ..WidgetConfig::default() },
            hours: WidgetHours { open: true, changes_at: None },
            state: VisitorState { last_no, ..VisitorState::default() },
            now: 1,
        }
    }

    fn welcomed(after: u64, last_no: u64) -> VisitorMachine {
        let (mut machine, feed_id) = (VisitorMachine::new(TIMING, Instant::now()), FeedId::new());
        assert!(matches!(machine.text(Instant::now(), &hello(Some(feed_id), after)), Action::Admit(_)));
        let Action::Send(frames) = machine.admitted(facts(feed_id, last_no)) else { panic!() };
        assert!(frames[0].contains("\"known\":false") && frames[0].contains("\"token\":\"token\""));
        machine
    }

    #[track_caller]
    fn closed(action: Action, code: ErrorCode) {
        match action {
            Action::Close(bye) => assert_eq!(bye.code, code),
            other => panic!("expected bye {code}, got {other:?}"),
        }
    }

    #[test]
    fn f61_what_came_while_the_widget_was_away_follows_the_welcome() {
        let mut machine = welcomed(2, 4);
        assert!(machine.is_behind());
        assert_eq!(machine.messages(vec![(2, 'b'), (3, 'c'), (4, 'd')]).unwrap(), ['c', 'd']);
        assert!(!machine.is_behind());
        closed(machine.messages(vec![(6, 'f')]).unwrap_err(), ErrorCode::TooSlow);
    }

    #[test]
    fn a_place_in_another_log_or_beyond_the_end_counts_as_none() {
        let mut machine = VisitorMachine::new(TIMING, Instant::now());
        machine.text(Instant::now(), &hello(Some(FeedId::new()), 3));
        machine.admitted(facts(FeedId::new(), 4));
        assert_eq!(machine.cursor(), Some(0));
        assert_eq!(welcomed(9, 4).cursor(), Some(0));
    }

    #[test]
    fn marks_count_when_they_rise_and_up_to_what_was_sent() {
        let (mut machine, now) = (welcomed(0, 3), Instant::now());
        machine.messages(vec![(1, ()), (2, ()), (3, ())]).unwrap();
        let read = |upto| WidgetClientFrame::Read(Upto { upto }).to_json().unwrap();
        assert!(matches!(machine.text(now, &read(2)), Action::Progress(2, MessageStatus::Read)));
        assert!(matches!(machine.text(now, &read(2)), Action::None));
        assert!(matches!(machine.text(now, &read(u64::MAX)), Action::Progress(3, MessageStatus::Read)));
        assert!(matches!(machine.text(now, &read(u64::MAX)), Action::None));
    }

    #[test]
    fn bad_texts_are_refused_and_the_connection_goes_on() {
        let (mut machine, now) = (welcomed(0, 0), Instant::now());
        let send = |text: &str, name: Option<&str>| {
            let send =
                WidgetSend { id: MessageId::new(), text: text.into(), name: name.map(str::to_owned), email: None };
            WidgetClientFrame::Send(send).to_json().unwrap()
        };
        let long = "x".repeat(limits::MAX_TEXT_BYTES + 1);
        let name = "n".repeat(limits::MAX_NAME_BYTES + 1);
        for (text, code) in [
            (send(" \n ", None), "empty_text"),
            (send(&long, None), "text_too_long"),
            (send("hi", Some(&name)), "bad_request"),
            (send("hi", Some("a\u{7}b")), "bad_request"),
        ] {
            let Action::Send(frames) = machine.text(now, &text) else { panic!() };
            assert!(frames[0].contains("refused") && frames[0].contains(code));
        }
        assert!(machine.idle());
        assert!(matches!(machine.text(now, &send("hi", Some("Ann"))), Action::Store(_)));
    }

    #[test]
    fn f61_a_rating_is_stored_if_it_is_one() {
        let (mut machine, now) = (welcomed(0, 0), Instant::now());
        let rate = |stars, comment: Option<String>| {
            WidgetClientFrame::Rate(WidgetRate { id: MessageId::new(), stars, comment }).to_json().unwrap()
        };
        for text in [rate(0, None), rate(6, None), rate(5, Some("x".repeat(limits::MAX_COMMENT_BYTES + 1)))] {
            let Action::Send(frames) = machine.text(now, &text) else { panic!() };
            assert!(frames[0].contains("refused") && frames[0].contains("bad_rating"));
        }
        assert!(machine.idle());
        assert!(matches!(machine.text(now, &rate(1, Some(" ".repeat(9_000)))), Action::Rate(_)));
        assert!(!machine.idle());
    }

    #[test]
    fn f61_numbers_that_are_not_the_visitors_are_passed_over() {
        let mut machine = welcomed(2, 4);
        assert_eq!(machine.messages(vec![(3, None), (4, Some('d'))]).unwrap(), [None, Some('d')]);
        assert_eq!(machine.cursor(), Some(4));
    }

    #[test]
    fn frames_before_hello_and_broken_frames_close() {
        let now = Instant::now();
        for text in ["{\"type\":\"ping\"}", "{\"type\":\"future\"}", "{", "[[[["] {
            closed(VisitorMachine::new(TIMING, now).text(now, text), ErrorCode::BadRequest);
        }
        closed(welcomed(0, 0).text(now, "{\"type\":\"send\",\"id\":1}"), ErrorCode::BadRequest);
        assert!(matches!(welcomed(0, 0).text(now, "{\"type\":\"future\"}"), Action::None));
        let mut silent = welcomed(0, 0);
        closed(silent.timeout(now + Duration::from_secs(60)), ErrorCode::TooSlow);
    }
}
