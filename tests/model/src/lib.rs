//! The model test: the server's machines and transactions and the phones' engine, driven by random operations on one
//! thread and on a clock of their own, with a network that loses what is on its way. After each run the design's twelve
//! invariants hold, and every phone and every widget shows what a fresh one shows.
//!
//! [`op`] is what can happen, [`world`] makes it happen, [`check`] says what must hold, [`hunt`] runs it.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test: what fails here ends the run")]

pub mod check;
pub mod device;
pub mod hunt;
pub mod op;
pub mod plant;
pub mod setup;
pub mod store;
pub mod truth;
pub mod widget;
pub mod world;

/// What was found to be wrong: the invariant and the facts.
pub type Violation = String;

/// The outcome of a step.
pub type Checked<T = ()> = Result<T, Violation>;

/// Ends a step with a violation unless the condition holds.
#[macro_export]
macro_rules! hold {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(format!($($message)+));
        }
    };
}
