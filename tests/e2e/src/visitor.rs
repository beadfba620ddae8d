//! A website visitor: the widget's protocol over a real socket, without a browser.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use switchboard_protocol::ErrorCode;
use switchboard_protocol::frame::{Bye, Empty};
use switchboard_protocol::ids::{FeedId, MessageId};
use switchboard_protocol::limits::PROTOCOL_VERSION;
use switchboard_protocol::widget::{
    Upto, WIDGET_SOCKET_PATH, WidgetAccepted, WidgetClientFrame, WidgetEvent, WidgetHello, WidgetMessage, WidgetRate,
    WidgetSend, WidgetServerFrame, WidgetTyping, WidgetWelcome,
};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::WAIT;

/// What may go wrong for a visitor.
#[derive(Debug, thiserror::Error)]
pub enum VisitorError {
    /// The socket failed.
    #[error("socket: {0}")]
    Socket(#[from] tokio_tungstenite::tungstenite::Error),
    /// The server closed the connection.
    #[error("the connection ended")]
    Ended,
    /// The server said something that the widget does not understand.
    #[error("frame: {0}")]
    Frame(#[from] switchboard_protocol::FrameError),
    /// Nothing came within [`WAIT`].
    #[error("nothing came in time")]
    Timeout,
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A visitor's connection.
pub struct Visitor {
    /// To the task that owns the socket's writing half, and pings while nothing else is said, as a browser does.
    outgoing: mpsc::UnboundedSender<Message>,
    incoming: SplitStream<Socket>,
    /// The token to come back with.
    pub token: String,
    /// The server's log.
    pub feed_id: FeedId,
    /// What the server said at the beginning.
    pub welcome: WidgetWelcome,
    /// The texts that came, in the order of arrival.
    pub messages: Vec<WidgetMessage>,
    /// What happened meanwhile, in the order of arrival.
    pub events: Vec<WidgetEvent>,
    /// Why the server ended the connection.
    pub bye: Option<Bye>,
}

/// A socket with the `Origin` that the widget's frame has.
pub async fn connect(
    addr: SocketAddr,
    origin: &str,
) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, tokio_tungstenite::tungstenite::Error> {
    let mut request = format!("ws://{addr}{WIDGET_SOCKET_PATH}").into_client_request()?;
    let origin = origin.parse().map_err(tokio_tungstenite::tungstenite::http::Error::from)?;
    request.headers_mut().insert("origin", origin);
    Ok(tokio_tungstenite::connect_async(request).await?.0)
}

impl Visitor {
    /// Opens the widget as a new visitor.
    pub async fn open(addr: SocketAddr, channel: &str) -> Result<Self, VisitorError> {
        Self::hello(addr, channel, None, None, 0).await
    }

    /// Opens the widget again, as after a reload that kept nothing but the token.
    pub async fn reopen(addr: SocketAddr, channel: &str, token: &str) -> Result<Self, VisitorError> {
        Self::hello(addr, channel, Some(token.to_owned()), None, 0).await
    }

    /// Opens the widget with this state. The socket's `Origin` is the server's own, as the widget's frame has it.
    pub async fn hello(
        addr: SocketAddr,
        channel: &str,
        token: Option<String>,
        feed_id: Option<FeedId>,
        after: u64,
    ) -> Result<Self, VisitorError> {
        let mut socket = connect(addr, &format!("http://{addr}")).await?;
        let hello = WidgetHello {
            v: PROTOCOL_VERSION,
            channel: channel.into(),
            token: token.clone(),
            feed_id,
            after,
            page: None,
            referrer: None,
        };
        socket.send(text(&WidgetClientFrame::Hello(hello))?).await?;
        let (sink, mut incoming) = socket.split();
        let welcome = loop {
            if let WidgetServerFrame::Welcome(welcome) = next(&mut incoming).await? {
                break welcome;
            }
        };
        let token = welcome.token.clone().or(token).ok_or(VisitorError::Ended)?;
        let (outgoing, frames) = mpsc::unbounded_channel();
        tokio::spawn(write(sink, frames, Duration::from_millis(welcome.heartbeat_ms / 2)));
        Ok(Self {
            outgoing,
            incoming,
            token,
            feed_id: welcome.feed_id,
            welcome,
            messages: Vec::new(),
            events: Vec::new(),
            bye: None,
        })
    }

    /// Sends one frame.
    pub async fn send_frame(&mut self, frame: &WidgetClientFrame) -> Result<(), VisitorError> {
        self.outgoing.send(text(frame)?).map_err(|_| VisitorError::Ended)
    }

    /// The next frame; messages are also kept.
    pub async fn next_frame(&mut self) -> Result<WidgetServerFrame, VisitorError> {
        let frame = next(&mut self.incoming).await?;
        match &frame {
            WidgetServerFrame::Message(WidgetMessage { event: Some(event), .. }) => self.events.push(event.clone()),
            WidgetServerFrame::Message(message) => self.messages.push(message.clone()),
            WidgetServerFrame::Bye(bye) => self.bye = Some(bye.clone()),
            _ => {}
        }
        Ok(frame)
    }

    /// Sends a text and waits until the server has stored it.
    pub async fn say(&mut self, text: &str) -> Result<WidgetAccepted, VisitorError> {
        self.say_as(MessageId::new(), text).await
    }

    /// Sends a text under this id and waits until the server has stored it.
    pub async fn say_as(&mut self, id: MessageId, text: &str) -> Result<WidgetAccepted, VisitorError> {
        self.offer(id, text).await?;
        loop {
            match self.next_frame().await? {
                WidgetServerFrame::Accepted(accepted) if accepted.id == id => return Ok(accepted),
                WidgetServerFrame::Bye(_) => return Err(VisitorError::Ended),
                _ => {}
            }
        }
    }

    /// Sends a text under this id without waiting.
    pub async fn offer(&mut self, id: MessageId, text: &str) -> Result<(), VisitorError> {
        let message = WidgetSend { id, text: text.into(), name: None, email: None };
        self.send_frame(&WidgetClientFrame::Send(message)).await
    }

    /// Waits for a message with this text, from either side.
    pub async fn hear(&mut self, text: &str) -> Result<WidgetMessage, VisitorError> {
        loop {
            if let Some(message) = self.messages.iter().find(|message| message.text == text) {
                return Ok(message.clone());
            }
            self.next_frame().await?;
        }
    }

    /// Waits until this many messages came.
    pub async fn hear_messages(&mut self, count: usize) -> Result<&[WidgetMessage], VisitorError> {
        while self.messages.len() < count {
            self.next_frame().await?;
        }
        Ok(&self.messages)
    }

    /// Everything that was said so far, of either side: what comes before a text that is said now.
    pub async fn hear_all(&mut self) -> Result<Vec<WidgetMessage>, VisitorError> {
        let last = format!("that was all {}", MessageId::new());
        self.say(&last).await?;
        self.hear(&last).await?;
        Ok(self.messages.iter().filter(|message| message.text != last).cloned().collect())
    }

    /// Waits until something happens in the conversation that `wanted` accepts.
    pub async fn until_event(&mut self, wanted: impl Fn(&WidgetEvent) -> bool) -> Result<WidgetEvent, VisitorError> {
        loop {
            if let Some(event) = self.events.iter().find(|event| wanted(event)) {
                return Ok(event.clone());
            }
            self.next_frame().await?;
        }
    }

    /// Offers a text and returns the code with which it was refused.
    pub async fn say_refused(&mut self, text: &str) -> Result<ErrorCode, VisitorError> {
        let id = MessageId::new();
        self.offer(id, text).await?;
        loop {
            match self.next_frame().await? {
                WidgetServerFrame::Refused(refused) if refused.id == id => return Ok(refused.code),
                WidgetServerFrame::Accepted(accepted) if accepted.id == id => return Ok(ErrorCode::Unknown),
                _ => {}
            }
        }
    }

    /// Waits for the server's last frame.
    pub async fn until_bye(&mut self) -> Result<Bye, VisitorError> {
        loop {
            if let WidgetServerFrame::Bye(bye) = self.next_frame().await? {
                return Ok(bye);
            }
        }
    }

    /// Rates the session that ended.
    pub async fn rate(&mut self, stars: u8, comment: Option<&str>) -> Result<(), VisitorError> {
        let rate = WidgetRate { id: MessageId::new(), stars, comment: comment.map(str::to_owned) };
        self.send_frame(&WidgetClientFrame::Rate(rate)).await
    }

    /// Says that the visitor is typing, or stopped.
    pub async fn typing(&mut self, typing: bool) -> Result<(), VisitorError> {
        self.send_frame(&WidgetClientFrame::Typing(WidgetTyping { name: None, typing })).await
    }

    /// Says that everything up to this message was seen.
    pub async fn read(&mut self, upto: u64) -> Result<(), VisitorError> {
        self.send_frame(&WidgetClientFrame::Read(Upto { upto })).await
    }

    /// Says that everything up to this message arrived.
    pub async fn delivered(&mut self, upto: u64) -> Result<(), VisitorError> {
        self.send_frame(&WidgetClientFrame::Delivered(Upto { upto })).await
    }
}

fn text(frame: &WidgetClientFrame) -> Result<Message, VisitorError> {
    let json = frame.to_json().map_err(|error| switchboard_protocol::FrameError::Malformed(error.to_string()))?;
    Ok(Message::text(json))
}

/// Writes what the visitor says, and a ping in between. Ends with the visitor or with the connection.
async fn write(
    mut sink: SplitSink<Socket, Message>,
    mut frames: mpsc::UnboundedReceiver<Message>,
    heartbeat: Duration,
) -> Result<(), VisitorError> {
    let ping = text(&WidgetClientFrame::Ping(Empty {}))?;
    let mut heartbeat = tokio::time::interval(heartbeat);
    loop {
        let message = tokio::select! {
            message = frames.recv() => match message {
                Some(message) => message,
                None => return Ok(()),
            },
            _ = heartbeat.tick() => ping.clone(),
        };
        sink.send(message).await?;
    }
}

async fn next(socket: &mut SplitStream<Socket>) -> Result<WidgetServerFrame, VisitorError> {
    let deadline = tokio::time::sleep(WAIT);
    tokio::pin!(deadline);
    loop {
        let message = tokio::select! {
            message = socket.next() => message.ok_or(VisitorError::Ended)??,
            () = &mut deadline => return Err(VisitorError::Timeout),
        };
        match message {
            Message::Text(text) => match WidgetServerFrame::parse(&text)? {
                WidgetServerFrame::Pong(_) => {}
                frame => return Ok(frame),
            },
            Message::Close(_) => return Err(VisitorError::Ended),
            _ => {}
        }
    }
}

/// How long a visitor that was cut off waits before it tries again, in tests.
pub const RETRY: Duration = Duration::from_millis(50);
