//! Tables on their way to an object store.

use std::sync::Arc;
use std::time::Duration;

use nebulakit::NebulaType as _;
use nebulakit::schema::arrow::array::{ArrayRef, Int64Array, RecordBatch};
use nebulakit::schema::{AnyRow, Schema};
use nebulakit::types::convert::writer::Encoder;
use nebulakit::types::outbox::Outbox;
use nebulakit::types::storage::{S3Config, Storage, StorageConfig};
use nebulakit::types::{Dialect, decode, encode};
use nebulakit_tests::http::Server;
use nebulakit_tests::{Launch, RECOVERABLE};
use nebulakit_types::wire::flyteidl::core::Literal;
use nebulakit_types::workspace::Workspace;
use prost::Message as _;

use super::fault_server::s3::{Fault, S3};
use super::shared::{batch, whole};

/// A workspace whose raw-output prefix is in the store.
fn workspace(server: &S3) -> Workspace {
    let config = StorageConfig {
        s3: S3Config {
            endpoint: Some(server.url.clone()),
            access_key_id: Some("AKTEST".to_owned()),
            secret_access_key: Some("secret".into()),
            ..S3Config::default()
        },
        ..StorageConfig::default()
    };
    Workspace::new(move || Storage::new(config), Some("s3://bucket/raw".to_owned()), env!("CARGO_TARGET_TMPDIR"))
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

/// Waits until `count` requests are held at the gate; panics after a minute.
async fn held(server: &S3, count: usize) {
    let server = server.clone();
    let waiting = tokio::task::spawn_blocking(move || server.wait_for_stuck(count));
    tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("fewer requests came").unwrap();
}

/// Numbers in which there is nothing to compress.
fn noise(rows: usize) -> RecordBatch {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let numbers: Int64Array = (0..rows)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            Some(i64::from_ne_bytes(state.to_ne_bytes()))
        })
        .collect();
    let numbers: ArrayRef = Arc::new(numbers);
    RecordBatch::try_from_iter([("a", numbers.clone()), ("b", numbers)]).unwrap()
}

#[test]
fn a_row_group_goes_to_the_store_while_the_next_is_made() {
    let server = S3::start(|request, _| if request.line.contains("partNumber=1&") { Fault::Gate } else { Fault::None });
    run(async {
        let mut writer = Schema::<AnyRow>::create(workspace(&server)).unwrap();
        // A row group has 1,048,576 rows, 16 MiB here.
        let batch = noise(1_200_000);
        writer.write(batch.clone()).await.unwrap();
        writer.write(batch.clone()).await.unwrap();
        held(&server, 1).await;
        assert!(server.objects().all.is_empty(), "the table is there before it is finished");
        server.open_gate();
        let table = writer.finish().await.unwrap();
        assert_eq!(server.objects().all.len(), 1);
        assert_eq!(table.num_rows().await.unwrap(), 2_400_000);
        assert_eq!(whole(&table).await.slice(1_200_000, 1_200_000), batch);
    });
}

#[test]
fn a_list_of_tables_is_stored_side_by_side() {
    // No store answers before all eight are on their way.
    let server = S3::start(|request, _| if request.line.starts_with("PUT") { Fault::Gate } else { Fault::None });
    run(async {
        let workspace = workspace(&server);
        let tables: Vec<Schema> = (0..8).map(|index| Schema::from_batches([batch!(("a", Int64, [index]))])).collect();
        let mut encoder = Encoder::sending(&Dialect::FLYTE_1, Outbox::new(&workspace));
        tables.encode(&mut encoder).unwrap();
        let outbox = std::mem::take(encoder.outbox());
        let sending = tokio::spawn(outbox.send());
        held(&server, 8).await;
        server.open_gate();
        sending.await.unwrap().unwrap();
        let stored: Vec<Schema> = decode(&encoder.finish()).unwrap();
        for (index, table) in stored.into_iter().enumerate() {
            let expected = batch!(("a", Int64, [i64::try_from(index).unwrap()]));
            assert_eq!(whole(&table.within(&workspace)).await, expected);
        }
    });
}

#[test]
fn a_tasks_timeout_ends_the_reading_of_a_table() {
    let server = Server::start();
    let table = encode(&Schema::<AnyRow>::from_uri("s3://bucket/table.parquet"), &Dialect::FLYTE_1).unwrap();
    let launch =
        Launch::new(env!("CARGO_BIN_EXE_fixture"), "tables.in_two_seconds").on_flyte_2().input("v", Literal::decode(&*table).unwrap());
    let started = launch.s3_at(server.port()).start();
    let silent = server.request();
    let error = started.wait().error();
    drop(silent);
    assert_eq!((error.code.as_str(), error.kind), ("USER:Timeout", RECOVERABLE), "{}", error.message);
    for part in ["timeout of 2s; it ended with: ", "`s3://bucket/table.parquet", "did not answer in time (1 try); the deadline has passed"]
    {
        assert!(error.message.contains(part), "no `{part}` in: {}", error.message);
    }
}
