//! The store of the bare programs.

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};

/// The store of a bucket, as the environment has it.
pub(crate) fn bucket(name: &str) -> AmazonS3 {
    nebulakit_types::storage::install_crypto_provider();
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(name).with_allow_http(true);
    // What clusters with an S3 server of their own tell their containers.
    for (name, key) in [
        ("FLYTE_AWS_ENDPOINT", AmazonS3ConfigKey::Endpoint),
        ("FLYTE_AWS_ACCESS_KEY_ID", AmazonS3ConfigKey::AccessKeyId),
        ("FLYTE_AWS_SECRET_ACCESS_KEY", AmazonS3ConfigKey::SecretAccessKey),
    ] {
        if let Ok(value) = std::env::var(name) {
            builder = builder.with_config(key, value);
        }
    }
    builder.build().unwrap()
}

/// The bucket and the key of a URL.
pub(crate) fn split(url: &str) -> (&str, &str) {
    url.strip_prefix("s3://").unwrap().split_once('/').unwrap()
}
