//! Visitor message in to operator event out: latency at a rate, the highest rate, CPU a message, fan-out. The relay and
//! the real server take turns, run by run, so that a noisy minute hits both.

use std::path::Path;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};

use crate::Result;
use crate::child::Process;
use crate::load::{Outcome, Plan, drive, middle};
use crate::report::{Aim, Figure, Report};
use crate::wire::{Device, Meter, Operator, Visitor, WidgetIdentity, enrol};

/// Visitors who write at the same time.
pub const VISITORS: usize = 50;
/// Connections that are opened at the same time.
const OPENING: usize = 16;

/// How much is measured.
#[derive(Clone, Copy)]
pub struct Effort {
    /// Runs of each plan; the middle one counts.
    pub rounds: usize,
    /// Seconds of each run.
    pub seconds: f64,
}

impl Effort {
    /// For a look, or for figures.
    pub fn new(quick: bool) -> Effort {
        if quick { Effort { rounds: 1, seconds: 2.0 } } else { Effort { rounds: 3, seconds: 5.0 } }
    }
}

/// Signs all devices in.
pub async fn enrol_all(server: &Process) -> Result<Vec<Device>> {
    let addr = server.ready.addr;
    let devices: Vec<Result<Device>> = stream::iter(server.ready.codes.clone())
        .map(|code| async move { enrol(addr, &code).await })
        .buffered(OPENING)
        .collect()
        .await;
    devices.into_iter().collect()
}

/// Connects these devices.
pub async fn phones(server: &Process, devices: &[Device], meter: &Arc<Meter>) -> Result<Vec<Operator>> {
    let addr = server.ready.addr;
    let all: Vec<Result<Operator>> = stream::iter(devices.to_vec())
        .map(|device| {
            let meter = meter.clone();
            async move { Operator::phone(addr, &device, meter).await }
        })
        .buffer_unordered(OPENING)
        .collect()
        .await;
    all.into_iter().collect()
}

async fn relay_sockets(relay: &Process, count: usize, meter: &Arc<Meter>) -> Result<Vec<Operator>> {
    let mut all = Vec::with_capacity(count);
    for _ in 0..count {
        all.push(Operator::relay(relay.ready.addr, meter.clone()).await?);
    }
    Ok(all)
}

/// The bare echo: what a message costs that only goes through two sockets.
pub async fn echo(report: &mut Report, effort: Effort, dir: &Path) -> Result<()> {
    report.heading("Bare socket echo, 50 sockets");
    let process = Process::start(&["echo"], dir).await?;
    let meter = Arc::new(Meter::default());
    let mut visitors = Vec::new();
    for _ in 0..VISITORS {
        visitors.push(Visitor::echo(process.ready.addr).await?);
    }
    for rate in [Some(200.0), Some(1_000.0), None] {
        let mut outcomes = Vec::new();
        for _ in 0..effort.rounds {
            let plan = Plan { rate, seconds: effort.seconds, fan: 1 };
            let (outcome, back) = drive(&meter, visitors, process.pid(), plan).await?;
            visitors = back;
            outcomes.push(outcome);
        }
        let Some(outcome) = middle(&outcomes) else { continue };
        let name = label(rate);
        match rate {
            Some(_) => {
                let p50 =
                    Figure::limit(format!("{name}: p50"), "ms", outcome.p50_ms, "echo").beside(outcome.other_cores);
                report.add(p50);
                let p99 =
                    Figure::limit(format!("{name}: p99"), "ms", outcome.p99_ms, "echo").beside(outcome.other_cores);
                report.add(p99);
            }
            None => report.add(Figure::limit(name, "/s", outcome.per_second, "echo").beside(outcome.other_cores)),
        }
        report.add(Figure::limit(format!("{}: CPU a message", label(rate)), "µs", outcome.cpu_us, "echo"));
    }
    drop(visitors);
    process.stop().await
}

fn label(rate: Option<f64>) -> String {
    rate.map_or_else(|| "most".to_owned(), |rate| format!("{rate}/s"))
}

