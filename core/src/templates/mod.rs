//! Templates as pure functions: filling variables, telling a customer's language, ranking by what the customer wrote.
//! Nothing in here reads the store or the network.

pub(crate) mod language;
pub(crate) mod picker;
pub(crate) mod suggest;
pub(crate) mod variables;

#[cfg(test)]
mod suggest_tests;
