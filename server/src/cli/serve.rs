//! `switchboard serve`

use switchboard_server::Server;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::args::Serve;
use super::{Outcome, config, say};

/// Runs the server until SIGTERM or SIGINT.
pub async fn run(args: &Serve) -> Outcome {
    let mut config = config_of(args)?;
    if args.behind_proxy {
        config.behind_proxy = true;
    }
    config.check()?;
    // Before the listener is open: whoever stops us right after the line below must find us listening.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", config.listen))?;
    let server = Server::start(config, listener).await?;
    // The one line that scripts wait for: with port 0 nobody else knows it.
    say(&format!("listening on http://{}", server.addr()));
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    server.stop().await?;
    Ok(())
}

/// `--listen` and `--behind-proxy` count before the file's values are checked against each other.
fn config_of(args: &Serve) -> Result<switchboard_server::Config, switchboard_server::ConfigError> {
    let mut config = config(&args.common)?;
    if let Some(listen) = args.listen {
        config.listen = listen;
    }
    Ok(config)
}
