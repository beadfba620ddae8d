//! `switchboard-operator --data DIR [--enrol LINK]`: an operator's inbox in this terminal.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use switchboard_core::{Core, CoreConfig, Platform};
use switchboard_operator::{RunError, Screen, explain, run};

/// An operator's inbox in this terminal.
#[derive(Parser)]
#[command(version, about)]
struct Args {
    /// Where this device's messages are kept. The device's token is in it: keep it to yourself.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Sign in with this enrolment link; without it a form asks.
    #[arg(long, value_name = "LINK")]
    enrol: Option<String>,
    /// The device's name, as admins see it.
    #[arg(long, value_name = "NAME", default_value = "Terminal")]
    device_name: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    match inbox(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stderr)]
fn complain(error: &RunError) {
    match error {
        RunError::Core(error) => eprintln!("switchboard-operator: {}", explain(error)),
        RunError::Terminal(_) => eprintln!("switchboard-operator: {error}"),
    }
}

async fn inbox(args: Args) -> Result<(), RunError> {
    let core = Core::open(CoreConfig::new(args.data, Platform::Terminal, args.device_name))?;
    if let Some(link) = args.enrol.filter(|_| core.account().is_none()) {
        core.enrol(&link).await?;
    }
    if core.account().is_some() {
        core.start();
    }
    let done = {
        let mut screen = Screen::open()?;
        run(&core, &mut screen.terminal, Vec::new(), terminated()).await
    };
    core.stop().await;
    done
}

/// Completes when the process is asked to end.
async fn terminated() {
    #[cfg(unix)]
    if let Ok(mut signal) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        signal.recv().await;
        return;
    }
    std::future::pending().await
}
