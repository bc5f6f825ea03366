//! Every operation on every kind of URL, with every fault: no error, no log line and no `Debug` shows what is secret in a URL.

use std::collections::BTreeSet;
use std::fmt::{Debug, Write as _};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use nebulakit_types::storage::{AzureConfig, GcsConfig, PutOptions, S3Config, Storage, StorageConfig, TreeOptions, UrlAliases};
use nebulakit_types::workspace::Workspace;
use nebulakit_types::{Directory, File, Literal, NebulaType, Raw, Result};

use super::fault_server::Reply::{self, Answer, Hangup, Silence};
use super::fault_server::Server;

/// What stands in passwords, queries and fragments, and must not turn up elsewhere.
pub(super) const MARK: &str = "M4RK";

/// What was said, and of what.
#[derive(Default)]
struct Said(Vec<String>);

impl Said {
    /// Notes an error as people and programs see it.
    fn note<T>(&mut self, what: &str, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                let mut text = format!("{what}: {error}; {error:?}");
                let mut next = std::error::Error::source(&error);
                while let Some(source) = next {
                    write!(text, ": {source}").unwrap();
                    next = source.source();
                }
                self.0.push(text);
                None
            }
        }
    }

    fn debug(&mut self, what: &str, value: &impl Debug) {
        self.0.push(format!("the Debug of {what}: {value:?} {value:#?}"));
    }

    /// Fails if anything shows a secret.
    fn check(&self) {
        let leaks: BTreeSet<_> =
            self.0.iter().filter(|text| text.contains(MARK)).map(|text| text.chars().take(400).collect::<String>()).collect();
        let kinds: Vec<_> = leaks.iter().take(40).cloned().collect();
        assert!(leaks.is_empty(), "{} leaks, such as\n{}", leaks.len(), kinds.join("\n"));
    }
}

static LOGGED: Mutex<String> = Mutex::new(String::new());

/// Keeps what the SDK logs.
struct Log;

impl tracing::Subscriber for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("nebulakit")
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut |field: &tracing::field::Field, value: &dyn Debug| {
            writeln!(LOGGED.lock().unwrap(), "the log: {field}={value:?}").unwrap();
        });
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

fn config(server: &str) -> StorageConfig {
    let mut aliases = UrlAliases::default();
    for (prefix, store) in
        [("lake://", "memory://lake".to_owned()), ("mere://", "s3://bucket/base".to_owned()), ("reservoir://", format!("{server}/base"))]
    {
        aliases.register(prefix, &store).unwrap();
    }
    StorageConfig {
        aliases,
        s3: S3Config {
            endpoint: Some(server.to_owned()),
            access_key_id: Some("key".to_owned()),
            secret_access_key: Some("secret".into()),
            ..S3Config::default()
        },
        gcs: GcsConfig { endpoint: Some(server.to_owned()), anonymous: true, ..GcsConfig::default() },
        azure: AzureConfig {
            endpoint: Some(server.to_owned()),
            account_name: Some("account".to_owned()),
            sas_token: Some(format!("sv=2024&sig={MARK}").into()),
            ..AzureConfig::default()
        },
        retries: Some(1),
        backoff: Some(Duration::from_millis(1)),
        connect_timeout: Some(Duration::from_millis(200)),
        answer_timeout: Some(Duration::from_millis(200)),
        ..StorageConfig::default()
    }
}

/// The URL with every part that is secret: of schemes whose keys are verbatim the password alone.
fn with_secrets(scheme: &str, host: &str, path: &str) -> Vec<String> {
    let verbatim = ["s3", "s3a", "gs", "gcs", "file"].contains(&scheme);
    let end = if verbatim { String::new() } else { format!("?sv=1&sig={MARK}#{MARK}") };
    vec![
        format!("{scheme}://u:{MARK}@{host}{path}{end}"),
        format!("{scheme}://u:a/{MARK}@{host}{path}{end}"),
        format!("{scheme}://{host}{path}{}", if verbatim { "" } else { &end }),
    ]
}

