//! The command line.

mod admin;
mod args;
mod serve;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use switchboard_server::{Config, ConfigError};
use tracing_subscriber::EnvFilter;

use args::{Args, Command, Common};

/// Reads the arguments and does what they say.
pub fn main() -> ExitCode {
    let args = Args::parse();
    log();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let result = runtime.block_on(async {
        match args.command {
            Command::Serve(serve) => serve::run(&serve).await,
            Command::Admin { common, command } => admin::run(&common, command).await,
            Command::CheckConfig(common) => {
                let config = config(&common)?;
                say(&format!(
                    "the configuration is valid: {} with data in {}",
                    config.listen,
                    config.data_dir.display()
                ));
                Ok(())
            }
        }
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&*error),
    }
}

/// What a command can end with: a text for the person who typed it.
type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

#[allow(clippy::print_stderr)]
fn failed(error: &(dyn std::error::Error + '_)) -> ExitCode {
    eprintln!("switchboard: {error}");
    ExitCode::FAILURE
}

/// A line for the person (or script) who asked. Everything else goes to standard error, as a log.
#[allow(clippy::print_stdout)]
fn say(text: &str) {
    println!("{text}");
}

/// The log: to standard error, `info` unless RUST_LOG says otherwise, as JSON when SWITCHBOARD_LOG=json.
fn log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr);
    if std::env::var("SWITCHBOARD_LOG").is_ok_and(|format| format == "json") {
        builder.json().init();
    } else {
        builder.init();
    }
}

/// The file's configuration, or the defaults, with what the command line sets on top.
fn config(common: &Common) -> Result<Config, ConfigError> {
    let mut config = match &common.config {
        Some(path) => Config::load(path)?,
        None => Config::default(),
    };
    if let Some(data_dir) = &common.data_dir {
        config.data_dir.clone_from(data_dir);
    }
    if let Some(url) = &common.public_url {
        config.public_url = Some(url.clone());
    }
    config.check()?;
    Ok(config)
}
