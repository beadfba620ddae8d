//! Where a command is carried to its end.
//!
//! UniFFI polls an exported future on the caller's thread and drops it when Kotlin's coroutine is cancelled, in the
//! middle of an await; Swift never cancels. The core finishes each single step of a command on its own runtime; the
//! whole command, from the first step to the last, is spawned here and only its result is awaited. So it runs to
//! completion on both platforms whatever the caller does.

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
    // One thread: all it does is wait for the core, whose own threads do the work.
    let made = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("switchboard-ffi")
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
