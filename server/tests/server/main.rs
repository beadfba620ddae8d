//! The server from outside: a real one on port 0, real sockets, real HTTP.

mod support;

mod admin_changes;
mod bad_input;
mod commands;
mod delivery;
mod main_path;
mod sign_in;
mod storage;
mod widget;
