//! A TCP proxy that misbehaves on request: cuts, delays, half-closes, refuses, and cuts after the n-th WebSocket frame
//! that the server sent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, watch};
use tokio::task::{JoinHandle, JoinSet};

/// A running proxy. Dropping it ends it and its connections.
pub struct FaultProxy {
    addr: SocketAddr,
    faults: Arc<Faults>,
    accept: JoinHandle<()>,
}

struct Faults {
    target: Mutex<SocketAddr>,
    /// Connections made before the present generation are dead.
    generation: watch::Sender<u64>,
    refusing: AtomicBool,
    delay_ms: AtomicU64,
    /// Server frames that may still pass before the connection is cut; `u64::MAX`: no limit.
    frames_left: AtomicU64,
    frames_passed: AtomicU64,
    /// Whether the client's side is to be half-closed: the server hears nothing more, the client still listens.
    half_closed: watch::Sender<bool>,
    connections: AtomicU64,
}

impl FaultProxy {
    /// Listens on a free port and forwards to `target`.
    pub async fn start(target: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        let faults = Arc::new(Faults {
            target: Mutex::new(target),
            generation: watch::channel(0).0,
            refusing: AtomicBool::new(false),
            delay_ms: AtomicU64::new(0),
            frames_left: AtomicU64::new(u64::MAX),
            frames_passed: AtomicU64::new(0),
            half_closed: watch::channel(false).0,
            connections: AtomicU64::new(0),
        });
        let accept = tokio::spawn(accept(listener, faults.clone()));
        Ok(Self { addr, faults, accept })
    }

    /// Where clients connect.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The address as a server's, for a client's sign-in.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Forwards new connections to another address: the server came back on another port.
    pub async fn retarget(&self, target: SocketAddr) {
        *self.faults.target.lock().await = target;
    }

    /// Cuts every connection at once, without a closing handshake.
    pub fn cut(&self) {
        self.faults.generation.send_modify(|generation| *generation += 1);
    }

    /// Cuts every connection and closes new ones as soon as they are made, until [`FaultProxy::allow`].
    pub fn refuse(&self) {
        self.faults.refusing.store(true, Ordering::SeqCst);
        self.cut();
    }

    /// Ends every fault for new connections.
    pub fn allow(&self) {
        self.faults.refusing.store(false, Ordering::SeqCst);
        self.faults.delay_ms.store(0, Ordering::SeqCst);
        self.faults.frames_left.store(u64::MAX, Ordering::SeqCst);
        self.faults.half_closed.send_replace(false);
    }

    /// Holds back every chunk, in both directions, for this long.
    pub fn delay(&self, delay: Duration) {
        self.faults.delay_ms.store(delay.as_millis() as u64, Ordering::SeqCst);
    }

    /// Stops passing on what clients send, while they still hear the server: a half-open connection.
    pub fn half_close(&self) {
        self.faults.half_closed.send_replace(true);
    }

    /// Cuts the connection after this many more WebSocket frames from the server, and then refuses new ones, until
    /// [`FaultProxy::allow`].
    pub fn cut_after_server_frames(&self, frames: u64) {
        self.faults.frames_left.store(frames, Ordering::SeqCst);
    }

    /// How many WebSocket frames servers have sent through this proxy.
    pub fn server_frames(&self) -> u64 {
        self.faults.frames_passed.load(Ordering::SeqCst)
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> u64 {
        self.faults.connections.load(Ordering::SeqCst)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.accept.abort();
    }
}

async fn accept(listener: TcpListener, faults: Arc<Faults>) {
    // Owned by this task, so that aborting it ends the connections too.
    let mut connections = JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        while connections.try_join_next().is_some() {}
        if faults.refusing.load(Ordering::SeqCst) {
            continue;
        }
        faults.connections.fetch_add(1, Ordering::SeqCst);
        connections.spawn(connection(client, faults.clone()));
    }
}

async fn connection(client: TcpStream, faults: Arc<Faults>) {
    let mut generation = faults.generation.subscribe();
    generation.mark_unchanged();
    let target = *faults.target.lock().await;
    let Ok(server) = TcpStream::connect(target).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    // A cut is a reset, as when a phone loses its network: no FIN, nothing flushed.
    let _ = (client.set_zero_linger(), server.set_zero_linger());
    let (mut client_read, mut client_write) = client.into_split();
    let (mut server_read, mut server_write) = server.into_split();
    let up = upstream(&mut client_read, &mut server_write, &faults);
    let down = downstream(&mut server_read, &mut client_write, &faults);
    tokio::select! {
        _ = generation.changed() => {}
        _ = up => {}
        _ = down => {}
    }
}

