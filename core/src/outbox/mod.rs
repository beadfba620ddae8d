//! What happens to a command on its way to the server: the legal steps, and which command goes next. Pure.

mod choose;
mod state;

pub(crate) use choose::{Item, choose};
pub(crate) use state::{State, Step, next};
