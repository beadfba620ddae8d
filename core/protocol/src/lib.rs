//! The wire between a Switchboard server, the operators' phones and the website widget.
//!
//! Everything here is data: no sockets, no clock, no storage. The core and the server share these types, so a frame
//! cannot mean two things. Every frame kind has a golden JSON file in `tests/golden/`; a change that alters one is a
//! change of the protocol and must be seen as such in review.
//!
//! Times are Unix milliseconds of the server's clock ([`UnixMillis`]). A message's `no` counts from 1 in its chat and
//! orders the timeline; nothing is ordered by a clock.

pub mod block;
pub mod chat;
pub mod collection;
pub mod command;
pub mod contact;
pub mod device;
pub mod error_code;
pub mod event;
pub mod frame;
pub mod hours;
pub mod ids;
pub mod limits;
pub mod message;
pub mod template;
pub mod transfer;
pub mod widget;

pub use error_code::ErrorCode;
pub use frame::{ClientFrame, FrameError, ServerFrame};

/// Milliseconds since 1970-01-01 UTC.
pub type UnixMillis = i64;
