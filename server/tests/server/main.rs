//! The server from outside: a real one on port 0, real sockets, real HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests, where clippy looks for tests only"
)]

mod support;

mod admin_changes;
mod admin_queues;
mod alarms;
mod bad_input;
mod command_line;
mod commands;
mod contacts;
mod delivery;
mod main_path;
mod rights;
mod rights_of_commands;
mod sign_in;
mod staff;
mod storage;
mod stub;
mod templates;
mod time;
mod visitor_life;
mod widget;
