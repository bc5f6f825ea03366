//! `http://` and `https://`: plain requests, redirects followed, queries kept, any server that answers a GET.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use object_store::client::{HttpRequest, HttpRequestBody};

use super::StorageConfig;
use super::fault::{explain_web, status_kind};
use super::transport::{Connector, Trace, innermost, retry_config};
use crate::{Error, ErrorKind, Result};

pub(super) async fn get(config: &StorageConfig, connector: &Connector, url: &str) -> Result<Option<Bytes>> {
    run(config, connector, url, "GET").await
}

pub(super) async fn exists(config: &StorageConfig, connector: &Connector, url: &str) -> Result<bool> {
    Ok(run(config, connector, url, "HEAD").await?.is_some())
}

/// Makes a request until it succeeds, fails for good or has failed too often; `None` where nothing is.
async fn run(config: &StorageConfig, connector: &Connector, url: &str, method: &str) -> Result<Option<Bytes>> {
    let request = request(url, method)?;
    let client = connector.client();
    let retry = retry_config(config);
    let mut wait = retry.backoff.init_backoff;
    let (out, trace) = Trace::of(async {
        let started = Instant::now();
        for tries_left in (0..=retry.max_retries).rev() {
            let why = match client.execute(request.clone()).await {
                // A body that is shorter than its announced length is an error of the client below.
                Ok(answer) if answer.status().is_success() => match answer.into_body().collect().await {
                    Ok(body) => return Ok(Some(body.to_bytes())),
                    Err(error) => innermost(&error),
                },
                Ok(answer) => match status_kind(answer.status().as_u16()) {
                    ErrorKind::NotFound => return Ok(None),
                    ErrorKind::Unavailable => answer.status().to_string(),
                    _ => return Err(answer.status().to_string()),
                },
                Err(error) if error.kind() == object_store::client::HttpErrorKind::Unknown => return Err(innermost(&error)),
                Err(error) => innermost(&error),
            };
            if tries_left == 0 || started.elapsed() > retry.retry_timeout {
                return Err(why);
            }
            tokio::time::sleep(wait).await;
            wait = jitter(retry.backoff.init_backoff, wait.mul_f64(retry.backoff.base)).min(retry.backoff.max_backoff);
        }
        Err("never tried".to_owned())
    })
    .await;
    out.map_err(|why| explain_web(url, config, &why, &trace))
}

fn request(url: &str, method: &str) -> Result<HttpRequest> {
    let fault = |why: String| Error::new(ErrorKind::Url, format!("`{}` is no URL: {why}", super::location::shown(url)));
    let parsed = url::Url::parse(url).map_err(|error| fault(error.to_string()))?;
    let mut request = HttpRequest::new(HttpRequestBody::empty());
    *request.method_mut() = method.parse().map_err(|_| fault(format!("{method} is no method")))?;
    *request.uri_mut() = parsed.as_str().parse().map_err(|_| fault("a request cannot hold it".to_owned()))?;
    Ok(request)
}

/// A random time between the two. Randomness for spreading load needs no more than the seed of a hasher.
fn jitter(least: Duration, most: Duration) -> Duration {
    let share = RandomState::new().hash_one(0) as f64 / u64::MAX as f64;
    least + most.saturating_sub(least).mul_f64(share)
}
