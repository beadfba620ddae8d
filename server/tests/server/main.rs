//! The server from outside: a real one on port 0, real sockets, real HTTP.

mod support;

mod main_path;
