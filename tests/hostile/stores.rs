//! What stores answer.

use std::io::{BufRead as _, BufReader};
use std::sync::Arc;

use nebulakit_tests::http::Server;
use nebulakit_types::storage::{PutOptions, S3Config, Storage, StorageConfig};

use super::{FIXTURE, assert_tame, command, on_terminals};

/// Sent raw, and with that many characters behind it that nobody would read.
fn hostile(length: usize) -> String {
    format!("x\u{1b}]0;title\u{7}\u{9b}2J\u{202e}\nhint: forged\n[forged] forged\u{2028}{}", "y".repeat(length))
}

/// Every request gets one answer, as long as the test lasts.
fn answering(status: u16, body: String) -> Arc<Server> {
    let server = Arc::new(Server::start());
    let asked = Arc::clone(&server);
    std::thread::spawn(move || {
        loop {
            asked.request().answer(status, body.as_bytes());
        }
    });
    server
}

/// Standard error of a task that reads `url` from a store that answers so.
pub(super) fn told(status: u16, body: String, url: &str) -> String {
    let server = answering(status, body);
    let mut run = match url.ends_with('/') {
        true => command(FIXTURE, ["run", "read_directory", "-q", "--directory", url]),
        false => command(FIXTURE, ["run", "first_kilobyte", "-q", "--file", &url.replace("http:/", &server.url(""))]),
    };
    run.env("FLYTE_AWS_ENDPOINT", server.url("")).env("FLYTE_AWS_ACCESS_KEY_ID", "key").env("FLYTE_AWS_SECRET_ACCESS_KEY", "secret");
    run.env("STORAGE_EMULATOR_HOST", server.url("")).env("FLYTE_AWS_RETRIES", "1").env("FLYTE_AWS_BACKOFF_SECONDS", "0");
    run.env("FLYTE_SDK_LOGGING_LEVEL", "10");
    let (code, _, err) = on_terminals(run);
    assert_eq!(code, 1, "{err}");
    err
}

#[test]
fn errors_of_stores_are_shown_as_text_and_not_at_any_length() {
    for length in [2000, 1 << 20] {
        let hostile = hostile(length);
        let xml = format!("<Error><Code>Odd{hostile}</Code><Message>It is {hostile}</Message><RequestId>{hostile}</RequestId></Error>");
        let quoted = serde_json::to_string(&hostile).unwrap();
        let json = format!("{{\"error\": {{\"code\": 403, \"message\": {quoted}}}, {quoted}: 1}}");
        for (status, body) in [(403, &xml), (400, &xml), (404, &xml), (403, &json), (200, &json), (200, &xml), (200, &hostile)] {
            for url in ["s3://bucket/a.bin", "s3://bucket/folder/", "gs://bucket/a.bin", "gs://bucket/folder/", "http://a.bin"] {
                // The bytes of an object may be any.
                if status == 200 && !url.ends_with('/') {
                    continue;
                }
                let err = told(status, body.clone(), url);
                let by = format!("{url} answers {status}");
                assert_tame(&err, &by);
                assert!(err.len() < 8000, "{by}: {} bytes", err.len());
                if length == 2000 && status == 403 && body == &xml {
                    assert!(
                        err.contains("answered 403 Oddx\\u001b]0;title\\u0007\\u009b2J\\u202e hint: forged [forged] forged yyy"),
                        "{by}: {err}"
                    );
                    assert!(err.contains("yyy…: It is x\\u001b]0;"), "{by}: {err}");
                }
            }
        }
    }
}

#[test]
fn nothing_that_is_stored_beside_an_object_makes_a_header() {
    let server = Server::start();
    let forged = "a\r\nX-Forged: 1\n\nX-Forged: 2\0\u{85}\u{2028}é";
    let storage = Storage::new(StorageConfig {
        s3: S3Config {
            endpoint: Some(server.url("")),
            access_key_id: Some("key".to_owned()),
            secret_access_key: Some("secret".into()),
            ..S3Config::default()
        },
        retries: Some(0),
        ..StorageConfig::default()
    });
    let options = PutOptions {
        content_type: Some(forged.to_owned()),
        content_encoding: Some(forged.to_owned()),
        metadata: [("note".to_owned(), forged.to_owned())].into(),
    };
    let putting = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(storage.put("s3://bucket/key", vec!["bytes".into()], &options)).unwrap_err()
    });
    let head = BufReader::new(server.connection()).lines().map(Result::unwrap).take_while(|line| !line.is_empty());
    let head: Vec<_> = head.collect();
    drop(putting.join().unwrap());
    let named = |name: &str| head.iter().filter(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:"))).count();
    assert_eq!((named("x-amz-meta-note"), named("content-type"), named("x-forged")), (1, 1, 0), "{head:#?}");
    assert!(head.iter().any(|line| line.contains("a%0D%0AX-Forged: 1%0A%0AX-Forged: 2%00")), "{head:#?}");
}
