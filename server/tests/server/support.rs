//! A server to test, and those who talk to it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::Role;
use switchboard_protocol::ids::{ChatId, CommandId, DeviceId, GroupId, MessageId, QueueId, UserId};
use switchboard_protocol::widget::WidgetConfig;
use switchboard_server::{Admin, Channel, Config, Limits, NewChannel, NewUser, Route, Server};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Nothing in these tests takes this long, unless it is broken.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A server with a queue of operators and a website channel.
pub struct World {
    pub server: Server,
    pub admin: Admin,
    pub channel: Channel,
    pub queue: QueueId,
    pub operators: Vec<UserId>,
    pub config: Config,
    _dir: TempDir,
}

/// The settings of the tests: no throttles, and the default times.
pub fn config(dir: &TempDir) -> Config {
    Config {
        limits: Limits { notice_poll_ms: 20, restart_spread_ms: 10, ..Limits::default() }.unthrottled(),
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        ..Config::in_dir(dir.path().join("data"))
    }
}

pub async fn start(config: &Config) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Server::start(config.clone(), listener).await.unwrap()
}

impl World {
    pub async fn new(operators: usize) -> World {
        World::with(operators, |_| {}).await
    }

    pub async fn with(operators: usize, change: impl FnOnce(&mut Config)) -> World {
        let dir = tempfile::tempdir().unwrap();
        let mut config = config(&dir);
        change(&mut config);
        let server = start(&config).await;
        let admin = server.admin();
        let group = admin.create_group("Sales").await.unwrap();
        let mut users = Vec::new();
        for n in 0..operators {
            let user = NewUser {
                name: format!("Operator {n}"),
                email: Some(format!("op{n}@example.com")),
                role: Role::User,
                group,
                password: None,
                extension: None,
            };
            users.push(admin.create_user(user).await.unwrap());
        }
        let queue = admin.create_queue("Front desk", &users).await.unwrap();
        let channel = admin
            .create_channel(NewChannel {
                name: "Shop".into(),
                kind: ChannelKind::LiveChat,
                origins: vec!["https://shop.example.com".into()],
                widget: WidgetConfig { title: "Shop".into(), greeting: "Hello".into(), ..WidgetConfig::default() },
                group: None,
                stub: false,
            })
            .await
            .unwrap();
        admin.set_route(channel.id, Route::Queue(queue)).await.unwrap();
        World { server, admin, channel, queue, operators: users, config, _dir: dir }
    }

    pub fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// Signs a device of an operator in.
    pub async fn device(&self, operator: usize) -> Signed {
        let code = self.admin.enrol(self.operators[operator]).await.unwrap();
        enrol(self.addr(), &code.code).await
    }

    /// A connected phone of an operator, caught up.
    pub async fn phone(&self, operator: usize) -> Phone {
        let signed = self.device(operator).await;
        let mut phone = Phone::connect(self.addr(), &signed, None, 0).await;
        phone.caught_up().await;
        phone
    }

    /// Another user.
    pub async fn user(&self, name: &str, role: Role, group: GroupId) -> UserId {
        self.admin.create_user(NewUser::new(name, role, group)).await.unwrap()
    }

    /// A signed-in device of any user.
    pub async fn device_of(&self, user: UserId) -> Signed {
        let code = self.admin.enrol(user).await.unwrap();
        enrol(self.addr(), &code.code).await
    }

    /// A connected phone of any user, caught up.
    pub async fn phone_of(&self, user: UserId) -> Phone {
        let signed = self.device_of(user).await;
        let mut phone = Phone::connect(self.addr(), &signed, None, 0).await;
        phone.caught_up().await;
        phone
    }

    /// A connected widget.
    pub async fn widget(&self) -> Widget {
        Widget::connect(self.addr(), &self.channel.key, None, None, 0).await
    }

    /// Stops the server and starts another on the same data.
    pub async fn restart(&mut self) {
        let server = std::mem::replace(&mut self.server, start(&config(&tempfile::tempdir().unwrap())).await);
        server.stop().await.unwrap();
        let other = std::mem::replace(&mut self.server, start(&self.config).await);
        other.stop().await.unwrap();
        self.admin = self.server.admin();
    }
}

/// A device that is signed in.
#[derive(Clone)]
pub struct Signed {
    pub device: DeviceId,
    pub token: String,
}

pub async fn enrol(addr: SocketAddr, code: &str) -> Signed {
    let body = json!({ "code": code, "device": { "name": "test", "platform": "terminal" } });
    let (status, answer) = post(addr, "/v1/enrol", &body).await;
    assert_eq!(status, 200, "{answer}");
    Signed {
        device: answer["device"].as_str().unwrap().parse().unwrap(),
        token: answer["token"].as_str().unwrap().to_owned(),
    }
}

