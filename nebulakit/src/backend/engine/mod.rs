//! What backends have in common whose jobs run on an engine: a cluster's, a cloud's, or programs that the user named.

mod contract;

pub(in crate::backend) use self::contract::{Ending, Engine, EngineEnd, EngineError, EngineId, EngineJob, NotSubmitted, Seen};
