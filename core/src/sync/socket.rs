//! The WebSocket under the machine.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use switchboard_protocol::device::SOCKET_PATH;
use switchboard_protocol::limits::MAX_OUTBOUND_FRAME_BYTES;
use switchboard_protocol::{ClientFrame, FrameError, ServerFrame};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};
use url::Url;

use super::by_hand::Line;
use crate::error::{Error, Result};
use crate::http;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// A line that takes nothing for this long is dead.
const SEND_TIMEOUT: Duration = Duration::from_secs(15);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
const BUFFER: usize = 16 * 1024;

/// What the socket gives.
pub(crate) enum Incoming {
    Frame(Box<ServerFrame>, String),
    /// A frame of a newer server.
    Unknown,
    Malformed,
    Closed,
}

impl Incoming {
    /// Reads a text frame.
    pub(crate) fn read(text: &str) -> Incoming {
        match ServerFrame::parse(text) {
            Ok(frame) => {
                // Only a snapshot's parts are kept as they came.
                let keep = matches!(frame, ServerFrame::SnapshotPart(_));
                let text = if keep { text.to_owned() } else { String::new() };
                Incoming::Frame(Box::new(frame), text)
            }
            Err(FrameError::UnknownType(kind)) => {
                tracing::debug!(kind, "a frame of a newer server");
                Incoming::Unknown
            }
            Err(FrameError::Malformed(_)) => Incoming::Malformed,
        }
    }
}

pub(crate) struct Socket {
    stream: Stream,
}

enum Stream {
    Net(Box<WebSocketStream<MaybeTlsStream<TcpStream>>>),
    Line(Arc<Line>),
}

impl Socket {
    /// A connection that somebody moves by hand.
    pub(crate) fn on(line: Arc<Line>) -> Self {
        Self { stream: Stream::Line(line) }
    }

    pub(crate) async fn connect(server: Url, tls: Arc<rustls::ClientConfig>) -> Result<Self> {
        let mut url = http::endpoint(&server, SOCKET_PATH)?;
        http::check_server(&server)?;
        let scheme = if server.scheme() == "https" { "wss" } else { "ws" };
        url.set_scheme(scheme).map_err(|()| Error::Network("no scheme".into()))?;
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(0)
            .max_message_size(Some(MAX_OUTBOUND_FRAME_BYTES))
            .max_frame_size(Some(MAX_OUTBOUND_FRAME_BYTES));
        let connecting = connect_async_tls_with_config(url.as_str(), Some(config), true, Some(Connector::Rustls(tls)));
        let (stream, _) = timeout(CONNECT_TIMEOUT, connecting)
            .await
            .map_err(|_| Error::Network("no answer".into()))?
            .map_err(|error| Error::Network(error.to_string()))?;
        Ok(Self { stream: Stream::Net(Box::new(stream)) })
    }

    /// The next frame. Cancel-safe: nothing is lost when it is not awaited to its end.
    pub(crate) async fn next(&mut self) -> Incoming {
        let stream = match &mut self.stream {
            Stream::Net(stream) => stream,
            Stream::Line(line) => match line.hear() {
                Some(text) => return Incoming::read(&text),
                None => return pending().await,
            },
        };
        loop {
            return match stream.next().await {
                Some(Ok(Message::Text(text))) => Incoming::read(text.as_str()),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Ok(Message::Binary(_))) => Incoming::Malformed,
                Some(Ok(Message::Close(_))) | None => Incoming::Closed,
                Some(Err(error)) => {
                    tracing::debug!(%error, "the connection was lost");
                    Incoming::Closed
                }
            };
        }
    }

    pub(crate) async fn send(&mut self, frame: &ClientFrame) -> Result<()> {
        let json = frame.to_json()?;
        let stream = match &mut self.stream {
            Stream::Net(stream) => stream,
            Stream::Line(line) => {
                line.say(json);
                return Ok(());
            }
        };
        timeout(SEND_TIMEOUT, stream.send(Message::text(json)))
            .await
            .map_err(|_| Error::Network("the line takes nothing".into()))?
            .map_err(|error| Error::Network(error.to_string()))
    }

    /// Says goodbye, if the line still takes it.
    pub(crate) async fn close(self) {
        if let Stream::Net(mut stream) = self.stream {
            let _ = timeout(CLOSE_TIMEOUT, stream.close(None)).await;
        }
    }
}
