//! The main job on its real parts: a real server on a free port, real cores, real sockets, and a network that fails.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod client_kill;
mod contacts;
mod cut;
mod finding;
mod finishing;
mod histories;
mod main_path;
mod managing;
mod notes;
mod purge;
mod race;
mod routing;
mod server_kill;
mod snapshot;
mod staff;
mod templates;
mod transfer;