async fn upstream(from: &mut (impl AsyncRead + Unpin), to: &mut (impl AsyncWrite + Unpin), faults: &Faults) {
    let mut half_closed = faults.half_closed.subscribe();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let Ok(n @ 1..) = from.read(&mut buffer).await else { return };
        if *half_closed.borrow_and_update() {
            // The bytes are lost and the direction stays silent until the connection is cut by either end.
            let _ = half_closed.wait_for(|half_closed| !half_closed).await;
            return;
        }
        pause(faults).await;
        if to.write_all(&buffer[..n]).await.is_err() {
            return;
        }
    }
}

async fn downstream(from: &mut (impl AsyncRead + Unpin), to: &mut (impl AsyncWrite + Unpin), faults: &Faults) {
    let mut buffer = vec![0; 16 * 1024];
    let mut frames = FrameCounter::default();
    loop {
        let Ok(n @ 1..) = from.read(&mut buffer).await else { return };
        pause(faults).await;
        let limit = faults.frames_left.load(Ordering::SeqCst);
        let (pass, complete) = frames.advance(&buffer[..n], limit);
        faults.frames_passed.fetch_add(complete, Ordering::SeqCst);
        if limit != u64::MAX {
            faults.frames_left.fetch_sub(complete, Ordering::SeqCst);
        }
        if to.write_all(&buffer[..pass]).await.is_err() {
            return;
        }
        if pass < n || (limit != u64::MAX && complete == limit) {
            // Let the last frame reach the client before the reset overtakes it.
            let _ = to.shutdown().await;
            faults.refusing.store(true, Ordering::SeqCst);
            return;
        }
    }
}

async fn pause(faults: &Faults) {
    let delay = faults.delay_ms.load(Ordering::SeqCst);
    if delay > 0 {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
}

/// Finds where the server's WebSocket frames end (RFC 6455, section 5.2). What comes before the upgrade's blank line,
/// and a connection that is never upgraded, pass uncounted.
#[derive(Default)]
struct FrameCounter {
    upgraded: bool,
    line_end: Vec<u8>,
    header: Vec<u8>,
    payload_left: u64,
}

impl FrameCounter {
    /// How many of these bytes may pass, and how many frames end in them, with at most `limit` frames passing.
    fn advance(&mut self, bytes: &[u8], limit: u64) -> (usize, u64) {
        let (mut at, mut complete) = (0, 0);
        while at < bytes.len() {
            if complete == limit {
                return (at, complete);
            }
            if !self.upgraded {
                self.line_end.push(bytes[at]);
                at += 1;
                self.upgraded = self.line_end.ends_with(b"\r\n\r\n");
            } else if self.payload_left > 0 {
                let n = self.payload_left.min((bytes.len() - at) as u64);
                self.payload_left -= n;
                at += n as usize;
                complete += u64::from(self.payload_left == 0);
            } else {
                self.header.push(bytes[at]);
                at += 1;
                if let Some(length) = payload_length(&self.header) {
                    self.header.clear();
                    self.payload_left = length;
                    complete += u64::from(length == 0);
                }
            }
        }
        (at, complete)
    }
}

/// The payload's length when the header is complete. Servers do not mask.
fn payload_length(header: &[u8]) -> Option<u64> {
    let short = header.get(1)? & 0x7f;
    let extended = match short {
        126 => header.get(2..4)?,
        127 => header.get(2..10)?,
        _ => return Some(u64::from(short)),
    };
    Some(extended.iter().fold(0, |length, &byte| length << 8 | u64::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Vec<u8> {
        let mut bytes = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n".to_vec();
        bytes.extend([0x81, 3]);
        bytes.extend(b"one");
        bytes.extend([0x81, 0]);
        bytes.extend([0x81, 126, 1, 0]);
        bytes.extend([b'x'; 256]);
        bytes
    }

    #[test]
    fn frames_are_counted_however_the_bytes_are_chunked() {
        let bytes = stream();
        for chunk in 1..bytes.len() {
            let mut counter = FrameCounter::default();
            let total: u64 = bytes.chunks(chunk).map(|chunk| counter.advance(chunk, u64::MAX).1).sum();
            assert_eq!(total, 3, "chunks of {chunk}");
        }
    }

    #[test]
    fn nothing_passes_after_the_last_allowed_frame() {
        let bytes = stream();
        let (pass, complete) = FrameCounter::default().advance(&bytes, 1);
        assert_eq!((&bytes[pass - 3..pass], complete), (&b"one"[..], 1));
        let (pass, complete) = FrameCounter::default().advance(&bytes, 9);
        assert_eq!((pass, complete), (bytes.len(), 3));
    }
}
