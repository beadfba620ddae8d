//! The two ends of a message on real sockets: what sends as a visitor and what receives as an operator, for the real
//! server, the reference relay and the echo, so that one load generator drives all three.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use switchboard_protocol::device::{DeviceInfo, ENROL_PATH, EnrolRequest, Platform, SOCKET_PATH, SignedIn};
use switchboard_protocol::frame::{Ack, Empty, Hello};
use switchboard_protocol::ids::MessageId;
use switchboard_protocol::limits::PROTOCOL_VERSION;
use switchboard_protocol::widget::{WIDGET_SOCKET_PATH, WidgetClientFrame, WidgetHello, WidgetSend, WidgetServerFrame};
use switchboard_protocol::{ClientFrame, ServerFrame};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::Result;
use crate::stats::Histogram;

type Socket = WebSocketStream<TcpStream>;

/// How often a client says something, well below every server's patience.
const PING: Duration = Duration::from_secs(10);
/// After how many events an operator acknowledges, as a phone does after it stored them.
const ACK_EVERY: u64 = 64;

/// Measures from the moment a visitor's text is handed to the socket to the moment an operator's socket returns it.
pub struct Meter {
    base: Instant,
    run: RwLock<Arc<Run>>,
    next: AtomicU64,
}

/// The messages of one run; late ones of an earlier run are told apart by the number in their text.
#[derive(Default)]
pub struct Run {
    id: u64,
    /// In to out, each delivery.
    pub latency: Histogram,
    /// Deliveries so far.
    pub delivered: AtomicU64,
    last_ns: AtomicU64,
}

impl Default for Meter {
    fn default() -> Self {
        Self { base: Instant::now(), run: RwLock::default(), next: AtomicU64::new(1) }
    }
}

impl Meter {
    fn now(&self) -> u64 {
        self.base.elapsed().as_nanos() as u64
    }

    /// Starts to count anew.
    pub fn begin(&self) -> Arc<Run> {
        let run = Arc::new(Run { id: self.next.fetch_add(1, Relaxed), ..Run::default() });
        *self.run.write().unwrap_or_else(std::sync::PoisonError::into_inner) = run.clone();
        run
    }

    /// A text of usual length that knows when it was sent.
    pub fn text(&self, run: &Run) -> String {
        format!("Hello, is the blue one in stock, and could it be here by Friday? ~{}.{}~", run.id, self.now())
    }

    /// Counts a delivery, if the frame holds a text of the present run.
    pub fn arrived(&self, frame: &str) {
        let now = self.now();
        let Some((_, rest)) = frame.split_once('~') else { return };
        let Some((mark, _)) = rest.split_once('~') else { return };
        let Some((id, sent)) = mark.split_once('.') else { return };
        let (Ok(id), Ok(sent)) = (id.parse::<u64>(), sent.parse::<u64>()) else { return };
        let run = self.run.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        if run.id == id {
            run.latency.record(now.saturating_sub(sent));
            run.delivered.fetch_add(1, Relaxed);
            run.last_ns.fetch_max(now, Relaxed);
        }
    }

    /// Seconds from this moment of the base clock to the run's last delivery.
    pub fn seconds_to_last(&self, run: &Run, since: Instant) -> f64 {
        let start = since.duration_since(self.base).as_nanos() as u64;
        run.last_ns.load(Relaxed).saturating_sub(start) as f64 / 1e9
    }
}

/// Opens a socket with 4 KiB buffers: 2,000 of the default size would take 268 MB of the load generator.
async fn connect(addr: SocketAddr, path: &str) -> Result<Socket> {
    let tcp = TcpStream::connect(addr).await?;
    tcp.set_nodelay(true)?;
    let mut request = format!("ws://{addr}{path}").into_client_request()?;
    request.headers_mut().insert("origin", format!("http://{addr}").parse()?);
    let config = WebSocketConfig::default().read_buffer_size(4_096).write_buffer_size(4_096);
    let (socket, _) = tokio_tungstenite::client_async_with_config(request, tcp, Some(config)).await?;
    Ok(socket)
}

