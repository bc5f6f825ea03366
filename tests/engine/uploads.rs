//! Signed URLs, and what the store refuses.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use nebulakit::backend::flyte::compile::Program;
use nebulakit_tests::flyte::{DOMAIN, Double, PROJECT, Store};
use nebulakit_tests::http::put;
use nebulakit_types::wire::flyteidl::core::{Blob, BlobMetadata, BlobType, Literal, Scalar, literal, scalar};
use nebulakit_types::wire::flyteidl::service::{CreateUploadLocationRequest, CreateUploadLocationResponse};
use serde_json::json;

use crate::flows;
use crate::shown::{of, request, shown};

const BYTES: &[u8] = b"hello world";

async fn location(double: &Double, file: &str) -> CreateUploadLocationResponse {
    let request = CreateUploadLocationRequest {
        project: PROJECT.to_owned(),
        domain: DOMAIN.to_owned(),
        filename: file.to_owned(),
        content_md5: Md5::digest(BYTES).to_vec(),
        add_content_md5_metadata: true,
        ..CreateUploadLocationRequest::default()
    };
    double.call("CreateUploadLocation", &request).await.unwrap()
}

/// The headers of an upload: all that are named but the length.
fn headers(location: &CreateUploadLocationResponse) -> Vec<(String, String)> {
    let headers = location.headers.iter().filter(|(name, _)| *name != "Content-Length");
    headers.map(|(name, value)| (name.clone(), value.clone())).collect()
}

async fn uploaded(url: &str, headers: &[(String, String)], body: &[u8]) -> u16 {
    let (url, headers, body) = (url.to_owned(), headers.to_vec(), body.to_vec());
    tokio::task::spawn_blocking(move || put(&url, &headers, &body)).await.unwrap()
}

async fn uploads_as_recorded(double: &Double) {
    let location = location(double, "f.txt").await;
    let good = headers(&location);
    let without = |name: &str| good.iter().filter(|(known, _)| known != name).cloned().collect::<Vec<_>>();
    let mut other = without("Content-MD5");
    other.push(("Content-MD5".to_owned(), STANDARD.encode(Md5::digest(b"other"))));
    assert_eq!(uploaded(&location.signed_url, &without("x-amz-meta-flyteContentMD5"), BYTES).await, 403);
    assert_eq!(uploaded(&location.signed_url, &without("Content-MD5"), BYTES).await, 403);
    assert_eq!(uploaded(&location.signed_url, &other, BYTES).await, 403);
    assert_eq!(uploaded(&location.signed_url, &good, b"HELLO WORLD").await, 400);
    assert_eq!(uploaded(&location.signed_url, &good, BYTES).await, 200);
    assert_eq!(location.headers["Content-Length"], "24");

    // A task reads what was uploaded.
    crate::register(double, Program::of([read_only::graph().unwrap()])).await;
    let metadata = Some(BlobMetadata { r#type: Some(BlobType::default()) });
    let blob = scalar::Value::Blob(Blob { metadata, uri: location.native_url });
    let value = Some(literal::Value::Scalar(Box::new(Scalar { value: Some(blob) })));
    let target = of(nebulakit_types::wire::flyteidl::core::ResourceType::Task, "engine.flows.read");
    let request = request(target, "reads", [("text", Literal { value, ..Literal::default() })]);
    let _: nebulakit_types::wire::flyteidl::admin::ExecutionCreateResponse = double.call("CreateExecution", &request).await.unwrap();
    double.ended("reads").await;
    let shown = shown(double, "reads").await;
    assert_eq!(shown["outputs"], json!({ "o0": 11 }), "{shown:#}");
}

#[nebulakit::workflow]
fn read_only(text: nebulakit::prelude::Promise<nebulakit::prelude::File>) -> nebulakit::prelude::Promise<i64> {
    flows::read::node(text)
}

#[tokio::test]
async fn the_small_store_takes_what_was_signed() {
    uploads_as_recorded(&crate::double()).await;
}

#[cfg(feature = "servers")]
#[tokio::test]
#[ignore = "needs the servers: run it through tests/servers/with-servers.sh"]
async fn a_real_store_takes_what_was_signed() {
    use nebulakit_tests::servers::variable;
    let store = Store {
        endpoint: variable("NEBULAKIT_TEST_S3_ENDPOINT"),
        access_key_id: variable("NEBULAKIT_TEST_S3_ACCESS_KEY_ID"),
        secret_access_key: variable("NEBULAKIT_TEST_S3_SECRET_ACCESS_KEY"),
        bucket: "nebulakit".to_owned(),
    };
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_engine")).parent().unwrap();
    uploads_as_recorded(&Double::on(Some(store), [("app:1", folder.to_owned())])).await;
}
