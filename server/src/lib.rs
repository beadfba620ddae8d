//! The Switchboard server: one process with an embedded database, that brings website visitors' messages to operators'
//! phones and the answers back.
//!
//! [`serve`] runs it until it is told to stop; [`Server`] is the same with handles, for tests and the demo; [`Admin`] holds
//! the calls of admins, with or without a running server.

mod admin;
mod app;
pub mod channels;
pub mod clock;
pub mod config;
mod due;
mod http;
mod jobs;
mod passwords;
pub mod rights;
pub mod routing;
mod server;
pub mod store;
#[doc(hidden)]
pub mod testing;
mod throttle;
mod ws;

pub use admin::{Admin, Channel, EnrolmentCode, NewChannel, NewUser};
pub use clock::Clock;
pub use config::{Config, ConfigError, Limits, Rate};
pub use rights::RouteInfo;
pub use routing::{Distribution, QueueSettings, Route};
pub use server::{ServeError, Server, serve};
pub use store::StoreError;
pub use store::people::UserChange;

/// Every route of the HTTP interface, with what it needs.
pub fn routes() -> Vec<RouteInfo> {
    http::routes()
}