/// A request on a connection of its own: status, headers in lower case, body.
pub async fn http(addr: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Http {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let mut request = format!("{method} {path} HTTP/1.1\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in [("Connection", "close"), ("Host", addr.to_string().as_str())] {
        if !headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)) {
            request += &format!("{name}: {value}\r\n");
        }
    }
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += "\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    // A refusal may come before the whole body was taken.
    drop(stream.write_all(body).await);
    let mut answer = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap().ok();
    let text = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok()).unwrap_or(0);
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    Http { status, headers, body: body.to_owned() }
}

pub struct Http {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Http {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {} {}", self.status, self.body))
    }
}

pub async fn post(addr: SocketAddr, path: &str, body: &Value) -> (u16, Value) {
    let body = body.to_string();
    let answer = http(addr, "POST", path, &[("Content-Type", "application/json")], body.as_bytes()).await;
    (answer.status, answer.json())
}

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A socket that speaks JSON.
pub struct Wire {
    stream: Stream,
}

impl Wire {
    pub async fn open(addr: SocketAddr, path: &str, headers: &[(&'static str, &str)]) -> Result<Wire, u16> {
        let mut request = format!("ws://{addr}{path}").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok((stream, _)) => Ok(Wire { stream }),
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    pub async fn send(&mut self, frame: Value) {
        self.send_text(frame.to_string()).await;
    }

    pub async fn send_text(&mut self, text: String) {
        // The server may have closed already; the test then sees it in what it receives.
        drop(self.stream.send(Message::text(text)).await);
    }

    pub async fn send_raw(&mut self, message: Message) {
        drop(self.stream.send(message).await);
    }

    /// The next frame; none when the connection has ended.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.stream.next()).await.expect("nothing came in time");
            match message {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(_))) | Some(Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next frame of this type; others are dropped.
    pub async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await.unwrap_or_else(|| panic!("the connection ended before {kind}"));
            if frame["type"] == kind {
                return frame;
            }
            assert_ne!(frame["type"], "bye", "waiting for {kind}: {frame}");
        }
    }

    /// The last frame, and that the connection ends behind it.
    pub async fn bye(&mut self) -> Value {
        loop {
            let frame = self.next().await.expect("the connection ended without a bye");
            if frame["type"] == "bye" {
                assert!(self.next().await.is_none(), "something came after the bye");
                return frame;
            }
        }
    }
}

/// An operator's phone.
pub struct Phone {
    pub wire: Wire,
    pub welcome: Value,
    /// What was received so far: events, and what else came.
    pub seen: Vec<Value>,
    pub cursor: u64,
}

impl Phone {
    pub async fn connect(addr: SocketAddr, signed: &Signed, feed_id: Option<&str>, cursor: u64) -> Phone {
        let mut wire = Wire::open(addr, "/v1/socket", &[]).await.unwrap();
        wire.send(json!({
            "type": "hello", "v": 1, "device": signed.device.to_string(), "token": signed.token,
            "feed_id": feed_id, "cursor": cursor,
        }))
        .await;
        let welcome = wire.next_of("welcome").await;
        Phone { wire, welcome, seen: Vec::new(), cursor }
    }

    pub async fn next(&mut self) -> Value {
        let frame = self.wire.next().await.expect("the connection ended");
        match frame["type"].as_str().unwrap() {
            "event" => {
                let seq = frame["seq"].as_u64().unwrap();
                assert_eq!(seq, self.cursor + 1, "a gap: {frame}");
                self.cursor = seq;
            }
            "snapshot_end" => self.cursor = frame["cursor"].as_u64().unwrap(),
            _ => {}
        }
        self.seen.push(frame.clone());
        frame
    }

