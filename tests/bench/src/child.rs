//! The measured servers, each in a process of its own: this program again, with a hidden subcommand. A process of its
//! own has CPU time and memory of its own, and its sockets are real ones.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::Result;

/// This very program, also when a build has replaced its file meanwhile.
pub const SELF: &str = "/proc/self/exe";

/// What a child says on its first line, once it listens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ready {
    /// Where.
    pub addr: SocketAddr,
    /// The website channels of the real server, by fan-out.
    pub channels: Vec<FanChannel>,
    /// One-time codes, one a user; the first `fan` users are the members of a channel's queue.
    pub codes: Vec<String>,
}

/// A website channel whose chats are offered to this many users.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FanChannel {
    /// How many.
    pub fan: usize,
    /// The channel's public key.
    pub key: String,
}

/// A running child.
pub struct Process {
    child: Child,
    /// What it said.
    pub ready: Ready,
}

impl Process {
    /// Starts `this program ARGS…` and waits until it listens.
    pub async fn start(args: &[&str], dir: &Path) -> Result<Process> {
        let mut child = Command::new(SELF)
            .args(args)
            .arg(dir)
            // The child ends when its standard input closes: it cannot outlive this process.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().ok_or("the child has no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).await?;
        let ready = serde_json::from_str(&line).map_err(|error| format!("{args:?} said {line:?}: {error}"))?;
        Ok(Process { child, ready })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id().unwrap_or(0)
    }

    /// Lets it finish by itself.
    pub async fn stop(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        match tokio::time::timeout(Duration::from_secs(20), self.child.wait()).await {
            Ok(status) => drop(status?),
            Err(_) => self.child.kill().await?,
        }
        Ok(())
    }

    /// Ends it at once, as a power cut would.
    pub async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}

/// The child's side: says that it listens.
#[allow(clippy::print_stdout)]
pub fn announce(ready: &Ready) -> Result<()> {
    println!("{}", serde_json::to_string(ready)?);
    Ok(())
}

/// The child's side: returns when the parent closes standard input or is gone.
pub async fn until_parent_leaves() {
    let (gone, left) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = gone.send(());
    });
    let _ = left.await;
}
