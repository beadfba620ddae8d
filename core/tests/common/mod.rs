//! A server that says what a test tells it to say, on a real socket.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::value::RawValue;
use switchboard_core::{
    ChatId, Clock, ConnectionState, Core, CoreConfig, InboxFilter, InboxOrder, InboxRow, Platform, UserId,
};
use switchboard_protocol::chat::{ChannelKind, Chat, ChatState, OpenedChat, UserChat};
use switchboard_protocol::collection::{Revisions, Role};
use switchboard_protocol::command::{CommandFrame, CommandResult, CommandStatus};
use switchboard_protocol::contact::Contact;
use switchboard_protocol::device::{ENROL_PATH, SIGN_IN_PATH, SIGN_OUT_PATH, SOCKET_PATH, SignedIn, SignedInUser};
use switchboard_protocol::event::{EventBody, MessageAdded};
use switchboard_protocol::frame::{
    Bye, CatchUp, Event, Hello, Live, SnapshotBegin, SnapshotChat, SnapshotEnd, SnapshotPart, Welcome,
};
use switchboard_protocol::ids::{ChannelId, CommandId, ContactId, DeviceId, FeedId, MessageId};
use switchboard_protocol::message::{Author, Message, MessageStatus};
use switchboard_protocol::{ClientFrame, ErrorCode, ServerFrame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as WsMessage;

/// Longer than anything takes that works.
pub const WAIT: Duration = Duration::from_secs(30);
pub const NOW: i64 = 1_790_000_000_000;

pub fn me() -> UserId {
    UserId::from_bytes([0xAA; 16])
}

pub fn feed() -> FeedId {
    FeedId::from_bytes([7; 16])
}

pub fn chat_id(n: u8) -> ChatId {
    ChatId::from_bytes([n; 16])
}

pub fn chat(n: u8, rev: u64) -> Chat {
    Chat {
        id: chat_id(n),
        rev,
        channel: ChannelId::from_bytes([1; 16]),
        channel_kind: ChannelKind::LiveChat,
        queue: None,
        contact: Contact {
            id: ContactId::from_bytes([2; 16]),
            name: Some(format!("Contact {n}")),
            email: None,
            phone: None,
            known: false,
        },
        state: ChatState::Waiting,
        owner: None,
        owner_epoch: 0,
        waiting_since: Some(NOW),
        session: 1,
        group: None,
        labels: Vec::new(),
        visit: None,
    }
}

pub fn inbound(chat: u8, no: u64, text: &str) -> Message {
    let mut id = [chat; 16];
    id[8..].copy_from_slice(&no.to_be_bytes());
    Message {
        id: MessageId::from_bytes(id),
        no,
        author: Author::Contact,
        text: text.into(),
        private: false,
        mentions: Vec::new(),
        activity: None,
        sent_at: NOW + no as i64 * 1000,
        status: MessageStatus::Delivered,
    }
}

pub fn own(no: u64, id: CommandId, text: &str) -> EventBody {
    let author = Author::User { id: me(), name: "Anna".into() };
    let message = Message { id: id.into(), author, status: MessageStatus::Sent, ..inbound(0, no, text) };
    EventBody::Message(MessageAdded { message, chat: None, internal: None })
}

pub fn added(message: Message) -> EventBody {
    EventBody::Message(MessageAdded { message, chat: None, internal: None })
}

pub fn opened(n: u8, texts: &[&str]) -> OpenedChat {
    let messages = (1..).zip(texts).map(|(no, text)| inbound(n, no, text)).collect();
    OpenedChat { chat: chat(n, 1), messages, more: false }
}

/// Listens on a port of its own; a socket is answered by the test, the sign-in by itself.
pub struct FakeServer {
    pub addr: SocketAddr,
    sockets: mpsc::UnboundedReceiver<WebSocketStream<TcpStream>>,
    /// What the next sign-in is answered with: status line and body.
    answer: watch::Sender<(u16, String)>,
    /// The requests other than for sign-ins and sockets.
    asked: mpsc::UnboundedReceiver<String>,
}

pub fn signed_in(user: UserId, token: &str) -> String {
    let user = SignedInUser { id: user, name: "Anna".into(), role: Role::User };
    serde_json::to_string(&SignedIn { user, device: DeviceId::from_bytes([5; 16]), token: token.into() }).unwrap()
}

impl FakeServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (opened, sockets) = mpsc::unbounded_channel();
        let (ask, asked) = mpsc::unbounded_channel();
        let (answer, current) = watch::channel((200, signed_in(me(), "secret-token")));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (opened, current, ask) = (opened.clone(), current.clone(), ask.clone());
                tokio::spawn(async move {
                    // A request's line comes in one piece.
                    let mut head = [0; 32];
                    if stream.peek(&mut head).await.is_err() {
                        return;
                    }
                    if head.starts_with(format!("GET {SOCKET_PATH} ").as_bytes()) {
                        if let Ok(socket) = tokio_tungstenite::accept_async(stream).await {
                            let _ = opened.send(socket);
                        }
                    } else {
                        let answer = current.borrow().clone();
                        let head = respond(stream, answer).await;
                        let signs = [ENROL_PATH, SIGN_IN_PATH, SIGN_OUT_PATH];
                        if !signs.iter().any(|path| head.starts_with(&format!("POST {path} "))) {
                            let _ = ask.send(head);
                        }
                    }
                });
            }
        });
        Self { addr, sockets, answer, asked }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    pub fn answer_sign_in(&self, status: u16, body: &str) {
        self.answer.send_replace((status, body.to_owned()));
    }

    /// The next request, with its body.
    pub async fn asked(&mut self) -> String {
        tokio::time::timeout(WAIT, self.asked.recv()).await.expect("a request").unwrap()
    }

    pub async fn accept(&mut self) -> Connection {
        let socket = tokio::time::timeout(WAIT, self.sockets.recv()).await.expect("a connection").unwrap();
        Connection { socket, seq: 0 }
    }

    /// Whether a connection is waiting that was not accepted.
    pub fn has_connection(&mut self) -> bool {
        !self.sockets.is_empty()
    }
}