    /// Reads until `live`; everything before it.
    pub async fn caught_up(&mut self) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            let frame = self.next().await;
            if frame["type"] == "live" {
                return frames;
            }
            frames.push(frame);
        }
    }

    pub async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await;
            if frame["type"] == kind {
                return frame;
            }
            assert_ne!(frame["type"], "bye", "waiting for {kind}: {frame}");
        }
    }

    /// The event that a command caused, from its answer.
    pub async fn event_of(&mut self, result: &Value) -> Value {
        let is_it = |frame: &Value| frame["type"] == "event" && frame["command"] == result["id"];
        if let Some(seen) = self.seen.iter().find(|frame| is_it(frame)) {
            return seen.clone();
        }
        loop {
            let frame = self.next_of("event").await;
            if is_it(&frame) {
                return frame;
            }
        }
    }

    /// An event of this kind, the first of what was received so far or else the next one.
    pub async fn event_by_now(&mut self, kind: &str) -> Value {
        match self.seen.iter().find(|frame| frame["kind"] == kind) {
            Some(seen) => seen.clone(),
            None => self.event(kind).await,
        }
    }

    /// The next event of this kind.
    pub async fn event(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next_of("event").await;
            if frame["kind"] == kind {
                return frame;
            }
        }
    }

    pub async fn command(&mut self, id: CommandId, kind: &str, chat: &str, epoch: Option<u64>, body: Value) -> Value {
        self.send_command(id, kind, chat, epoch, body).await;
        self.result(id).await
    }

    pub async fn send_command(&mut self, id: CommandId, kind: &str, chat: &str, epoch: Option<u64>, body: Value) {
        self.wire
            .send(json!({
                "type": "command", "id": id.to_string(), "kind": kind, "chat": chat, "owner_epoch": epoch, "body": body,
            }))
            .await;
    }

    pub async fn result(&mut self, id: CommandId) -> Value {
        let id = id.to_string();
        if let Some(found) = self.seen.iter().find(|frame| frame["type"] == "result" && frame["id"] == id.as_str()) {
            return found.clone();
        }
        loop {
            let frame = self.next_of("result").await;
            if frame["id"] == id.as_str() {
                return frame;
            }
        }
    }

    /// A command about a chat with everything that it may need, or about the user alone.
    pub async fn any_command(&mut self, kind: &str, chat: Option<&str>, epoch: u64, seen: u64, body: Value) -> Value {
        let id = CommandId::new();
        let mut frame = json!({ "type": "command", "id": id.to_string(), "kind": kind });
        if let Some(chat) = chat {
            frame["chat"] = json!(chat);
            frame["owner_epoch"] = json!(epoch);
            frame["seen"] = json!(seen);
        }
        if !body.is_null() {
            frame["body"] = body;
        }
        self.wire.send(frame).await;
        self.result(id).await
    }

    /// The rows of a collection since a revision, and the revision now.
    pub async fn pull(&mut self, collection: &str, rev: u64) -> (Vec<Value>, u64) {
        self.wire.send(json!({ "type": "pull", "req": 1, "collection": collection, "rev": rev })).await;
        let rows = self.next_of("rows").await;
        (rows["rows"].as_array().unwrap().clone(), rows["rev"].as_u64().unwrap())
    }

    pub async fn reply(&mut self, chat: &str, epoch: u64, text: &str) -> Value {
        self.command(CommandId::new(), "reply", chat, Some(epoch), json!({ "text": text })).await
    }

    pub async fn take(&mut self, chat: &str) -> Value {
        self.command(CommandId::new(), "take", chat, None, Value::Null).await
    }

    pub fn feed_id(&self) -> String {
        self.welcome["feed_id"].as_str().unwrap().to_owned()
    }
}

/// A visitor's browser.
pub struct Widget {
    pub wire: Wire,
    pub welcome: Value,
    pub token: String,
    /// What came before the answer to something that was sent.
    early: VecDeque<Value>,
}

impl Widget {
    pub async fn open(addr: SocketAddr) -> Wire {
        Wire::open(addr, "/widget/v1/socket", &[("Origin", &format!("http://{addr}"))]).await.unwrap()
    }

    pub async fn connect(
        addr: SocketAddr,
        key: &str,
        token: Option<&str>,
        feed_id: Option<&str>,
        after: u64,
    ) -> Widget {
        let mut wire = Widget::open(addr).await;
        wire.send(json!({
            "type": "hello", "v": 1, "channel": key, "token": token, "feed_id": feed_id, "after": after,
        }))
        .await;
        let welcome = wire.next_of("welcome").await;
        let token = welcome["token"].as_str().or(token).unwrap().to_owned();
        Widget { wire, welcome, token, early: VecDeque::new() }
    }

    pub async fn send(&mut self, text: &str) -> Value {
        self.send_as(MessageId::new(), text).await
    }

    pub async fn send_as(&mut self, id: MessageId, text: &str) -> Value {
        self.wire.send(json!({ "type": "send", "id": id.to_string(), "text": text })).await;
        self.answer().await
    }

    /// The answer to what was sent; what comes before it is kept.
    pub async fn answer(&mut self) -> Value {
        loop {
            let frame = self.wire.next().await.expect("the connection ended");
            if matches!(frame["type"].as_str(), Some("accepted" | "refused" | "bye")) {
                return frame;
            }
            self.early.push_back(frame);
        }
    }

    /// The next message of the conversation, also one that came before the answer to something that was sent.
    pub async fn next_message(&mut self) -> Value {
        while let Some(frame) = self.early.pop_front() {
            if frame["type"] == "message" {
                return frame;
            }
        }
        self.wire.next_of("message").await
    }
}

/// Whether a widget's message is an operator's words, and not something that happened.
pub fn is_answer(frame: &Value) -> bool {
    frame["type"] == "message" && frame["author"]["kind"] == "operator" && frame["event"].is_null()
}

pub fn chat_of(event: &Value) -> String {
    let chat = event["chat"].as_str().unwrap();
    chat.parse::<ChatId>().unwrap();
    chat.to_owned()
}
