//! URLs below a registered prefix stay below what it is registered for, and files below a directory in it.

use nebulakit_types::storage::{PutOptions, Storage, StorageConfig, UrlAliases};
use nebulakit_types::workspace::Workspace;
use nebulakit_types::{Directory, ErrorKind};

use super::fault_server::Reply::Answer;
use super::fault_server::Server;

/// Names that some server, library or system reads as the folder above, or as another place.
const LEADING_OUT: [&str; 18] = [
    "../secret",
    "a/../../secret",
    "./a",
    "..\\..\\secret",
    "a\\..\\..\\secret",
    "..\\",
    "..",
    ".\\a",
    "%2e%2e/secret",
    "%2E./secret",
    ".%2e\\secret",
    "%252e%252e/secret",
    "..%2fsecret",
    "..%5csecret",
    "..;/secret",
    ".. /secret",
    "..\t/secret",
    "a\0b",
];

fn storage(store: &str) -> Storage {
    let mut registry = UrlAliases::default();
    registry.register("lake://", store).unwrap();
    Storage::new(StorageConfig { aliases: registry, retries: Some(0), ..StorageConfig::default() })
}

#[tokio::test]
async fn no_name_leads_out_of_a_registered_prefix() {
    let server = Server::follow([Answer(200, &[], "x")]);
    let root = tempfile::tempdir().unwrap();
    let inside = root.path().join("inside");
    std::fs::create_dir(&inside).unwrap();
    std::fs::write(root.path().join("secret"), "x").unwrap();
    let file_url = format!("file://{}", inside.display());
    for store in [&format!("{}/base", server.url), inside.to_str().unwrap(), &file_url, "memory://base"] {
        let lake = storage(store);
        for name in LEADING_OUT {
            let url = format!("lake://{name}");
            let put = lake.put(&url, vec!["y".into()], &PutOptions::default()).await;
            let (get, delete, put) = (lake.get(&url).await.unwrap_err(), lake.delete(&url).await.unwrap_err(), put.unwrap_err());
            for error in [get, delete, put] {
                assert_eq!(error.kind(), ErrorKind::Url, "{url} at {store}: {error}");
                assert!(error.to_string().contains("lead out of"), "{url} at {store}: {error}");
            }
        }
    }
    assert!(server.seen().is_empty(), "{:?}", server.seen());
}

/// What is odd and leads nowhere else is a name like any other.
#[tokio::test]
async fn odd_names_stay_below_a_registered_prefix() {
    let server = Server::follow([Answer(200, &[], "x")]);
    let lake = storage(&format!("{}/base", server.url));
    for (name, path) in [
        ("a\\b", "/base/a%5Cb"),
        ("...", "/base/..."),
        ("a..b", "/base/a..b"),
        ("a%20b", "/base/a%2520b"),
        ("a?b#c", "/base/a%3Fb%23c"),
        ("a\tb", "/base/a%09b"),
        ("\\\\host\\x", "/base/%5C%5Chost%5Cx"),
        ("//host/x", "/base/host/x"),
        ("C:/x", "/base/C:/x"),
        ("@host/x", "/base/@host/x"),
        (" ", "/base/%20"),
    ] {
        assert_eq!(lake.get(&format!("lake://{name}")).await.unwrap(), "x", "{name}");
        let seen = server.seen();
        let line = &seen.last().unwrap().line;
        assert_eq!(line, &format!("GET {path} HTTP/1.1"), "{name}");
    }
}

#[test]
fn nothing_can_follow_a_query() {
    for store in ["https://host/base?sig=abc", "https://host/base#part"] {
        let error = UrlAliases::default().register("lake://", store).unwrap_err();
        assert!(error.to_string().contains("a query or a fragment") && !error.to_string().contains("abc"), "{error}");
    }
}

#[tokio::test]
async fn no_name_leads_out_of_a_directory() {
    let server = Server::follow([Answer(200, &[], "x")]);
    let folder = tempfile::tempdir().unwrap();
    let directory =
        Directory::<nebulakit_types::file::Any>::from_uri(format!("{}/base", server.url)).within(Workspace::local(folder.path()));
    for name in LEADING_OUT {
        let error = directory.file(name).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Url, "{name}: {error}");
    }
    assert_eq!(directory.file("a\\b").unwrap().read_bytes().await.unwrap(), "x");
    let seen = server.seen();
    assert!(seen.len() == 1 && seen[0].line.starts_with("GET /base/a"), "{seen:?}");
}
