//! The core's face to the apps: this folder is the whole surface that Swift and Kotlin see. It converts and delegates;
//! nothing is decided here.
//!
//! | file | what |
//! | --- | --- |
//! | [`engine`] | [`SwitchboardCore`]: open, sign in, start, look, answer |
//! | [`life`] | its methods for the life of a chat: take, pass on, finish, put away |
//! | [`staff`] | its methods for staff chats, notes and mentions |
//! | [`templates`] | its methods for templates: pick, fill, make |
//! | [`contacts`] | its methods for Information, contacts, labels and the history |
//! | [`settings`] | its methods for Settings > Chat, notifications, and what no list follows |
//! | [`work`] | its methods for the user's own work and for managers: presence, queues, alarms, blocks |
//! | [`lists`] | the list handles and their changes |
//! | [`records`] | the rows, flat and immutable, everything a cell draws |
//! | [`listeners`] | what an app implements to be told, and [`Subscription`] |
//! | [`errors`] | the one error, by what the screen does, and every code with its meaning |
//! | [`ids`] | an id is a type each on the other side too |
//! | `runtime` | why a command runs to completion |
//!
//! Records are types of their own and not the core's: the core may change its model without breaking an app's build,
//! and what crosses is seen here.

pub mod contacts;
pub mod engine;
pub mod errors;
pub mod ids;
pub mod life;
pub mod listeners;
pub mod lists;
pub mod records;
mod runtime;
pub mod settings;
pub mod staff;
pub mod templates;
pub mod work;

pub use self::engine::SwitchboardCore;
pub use self::errors::SwitchboardError;
pub use self::listeners::Subscription;

uniffi::setup_scaffolding!();
