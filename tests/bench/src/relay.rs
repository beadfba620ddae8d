//! The reference relay: the least that a durable relay can do. A POST in, one writer thread, a commit with a full sync
//! for what waits, a broadcast over the sockets, and the answer after the commit. No rights, no routing, no protocol.
//! What the real server takes beyond it is the price of its features.

use std::path::PathBuf;
use std::sync::{Arc, RwLock, mpsc};

use axum::Router;
use axum::extract::ws::{Message, Utf8Bytes, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use tokio::sync::{mpsc::UnboundedSender, oneshot};

use crate::{Result, rows};

/// The most that one commit takes.
const BATCH: usize = 256;

struct Post {
    chat: usize,
    fan: usize,
    text: String,
    done: oneshot::Sender<()>,
}

#[derive(Clone)]
struct Relay {
    writer: mpsc::SyncSender<Post>,
    sockets: Arc<RwLock<Vec<UnboundedSender<Utf8Bytes>>>>,
}

/// Opens the database, says that it is ready, and serves until the listener fails.
pub async fn serve(path: PathBuf, listener: tokio::net::TcpListener, ready: impl FnOnce() -> Result<()>) -> Result<()> {
    let mut db = if path.exists() { rows::open(&path)? } else { rows::create(&path)? };
    let _checkpoints = rows::checkpointer(path);
    ready()?;
    let (writer, posts) = mpsc::sync_channel::<Post>(4_096);
    let relay = Relay { writer, sockets: Arc::default() };
    let sockets = relay.sockets.clone();
    std::thread::spawn(move || -> Result<()> {
        while let Ok(first) = posts.recv() {
            let batch: Vec<Post> = std::iter::once(first).chain(posts.try_iter().take(BATCH - 1)).collect();
            let tx = db.transaction()?;
            let bodies: Vec<String> =
                batch.iter().map(|post| rows::write(&tx, post.chat, post.fan, &post.text)).collect::<Result<_>>()?;
            tx.commit()?;
            let sockets = sockets.read().map_err(|_| "a socket's task panicked")?;
            for (post, body) in batch.into_iter().zip(bodies) {
                let body = Utf8Bytes::from(body);
                sockets.iter().take(post.fan).for_each(|socket| drop(socket.send(body.clone())));
                let _ = post.done.send(());
            }
        }
        Ok(())
    });
    let app = Router::new()
        .route("/post/{chat}/{fan}", post(accept))
        .route("/socket", get(connect))
        .route("/healthz", get(|| async { "ok" }))
        .with_state(relay);
    Ok(axum::serve(axum::serve::ListenerExt::tap_io(listener, |tcp| drop(tcp.set_nodelay(true))), app).await?)
}

async fn accept(State(relay): State<Relay>, Path((chat, fan)): Path<(usize, usize)>, text: String) -> StatusCode {
    let (done, committed) = oneshot::channel();
    if relay.writer.try_send(Post { chat, fan, text, done }).is_err() || committed.await.is_err() {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    StatusCode::NO_CONTENT
}

async fn connect(State(relay): State<Relay>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.read_buffer_size(4_096).write_buffer_size(4_096).on_upgrade(async move |mut socket| {
        let (sender, mut bodies) = tokio::sync::mpsc::unbounded_channel();
        if let Ok(mut sockets) = relay.sockets.write() {
            sockets.retain(|socket| !socket.is_closed());
            sockets.push(sender);
        }
        let mut next = Some(Message::text("ready"));
        while let Some(message) = next {
            if socket.send(message).await.is_err() {
                return;
            }
            next = tokio::select! {
                body = bodies.recv() => body.map(Message::Text),
                // A client of the relay says nothing; this is its end.
                _ = socket.recv() => return,
            };
        }
    })
}

/// The bare socket echo: what sockets and axum cost with nothing behind them.
pub async fn serve_echo(listener: tokio::net::TcpListener) -> Result<()> {
    let echo = |upgrade: WebSocketUpgrade| async {
        upgrade.read_buffer_size(4_096).write_buffer_size(4_096).on_upgrade(async |mut socket| {
            while let Some(Ok(message)) = socket.recv().await {
                if matches!(message, Message::Text(_)) && socket.send(message).await.is_err() {
                    return;
                }
            }
        })
    };
    let app = Router::new().route("/socket", get(echo)).route("/healthz", get(|| async { "ok" }));
    Ok(axum::serve(axum::serve::ListenerExt::tap_io(listener, |tcp| drop(tcp.set_nodelay(true))), app).await?)
}
