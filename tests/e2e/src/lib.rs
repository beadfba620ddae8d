//! What the end-to-end tests are made of: a real server, real cores, visitors without a browser, and a bad network.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "this crate is only linked into tests, which fail by panicking"
)]

mod fault_proxy;
mod operator;
mod phone;
mod scan;
mod seeds;
mod server;
mod visitor;

pub use fault_proxy::FaultProxy;
pub use operator::{Operator, OutcomeStream, outcome_stream, typing_stream};
pub use phone::{CaughtUp, Phone, PhoneError, command};
pub use scan::{Found, scan};
pub use seeds::{generator, runs};
pub use server::{ServerProcess, TestServer, config, post};
pub use visitor::{RETRY, Visitor, VisitorError, connect};

/// How long a test waits for something that must come: far beyond any healthy run, on a machine with other work.
pub const WAIT: std::time::Duration = std::time::Duration::from_secs(30);
