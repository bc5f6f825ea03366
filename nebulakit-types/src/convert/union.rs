//! Placeholder: union.
