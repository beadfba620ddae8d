//! A website visitor for tests in languages without a dependable WebSocket client: `visitor SERVER CHANNEL_KEY`.
//!
//! Each line on stdin is a frame for the server, as JSON, or the short form `say TEXT`; each frame of the server is a
//! line of JSON on stdout. `hello` and pings are sent by themselves. Ends when stdin or the connection ends.

use std::process::ExitCode;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use switchboard_protocol::ids::MessageId;
use switchboard_protocol::limits::PROTOCOL_VERSION;
use switchboard_protocol::widget::WIDGET_SOCKET_PATH;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server, channel] = arguments.as_slice() else {
        complain("usage: visitor SERVER CHANNEL_KEY").await;
        return ExitCode::from(2);
    };
    match run(server.trim_end_matches('/'), channel).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error.to_string()).await;
            ExitCode::FAILURE
        }
    }
}

async fn run(server: &str, channel: &str) -> Result<(), Failure> {
    let mut request = format!("{}{WIDGET_SOCKET_PATH}", server.replacen("http", "ws", 1)).into_client_request()?;
    // The widget's page is the server's own, so a browser would send this.
    request.headers_mut().insert("origin", server.parse()?);
    let (socket, _) = tokio_tungstenite::connect_async(request).await?;
    let (mut to_server, mut from_server) = socket.split();
    let hello = json!({ "type": "hello", "v": PROTOCOL_VERSION, "channel": channel });
    to_server.send(Message::text(hello.to_string())).await?;

    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut stdout = tokio::io::stdout();
    let mut heartbeat = tokio::time::interval(Duration::from_secs(15));
    loop {
        tokio::select! {
            _ = heartbeat.tick() => to_server.send(Message::text(json!({ "type": "ping" }).to_string())).await?,
            line = lines.next_line() => {
                let Some(line) = line? else { return Ok(()) };
                let frame = match line.strip_prefix("say ") {
                    Some(text) => json!({ "type": "send", "id": MessageId::new(), "text": text }).to_string(),
                    None => line,
                };
                to_server.send(Message::text(frame)).await?;
            }
            frame = from_server.next() => {
                match frame.transpose()? {
                    Some(Message::Text(text)) => {
                        stdout.write_all(text.as_bytes()).await?;
                        stdout.write_all(b"\n").await?;
                        stdout.flush().await?;
                    }
                    Some(Message::Close(_)) | None => return Ok(()),
                    Some(_) => {}
                }
            }
        }
    }
}

async fn complain(text: &str) {
    // Nothing is left to do when stderr itself is gone.
    let _ = tokio::io::stderr().write_all(format!("visitor: {text}\n").as_bytes()).await;
}
