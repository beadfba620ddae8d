//! unsent
