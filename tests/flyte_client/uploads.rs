//! Files and directories of this machine in a control plane's store.

use std::fs;

use http::StatusCode;
use nebulakit::backend::flyte::{ClientErrorKind, FlyteClient};
use nebulakit_types::literal::{Literal, LiteralValue};
use nebulakit_types::literal_type::{BlobDimensionality, LiteralType, TypeKind};
use nebulakit_types::wire::flyteidl::service::CreateUploadLocationRequest;
use prost::Message as _;
use serde_json::json;
use tempfile::{TempDir, tempdir};

use crate::double::grpc::{self, UNIMPLEMENTED};
use crate::double::store::Store;

/// A client whose control plane signs addresses of the store.
async fn client(store: &Store) -> (FlyteClient, TempDir) {
    let (home, signing) = (tempdir().unwrap(), store.clone());
    let address = grpc::serve(move |call| {
        let signing = signing.clone();
        async move {
            match call.method.as_str() {
                "CreateUploadLocation" => Ok(signing.sign(&CreateUploadLocationRequest::decode(call.message).unwrap()).encode_to_vec()),
                other => Err((UNIMPLEMENTED, format!("unknown method {other}"))),
            }
        }
    })
    .await;
    let settings = json!({ "endpoint": address.to_string(), "insecure": true, "maxBackoffDelay": "1ms" });
    (crate::double::client(home.path(), &settings).with_project("p").with_domain("d"), home)
}

#[tokio::test]
async fn a_file_is_stored_under_its_name_in_pieces() {
    let store = Store::serve("s3").await;
    let (client, home) = client(&store).await;
    let (path, bytes) = (home.path().join("a b%2F?x#y+ü:100%.csv"), b"0123456789abcdef".repeat(100_000));
    fs::write(&path, &bytes).unwrap();
    let url = client.upload(&path).await.unwrap();
    assert!(url.starts_with("s3://bucket/p/d/") && url.ends_with("/a b%2F?x#y+ü:100%.csv"), "{url}");
    assert!(store.object(&url).unwrap() == bytes);
    assert_eq!(client.upload(&path).await.unwrap(), url, "the same file has one place");
    let empty = home.path().join("empty");
    fs::write(&empty, b"").unwrap();
    assert_eq!(store.object(&client.upload(&empty).await.unwrap()).unwrap(), b"");
}

#[tokio::test]
async fn azure_gets_the_header_that_it_asks_for() {
    let store = Store::serve("abfs").await;
    let (client, home) = client(&store).await;
    let path = home.path().join("x");
    fs::write(&path, b"x").unwrap();
    assert_eq!(store.object(&client.upload(&path).await.unwrap()).unwrap(), b"x");
}

#[tokio::test]
async fn a_directory_is_stored_at_one_place_a_few_files_at_a_time() {
    let store = Store::serve("s3").await;
    let (client, home) = client(&store).await;
    let top = home.path().join("top");
    fs::create_dir_all(top.join("in/ner")).unwrap();
    for at in 0..40 {
        fs::write(top.join(format!("in/{at:02}")), at.to_string()).unwrap();
    }
    fs::write(top.join("in/ner/x y?#100%"), b"deep").unwrap();
    fs::create_dir(top.join("nothing in it")).unwrap();
    std::os::unix::fs::symlink(top.join("in/07"), top.join("link")).unwrap();
    let prefix = client.upload(&top).await.unwrap();
    assert_eq!(store.objects().len(), 42);
    assert_eq!(store.object(&format!("{prefix}/in/ner/x y?#100%")).unwrap(), b"deep");
    assert_eq!(store.object(&format!("{prefix}/in/39")).unwrap(), b"39");
    assert_eq!(store.object(&format!("{prefix}/link")).unwrap(), b"7");
    assert!(store.most() <= 8, "{}", store.most());
    assert_eq!(client.upload(&top).await.unwrap(), prefix);
    let empty = home.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let none = client.upload(&empty).await.unwrap();
    assert!(none.starts_with("s3://bucket/p/d/") && !none.ends_with("nothing"), "{none}");
    assert_eq!(store.objects().len(), 42);
}

