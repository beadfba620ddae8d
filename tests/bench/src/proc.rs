//! What a process and the machine used, from /proc.

use std::fs;
use std::time::Instant;

/// CPU time of a process, all of its living threads, in nanoseconds. The scheduler's own counter: /proc/PID/stat counts
/// in steps of 10 ms, which a short run at 200 messages a second does not reach.
pub fn cpu_nanos(pid: u32) -> u64 {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return 0 };
    tasks
        .filter_map(|task| fs::read_to_string(task.ok()?.path().join("schedstat")).ok())
        .filter_map(|line| line.split(' ').next()?.parse::<u64>().ok())
        .sum()
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
    pids: Vec<u32>,
    own: u64,
    busy: u64,
    total: u64,
    since: Instant,
}

impl OtherLoad {
    /// Starts to measure; `pids` are ours and do not count.
    pub fn start(pids: &[u32]) -> Self {
        let (busy, total) = machine();
        Self {
            pids: pids.to_vec(),
            own: pids.iter().map(|&pid| cpu_nanos(pid)).sum(),
            busy,
            total,
            since: Instant::now(),
        }
    }

    /// Cores that others kept busy since then.
    pub fn cores(&self) -> f64 {
        let (busy, total) = machine();
        let elapsed = self.since.elapsed().as_secs_f64();
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as f64;
        let all = (busy - self.busy) as f64 / (total - self.total).max(1) as f64 * cores;
        let own: u64 = self.pids.iter().map(|&pid| cpu_nanos(pid)).sum();
        (all - own.saturating_sub(self.own) as f64 / 1e9 / elapsed).max(0.0)
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