/// The relay and the server, one after the other, through the whole table.
pub async fn run(report: &mut Report, effort: Effort, dir: &Path) -> Result<()> {
    let (relay_dir, server_dir) = (dir.join("relay"), dir.join("server"));
    std::fs::create_dir_all(&relay_dir)?;
    std::fs::create_dir_all(&server_dir)?;
    let relay = Process::start(&["relay"], &relay_dir).await?;
    let server = Process::start(&["server", "--users", "500", "--fans", "1,10,100"], &server_dir).await?;
    let devices = enrol_all(&server).await?;
    let meter = Arc::new(Meter::default());
    for connected in [50, 500] {
        let _relay_sockets = relay_sockets(&relay, connected, &meter).await?;
        for channel in server.ready.channels.iter().filter(|channel| channel.fan <= connected) {
            let fan = channel.fan;
            report.heading(&format!("In to out, {connected} operators connected, each message to {fan}"));
            let phones = phones(&server, devices.get(..connected).unwrap_or(&devices), &meter).await?;
            let mut posters = Vec::new();
            let mut visitors = Vec::new();
            for number in 0..VISITORS {
                posters.push(Visitor::post(relay.ready.addr, number, fan).await?);
                visitors.push(Visitor::widget(server.ready.addr, &channel.key, WidgetIdentity::default()).await?);
            }
            for rate in [Some(200.0), Some(1_000.0), None] {
                let plan = Plan { rate, seconds: effort.seconds, fan };
                let (mut limit, mut ours) = (Vec::new(), Vec::new());
                for _ in 0..effort.rounds {
                    let (outcome, back) = drive(&meter, posters, relay.pid(), plan).await?;
                    posters = back;
                    limit.push(outcome);
                    let (outcome, back) = drive(&meter, visitors, server.pid(), plan).await?;
                    visitors = back;
                    ours.push(outcome);
                }
                for (who, outcomes) in [("relay", &limit), ("server", &ours)] {
                    for outcome in outcomes {
                        report
                            .runs
                            .push(serde_json::json!({ "who": who, "connected": connected, "fan": fan, "rate": rate,
                            "outcome": outcome }));
                    }
                }
                if let (Some(limit), Some(ours)) = (middle(&limit), middle(&ours)) {
                    lines(report, rate, fan, &ours, &limit);
                }
            }
            let cut = phones.iter().filter(|phone| phone.is_cut()).count();
            if cut > 0 {
                report.heading(&format!("  {cut} operators were cut by the server: too slow for it"));
            }
        }
    }
    server.stop().await?;
    relay.stop().await
}

fn lines(report: &mut Report, rate: Option<f64>, fan: usize, ours: &Outcome, limit: &Outcome) {
    let other = ours.other_cores.max(limit.other_cores);
    let name = label(rate);
    let mut notes = Vec::new();
    if ours.missing > 0 {
        notes.push(format!("{} deliveries never came", ours.missing));
    }
    if let Some(rate) = rate.filter(|rate| ours.per_second < rate * 0.98) {
        notes.push(format!("only {:.0} of {rate}/s", ours.per_second));
    }
    if let Some(rate) = rate.filter(|rate| limit.per_second < rate * 0.98) {
        notes.push(format!("the relay only {:.0} of {rate}/s", limit.per_second));
    }
    let note = notes.join(", ");
    let figure = |what: &str, unit, pick: fn(&Outcome) -> f64| {
        Figure::new(format!("{name}{what}"), unit, pick(ours), Some((pick(limit), "relay")))
            .beside(other)
            .note(note.clone())
    };
    if rate.is_some() {
        // The aim is for 200/s; at 1,000/s the same ratio is looked at.
        for (what, pick) in [(": p50", (|o: &Outcome| o.p50_ms) as fn(&Outcome) -> f64), (": p99", |o| o.p99_ms)] {
            let line = figure(what, "ms", pick);
            report.add(if rate == Some(200.0) { line.aim(Aim::RatioAtMost(1.3)) } else { line });
        }
    } else {
        report.add(figure(" durable messages", "/s", |o| o.per_second).aim(Aim::RatioAtLeast(0.7)));
        if fan > 1 {
            let line = figure(" deliveries", "/s", |o| o.deliveries_per_second);
            report.add(if fan == 100 { line.aim(Aim::RatioAtLeast(0.7)) } else { line });
        }
    }
    report.add(figure(": CPU a message", "µs", |o| o.cpu_us).aim(Aim::RatioAtMost(2.0)));
}
