//! Hashing of passwords, off the runtime's threads and a few at a time: each takes 20 ms and 19 MiB.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::store::{StoreError, auth};

/// Hashes at once. More would only wait for the same two cores, with 19 MiB each.
const AT_ONCE: usize = 2;

/// Who may wait for a hash. Beyond it a second's work is in line, and more would only time out.
const WAITING: usize = 64;

/// Hashes passwords.
#[derive(Clone)]
pub(crate) struct Passwords {
    places: Arc<Semaphore>,
    line: Arc<Semaphore>,
    dummy: Arc<tokio::sync::OnceCell<String>>,
}

impl Passwords {
    pub(crate) fn new() -> Passwords {
        Passwords {
            places: Arc::new(Semaphore::new(AT_ONCE)),
            line: Arc::new(Semaphore::new(WAITING)),
            dummy: Arc::new(tokio::sync::OnceCell::new()),
        }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = self.places.clone().acquire_owned().await.map_err(|_| StoreError::Stopping)?;
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        done.await.map_err(|_| StoreError::Unexpected("hashing panicked".into()))?
    }

    /// The hash of a password.
    pub(crate) async fn hash(&self, password: String) -> Result<String, StoreError> {
        self.blocking(move || auth::hash_password(&password)).await
    }

    /// Whether the password is right. Without a hash (no such user, or one without a password) it is wrong, after the same
    /// work, so that the time says nothing. `None` when too many are in line.
    pub(crate) async fn verify(&self, password: String, hash: Option<String>) -> Result<Option<bool>, StoreError> {
        let Ok(_place_in_line) = self.line.clone().try_acquire_owned() else { return Ok(None) };
        let dummy = self.dummy.get_or_try_init(|| self.blocking(auth::dummy_hash)).await?.clone();
        let (hash, real) = match hash {
            Some(hash) => (hash, true),
            None => (dummy, false),
        };
        self.blocking(move || Ok(Some(auth::verify_password(&password, &hash) && real))).await
    }
}
