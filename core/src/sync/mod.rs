//! Keeping the store equal to the server's log.

pub(crate) mod apply;
pub(crate) mod backoff;
pub(crate) mod driver;
pub(crate) mod machine;
pub(crate) mod socket;
