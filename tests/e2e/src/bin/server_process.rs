//! A server as a process of its own, so that a test can end it with SIGKILL: `server_process DATA_DIR` prints its
//! address and serves until it is killed.

#![allow(clippy::print_stdout, reason = "a line is its interface")]

use std::path::Path;

use switchboard_server::Server;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = std::env::args().nth(1).ok_or("usage: server_process DATA_DIR")?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let server = Server::start(switchboard_e2e::config(Path::new(&dir)), listener).await?;
    println!("{}", server.addr());
    std::future::pending::<()>().await;
    Ok(())
}
