//! Macros of nebulakit.
