//! What is wrong with settings.

/// What is wrong with settings, each with its place.
pub(in crate::backend) type Mistakes = Vec<String>;
