//! Memory of the server, empty and with idle operators, and the time from its start to the first durable answer.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::Result;
use crate::child::Process;
use crate::messages::{enrol_all, phones};
use crate::proc::{OtherLoad, resident_kib};
use crate::report::{Aim, Figure, Report};
use crate::stats::median;
use crate::wire::{Meter, Visitor, WidgetIdentity};

/// Idle sockets.
const SOCKETS: usize = 2_000;
/// How long a process is left alone before its memory is read.
const SETTLE: Duration = Duration::from_secs(2);

/// Resident memory of the empty server, and a socket's share with 2,000 of them.
pub async fn memory(report: &mut Report, quick: bool, dir: &Path) -> Result<()> {
    report.heading("Memory");
    let other = OtherLoad::start(&[std::process::id()]);
    let fresh = dir.join("fresh");
    std::fs::create_dir_all(&fresh)?;
    let empty = Process::start(&["server"], &fresh).await?;
    sleep(SETTLE).await;
    let resident = resident_kib(empty.pid()) as f64 / 1024.0;
    empty.stop().await?;
    report.add(Figure::new("the server, empty", "MiB", resident, None).aim(Aim::AtMost(25.0)).beside(other.cores()));

    let sockets = if quick { SOCKETS / 10 } else { SOCKETS };
    let echo = Process::start(&["echo"], dir).await?;
    sleep(SETTLE).await;
    let before = resident_kib(echo.pid());
    let mut open = Vec::with_capacity(sockets);
    for _ in 0..sockets {
        open.push(Visitor::echo(echo.ready.addr).await?);
    }
    sleep(SETTLE).await;
    let bare = (resident_kib(echo.pid()) - before) as f64 / sockets as f64;
    drop(open);
    echo.stop().await?;

    // The devices are made in one process and connect to another: what making them left behind does not count.
    let full = dir.join("full");
    std::fs::create_dir_all(&full)?;
    let maker = Process::start(&["server", "--users", &sockets.to_string(), "--fans", "1"], &full).await?;
    let devices = enrol_all(&maker).await?;
    maker.stop().await?;
    let server = Process::start(&["server"], &full).await?;
    sleep(SETTLE).await;
    let before = resident_kib(server.pid());
    let operators = phones(&server, &devices, &Arc::new(Meter::default())).await?;
    sleep(SETTLE).await;
    let each = (resident_kib(server.pid()) - before) as f64 / sockets as f64;
    let cut = operators.iter().filter(|operator| operator.is_cut()).count();
    drop(operators);
    server.stop().await?;
    let figure =
        Figure::new(format!("an idle operator's socket, of {sockets}"), "KiB", each, Some((bare, "bare axum socket")))
            .aim(Aim::AtMost(16.0))
            .beside(other.cores());
    report.add(if cut > 0 { figure.note(format!("{cut} were cut")) } else { figure });
    Ok(())
}

/// From the start of the process to the first message that is answered as durable.
pub async fn start(report: &mut Report, quick: bool, dir: &Path) -> Result<()> {
    report.heading("Start to the first durable answer");
    let (relay_dir, server_dir) = (dir.join("start-relay"), dir.join("start-server"));
    std::fs::create_dir_all(&relay_dir)?;
    std::fs::create_dir_all(&server_dir)?;
    let maker = Process::start(&["server", "--users", "3", "--fans", "1"], &server_dir).await?;
    let key = maker.ready.channels.first().ok_or("no channel")?.key.clone();
    maker.stop().await?;
    Process::start(&["relay"], &relay_dir).await?.stop().await?;
    let meter = Meter::default();
    let run = meter.begin();
    let other = OtherLoad::start(&[std::process::id()]);
    let (mut limit, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..if quick { 3 } else { 9 } {
        let since = Instant::now();
        let relay = Process::start(&["relay"], &relay_dir).await?;
        Visitor::post(relay.ready.addr, 0, 1).await?.send(&meter, &run).await?;
        limit.push(since.elapsed().as_secs_f64() * 1e3);
        relay.stop().await?;
        let since = Instant::now();
        let server = Process::start(&["server"], &server_dir).await?;
        Visitor::widget(server.ready.addr, &key, WidgetIdentity::default()).await?.send(&meter, &run).await?;
        ours.push(since.elapsed().as_secs_f64() * 1e3);
        // As after a power cut: the next start has a log to recover.
        server.kill().await?;
    }
    let figure = Figure::new("start, after a kill", "ms", median(&mut ours), Some((median(&mut limit), "relay")));
    report.add(figure.beside(other.cores()));
    Ok(())
}
