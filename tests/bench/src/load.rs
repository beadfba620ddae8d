//! One load, on whichever server: visitors send at a rate or as fast as they are answered, operators receive, and the
//! server's CPU time and the machine's other load are read around it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::task::JoinSet;

use crate::Result;
use crate::proc::{Cpu, OtherLoad};
use crate::wire::{Meter, Run, Visitor};

/// What is to be sent.
#[derive(Clone, Copy)]
pub struct Plan {
    /// Messages a second over all visitors; none: each visitor sends again as soon as it is answered.
    pub rate: Option<f64>,
    /// For how long.
    pub seconds: f64,
    /// To how many operators each message goes.
    pub fan: usize,
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// Messages answered as durable, a second.
    pub per_second: f64,
    /// Deliveries to operators, a second.
    pub deliveries_per_second: f64,
    /// In to out, ms.
    pub p50_ms: f64,
    /// In to out, ms.
    pub p99_ms: f64,
    /// CPU time of the server's process, µs a message.
    pub cpu_us: f64,
    /// Messages answered.
    pub messages: u64,
    /// Deliveries that did not come within the patience; anything but 0 makes the run invalid.
    pub missing: u64,
    /// Cores that other processes kept busy.
    pub other_cores: f64,
    /// Cores that this program, the load, kept busy.
    pub load_cores: f64,
}

/// Sends this plan over these visitors, who are returned for the next run.
pub async fn drive(
    meter: &Arc<Meter>,
    visitors: Vec<Visitor>,
    pid: u32,
    plan: Plan,
) -> Result<(Outcome, Vec<Visitor>)> {
    // A warm-up that is not counted: caches, prepared statements, the allocator.
    let warm = Plan { seconds: (plan.seconds / 5.0).min(1.0), ..plan };
    let (_, _, visitors) = send(meter, &meter.begin(), visitors, warm).await?;
    let run = meter.begin();
    let own = std::process::id();
    let (other, cpu, load) = (OtherLoad::start(&[own, pid]), Cpu::of(pid), Cpu::of(own));
    let since = Instant::now();
    let (sent, took, visitors) = send(meter, &run, visitors, plan).await?;
    let expected = sent * plan.fan as u64;
    let mut seen = 0;
    let mut progress = Instant::now();
    while run.delivered.load(Relaxed) < expected && progress.elapsed() < Duration::from_secs(5) {
        tokio::time::sleep(Duration::from_millis(2)).await;
        let now = run.delivered.load(Relaxed);
        if now > seen {
            (seen, progress) = (now, Instant::now());
        }
    }
    let delivered = run.delivered.load(Relaxed);
    let outcome = Outcome {
        per_second: sent as f64 / took,
        deliveries_per_second: delivered as f64 / meter.seconds_to_last(&run, since).max(took),
        p50_ms: run.latency.quantile_ms(0.5),
        p99_ms: run.latency.quantile_ms(0.99),
        cpu_us: cpu.nanos() as f64 / 1e3 / sent.max(1) as f64,
        messages: sent,
        missing: expected.saturating_sub(delivered),
        other_cores: other.cores(),
        load_cores: load.nanos() as f64 / 1e9 / since.elapsed().as_secs_f64(),
    };
    Ok((outcome, visitors))
}

async fn send(
    meter: &Arc<Meter>,
    run: &Arc<Run>,
    visitors: Vec<Visitor>,
    plan: Plan,
) -> Result<(u64, f64, Vec<Visitor>)> {
    let count = visitors.len();
    let sent = Arc::new(AtomicU64::new(0));
    let since = Instant::now();
    let until = since + Duration::from_secs_f64(plan.seconds);
    let mut tasks = JoinSet::<Result<Visitor>>::new();
    for (index, mut visitor) in visitors.into_iter().enumerate() {
        let (meter, run, sent) = (meter.clone(), run.clone(), sent.clone());
        tasks.spawn(async move {
            for turn in 0_u64.. {
                if let Some(rate) = plan.rate {
                    let due = since + Duration::from_secs_f64((index as f64 + turn as f64 * count as f64) / rate);
                    if due >= until {
                        break;
                    }
                    tokio::time::sleep_until(due.into()).await;
                } else if Instant::now() >= until {
                    break;
                }
                visitor.send(&meter, &run).await?;
                sent.fetch_add(1, Relaxed);
            }
            Ok(visitor)
        });
    }
    let mut back = Vec::with_capacity(count);
    while let Some(visitor) = tasks.join_next().await {
        back.push(visitor??);
    }
    // At a rate the last message is due before the end: the plan's time is the run's time unless answers lagged.
    let took = since.elapsed().as_secs_f64().max(plan.seconds);
    Ok((sent.load(Relaxed), took, back))
}

/// The middle of a few interleaved runs of one plan, the latencies over all of them.
pub fn middle(outcomes: &[Outcome]) -> Option<Outcome> {
    let of = |field: fn(&Outcome) -> f64| crate::stats::median(&mut outcomes.iter().map(field).collect::<Vec<_>>());
    Some(Outcome {
        per_second: of(|o| o.per_second),
        deliveries_per_second: of(|o| o.deliveries_per_second),
        p50_ms: of(|o| o.p50_ms),
        p99_ms: of(|o| o.p99_ms),
        cpu_us: of(|o| o.cpu_us),
        messages: outcomes.iter().map(|o| o.messages).sum(),
        missing: outcomes.iter().map(|o| o.missing).sum(),
        other_cores: of(|o| o.other_cores),
        load_cores: of(|o| o.load_cores),
    })
    .filter(|_| !outcomes.is_empty())
}