/// Answers one request, whatever it is; the request.
async fn respond(mut stream: TcpStream, (status, body): (u16, String)) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await.unwrap_or(0);
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request);
        let Some(end) = text.find("\r\n\r\n") else {
            if read == 0 {
                return String::new();
            }
            continue;
        };
        let length = text
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length:").map(str::trim).map(str::to_owned)
            })
            .and_then(|length| length.parse::<usize>().ok())
            .unwrap_or(0);
        if request.len() >= end + 4 + length || read == 0 {
            break;
        }
    }
    let answer = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
    String::from_utf8_lossy(&request).into_owned()
}

/// One device's connection, from the server's side.
pub struct Connection {
    socket: WebSocketStream<TcpStream>,
    pub seq: u64,
}

impl Connection {
    pub async fn send(&mut self, frame: ServerFrame) {
        self.send_text(&frame.to_json().unwrap()).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        self.socket.send(WsMessage::text(text)).await.unwrap();
    }

    /// The next frame, whatever it is; `None`: the device closed.
    pub async fn next(&mut self) -> Option<ClientFrame> {
        loop {
            match tokio::time::timeout(WAIT, self.socket.next()).await.expect("a frame") {
                Some(Ok(WsMessage::Text(text))) => return Some(ClientFrame::parse(&text).unwrap()),
                Some(Ok(WsMessage::Close(_))) | Some(Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next frame that the user caused.
    pub async fn next_action(&mut self) -> ClientFrame {
        loop {
            match self.next().await.expect("a frame and not the end") {
                ClientFrame::Ping(_) | ClientFrame::Ack(_) => {}
                frame => return frame,
            }
        }
    }

    pub async fn command(&mut self) -> CommandFrame {
        match self.next_action().await {
            ClientFrame::Command(command) => command,
            frame => panic!("expected a command, got {}", frame.kind()),
        }
    }

    /// Waits until the device has closed.
    pub async fn closed(&mut self) {
        while self.next().await.is_some() {}
    }

    pub async fn hello(&mut self) -> Hello {
        match self.next().await {
            Some(ClientFrame::Hello(hello)) => hello,
            other => panic!("expected hello, got {:?}", other.map(|frame| frame.kind())),
        }
    }

    pub async fn welcome(&mut self, mode: CatchUp, head: u64) {
        self.welcome_with(mode, head, 30_000, Revisions::new()).await;
    }

    pub async fn welcome_with(&mut self, mode: CatchUp, head: u64, heartbeat_ms: u64, revs: Revisions) {
        let welcome = Welcome { feed_id: feed(), user: me(), head, revs, mode, heartbeat_ms, now: NOW };
        self.send(ServerFrame::Welcome(welcome)).await;
    }

    pub async fn live(&mut self) {
        self.send(ServerFrame::Live(Live { seq: self.seq })).await;
    }

    /// Hello, a snapshot with these chats, live.
    pub async fn bring_up(&mut self, chats: Vec<OpenedChat>) -> Hello {
        let hello = self.hello().await;
        self.snapshot(chats, 10).await;
        hello
    }

    pub async fn snapshot(&mut self, chats: Vec<OpenedChat>, as_of: u64) {
        self.welcome(CatchUp::Snapshot, as_of).await;
        self.send(ServerFrame::SnapshotBegin(SnapshotBegin { as_of })).await;
        for opened in chats {
            let chats = vec![SnapshotChat { opened, me: UserChat::default() }];
            self.send(ServerFrame::SnapshotPart(SnapshotPart {
                chats,
                passed_on: Vec::new(),
                ..SnapshotPart::default()
            }))
            .await;
        }
        self.send(ServerFrame::SnapshotEnd(SnapshotEnd { cursor: as_of })).await;
        self.seq = as_of;
        self.live().await;
    }

    /// Hello, nothing to replay, live.
    pub async fn replay_nothing(&mut self) -> Hello {
        let hello = self.hello().await;
        self.seq = hello.cursor;
        self.welcome(CatchUp::Replay, hello.cursor).await;
        self.live().await;
        hello
    }

    /// The next event of the feed.
    pub async fn event(&mut self, chat: u8, body: &EventBody) {
        self.event_of(chat_id(chat), body, None).await;
    }

    /// One that this command caused.
    pub async fn event_by(&mut self, chat: u8, body: &EventBody, command: CommandId) {
        self.event_of(chat_id(chat), body, Some(command)).await;
    }

    /// One of a chat whose id the test did not choose.
    pub async fn event_of(&mut self, chat: ChatId, body: &EventBody, command: Option<CommandId>) {
        let event = self.next_event(chat, body, command);
        self.send(event).await;
    }

    fn next_event(&mut self, chat: ChatId, body: &EventBody, command: Option<CommandId>) -> ServerFrame {
        self.seq += 1;
        ServerFrame::Event(Event {
            seq: self.seq,
            kind: body.kind().into(),
            chat: Some(chat),
            rev: 0,
            body: Some(RawValue::from_string(body.to_json().unwrap()).unwrap()),
            command,
        })
    }

    /// Events in one write: they are in the device's buffer together.
    pub async fn events_together(&mut self, events: &[(u8, EventBody)]) {
        for (chat, body) in events {
            let event = self.next_event(chat_id(*chat), body, None);
            self.socket.feed(WsMessage::text(event.to_json().unwrap())).await.unwrap();
        }
        self.socket.flush().await.unwrap();
    }

    pub async fn answer(&mut self, id: CommandId, status: CommandStatus, code: Option<ErrorCode>, seq: Option<u64>) {
        let result = CommandResult { id, status, seq, code, owner: None, owner_epoch: None };
        self.send(ServerFrame::Result(result)).await;
    }

    /// Tells of these users, whether they are disabled too, and waits until they are asked for.
    pub async fn users(&mut self, users: &[(UserId, &str, bool)]) {
        self.send_text(r#"{"type":"changed","collection":"users","rev":1}"#).await;
        let ClientFrame::Pull(pull) = self.next_action().await else { panic!("a pull") };
        let group = chat_id(1);
        let rows: Vec<String> = users
            .iter()
            .map(|(id, name, disabled)| {
                format!(
                    r#"{{"id":"{id}","row":{{"id":"{id}","name":"{name}","role":"user","disabled":{disabled},
                    "group":"{group}"}}}}"#
                )
            })
            .collect();
        let (req, rows) = (pull.req, rows.join(","));
        self.send_text(&format!(r#"{{"type":"rows","req":{req},"collection":"users","rev":1,"rows":[{rows}]}}"#)).await;
    }

    pub async fn bye(&mut self, code: ErrorCode, retry_ms: u64) {
        self.send(ServerFrame::Bye(Bye { code, retry_ms })).await;
    }

    pub async fn close(mut self) {
        let _ = self.socket.close(None).await;
    }
}

/// A device's clock that the test sets.
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(NOW)))
    }

    pub fn forward(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.now_ms() - NOW).unwrap()
    }
}

