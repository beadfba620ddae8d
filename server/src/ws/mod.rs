//! The sockets: state machines that know no socket, sessions that drive them over one, and the registry that brings news
//! to the sessions.
//!
//! Delivery is by pulling. A session keeps a cursor; the registry keeps, per connected user, the head of the feed and a
//! short ring of the newest events; the session takes what follows its cursor from the ring, or from the database when the
//! ring no longer reaches back. So catching up, following live and recovering from a stall are one mechanism, nothing
//! unbounded is queued for anybody, and a stalled socket costs its cursor until it is cut.

pub mod hub;
pub mod machine;
pub mod mailbox;
pub mod registry;
pub(crate) mod session;
mod transport;
pub(crate) use transport::configure;
pub mod visitor_machine;
pub(crate) mod visitor_session;
