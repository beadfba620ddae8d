//! What a process and the machine used, from /proc.

use std::fs;
use std::time::Instant;

/// CPU time of a process up to now.
#[derive(Debug, Clone, Copy)]
pub struct Cpu {
    pid: u32,
    /// The scheduler's own counters of the living threads: exact, but a thread that ends takes its own along.
    exact: u64,
    /// What /proc/PID/stat counts, ended threads included, in steps of 10 ms.
    coarse: u64,
}

impl Cpu {
    /// Of this process.
    pub fn of(pid: u32) -> Cpu {
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten();
        let exact = tasks
            .filter_map(|task| fs::read_to_string(task.ok()?.path().join("schedstat")).ok())
            .filter_map(|line| line.split(' ').next()?.parse::<u64>().ok())
            .sum();
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // After the name in parentheses, which may hold spaces: the 12th and 13th are utime and stime.
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().skip(11).take(2);
        let coarse = fields.filter_map(|field| field.parse::<u64>().ok()).sum::<u64>() * 10_000_000;
        Cpu { pid, exact, coarse }
    }

    /// Nanoseconds that it used since then.
    pub fn nanos(&self) -> u64 {
        let now = Cpu::of(self.pid);
        now.exact.saturating_sub(self.exact).max(now.coarse.saturating_sub(self.coarse))
    }
}

/// Resident memory that only this process has, in KiB: what a machine gets back when it ends. Shared library pages do
/// not count, its own code that was touched does.
pub fn resident_kib(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// Busy and total jiffies of the whole machine.
fn machine() -> (u64, u64) {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields: Vec<u64> = text
        .lines()
        .next()
        .map(|line| line.split_whitespace().skip(1).take(8).filter_map(|field| field.parse().ok()).collect())
        .unwrap_or_default();
    let total: u64 = fields.iter().sum();
    // Fields 3 and 4 are idle and iowait.
    let idle: u64 = fields.iter().skip(3).take(2).sum();
    (total - idle, total)
}

/// What others used of the machine between two moments.
pub struct OtherLoad {
    own: Vec<Cpu>,
    busy: u64,
    total: u64,
    since: Instant,
}

impl OtherLoad {
    /// Starts to measure; `pids` are ours and do not count.
    pub fn start(pids: &[u32]) -> Self {
        let (busy, total) = machine();
        Self { own: pids.iter().map(|&pid| Cpu::of(pid)).collect(), busy, total, since: Instant::now() }
    }

    /// Cores that others kept busy since then.
    pub fn cores(&self) -> f64 {
        let (busy, total) = machine();
        let elapsed = self.since.elapsed().as_secs_f64();
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as f64;
        let all = (busy - self.busy) as f64 / (total - self.total).max(1) as f64 * cores;
        let own: u64 = self.own.iter().map(Cpu::nanos).sum();
        (all - own as f64 / 1e9 / elapsed).max(0.0)
    }
}

/// Lets this process hold as many descriptors as the system permits: 2,000 sockets are twice the usual soft limit.
pub fn raise_descriptor_limit() -> std::io::Result<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?;
    Ok(limit.maximum.unwrap_or(u64::MAX))
}

/// Takes a directory's files out of the page cache, so that the next reader finds them on disk.
pub fn evict(dir: &std::path::Path) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            evict(&entry.path())?;
        } else {
            let file = fs::File::open(entry.path())?;
            file.sync_all()?;
            rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
        }
    }
    Ok(())
}
