//! How a task ended, on its way from one process to another.

use bytes::Bytes;

use crate::process::worker::message::{Ended, Failed};
use crate::task::error::{IgnoreOutputs, TaskError};
use crate::task::failure::chain;
#[cfg(feature = "coordinator")]
use crate::task::fatal::Fatal;

impl Ended {
    pub(crate) fn new(ended: Result<Vec<u8>, TaskError>) -> Self {
        match ended {
            Ok(outputs) => Self { outputs: Bytes::from(outputs), failure: None },
            Err(error) => Self { outputs: Bytes::new(), failure: Some(Failed::of(&error)) },
        }
    }

    pub(crate) fn into_result(self) -> Result<Bytes, TaskError> {
        match self.failure {
            None => Ok(self.outputs),
            Some(failure) => Err(failure.into_error()),
        }
    }
}

impl Failed {
    fn of(error: &TaskError) -> Self {
        Self {
            code: error.code().map(str::to_owned),
            message: chain(error),
            recoverable: error.is_recoverable(),
            is_ignored: error.downcast_ref::<IgnoreOutputs>().is_some(),
            #[cfg(feature = "coordinator")]
            is_fatal: error.downcast_ref::<Fatal>().is_some(),
            #[cfg(not(feature = "coordinator"))]
            is_fatal: false,
        }
    }

    /// The same error without its types, but for those that mean something to who runs tasks.
    fn into_error(self) -> TaskError {
        let error = if self.is_ignored {
            IgnoreOutputs.into()
        } else {
            #[cfg(feature = "coordinator")]
            if self.is_fatal {
                return TaskError::with_marks(Fatal::new(anyhow::Error::msg(self.message)).into(), self.recoverable, self.code);
            }
            anyhow::Error::msg(self.message)
        };
        TaskError::with_marks(error, self.recoverable, self.code)
    }
}