#[tokio::test]
async fn a_directory_within_itself_is_refused() {
    let store = Store::serve("s3").await;
    let (client, home) = client(&store).await;
    let top = home.path().join("top");
    fs::create_dir(&top).unwrap();
    std::os::unix::fs::symlink(&top, top.join("again")).unwrap();
    let error = client.upload(&top).await.unwrap_err();
    assert_eq!(error.kind(), ClientErrorKind::Upload);
    assert!(error.to_string().ends_with("/top/again`: it is within itself, by a symbolic link"), "{error}");
}

#[tokio::test]
async fn what_would_never_end_is_refused() {
    let store = Store::serve("s3").await;
    let (client, home) = client(&store).await;
    let pipe = home.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let error = client.upload(&pipe).await.unwrap_err();
    assert!(error.to_string().ends_with("/pipe`: it is neither a file nor a directory"), "{error}");
}

#[tokio::test]
async fn what_passes_is_tried_again_and_what_does_not_is_told_without_the_signature() {
    let store = Store::serve("s3").await;
    let (client, home) = client(&store).await;
    let path = home.path().join("x");
    fs::write(&path, b"x").unwrap();
    store.fail(&[StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS, StatusCode::INTERNAL_SERVER_ERROR]);
    client.upload(&path).await.unwrap();
    assert_eq!(store.requests(), 4);
    store.fail(&[StatusCode::FORBIDDEN]);
    let error = client.upload(&path).await.unwrap_err();
    assert_eq!((error.kind(), store.requests()), (ClientErrorKind::Upload, 5));
    let error = format!("{error} {error:?}");
    assert!(error.contains("answered 403 Forbidden") && !error.contains("secret"), "{error}");
    let gone = client.upload(&home.path().join("gone")).await.unwrap_err();
    assert!(gone.to_string().ends_with("/gone`: No such file or directory (os error 2)"), "{gone}");
}

#[tokio::test]
async fn inputs_name_stored_files_at_any_depth() {
    let store = Store::serve("s3").await;
    let (client, home) = client(&store).await;
    let path = home.path().join("x");
    fs::write(&path, b"x").unwrap();
    let file = LiteralType::blob("", BlobDimensionality::Single);
    let files = LiteralType::collection(file.clone());
    let literal = |uri: &str| {
        let TypeKind::Blob(blob_type) = file.kind.clone() else { panic!("a file") };
        Literal { value: LiteralValue::Blob { uri: uri.to_owned(), blob_type }, hash: None, metadata: [("k".into(), "v".into())].into() }
    };
    let url = format!("file://{}", path.display());
    let list = Literal::collection(vec![literal("s3://other/y"), literal(path.to_str().unwrap()), literal(&url)]);
    let inputs = Literal::encode_map(&[("list".to_owned(), list)].into());
    let moved = client.upload_inputs(&inputs, |name| (name == "list").then_some(&files)).await.unwrap();
    let stored = client.upload(&path).await.unwrap();
    let expected = Literal::collection(vec![literal("s3://other/y"), literal(&stored), literal(&stored)]);
    assert_eq!(Literal::decode_map(&moved).unwrap()["list"], expected);
    assert_eq!(store.requests(), 2, "one file is sent once for all that name it, and once more by hand");
}

#[tokio::test]
async fn a_client_without_a_project_says_so() {
    let store = Store::serve("s3").await;
    let (client, home) = client(&store).await;
    let error = client.with_project("").upload(home.path()).await.unwrap_err();
    assert_eq!(error.kind(), ClientErrorKind::Settings);
    assert!(error.to_string().starts_with("no project is named\nhint: name it as `task.project`"), "{error}");
}
