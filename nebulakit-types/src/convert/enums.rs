//! Placeholder: enums.
