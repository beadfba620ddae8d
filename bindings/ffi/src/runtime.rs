//! The runtime that commands run on.
//!
//! UniFFI polls an exported future on the caller's thread and drops it when Kotlin's coroutine is cancelled, in the
//! middle of an await; Swift never cancels. A command is therefore spawned here and only its result is awaited: it runs
//! to completion on both platforms whatever the caller does.

use std::future::Future;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};

use crate::errors::SwitchboardError;

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// The process's one runtime, made at the first use.
pub(crate) fn runtime() -> Result<&'static Runtime, SwitchboardError> {
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    // Two threads: the work is waiting for a socket and for SQLite, and a phone pays for each thread's stack.
    let made = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("switchboard")
        .enable_all()
        .build()
        .map_err(|error| SwitchboardError::Unexpected { detail: format!("no runtime: {error}") })?;
    Ok(RUNTIME.get_or_init(|| made))
}

/// Runs a command to its end, whether or not somebody still waits for its result.
pub(crate) async fn complete<T, E>(
    work: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, SwitchboardError>
where
    T: Send + 'static,
    E: Into<SwitchboardError> + Send + 'static,
{
    match runtime()?.spawn(work).await {
        Ok(result) => result.map_err(Into::into),
        Err(_) => Err(SwitchboardError::Unexpected { detail: "the command panicked".to_owned() }),
    }
}

/// The same for work that reads or writes the store and never waits for the network.
pub(crate) async fn complete_blocking<T, E>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, SwitchboardError>
where
    T: Send + 'static,
    E: Into<SwitchboardError> + Send + 'static,
{
    match runtime()?.spawn_blocking(work).await {
        Ok(result) => result.map_err(Into::into),
        Err(_) => Err(SwitchboardError::Unexpected { detail: "the command panicked".to_owned() }),
    }
}
