//! Measures Switchboard beside its limits, run by hand: `cargo run --release -p switchboard-bench`.
//!
//! Absolute figures drift with the machine's noise, so each figure stands beside a limit from the same minutes: a
//! reference relay that writes the same rows and does nothing else, a bare socket echo, the same SQL alone. What other
//! processes used of the machine meanwhile is printed in the last column.

// This program prints a table; that is what it is for.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod child;
mod client;
mod desk;
mod feeder;
mod fixture;
mod footprint;
mod load;
mod messages;
mod proc;
mod relay;
mod report;
mod routing;
mod rows;
mod sql;
mod stats;
mod wire;

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand, ValueEnum};

/// What can go wrong in a measurement ends it.
pub(crate) type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// Measures Switchboard beside its limits.
#[derive(Parser)]
struct Args {
    /// Short runs, one each: to see that everything works, not for figures.
    #[arg(long)]
    quick: bool,
    /// Only these parts.
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// Also writes everything to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Where the databases are made; a file system in memory would make every commit free.
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    dir: PathBuf,
    #[command(subcommand)]
    child: Option<Child>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Echo,
    Sql,
    Routing,
    Messages,
    Memory,
    Start,
    Core,
    Desk,
}

/// The measured processes; started by this program, not by hand.
#[derive(Subcommand)]
enum Child {
    #[command(hide = true)]
    Echo { dir: PathBuf },
    #[command(hide = true)]
    Relay { dir: PathBuf },
    #[command(hide = true)]
    Server {
        #[arg(long, default_value_t = 0)]
        users: usize,
        #[arg(long, value_delimiter = ',')]
        fans: Vec<usize>,
        dir: PathBuf,
    },
    #[command(hide = true)]
    CoreFill { server: String, dir: PathBuf },
    #[command(hide = true)]
    CoreRead { dir: PathBuf },
    #[command(hide = true)]
    CoreApply { dir: PathBuf },
    #[command(hide = true)]
    SqlRead { dir: PathBuf },
    #[command(hide = true)]
    SqlApply { dir: PathBuf },
}

fn main() -> Result<()> {
    let args = Args::parse();
    proc::raise_descriptor_limit()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match args.child {
        Some(child) => runtime.block_on(be(child)),
        None => runtime.block_on(measure(args)),
    }
}

async fn be(child: Child) -> Result<()> {
    let child = match child {
        Child::CoreFill { server, dir } => return client::fill(&dir, &server).await,
        Child::CoreRead { dir } => return client::read(&dir),
        Child::CoreApply { dir } => return client::apply(&dir).await,
        Child::SqlRead { dir } => return client::sql_read(&dir),
        Child::SqlApply { dir } => return client::sql_apply(&dir),
        serving => serving,
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let ready = child::Ready { addr: listener.local_addr()?, channels: Vec::new(), codes: Vec::new() };
    let stops_itself = matches!(child, Child::Server { .. });
    let serving = async {
        match child {
            Child::Echo { .. } => {
                child::announce(&ready)?;
                relay::serve_echo(listener).await
            }
            Child::Relay { dir } => relay::serve(dir.join("relay.db"), listener, || child::announce(&ready)).await,
            Child::Server { users, fans, dir } => fixture::serve(&dir, users, &fans, listener).await,
            _ => Ok(()),
        }
    };
    if stops_itself {
        return serving.await;
    }
    tokio::select! {
        done = serving => done,
        () = child::until_parent_leaves() => Ok(()),
    }
}

async fn measure(args: Args) -> Result<()> {
    std::fs::create_dir_all(&args.dir)?;
    let dir = tempfile::tempdir_in(&args.dir)?;
    let (path, quick) = (dir.path(), args.quick);
    let mut report = report::Report::new();
    for (name, value) in &report.machine {
        println!("{name}: {value}");
    }
    let measured = parts(&mut report, &args.only, quick, path).await;
    // What was measured is kept even if a later part failed.
    if let Some(json) = &args.json {
        report.write(json)?;
    }
    measured
}

async fn parts(report: &mut report::Report, only: &[Part], quick: bool, dir: &Path) -> Result<()> {
    let effort = messages::Effort::new(quick);
    for part in Part::value_variants().iter().filter(|part| only.is_empty() || only.contains(part)) {
        match part {
            Part::Echo => messages::echo(report, effort, dir).await?,
            Part::Sql => sql::run(report, quick, dir)?,
            Part::Routing => routing::run(report, quick)?,
            Part::Messages => messages::run(report, effort, dir).await?,
            Part::Memory => footprint::memory(report, quick, dir).await?,
            Part::Start => footprint::start(report, quick, dir).await?,
            Part::Core => client::run(report, quick, dir).await?,
            Part::Desk => desk::run(report, quick, dir).await?,
        }
    }
    Ok(())
}
