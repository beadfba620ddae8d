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
    raise_open_files(config.limits.max_sockets);
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

/// Most systems let a process open 1,024 files and, when it asks, many more; each socket is one.
fn raise_open_files(max_sockets: usize) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // Beside the sockets: the database, the listener, connections that are no sockets yet.
    let wanted = (max_sockets as u64).saturating_add(1_000);
    let Some(now) = current.filter(|now| *now < wanted) else { return };
    let raised = maximum.map_or(wanted, |most| most.min(wanted)).max(now);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum }) {
        tracing::warn!(%error, "the limit of open files cannot be raised");
    } else if raised < wanted {
        tracing::warn!(raised, wanted, "the system allows fewer open files than max_sockets needs");
    }
}

/// `--listen` and `--behind-proxy` count before the file's values are checked against each other.
fn config_of(args: &Serve) -> Result<switchboard_server::Config, switchboard_server::ConfigError> {
    let mut config = config(&args.common)?;
    if let Some(listen) = args.listen {
        config.listen = listen;
    }
    Ok(config)
}
