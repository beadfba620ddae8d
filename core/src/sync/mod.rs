//! Keeping the store equal to the server's log.

mod announce;
pub(crate) mod apply;
#[cfg(test)]
mod apply_tests;
pub(crate) mod backoff;
pub(crate) mod by_hand;
pub(crate) mod driver;
#[cfg(test)]
mod life_tests;
pub(crate) mod machine;
#[cfg(test)]
mod machine_tests;
#[cfg(test)]
mod model_tests;
mod pulls;
mod requests;
pub(crate) mod socket;
#[cfg(test)]
mod staff_tests;