pub fn config(dir: &Path, clock: &Arc<TestClock>) -> CoreConfig {
    let clock: Arc<dyn Clock> = clock.clone();
    CoreConfig { clock, ..CoreConfig::new(dir, Platform::Terminal, "test phone") }
}

/// A phone under test.
pub struct Phone {
    pub core: Core,
    /// Beats at every change of anything that is observed.
    beats: watch::Receiver<u64>,
    _kept: Vec<switchboard_core::Subscription>,
}

impl Phone {
    pub fn open(dir: &Path) -> Self {
        Self::open_with(CoreConfig::new(dir, Platform::Terminal, "test phone"))
    }

    pub fn open_with(config: CoreConfig) -> Self {
        let core = Core::open(config).unwrap();
        let (beat, beats) = watch::channel(0_u64);
        let beat = Arc::new(beat);
        let pulse = || {
            let beat = Arc::clone(&beat);
            move || beat.send_modify(|beats| *beats += 1)
        };
        let (on_connection, on_inbox, on_unsent, on_command) = (pulse(), pulse(), pulse(), pulse());
        let (on_work, on_desk) = (pulse(), pulse());
        let kept = vec![
            core.observe_connection(Arc::new(move |_: ConnectionState| on_connection())),
            core.inbox(InboxFilter::All, InboxOrder::NewestFirst)
                .unwrap()
                .subscribe(Arc::new(move |_: switchboard_core::ListUpdate<InboxRow>| on_inbox())),
            core.unsent()
                .unwrap()
                .subscribe(Arc::new(move |_: switchboard_core::ListUpdate<switchboard_core::UnsentRow>| on_unsent())),
            core.observe_desk(Arc::new(move |_: switchboard_core::DeskPart| on_desk())),
            core.observe_work(Arc::new(move |_: switchboard_core::Work| on_work())),
            core.observe_commands(Arc::new(move |_: switchboard_core::CommandOutcome| on_command())),
        ];
        Self { core, beats, _kept: kept }
    }

