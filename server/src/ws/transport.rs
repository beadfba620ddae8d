//! The WebSocket itself: small buffers, bounded frames, and no write without an end.

use std::time::Duration;

use axum::Error;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use futures_util::{SinkExt, StreamExt};
use switchboard_protocol::limits;

/// Read and write buffers of a socket. The library's default of 128 KiB each makes an idle socket cost 134 KiB.
const BUFFER: usize = 4 * 1024;
/// What a closing handshake may take before the socket is simply dropped.
const CLOSE: Duration = Duration::from_secs(2);

/// The settings of every socket.
pub(crate) fn configure(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        // A frame of the largest size beside what waits; more is never given to a socket before it took that.
        .max_write_buffer_size(limits::MAX_OUTBOUND_FRAME_BYTES * 2)
        .max_message_size(limits::MAX_INBOUND_FRAME_BYTES)
        .max_frame_size(limits::MAX_INBOUND_FRAME_BYTES)
}

/// What came.
pub(super) enum Incoming {
    Text(Utf8Bytes),
    Binary,
    /// The transport's own ping or pong.
    Alive,
    TooLarge,
    /// Closed by the peer, or broken.
    Gone,
}

/// The socket broke, or its peer did not take a frame in time.
#[derive(Debug)]
pub(super) struct Broken;

pub(super) struct Transport {
    socket: WebSocket,
    write_timeout: Duration,
}

impl Transport {
    pub(super) fn new(socket: WebSocket, write_timeout: Duration) -> Transport {
        Transport { socket, write_timeout }
    }

    /// The next frame. May be dropped while it waits: nothing is lost.
    pub(super) async fn next(&mut self) -> Incoming {
        match self.socket.next().await {
            Some(Ok(Message::Text(text))) => Incoming::Text(text),
            Some(Ok(Message::Binary(_))) => Incoming::Binary,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Incoming::Alive,
            Some(Ok(Message::Close(_))) | None => Incoming::Gone,
            Some(Err(error)) if is_too_large(&error) => Incoming::TooLarge,
            Some(Err(_)) => Incoming::Gone,
        }
    }

    /// Hands over frames, and waits until the system has taken them.
    pub(super) async fn send(&mut self, frames: Vec<String>) -> Result<(), Broken> {
        if frames.is_empty() {
            return Ok(());
        }
        for frame in frames {
            let fed = tokio::time::timeout(self.write_timeout, self.socket.feed(Message::text(frame))).await;
            fed.map_err(|_| Broken)?.map_err(|_| Broken)?;
        }
        let flushed = tokio::time::timeout(self.write_timeout, self.socket.flush()).await;
        flushed.map_err(|_| Broken)?.map_err(|_| Broken)
    }

    /// Sends the last frame and closes, as far as the peer still listens.
    pub(super) async fn close(mut self, bye: Option<String>) {
        let goodbye = async {
            if let Some(bye) = bye {
                self.socket.send(Message::text(bye)).await?;
            }
            let frame = CloseFrame { code: axum::extract::ws::close_code::NORMAL, reason: "".into() };
            self.socket.send(Message::Close(Some(frame))).await?;
            // The peer's answer, so that the system does not cut the connection over unread bytes and lose the bye.
            while let Some(Ok(_)) = self.socket.next().await {}
            Ok::<_, Error>(())
        };
        // The result does not matter: the socket is dropped either way.
        drop(tokio::time::timeout(CLOSE, goodbye).await);
    }
}

/// Shared frames for one socket: the library wants bytes of its own.
pub(super) fn owned(frames: impl IntoIterator<Item = std::sync::Arc<str>>) -> Vec<String> {
    frames.into_iter().map(|json| String::from(&*json)).collect()
}

fn is_too_large(error: &Error) -> bool {
    // The library's error type is not re-exported; its text is the only thing to go by, and a test holds it in place.
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = source {
        if current.to_string().contains("too long") {
            return true;
        }
        source = current.source();
    }
    false
}
