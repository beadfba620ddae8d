//! sync/mod
