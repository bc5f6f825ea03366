//! What follows an attempt that ran out of memory.

use crate::task::{options, quantity};

/// How an attempt that ran out of memory is repeated: with more of it, up to a limit.
///
/// Each further attempt asks for `factor` times the memory of the one before, and waits until that is free. It does so whatever the work's
/// [`Retry`](crate::coordinator::Retry), and at once; of a retry budget it takes its share. No attempt asks for more than the limit, nor for more than the
/// coordinator has beside what the jobs that wait for this one keep. Where no more can be given the error says so; it is repeated as any other then.
///
/// Out of memory is an attempt with [`JobError::Limit`](crate::coordinator::JobError::Limit) for memory, or with an error of the code `USER:OutOfMemory`. Work that did
/// not say how much memory it takes is given `factor` times the limit that it ran into, where that is known, and is not repeated where it is not.
///
/// # Examples
/// ```
/// use nebulakit::coordinator::{Coordinator, OnOom, Strategy, Work};
/// use nebulakit::prelude::*;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> anyhow::Result<()> {
/// let work = Work::new(|job| async move {
///     let memory = job.granted().memory().unwrap_or(0);
///     anyhow::ensure!(memory >= 200, TaskError::new(anyhow::anyhow!("too small")).with_code("USER:OutOfMemory"));
///     Ok(memory)
/// });
/// let work = work.memory(64).on_oom(OnOom::new(2.0).limit(1_000));
/// assert_eq!(Coordinator::new().submit(work, Strategy::Async).await?.join().await?, 256);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OnOom {
    factor: f64,
    limit: Option<u64>,
}

impl OnOom {
    /// `factor` times the memory each time, as 2; it has to be more than 1. The limit is what the coordinator has.
    #[must_use]
    pub const fn new(factor: f64) -> Self {
        Self { factor, limit: None }
    }

    /// No attempt is given more than these bytes.
    #[must_use]
    pub const fn limit(mut self, bytes: u64) -> Self {
        self.limit = Some(bytes);
        self
    }

    /// What the options of a task say.
    ///
    /// # Errors
    /// When the limit cannot be read. `#[task]` lets none of them through.
    pub(crate) fn of_options(asked: &options::OnOom) -> Result<Self, String> {
        Ok(Self { factor: asked.factor, limit: asked.limit.map(quantity::bytes).transpose()? })
    }

    /// Why nothing can be made of it.
    pub(crate) fn problem(&self) -> Option<String> {
        let is_good = self.factor.is_finite() && self.factor > 1.0;
        (!is_good).then(|| format!("memory cannot grow by a factor of {}: a number above 1 is expected", self.factor))
    }

    /// What follows an attempt with `memory` bytes where there are `all` at most.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "more than a float can hold is more than there is"
    )]
    pub(crate) fn after(&self, memory: u64, all: Option<u64>) -> More {
        let next = ((memory as f64 * self.factor).ceil() as u64).max(memory.saturating_add(1));
        let most = self.limit.into_iter().chain(all).min();
        match most {
            Some(most) if most <= memory => More::AtMost { most, is_asked: self.limit == Some(most) },
            _ => More::Next(most.map_or(next, |most| next.min(most))),
        }
    }
}

/// What can be given after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum More {
    /// So many bytes.
    Next(u64),
    /// The attempt before had the most already, in bytes: what the work allows, or all that the coordinator has.
    AtMost { most: u64, is_asked: bool },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_up_to_what_there_is() {
        let on_oom = OnOom::new(2.0).limit(1_000);
        assert_eq!(on_oom.after(300, Some(2_000)), More::Next(600));
        assert_eq!(on_oom.after(600, None), More::Next(1_000));
        assert_eq!(on_oom.after(1_000, None), More::AtMost { most: 1_000, is_asked: true });
        assert_eq!(on_oom.after(600, Some(700)), More::Next(700));
        assert_eq!(on_oom.after(700, Some(700)), More::AtMost { most: 700, is_asked: false });
        assert_eq!(OnOom::new(1.000_000_1).after(1, None), More::Next(2));
        assert_eq!(OnOom::new(2.0).after(u64::MAX - 1, None), More::Next(u64::MAX));
    }

    #[test]
    fn a_factor_that_does_not_grow_is_refused() {
        for factor in [1.0, 0.5, -2.0, f64::NAN, f64::INFINITY] {
            assert!(OnOom::new(factor).problem().is_some(), "{factor}");
        }
        assert_eq!(OnOom::new(1.5).problem(), None);
    }
}
