//! What an attempt may use.

use std::sync::Arc;

use crate::coordinator::resources::asked::in_cores;

/// What an attempt may use: nobody else was granted the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Granted {
    pub(crate) millicores: Option<u64>,
    pub(crate) memory: Option<u64>,
    pub(crate) gpus: Vec<Arc<str>>,
    pub(crate) tokens: Vec<(Arc<str>, u32)>,
}

impl Granted {
    /// The cores; [`None`] where they are not counted for this work.
    #[must_use]
    pub fn cores(&self) -> Option<f64> {
        self.millicores.map(in_cores)
    }

    /// The memory, in bytes; [`None`] where the work asked for none in particular.
    #[must_use]
    pub fn memory(&self) -> Option<u64> {
        self.memory
    }

    /// The ids of the GPUs, as `CUDA_VISIBLE_DEVICES` names them.
    #[must_use]
    pub fn gpus(&self) -> &[Arc<str>] {
        &self.gpus
    }

    /// The tokens, each name with its number.
    pub fn tokens(&self) -> impl Iterator<Item = (&str, u32)> {
        self.tokens.iter().map(|(name, tokens)| (&**name, *tokens))
    }
}
