//! What is shown of a URL.

use nebulakit_types::storage::{shown, shown_in};

#[test]
fn passwords_and_signatures_are_not_shown() {
    for (url, text) in [
        ("https://me:pw@host/a/b?sig=abc", "https://***@host/a/b?***"),
        ("https://host/a#sig", "https://host/a#***"),
        ("https://host:8443/a?sig#x", "https://host:8443/a?***"),
        ("https://token@host/a", "https://***@host/a"),
        ("https://me:p@w@host/a", "https://***@host/a"),
        ("https://me:p/w@host/a", "https://***@host/a"),
        ("https://me:p?w@host/a", "https://***"),
        ("https://me:p#w@host/a", "https://***"),
        ("https://me:pw%40host/a", "https://***"),
        ("https://[::1]:80/a?b", "https://[::1]:80/a?***"),
        (" https://me:pw@host/a?b", " https://***@host/a?***"),
        ("https:/me:pw@host/a?b", "https:/***@host/a?***"),
        ("HTTPS:\\\\me:pw@host/a?b", "HTTPS:\\\\***@host/a?***"),
        ("simplecache::https://me:pw@host/a?b", "simplecache::https://***@host/a?***"),
        ("https://proxy/https://me:pw@host/a?b", "https://proxy/https://***@host/a?***"),
        ("https://proxy/https://me:p?w@host/a", "https://proxy/https://***"),
        ("https://proxy/s3://bucket/a?b", "https://proxy/s3://bucket/a?***"),
        ("https://host/a%3Fsig=abc", "https://host/a***"),
        ("//me:pw@host/a", "//***@host/a"),
        ("wasbs://c@account.blob.core.windows.net/a?sig=abc", "wasbs://c@account.blob.core.windows.net/a?***"),
        ("abfs://me:pw@host/a", "abfs://***@host/a"),
        ("abfs://c@me:pw@host/a", "abfs://c@***@host/a"),
        ("lake://a?b", "lake://a?***"),
        ("ftp://me:pw@host/a;type=i?b", "ftp://***@host/a;type=i?***"),
        ("s3://key:secret@bucket/a", "s3://***@bucket/a"),
        ("s3://key:sec/ret@bucket/a", "s3://***@bucket/a"),
        ("gs://me@bucket/a", "gs://***@bucket/a"),
        ("file://me:pw@host/a", "file://***@host/a"),
    ] {
        assert_eq!(shown(url), text, "{url}");
        assert_eq!(shown(text), text, "what is shown is shown as it is");
    }
}

#[test]
fn all_else_is_shown_as_it_is() {
    for url in [
        "",
        "https://host/a@b",
        "https://host:80/a:b",
        "https://host",
        "s3://bucket/odd?key#part@x:y",
        "s3://bucket/2026-01-01T00:00:00",
        "S3A://bucket/odd?key",
        "gs://bucket/a?b#c",
        "abfs://container@account.dfs.core.windows.net/a:b@c",
        "abfs://container/a",
        "az://c@127.0.0.1:10000/a",
        "memory://a?b:c@d",
        "file:///a?b#c@d",
        "file:/a:b@c?d",
        "/a?b#c:d@e",
        "a:b/c?d",
        "C:\\a\\b?c",
        "grüße: ünïcode?",
        "://?",
        "12:00:00?",
    ] {
        assert_eq!(shown(url), url);
    }
}

#[test]
fn urls_of_any_length_and_depth_are_shown_at_once() {
    for piece in ["://", "a://", "a:b@", "/", "?", "@", "a:", "http:", "s3://b/", "ü://"] {
        let url = piece.repeat(200_000);
        assert!(shown(&url).len() <= url.len() + 3 * 9);
    }
}

#[test]
fn urls_in_texts_are_shown_as_they_are_alone() {
    for (text, expected) in [
        ("GET https://me:pw@host/a?sig=b: refused", "GET https://***@host/a?***: refused"),
        ("(https://host/a?b) and \"http://host/#c\".", "(https://host/a?***) and \"http://host/#***\"."),
        ("`s3://bucket/a?b`: http://127.0.0.1:80 answered 404", "`s3://bucket/a?b`: http://127.0.0.1:80 answered 404"),
        ("://, a://", "://, a://"),
        ("no URL", "no URL"),
    ] {
        assert_eq!(shown_in(text.to_owned()), expected);
    }
}
