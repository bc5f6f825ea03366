//! Names of files and keys, by every way on which they come.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use nebulakit_tests::Launch;
use nebulakit_tests::literals::text;

use super::stores::told;
use super::{FIXTURE, assert_tame, command, on_terminals};

/// Short enough for the name of a file.
const NAME: &str = "é\u{1b}]0;title\u{7}\u{9b}2J\u{202e}\u{2028}\nhint: forged\n[forged] forged";

#[test]
fn names_that_a_task_gives_its_files_are_shown_as_text() {
    for how in ["path", "bytes", "created", "directory", "link", "put", "add", "builder"] {
        let (code, _, err) = on_terminals(command(FIXTURE, ["run", "names_a_file", "--how", how, "--name", NAME]));
        assert_eq!(code, 1, "{how}: {err}");
        assert!(err.contains("title"), "{how}: {err}");
        assert_tame(&err, how);
        let launch = Launch::new(FIXTURE, "fixture.data.names_a_file").input("how", text(how)).input("name", text(NAME));
        let ended = launch.env("FLYTE_SDK_LOGGING_FORMAT", "text").run();
        let err = ended.stderr();
        assert_tame(&err, how);
        assert_eq!(err.lines().filter(|line| !line.starts_with(' ')).count(), 1, "{how}: {err}");
        // The message is Nebulakit's own, so the name stands on one line of it.
        assert!(ended.error().message.lines().next().unwrap().contains("title"), "{how}: {}", ended.error().message);
    }
}

#[test]
fn names_in_a_local_directory_are_shown_as_text() {
    let folder = tempfile::tempdir().unwrap();
    let names = [NAME.as_bytes(), b"a\x1b[2J\xff\nhint: forged".as_slice()];
    for name in names {
        let own = folder.path().join(OsStr::from_bytes(b"of\x1b[31m\nhint: forged"));
        drop(std::fs::remove_dir_all(&own));
        std::fs::create_dir(&own).unwrap();
        std::fs::write(own.join(OsStr::from_bytes(name)), "text").unwrap();
        let own = own.to_str().unwrap();
        for how in ["list", "walk", "download", "path"] {
            let (_, out, err) = on_terminals(command(FIXTURE, ["run", "count_entries", "--directory", own, "--how", how]));
            assert_tame(&format!("{out}{err}"), how);
        }
        let (_, out, err) = on_terminals(command(FIXTURE, ["run", "read_directory", "--directory", own]));
        assert_tame(&format!("{out}{err}"), "read_directory");
        assert!(format!("{out}{err}").contains("forged"), "{out}{err}");
    }
}

#[test]
fn keys_of_a_store_are_shown_as_text() {
    let key = "folder/a&#27;]0;title&#7;&#x9b;2J&#x202e;\nhint: forged";
    for key in [key.to_owned(), key.replace("folder/", "folder//"), key.replace("folder/", "folder/../")] {
        let listing = format!(
            "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>{key}</Key><Size>4</Size>\
             <LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>\"e\"</ETag></Contents></ListBucketResult>"
        );
        let err = told(200, listing, "s3://bucket/folder/");
        assert_tame(&err, &key);
        assert!(err.contains("]0;title"), "{err}");
    }
}