/// URLs that reach no server.
fn unreachable(host: &str) -> Vec<String> {
    let secret = format!("u:{MARK}@{host}/a/t.csv?sig={MARK}#{MARK}");
    let mut urls = vec![
        format!(" https://{secret}"),
        format!("\thttp://{secret}"),
        format!("\"https://{secret}\""),
        format!("https:/{secret}"),
        format!("https:\\\\{secret}"),
        format!("HtTpS:{secret}"),
        format!("//{}", secret.split('?').next().unwrap()),
        format!("simplecache::https://{secret}"),
        format!("ftp://{secret}"),
        format!("unknown+x://{secret}"),
        format!("http://u:{MARK}?{MARK}@{host}/x"),
        format!("http://u:{MARK}#{MARK}@{host}/x"),
        format!("http://u:{MARK}%40{host}/x"),
        format!("http://u:a@{MARK}@{host}:x/x?sig={MARK}"),
        format!("http://[::1/x?sig={MARK}"),
        format!("http://a b/x?sig={MARK}"),
        format!("abfs://u:{MARK}@{host}/x?sig={MARK}"),
        format!("wasbs://?sig={MARK}"),
        format!("abfs://?sig={MARK}"),
    ];
    // What is registered for a folder is a path, whatever it is called.
    for scheme in ["s3", "s3a", "gs", "gcs", "file", "lake"] {
        urls.extend(with_secrets(scheme, "bucket", "/a/t.csv"));
    }
    urls
}

/// Does all that can be done with a URL.
async fn everything(said: &mut Said, storage: &Storage, url: &str, folder: &Path) {
    let options = PutOptions::default();
    let tree = TreeOptions::default();
    said.note("get", storage.get(url).await);
    said.note("get_if_exists", storage.get_if_exists(url).await);
    said.note("stat", storage.stat(url).await);
    said.note("put", storage.put(url, vec!["x".into()], &options).await);
    said.note("list", storage.list(url).await);
    said.note("list_level", storage.list_level(url).await);
    let mut walked = Box::pin(storage.walk(url));
    while let Some(next) = said.note("walk", walked.try_next().await) {
        if next.is_none() {
            break;
        }
        said.debug("an object", &next);
    }
    said.note("delete", storage.delete(url).await);
    said.note("read_range", storage.read_range(url, 0..9).await);
    said.note("read_range", storage.read_range(url, 1 << 40..1 << 41).await);
    if let Some(mut reading) = said.note("read", storage.read(url, ..).await) {
        said.debug("a reading", &reading);
        while let Some(Some(_)) = said.note("reading", reading.try_next().await) {}
    }
    said.note("download", storage.download(url, &folder.join("download")).await);
    said.note("download_tree", storage.download_tree(url, &folder.join("tree"), &tree).await);
    std::fs::write(folder.join("file"), "x").unwrap();
    std::fs::create_dir_all(folder.join("up")).unwrap();
    std::fs::write(folder.join("up/file"), "x").unwrap();
    said.note("upload", storage.upload(&folder.join("file"), url, &options).await);
    said.note("upload_tree", storage.upload_tree(&folder.join("up"), url, &tree).await);
    if let Some(mut writer) = said.note("create", storage.create(url, &options).await) {
        said.debug("an object writer", &writer);
        said.note("write", writer.write("x".into()).await);
        said.note("finish", writer.finish().await);
    }
    handles(said, storage, url, folder).await;
}

/// Does all that values do with their URLs.
async fn handles(said: &mut Said, storage: &Storage, url: &str, folder: &Path) {
    let stores = storage.clone();
    let workspace = Workspace::new(move || stores, Some(url.to_owned()), folder);
    said.debug("a workspace", &workspace);
    let file = File::<nebulakit_types::file::Any>::from_uri(url).within(&workspace);
    said.debug("a file", &file);
    said.note("file.size", file.size().await);
    said.note("file.read_to_string", file.read_to_string().await);
    said.note("file.path", file.path().await.map(Path::to_owned));
    if let Some(reader) = said.note("file.open", file.open().await) {
        said.debug("a reader", &reader);
    }
    let directory = Directory::<nebulakit_types::file::Any>::from_uri(url).within(&workspace);
    said.debug("a directory", &directory);
    if let Some(mut listing) = said.note("directory.list", directory.list()) {
        said.note("directory.list", listing.try_next().await);
        said.debug("a listing", &listing);
    }
    said.note("directory.path", directory.path().await.map(Path::to_owned));
    if let Some(file) = said.note("directory.file", directory.file("a/b")) {
        said.debug("a file of a directory", &file);
        said.note("directory.file", file.read_bytes().await);
    }
    if let Some(mut writer) = said.note("File::create", File::<nebulakit_types::file::Any>::create(&workspace, "x")) {
        said.debug("a file writer", &writer);
        said.note("writer.write", writer.write("x").await);
        said.note("writer.finish", writer.finish().await);
    }
    if let Some(builder) = said.note("Directory::create", Directory::<nebulakit_types::file::Any>::create(&workspace)) {
        said.debug("a directory builder", &builder);
        said.note("builder.put", builder.put("x", "x").await);
    }
    tables(said, url, &workspace).await;
}