    /// Signed in and started.
    pub async fn enrolled(dir: &Path, server: &FakeServer) -> Self {
        let phone = Self::open(dir);
        phone.core.enrol_with_code(&server.url(), "CODE").await.unwrap();
        phone.core.start();
        phone
    }

    /// Waits until this is so; looks again whenever the core tells of a change.
    pub async fn until(&mut self, what: &str, condition: impl Fn(&Core) -> bool) {
        let core = self.core.clone();
        let wait = async {
            while !condition(&core) {
                self.beats.changed().await.unwrap();
            }
        };
        if tokio::time::timeout(WAIT, wait).await.is_err() {
            panic!("{what}: not within {WAIT:?}");
        }
    }

    pub async fn until_state(&mut self, state: ConnectionState) {
        self.until(&format!("{state:?}"), |core| core.connection() == state).await;
    }

    pub async fn online(&mut self) {
        self.until_state(ConnectionState::Online).await;
    }

    pub fn texts(&self, chat: u8) -> Vec<String> {
        self.core.timeline(chat_id(chat), None).unwrap().rows().into_iter().map(|row| row.text).collect()
    }

    pub fn inbox(&self) -> Vec<InboxRow> {
        self.core.inbox(InboxFilter::All, InboxOrder::NewestFirst).unwrap().rows()
    }
}