/// Sends a POST with these bytes over a kept connection and returns the status and the body.
async fn post(stream: &mut BufReader<TcpStream>, path: &str, kind: &str, body: &[u8]) -> Result<(u16, Vec<u8>)> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let request = [head.as_bytes(), body].concat();
    stream.write_all(&request).await?;
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or("no HTTP status")?;
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).await?;
    Ok((status, answer))
}

/// A device of the real server.
#[derive(Clone)]
pub struct Device {
    signed_in: Arc<SignedIn>,
}

/// Signs a device in by a one-time code.
pub async fn enrol(addr: SocketAddr, code: &str) -> Result<Device> {
    let device = DeviceInfo { name: "bench".into(), platform: Platform::Terminal };
    let body = serde_json::to_vec(&EnrolRequest { code: code.into(), device })?;
    let mut stream = BufReader::new(TcpStream::connect(addr).await?);
    let (status, answer) = post(&mut stream, ENROL_PATH, "application/json", &body).await?;
    if status != 200 {
        return Err(format!("enrolment answered {status}: {}", String::from_utf8_lossy(&answer)).into());
    }
    Ok(Device { signed_in: Arc::new(serde_json::from_slice(&answer)?) })
}

/// An operator's connection; ends when dropped.
pub struct Operator {
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Operator {
    /// Whether the server ended the connection.
    pub fn is_cut(&self) -> bool {
        self.task.is_finished()
    }

    /// Connects to the relay.
    pub async fn relay(addr: SocketAddr, meter: Arc<Meter>) -> Result<Operator> {
        let mut socket = connect(addr, "/socket").await?;
        socket.next().await.ok_or("the relay closed")??;
        let task = tokio::spawn(async move {
            while let Some(Ok(message)) = socket.next().await {
                if let Message::Text(text) = message {
                    meter.arrived(&text);
                }
            }
        });
        Ok(Operator { task })
    }

    /// Connects to the real server as a phone does, with an empty store, and waits until it is up to date.
    pub async fn phone(addr: SocketAddr, device: &Device, meter: Arc<Meter>) -> Result<Operator> {
        let mut socket = connect(addr, SOCKET_PATH).await?;
        let SignedIn { device, token, .. } = &*device.signed_in;
        let hello = Hello { v: PROTOCOL_VERSION, device: *device, token: token.clone(), feed_id: None, cursor: 0 };
        socket.send(Message::text(ClientFrame::Hello(hello).to_json()?)).await?;
        let mut seq = loop {
            let Some(message) = socket.next().await else { return Err("the server closed before live".into()) };
            let Message::Text(text) = message? else { continue };
            match ServerFrame::parse(&text)? {
                ServerFrame::Live(live) => break live.seq,
                ServerFrame::Bye(bye) => return Err(format!("the server said {bye:?}").into()),
                _ => {}
            }
        };
        let ping = Message::text(ClientFrame::Ping(Empty {}).to_json()?);
        let task = tokio::spawn(async move {
            let mut beat = tokio::time::interval(PING);
            let mut acked = seq;
            loop {
                tokio::select! {
                    message = socket.next() => match message {
                        Some(Ok(Message::Text(text))) if text.starts_with("{\"type\":\"event\"") => {
                            meter.arrived(&text);
                            seq += 1;
                            if seq - acked >= ACK_EVERY {
                                acked = seq;
                                let Ok(ack) = ClientFrame::Ack(Ack { cursor: seq }).to_json() else { return };
                                if socket.send(Message::text(ack)).await.is_err() {
                                    return;
                                }
                            }
                        }
                        Some(Ok(_)) => {}
                        Some(Err(_)) | None => return,
                    },
                    _ = beat.tick() => if socket.send(ping.clone()).await.is_err() { return },
                }
            }
        });
        Ok(Operator { task })
    }
}

/// A website visitor's end.
pub enum Visitor {
    /// Gets back what it sends.
    Echo(Box<Socket>),
    /// Posts to the relay.
    Post(BufReader<TcpStream>, String),
    /// Speaks the widget's protocol.
    Widget(Box<Widget>),
}

/// A widget's connection and what it must remember to come back.
pub struct Widget {
    socket: Socket,
    /// The token and the last message's number.
    pub identity: WidgetIdentity,
}

/// What a browser keeps of a visitor.
#[derive(Clone, Default)]
pub struct WidgetIdentity {
    token: Option<String>,
    feed: Option<switchboard_protocol::ids::FeedId>,
    last_no: u64,
}

impl Visitor {
    /// Connects to the echo.
    pub async fn echo(addr: SocketAddr) -> Result<Visitor> {
        Ok(Visitor::Echo(Box::new(connect(addr, "/socket").await?)))
    }

