//! Paths that lead to pipes, devices, sockets and folders where a file is expected: an error at once, which says what is there.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use futures_util::TryStreamExt as _;
use nebulakit::File;
use nebulakit_tests::literals::{directory, file, int};
use nebulakit_tests::{Launch, NON_RECOVERABLE};
use nebulakit_types::ErrorKind;
use nebulakit_types::storage::{PutOptions, Storage, TreeOptions};

fn launch(task: &str) -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_fixture"), task)
}

fn make_fifo(path: &Path) -> String {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    path.to_str().unwrap().to_owned()
}

/// What is not a regular file, with its name in messages.
fn special(folder: &Path) -> Vec<(PathBuf, &'static str)> {
    let (fifo, socket, link) = (folder.join("fifo"), folder.join("socket"), folder.join("link"));
    make_fifo(&fifo);
    drop(UnixListener::bind(&socket).unwrap());
    std::os::unix::fs::symlink(&fifo, &link).unwrap();
    let device = PathBuf::from("/dev/zero");
    vec![(fifo, "a pipe"), (link, "a pipe"), (socket, "a socket"), (device, "a device"), (folder.to_owned(), "a directory")]
}

#[tokio::test]
async fn storage_opens_regular_files_only() {
    let folder = tempfile::tempdir().unwrap();
    let (storage, to) = (Storage::memory(), folder.path().join("to"));
    for (path, found) in special(folder.path()) {
        let url = path.to_str().unwrap();
        let wanted = format!("cannot read `{url}`: expected a regular file, found {found}");
        let is_told = |what: &str, error: nebulakit_types::Error| {
            assert_eq!(error.kind(), ErrorKind::Mismatch, "{what}: {error}");
            assert!(error.to_string().ends_with(&wanted), "{what}: {error}");
        };
        is_told("get", storage.get(url).await.unwrap_err());
        is_told("get_if_exists", storage.get_if_exists(url).await.unwrap_err());
        is_told("read", storage.read(url, ..).await.unwrap_err());
        is_told("ranges", storage.read(url, 1..2).await.unwrap_err());
        is_told("download", storage.download(url, &to).await.unwrap_err());
        is_told("upload", storage.upload(&path, "memory://x", &PutOptions::default()).await.unwrap_err());
        is_told("copy", storage.upload(&path, to.to_str().unwrap(), &PutOptions::default()).await.unwrap_err());
        assert!(!storage.exists(url).await.unwrap());
        assert_eq!(nebulakit_types::storage::open_file(&path).unwrap_err().to_string(), format!("expected a regular file, found {found}"));
        let file: File = File::from_uri(url);
        is_told("a file", file.read_bytes().await.unwrap_err());
    }
    assert!(!to.exists());
}

#[tokio::test]
async fn a_file_has_the_length_that_it_had_when_it_was_opened() {
    let folder = tempfile::tempdir().unwrap();
    let (storage, path) = (Storage::memory(), folder.path().join("grows"));
    fs::write(&path, "some text").unwrap();
    let reading = storage.read(path.to_str().unwrap(), ..).await.unwrap();
    fs::write(&path, "some text, and more").unwrap();
    assert_eq!(reading.try_collect::<Vec<_>>().await.unwrap().concat(), b"some text");
    // Without a length there is nothing.
    assert_eq!(storage.get("/proc/self/status").await.unwrap(), "");
}

#[tokio::test]
async fn a_pipe_in_a_folder_is_left_out_or_told() {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("from");
    fs::create_dir(&from).unwrap();
    fs::write(from.join("a"), "a").unwrap();
    make_fifo(&from.join("fifo"));
    let (storage, to) = (Storage::memory(), folder.path().join("to"));
    let moved = storage.download_tree(from.to_str().unwrap(), &to, &TreeOptions::default()).await.unwrap();
    assert_eq!((moved.objects, fs::read(to.join("a")).unwrap(), to.join("fifo").exists()), (1, b"a".to_vec(), false));
    let error = storage.upload_tree(&from, "memory://x", &TreeOptions::default()).await.unwrap_err();
    assert!(error.to_string().ends_with("fifo` is a pipe, neither a file nor a directory"), "{error}");
}

#[test]
fn inputs_that_are_files_and_directories_are_what_they_say() {
    let folder = tempfile::tempdir().unwrap();
    for (path, found) in special(folder.path()) {
        let path = path.to_str().unwrap();
        let error = launch("pass_file").input("file", file(path)).run().error();
        assert_eq!(error.kind, NON_RECOVERABLE, "{}", error.message);
        assert!(error.message.contains(&format!("`file`: `{path}` is {found}, a file is expected")), "{}", error.message);
        if found != "a directory" {
            let error = launch("pass_directory").input("directory", directory(path)).run().error();
            assert!(error.message.contains(&format!("`directory`: `{path}` is {found}, a directory is expected")), "{}", error.message);
        }
    }
}

#[test]
fn a_checkpoint_that_is_a_pipe_is_an_error() {
    let launched = launch("mod.cp").input("a", int(1));
    let previous = launched.path().join("previous");
    fs::create_dir(&previous).unwrap();
    make_fifo(&previous.join("_dst_cp"));
    let own = launched.path().join("own").to_str().unwrap().to_owned();
    let words = ["--checkpoint-path", &own, "--prev-checkpoint", previous.to_str().unwrap()].map(str::to_owned);
    let error = launched.arguments(words).run().error();
    assert!(error.message.ends_with("_dst_cp`: expected a regular file, found a pipe"), "{}", error.message);
}
