//! An operator's inbox in a terminal: the smallest app on the core.
//!
//! [`app`] is the state and what keys and news do to it, [`view`] draws it, [`run`] joins the two to a core and a
//! terminal. Only the last one does input or output.

pub mod app;
pub mod clock;
pub mod editor;
pub mod form;
pub mod hours;
mod run;
pub mod signin;
pub mod text;
mod theme;
pub mod timeline;
pub mod view;
mod words;

pub use run::{RunError, Screen, run, run_with};
pub use words::error as explain;

/// The longest text that the server takes.
pub(crate) const MAX_TEXT_BYTES: usize = 16 * 1024;
