//! outbox/mod
