//! Placeholder: structs.
