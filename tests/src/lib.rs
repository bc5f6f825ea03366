//! What several tests share.

pub mod python;
pub mod vectors;