#[cfg(not(feature = "schema"))]
async fn tables(_: &mut Said, _: &str, _: &Workspace) {}

#[cfg(feature = "schema")]
async fn tables(said: &mut Said, url: &str, workspace: &Workspace) {
    use nebulakit_types::schema::Schema;
    for format in ["parquet", "csv", "arrow"] {
        let table = Schema::<nebulakit_types::schema::AnyRow>::from_uri(url).with_format(format).within(workspace);
        said.debug("a table", &table);
        said.note("table.columns", table.columns().await);
        said.note("table.num_rows", table.num_rows().await);
        said.note("table.read", table.read().collect().await);
    }
    use nebulakit_types::schema::AnyRow;
    if let Some(writer) = said.note("Schema::create", Schema::<AnyRow>::create_at(workspace, url, "csv")) {
        said.debug("a table writer", &writer);
        said.note("table.finish", writer.finish().await);
    }
}

/// A storage, and with it a server that always gives one answer.
fn stores(reply: Reply) -> (Server, Storage, String) {
    let server = Server::follow([reply]);
    let storage = Storage::new(config(&server.url));
    let host = server.url.trim_start_matches("http://").to_owned();
    (server, storage, host)
}

async fn with_reply(said: &mut Said, reply: Reply, is_slow: bool) {
    let folder = tempfile::tempdir().unwrap();
    let (_server, storage, host) = stores(reply);
    let mut urls = Vec::new();
    for name in ["/a/t.csv", "/a/t.parquet"] {
        urls.push(format!("http://u:{MARK}@{host}{name}?sig={MARK}#{MARK}"));
        urls.push(format!("abfs://container{name}?sig={MARK}#{MARK}"));
    }
    urls.push(format!("wasbs://container@account.blob.core.windows.net/t.arrow?sig={MARK}"));
    urls.push(format!("reservoir://a/t.arrow?sig={MARK}#{MARK}"));
    urls.push(format!("mere://a/t.arrow?sig={MARK}#{MARK}"));
    for url in urls.iter().take(if is_slow { 2 } else { usize::MAX }) {
        if is_slow {
            said.note("get", storage.get(url).await);
            said.note("put", storage.put(url, vec!["x".into()], &PutOptions::default()).await);
            let late = storage.until(Instant::now() + Duration::from_millis(1));
            said.note("late get", late.get(url).await);
            said.note("late list", late.list(url).await);
            said.note("late download", late.download(url, &folder.path().join("late")).await);
        } else {
            everything(said, &storage, url, folder.path()).await;
        }
    }
    said.debug("a storage", &storage);
}