    /// Connects to the relay.
    pub async fn post(addr: SocketAddr, chat: usize, fan: usize) -> Result<Visitor> {
        let tcp = TcpStream::connect(addr).await?;
        tcp.set_nodelay(true)?;
        Ok(Visitor::Post(BufReader::new(tcp), format!("/post/{chat}/{fan}")))
    }

    /// Connects to the real server, as a new visitor or a known one.
    pub async fn widget(addr: SocketAddr, channel: &str, identity: WidgetIdentity) -> Result<Visitor> {
        let mut socket = connect(addr, WIDGET_SOCKET_PATH).await?;
        let hello = WidgetHello {
            v: PROTOCOL_VERSION,
            channel: channel.into(),
            token: identity.token.clone(),
            feed_id: identity.feed,
            after: identity.last_no,
            page: None,
            referrer: None,
        };
        socket.send(Message::text(WidgetClientFrame::Hello(hello).to_json()?)).await?;
        loop {
            let Some(message) = socket.next().await else { return Err("the server closed before welcome".into()) };
            let Message::Text(text) = message? else { continue };
            match WidgetServerFrame::parse(&text)? {
                WidgetServerFrame::Welcome(welcome) => {
                    let identity = WidgetIdentity {
                        token: welcome.token.or(identity.token),
                        feed: Some(welcome.feed_id),
                        last_no: welcome.last_no,
                    };
                    return Ok(Visitor::Widget(Box::new(Widget { socket, identity })));
                }
                WidgetServerFrame::Bye(bye) => return Err(format!("the server said {bye:?} to a visitor").into()),
                _ => {}
            }
        }
    }

    /// Sends a text and returns once the server has answered that it is kept.
    pub async fn send(&mut self, meter: &Meter, run: &Run) -> Result<()> {
        match self {
            Visitor::Echo(socket) => {
                socket.send(Message::text(meter.text(run))).await?;
                if let Message::Text(text) = socket.next().await.ok_or("the echo closed")?? {
                    meter.arrived(&text);
                }
                Ok(())
            }
            Visitor::Post(stream, path) => {
                let text = meter.text(run);
                match post(stream, path, "text/plain", text.as_bytes()).await?.0 {
                    204 => Ok(()),
                    status => Err(format!("the relay answered {status}").into()),
                }
            }
            Visitor::Widget(widget) => {
                let id = MessageId::new();
                let text = meter.text(run);
                let frame = WidgetClientFrame::Send(WidgetSend { id, text, name: None, email: None }).to_json()?;
                widget.socket.send(Message::text(frame)).await?;
                loop {
                    let message = widget.socket.next().await.ok_or("the server closed a visitor's socket")??;
                    let Message::Text(text) = message else { continue };
                    match WidgetServerFrame::parse(&text)? {
                        WidgetServerFrame::Accepted(accepted) if accepted.id == id => {
                            widget.identity.last_no = accepted.no;
                            return Ok(());
                        }
                        WidgetServerFrame::Refused(refused) => return Err(format!("refused: {refused:?}").into()),
                        WidgetServerFrame::Bye(bye) => return Err(format!("the server said {bye:?}").into()),
                        _ => {}
                    }
                }
            }
        }
    }
}
