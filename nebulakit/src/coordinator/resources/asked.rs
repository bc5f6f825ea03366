//! What work asks for.

use std::sync::Arc;

use crate::task::options::TaskOptions;
use crate::task::quantity::{bytes, millicores, whole};

/// The most cores that can be counted: no machine has as many.
pub(crate) const MOST_CORES: f64 = 1e9;

/// What a piece of work needs while it runs.
///
/// What is not set comes from the task's options: `requests` and `limits` (of memory the limit where there is one, else the request; of cores and GPUs the
/// request, else the limit) and `tokens`. What is not set there either is not counted, except for cores: work of any strategy but
/// [`AsyncStrategy`](crate::coordinator::AsyncStrategy) takes one.
///
/// # Examples
/// ```
/// use nebulakit::coordinator::{Coordinator, Resources, Strategy, Work};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> anyhow::Result<()> {
/// let needs = Resources::new().cores(0.5).memory(64 << 20);
/// let work = Work::blocking(|job| anyhow::Ok((job.granted().cores(), job.granted().memory()))).resources(needs);
/// let granted = Coordinator::new().submit(work, Strategy::Thread).await?.join().await?;
/// assert_eq!(granted, (Some(0.5), Some(64 << 20)));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resources {
    pub(crate) cores: Option<f64>,
    pub(crate) memory: Option<u64>,
    pub(crate) gpus: Option<u32>,
    pub(crate) tokens: Vec<(Arc<str>, u32)>,
}

impl Resources {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { cores: None, memory: None, gpus: None, tokens: Vec::new() }
    }

    /// Cores, in whole or in part: 0.5 is half of one. They are counted in thousandths, rounded up.
    #[must_use]
    pub const fn cores(mut self, cores: f64) -> Self {
        self.cores = Some(cores);
        self
    }

    /// Memory, in bytes.
    #[must_use]
    pub const fn memory(mut self, bytes: u64) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// How many GPUs.
    #[must_use]
    pub const fn gpus(mut self, gpus: u32) -> Self {
        self.gpus = Some(gpus);
        self
    }

    /// How many tokens of that name. Of two calls with one name the last counts.
    #[must_use]
    pub fn tokens(mut self, name: impl Into<Arc<str>>, tokens: u32) -> Self {
        let name = name.into();
        self.tokens.retain(|(one, _)| *one != name);
        self.tokens.push((name, tokens));
        self
    }

    /// The same; what it leaves open is as in `below`.
    pub(crate) fn over(self, below: Self) -> Self {
        let tokens = self.tokens.into_iter().fold(below, |all, (name, tokens)| all.tokens(name, tokens));
        Self {
            cores: self.cores.or(tokens.cores),
            memory: self.memory.or(tokens.memory),
            gpus: self.gpus.or(tokens.gpus),
            tokens: tokens.tokens,
        }
    }

    /// Each resource that is asked for, by itself.
    #[cfg(feature = "run")]
    pub(crate) fn parts(&self) -> impl Iterator<Item = Self> {
        let Self { cores, memory, gpus, .. } = *self;
        let own = [Self { cores, ..Self::new() }, Self { memory, ..Self::new() }, Self { gpus, ..Self::new() }];
        let tokens = self.tokens.iter().map(|token| Self { tokens: vec![token.clone()], ..Self::new() });
        own.into_iter().chain(tokens).filter(|part| *part != Self::new())
    }

    /// What the options of a task ask for; [`None`] where they ask for nothing.
    ///
    /// # Errors
    /// When an amount cannot be read. `#[task]` lets none of them through.
    pub(crate) fn of_options(options: &TaskOptions) -> Result<Option<Self>, String> {
        let (requests, limits) = (&options.requests, &options.limits);
        let amounts = Self::of_amounts([requests.cpu, limits.cpu], [requests.memory, limits.memory], [requests.gpu, limits.gpu])?;
        let tokens = options.tokens.iter().map(|(name, number)| ((*name).into(), *number)).collect();
        let asked = Self { tokens, ..amounts };
        Ok((asked != Self::default()).then_some(asked))
    }

    /// What is requested, and the limit, of each, in Kubernetes' quantity notation: a job is to find what it requests, and to have memory up to its limit.
    ///
    /// # Errors
    /// When an amount cannot be read.
    pub(crate) fn of_amounts(cpu: [Option<&str>; 2], memory: [Option<&str>; 2], gpu: [Option<&str>; 2]) -> Result<Self, String> {
        Ok(Self {
            cores: cpu[0].or(cpu[1]).map(millicores).transpose()?.map(in_cores),
            memory: memory[1].or(memory[0]).map(bytes).transpose()?,
            gpus: gpu[0].or(gpu[1]).map(whole).transpose()?,
            tokens: Vec::new(),
        })
    }
}

/// Thousandths of a core as cores.
#[expect(clippy::cast_precision_loss, reason = "there are not that many cores")]
pub(crate) fn in_cores(millicores: u64) -> f64 {
    millicores as f64 / 1_000.0
}

/// Cores as thousandths, rounded up; [`None`] where they are not a number that can be counted.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is looked at before")]
pub(crate) fn to_millicores(cores: f64) -> Option<u64> {
    // A part of a thousandth that comes of writing in binary what was meant in decimal is none.
    (0.0..=MOST_CORES).contains(&cores).then(|| (cores * 1_000.0 - 1e-6).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::options;

    #[test]
    fn options_ask_for_what_a_job_may_take() {
        let mut options = TaskOptions::NONE;
        assert_eq!(Resources::of_options(&options), Ok(None));
        options.requests = options::Resources { cpu: Some("500m"), memory: Some("128Mi"), ..options::Resources::NONE };
        let asked = Resources::new().cores(0.5).memory(128 << 20);
        assert_eq!(Resources::of_options(&options), Ok(Some(asked.clone())));
        options.limits = options::Resources { cpu: Some("2"), memory: Some("1G"), gpu: Some("1"), ..options::Resources::NONE };
        assert_eq!(Resources::of_options(&options), Ok(Some(asked.memory(1_000_000_000).gpus(1))));
    }

    #[test]
    fn what_work_says_itself_wins() {
        let task = Resources::new().cores(1.0).memory(10).tokens("a", 1).tokens("b", 1);
        let own = Resources::new().memory(20).tokens("b", 2);
        assert_eq!(own.over(task), Resources::new().cores(1.0).memory(20).tokens("a", 1).tokens("b", 2));
    }
}
