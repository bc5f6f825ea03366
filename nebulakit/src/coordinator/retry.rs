//! How often, and when, an attempt is repeated.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// How often, and after what pause, an attempt is repeated that failed and may succeed the next time.
///
/// Only failures that are [recoverable](super::JobError::is_recoverable) are repeated: errors that are marked so, lost workers, limits, and attempts
/// that took too long. The pauses grow, up to a limit, and each is a random share of its most, so that jobs that failed together do not come back
/// together. A pause holds no slot.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use nebulakit::coordinator::Retry;
///
/// let retry = Retry::exponential(5, Duration::from_millis(100));
/// assert_eq!(retry.longest_pause(0), Duration::from_millis(100));
/// assert_eq!(retry.longest_pause(3), Duration::from_millis(800));
/// assert_eq!(retry.longest_pause(30), Duration::from_secs(30));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retry {
    retries: u32,
    first: Duration,
    growth: Growth,
    cap: Duration,
    jitter: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Growth {
    Exponential(f64),
    Linear,
    Fixed,
}

impl Retry {
    /// No attempt is repeated.
    pub const NEVER: Self = Self {
        retries: 0,
        first: Duration::from_millis(100),
        growth: Growth::Exponential(2.0),
        cap: Duration::from_secs(30),
        jitter: true,
    };

    /// At most `retries` further attempts; each pause is at most twice the one before, from 100 ms up to 30 s.
    #[must_use]
    pub const fn times(retries: u32) -> Self {
        Self { retries, ..Self::NEVER }
    }

    /// At most `retries` further attempts; each pause is at most twice the one before, up to 30 s.
    #[must_use]
    pub const fn exponential(retries: u32, first: Duration) -> Self {
        Self { retries, first, ..Self::NEVER }
    }

    /// At most `retries` further attempts; each pause is at most `step` longer than the one before, up to 30 s.
    #[must_use]
    pub const fn linear(retries: u32, step: Duration) -> Self {
        Self { retries, first: step, growth: Growth::Linear, ..Self::NEVER }
    }

    /// At most `retries` further attempts, after pauses of at most `pause` each.
    #[must_use]
    pub const fn fixed(retries: u32, pause: Duration) -> Self {
        Self { retries, first: pause, growth: Growth::Fixed, cap: pause, ..Self::NEVER }
    }

    /// No pause is longer than this.
    #[must_use]
    pub const fn cap(self, cap: Duration) -> Self {
        Self { cap, ..self }
    }

    /// By how much the pauses of [`exponential`](Self::exponential) grow: 1 or more, else 1.
    #[must_use]
    pub const fn factor(self, factor: f64) -> Self {
        Self { growth: Growth::Exponential(if factor >= 1.0 { factor } else { 1.0 }), ..self }
    }

    /// Each pause is as long as it may be, instead of a random share of it.
    #[must_use]
    pub const fn without_jitter(self) -> Self {
        Self { jitter: false, ..self }
    }

    /// How many attempts may follow the first.
    #[must_use]
    pub const fn retries(&self) -> u32 {
        self.retries
    }

    /// The longest pause after attempt `attempt` (from 0) failed.
    #[must_use]
    pub fn longest_pause(&self, attempt: u32) -> Duration {
        let times = match self.growth {
            Growth::Exponential(factor) => factor.powi(attempt.min(1_000) as i32),
            Growth::Linear => f64::from(attempt) + 1.0,
            Growth::Fixed => 1.0,
        };
        Duration::try_from_secs_f64(self.first.as_secs_f64() * times).unwrap_or(Duration::MAX).min(self.cap)
    }

    pub(super) fn pause(&self, attempt: u32) -> Duration {
        let longest = self.longest_pause(attempt);
        // Randomness for spreading load needs no more than the seed of a hasher.
        if self.jitter { longest.mul_f64(RandomState::new().hash_one(0) as f64 / u64::MAX as f64) } else { longest }
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self::NEVER
    }
}

/// Keeps retries from becoming a storm: of all attempts of a coordinator, only a share may be repetitions.
///
/// Each job that is taken pays `share` of a retry into the budget, which holds `most` at most and begins full; each retry takes one. Where it is empty, a
/// failed attempt is the last, whatever the job's [`Retry`] says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryBudget {
    pub(super) share: f64,
    pub(super) most: f64,
}

impl RetryBudget {
    /// As many retries as `share` of the jobs (0.2 is a fifth), and `most` at once.
    #[must_use]
    pub const fn new(share: f64, most: u32) -> Self {
        Self { share, most: most as f64 }
    }
}
