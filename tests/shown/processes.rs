//! What whole processes show of URLs: on standard error, in documents, and in their outputs.

use nebulakit_tests::literals::{directory, file, offloaded, text};
use nebulakit_tests::{Ended, Launch};

use super::matrix::MARK;

fn launch(task: &str) -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_fixture"), task)
        .env("FLYTE_STORAGE_RETRIES", "1")
        .env("FLYTE_STORAGE_BACKOFF_SECONDS", "0.001")
        .env("FLYTE_SDK_LOGGING_LEVEL", "10")
        .env("NEBULAKIT_LOG", "debug")
        .env("HTTPS_PROXY", format!("http://u:{MARK}@127.0.0.1:1"))
}

/// Everything that a process told people and platforms.
fn told(ended: &Ended) -> String {
    let mut text = ended.stderr();
    if ended.files("out").contains(&"error.pb".to_owned()) {
        text.push_str(&String::from_utf8_lossy(&ended.read("out/error.pb")));
    }
    text
}

fn secret_urls() -> [String; 7] {
    // Nobody listens at this port.
    let secret = format!("u:{MARK}@127.0.0.1:1/a/t.csv?sig={MARK}#{MARK}");
    [
        format!("http://{secret}"),
        format!(" http://{secret}"),
        format!("http:/{secret}"),
        format!("https://{secret}"),
        format!("ftp://{secret}"),
        format!("http://u:a/{MARK}@127.0.0.1:1/x"),
        format!("s3://u:{MARK}@bucket/x"),
    ]
}

#[test]
fn no_container_tells_what_is_secret_in_a_url() {
    for url in secret_urls() {
        for (launch, name) in [
            (launch("read_file").input("file", file(url.as_str())), "a file"),
            (launch("read_directory").input("directory", directory(url.as_str())), "a directory"),
            (launch("read_file").input("file", directory(url.as_str())), "a directory as a file"),
            (launch("read_file").input("file", offloaded(&url, 3)), "an offloaded literal"),
            (launch("pass_file").input("file", file("/nowhere")).input("surplus", file(url.as_str())), "a surplus input"),
            (launch("write_blocking").raw_at(&url), "a raw prefix"),
            (launch("make_files").input("place", text(url.as_str())), "a place"),
            (launch("pass_file").inputs_at(&url), "the inputs' own place"),
        ] {
            let ended = launch.run();
            let told = told(&ended);
            assert!(told.len() > 20 && !told.contains(MARK), "{name} at {url}:\n{told}");
        }
        let is_path = url.starts_with(' ') || url.starts_with("http:/u");
        let ended = launch("write_blocking").outputs_at(&url).run();
        assert!(
            ended.code() == Some(if is_path { 0 } else { 1 }) && !ended.stderr().contains(MARK),
            "{url}: {:?}\n{}",
            ended.code(),
            ended.stderr()
        );
        let ended = launch("").run_words(["execute", "--task-name", "pass_file", &url]);
        assert!(ended.code() == Some(2) && !ended.stderr().contains(MARK), "{url}: {:?}\n{}", ended.code(), ended.stderr());
    }
}

#[test]
fn run_does_not_tell_what_is_secret_in_a_url() {
    for url in secret_urls() {
        // What begins with a blank is a path, and may be made.
        let is_path = url.starts_with(' ') || url.starts_with("http:/u");
        // Only what has no `://` is looked up before the task runs.
        let unread = if url.starts_with("http:/u") { 2 } else { 1 };
        for (words, code) in [
            (vec!["run", "read_file", "--file", &url], unread),
            (vec!["run", "read_directory", "--directory", &url], unread),
            (vec!["run", "make_files", "--place", &url], i32::from(!is_path)),
            (vec!["run", "read_file", "--inputs-file", &url], 2),
            (vec!["run", "read_file", &url], 2),
            (vec!["run", "increment", "--x", &url], 2),
            (vec!["run", &url], 2),
            (vec![url.as_str()], 2),
        ] {
            let ended = launch("").env("TMPDIR", "/tmp").run_words(words.iter().copied());
            assert_eq!(ended.code(), Some(code), "{words:?}: {}", ended.stderr());
            assert!(!ended.stderr().contains(MARK), "{words:?}:\n{}", ended.stderr());
        }
    }
}

/// An output is a value that somebody asked for, and useless without what it is reached by.
#[test]
fn outputs_are_printed_whole() {
    let url = format!("https://host/a?sig={MARK}");
    let ended = launch("").env("TMPDIR", "/tmp").run_words(["run", "pass_file", "--file", &url]);
    assert_eq!(ended.stdout().trim(), url, "{}", ended.stderr());
    assert!(!ended.stderr().contains(MARK), "{}", ended.stderr());
}
