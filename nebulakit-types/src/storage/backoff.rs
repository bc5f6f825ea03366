//! The waits before something is tried again.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use super::config::StorageConfig;

/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How often a request that failed is made again, unless the configuration says another number.
pub(super) const RETRIES: u32 = 5;

/// No try starts later than this after the first.
pub(super) const LONGEST_TRYING: Duration = Duration::from_secs(30);

/// The waits between tries: exponential, each a random share of its most (full jitter), so that many who failed together do not come back
/// together.
#[derive(Debug)]
pub(super) struct Backoff {
    most: Duration,
}

impl Backoff {
    /// The wait that is due after this many failures; none after zero.
    pub(super) fn after(config: &StorageConfig, failures: u32) -> Self {
        let Some(doublings) = failures.checked_sub(1) else { return Self { most: Duration::ZERO } };
        let first = config.backoff.unwrap_or(Duration::from_millis(200));
        Self { most: first.saturating_mul(1 << doublings.min(10)).min(LONGEST_WAIT.max(first)) }
    }

    pub(super) fn drawn(&self) -> Duration {
        // Randomness for spreading load needs no more than the seed of a hasher.
        self.most.mul_f64(RandomState::new().hash_one(0) as f64 / u64::MAX as f64)
    }

    pub(super) async fn wait(self) {
        if !self.most.is_zero() {
            tokio::time::sleep(self.drawn()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit() {
        let config = StorageConfig { backoff: Some(Duration::from_millis(100)), ..StorageConfig::default() };
        let most: Vec<_> = [0, 1, 2, 3, 6, 7, 1000].map(|failures| Backoff::after(&config, failures).most.as_millis()).into();
        assert_eq!(most, [0, 100, 200, 400, 3200, 5000, 5000]);
        assert_eq!(Backoff::after(&StorageConfig::default(), 1).most, Duration::from_millis(200));
    }

    #[test]
    fn each_wait_is_any_share_of_its_most() {
        let backoff = Backoff { most: Duration::from_secs(1) };
        let mut drawn: Vec<_> = (0..1000).map(|_| backoff.drawn().as_secs_f64()).collect();
        drawn.sort_by(f64::total_cmp);
        // Each of these fails by chance once in 10^20 runs or less.
        assert!(drawn[0] < 0.1 && (0.3..0.7).contains(&drawn[500]) && drawn[999] > 0.9 && drawn[999] <= 1.0, "{drawn:?}");
    }
}
