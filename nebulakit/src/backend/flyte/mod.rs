//! Flyte 1: what its control plane is told.
//!
//! | module | holds |
//! |---|---|
//! | [`compile`] | graphs as what is registered |

pub mod compile;