#[tokio::test]
async fn no_error_shows_what_is_secret_in_a_url() {
    // A URL with a mistake in it is a path, and something may be made there.
    let here = tempfile::tempdir().unwrap();
    std::env::set_current_dir(here.path()).unwrap();
    let _ = tracing::subscriber::set_global_default(Log);
    let mut said = Said::default();
    const DATED: &[&str] = &["ETag: \"1\"", "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT"];
    const SHORT: &[&str] = &["ETag: \"1\"", "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT", "Content-Length: 1000"];
    const PART: &[&str] = &["ETag: \"1\"", "Content-Range: bytes 7-8/9", "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT"];
    const MADE: &str = "<EnumerationResults><Blobs><Blob><Name>a//b</Name><Properties><Content-Length>1</Content-Length>\
        <Last-Modified>Thu, 01 Jan 2026 00:00:00 GMT</Last-Modified></Properties></Blob></Blobs><NextMarker /></EnumerationResults>";
    const ECHO: &str = "<Error><Code>Odd</Code><Message>https://u:M4RK@host/x?sig=M4RK was refused</Message></Error>";
    for reply in [
        Answer(404, &[], ""),
        Answer(403, &[], "<Error><Code>AccessDenied</Code></Error>"),
        Answer(400, &[], ECHO),
        Answer(503, &[], ECHO),
        Answer(412, &[], ""),
        Answer(416, &[], ""),
        Answer(200, DATED, "a,b\n1\n\"\n"),
        Answer(200, DATED, "PAR1 damaged in every way PAR1"),
        Answer(200, SHORT, "short"),
        Answer(206, PART, "xy"),
        Answer(200, DATED, MADE),
        Answer(302, &["Location: /a/t.csv?sig=M4RK"], ""),
        Answer(302, &["Location: http://u:M4RK@127.0.0.1:1/x?sig=M4RK#M4RK"], ""),
        Answer(302, &["Location: http://[?sig=M4RK"], ""),
        Hangup,
    ] {
        with_reply(&mut said, reply, false).await;
    }
    with_reply(&mut said, Silence, true).await;
    // Nobody listens there.
    let storage = Storage::new(config("http://127.0.0.1:1"));
    let folder = tempfile::tempdir().unwrap();
    for url in [format!("http://u:{MARK}@127.0.0.1:1/t.csv?sig={MARK}#{MARK}"), format!("az://container/t.csv?sig={MARK}")] {
        everything(&mut said, &storage, &url, folder.path()).await;
    }
    for url in unreachable("127.0.0.1:1") {
        let before = said.0.len();
        everything(&mut said, &storage, &url, folder.path()).await;
        assert!(said.0.len() > before + if cfg!(feature = "schema") { 20 } else { 10 }, "{url}");
    }
    said.0.push(LOGGED.lock().unwrap().clone());
    assert!(
        said.0.len() > if cfg!(feature = "schema") { 5000 } else { 2500 } && said.0.last().unwrap().contains("the next try"),
        "{}: {:?}",
        said.0.len(),
        said.0.last()
    );
    said.check();
}

#[test]
fn no_debug_shows_what_is_secret_in_a_url() {
    let mut said = Said::default();
    let url = format!("https://u:{MARK}@host/x?sig={MARK}#{MARK}");
    let mut config = config("http://127.0.0.1:1");
    config.s3.endpoint = Some(url.clone());
    config.gcs.endpoint = Some(url.clone());
    config.azure.endpoint = Some(url.clone());
    config.aliases.register("marsh://", "s3://bucket").unwrap();
    said.debug("a configuration of stores", &config);
    said.debug("a storage", &Storage::new(config));
    let environment = nebulakit::env::Environment::empty()
        .with("FLYTE_AWS_ENDPOINT", &url)
        .with("FLYTE_PLATFORM_URL", &url)
        .with("FLYTE_PLATFORM_CONSOLE_ENDPOINT", &url);
    said.debug("the settings", &nebulakit::config::Config::from_environment(&environment).unwrap());
    for literal in [
        File::<nebulakit_types::file::Any>::from_uri(url.as_str()).encode_alone(),
        Directory::<nebulakit_types::file::Any>::from_uri(url.as_str()).encode_alone(),
        offloaded(&url),
    ] {
        said.debug("a literal", &Literal::decode(&literal));
        said.note("a text", nebulakit_types::decode::<String>(&literal));
        said.note("a number", nebulakit_types::decode::<i64>(&literal));
        said.note("a file", nebulakit_types::decode::<File>(&literal));
        said.note("a directory", nebulakit_types::decode::<Directory>(&literal));
        said.note("bytes", nebulakit_types::decode::<bytes::Bytes>(&literal));
        if let Some(raw) = said.note("a raw value", nebulakit_types::decode::<Raw<File>>(&literal)) {
            said.debug("a raw value", &raw);
        }
    }
    let circle = offloaded(&url);
    let references: nebulakit_types::convert::reader::References =
        [(url.clone(), bytes::Bytes::from(circle.clone()))].into_iter().collect();
    said.debug("references", &references);
    let literal = nebulakit_types::convert::reader::LiteralRef::new(&circle, &references);
    said.note("a circle", i64::decode(literal));
    said.note("a raw circle", Raw::<i64>::decode(literal).and_then(|raw| raw.get()));
    assert!(said.0.len() > 15, "{:?}", said.0);
    said.check();
}

trait EncodeAlone {
    fn encode_alone(&self) -> Vec<u8>;
}

impl<T: NebulaType> EncodeAlone for T {
    fn encode_alone(&self) -> Vec<u8> {
        nebulakit_types::encode(self, &nebulakit_types::Dialect::FLYTE_1).unwrap()
    }
}

fn offloaded(url: &str) -> Vec<u8> {
    use prost::Message as _;
    nebulakit_tests::literals::offloaded(url, 3).encode_to_vec()
}
