//! How often a request is made again, and the waits in between.

use std::time::Duration;

use object_store::{BackoffConfig, RetryConfig};

use super::super::backoff::{Backoff, LONGEST_TRYING, RETRIES};
use super::super::config::StorageConfig;
use super::trace::{Trace, brief};

/// How often `object_store` asks again, and whether: it decides what is worth another try. The waits are [`Backoff`]'s.
pub(in super::super) fn retry_config(config: &StorageConfig) -> RetryConfig {
    // `object_store` panics where there is no range to draw a wait from.
    let none = Duration::from_nanos(1);
    RetryConfig {
        backoff: BackoffConfig { init_backoff: none, max_backoff: none, base: 2.0 },
        max_retries: config.retries.unwrap_or(RETRIES) as usize,
        retry_timeout: LONGEST_TRYING,
    }
}

/// Waits until the next request of the operation under way is due, and says why it waits.
pub(super) async fn pause(config: &StorageConfig) {
    let failures = Trace::failures();
    if failures == 0 {
        return;
    }
    let wait = Backoff::after(config, failures).drawn();
    if let Some(last) = Trace::last() {
        tracing::info!("{}; the next try is in {wait:.1?}", config.scrub(format!("{} {}", last.origin, brief(&last))));
    }
    tokio::time::sleep(wait).await;
}
