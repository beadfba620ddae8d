//! A phone's socket without the core: speaks the protocol frame by frame, for what a well-behaved core never sends and
//! for what it would hide.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use switchboard_protocol::command::{CommandBody, CommandFrame, CommandResult};
use switchboard_protocol::device::{SOCKET_PATH, SignedIn};
use switchboard_protocol::frame::{Event, Hello, SnapshotChat, Welcome};
use switchboard_protocol::ids::{ChatId, CommandId, FeedId};
use switchboard_protocol::limits::PROTOCOL_VERSION;
use switchboard_protocol::{ClientFrame, ServerFrame};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::WAIT;

/// What may go wrong on a phone's socket.
#[derive(Debug, thiserror::Error)]
pub enum PhoneError {
    /// The socket failed.
    #[error("socket: {0}")]
    Socket(#[from] tokio_tungstenite::tungstenite::Error),
    /// The server closed the connection.
    #[error("the connection ended")]
    Ended,
    /// The server said something that is not a frame.
    #[error("frame: {0}")]
    Frame(#[from] switchboard_protocol::FrameError),
    /// Nothing came within [`WAIT`].
    #[error("nothing came in time")]
    Timeout,
}

/// A phone's connection.
pub struct Phone {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// What a connection brought until it was live.
#[derive(Debug)]
pub struct CaughtUp {
    /// The server's first word.
    pub welcome: Welcome,
    /// The chats of a snapshot; empty after a replay.
    pub snapshot: Vec<SnapshotChat>,
    /// The events of a replay; empty after a snapshot.
    pub events: Vec<Event>,
}

impl Phone {
    /// Opens a socket without saying anything on it.
    pub async fn connect(addr: SocketAddr) -> Result<Self, PhoneError> {
        let (socket, _) = tokio_tungstenite::connect_async(format!("ws://{addr}{SOCKET_PATH}")).await?;
        Ok(Self { socket })
    }

    /// Signs in on a new socket and catches up from this cursor.
    pub async fn hello(
        addr: SocketAddr,
        device: &SignedIn,
        feed_id: Option<FeedId>,
        cursor: u64,
    ) -> Result<(Self, CaughtUp), PhoneError> {
        let mut phone = Self::connect(addr).await?;
        let hello = Hello { v: PROTOCOL_VERSION, device: device.device, token: device.token.clone(), feed_id, cursor };
        phone.send(&ClientFrame::Hello(hello)).await?;
        let ServerFrame::Welcome(welcome) = phone.next().await? else { return Err(PhoneError::Ended) };
        let mut caught_up = CaughtUp { welcome, snapshot: Vec::new(), events: Vec::new() };
        loop {
            match phone.next().await? {
                ServerFrame::SnapshotPart(part) => caught_up.snapshot.extend(part.chats),
                ServerFrame::Event(event) => caught_up.events.push(event),
                ServerFrame::Live(_) => return Ok((phone, caught_up)),
                ServerFrame::Bye(_) => return Err(PhoneError::Ended),
                _ => {}
            }
        }
    }

    /// Sends one frame.
    pub async fn send(&mut self, frame: &ClientFrame) -> Result<(), PhoneError> {
        let json = frame.to_json().map_err(|error| switchboard_protocol::FrameError::Malformed(error.to_string()))?;
        self.send_text(json).await
    }

    /// Sends any text as one message.
    pub async fn send_text(&mut self, text: String) -> Result<(), PhoneError> {
        Ok(self.socket.send(Message::text(text)).await?)
    }

    /// The next frame.
    pub async fn next(&mut self) -> Result<ServerFrame, PhoneError> {
        let deadline = tokio::time::sleep(WAIT);
        tokio::pin!(deadline);
        loop {
            let message = tokio::select! {
                message = self.socket.next() => message.ok_or(PhoneError::Ended)??,
                () = &mut deadline => return Err(PhoneError::Timeout),
            };
            match message {
                Message::Text(text) => return Ok(ServerFrame::parse(&text)?),
                Message::Close(_) => return Err(PhoneError::Ended),
                _ => {}
            }
        }
    }

    /// The next event; everything else on the way is dropped.
    pub async fn next_event(&mut self) -> Result<Event, PhoneError> {
        loop {
            if let ServerFrame::Event(event) = self.next().await? {
                return Ok(event);
            }
        }
    }

    /// Sends a command and waits for its result; events on the way are dropped.
    pub async fn command(
        &mut self,
        id: CommandId,
        chat: ChatId,
        owner_epoch: u64,
        body: &CommandBody,
    ) -> Result<CommandResult, PhoneError> {
        self.send(&command(id, chat, owner_epoch, body)?).await?;
        loop {
            match self.next().await? {
                ServerFrame::Result(result) if result.id == id => return Ok(result),
                ServerFrame::Bye(_) => return Err(PhoneError::Ended),
                _ => {}
            }
        }
    }
}

/// A command's frame.
pub fn command(id: CommandId, chat: ChatId, owner_epoch: u64, body: &CommandBody) -> Result<ClientFrame, PhoneError> {
    let malformed = |error: serde_json::Error| switchboard_protocol::FrameError::Malformed(error.to_string());
    let json = body.to_json().map_err(malformed)?;
    let raw = json.map(serde_json::value::RawValue::from_string).transpose().map_err(malformed)?;
    Ok(ClientFrame::Command(CommandFrame {
        id,
        kind: body.kind().into(),
        chat: Some(chat),
        owner_epoch: Some(owner_epoch),
        seen: None,
        ask: false,
        body: raw,
    }))
}
