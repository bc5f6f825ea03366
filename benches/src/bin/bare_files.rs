//! The floor of `files`: the same requests for the same bytes, as many at a time, and nothing else.
//!
//! usage: `bare_files make|again|total INPUTS OUTPUT_PREFIX RAW_PREFIX`
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a floor has no error handling, and no module for its environment")]

#[path = "bare/s3.rs"]
mod s3;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use nebulakit_types::wire::flyteidl::core::{
    Blob, BlobMetadata, BlobType, Literal, LiteralCollection, LiteralMap, Primitive, Scalar, literal, primitive, scalar,
};
use object_store::ObjectStoreExt as _;
use object_store::aws::AmazonS3;
use prost::Message as _;

/// The same allocator as on the other side: this program names nothing of `nebulakit`, so that its allocator is not linked.
#[cfg(feature = "image")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const AT_A_TIME: usize = 16;

fn of_scalar(value: scalar::Value) -> Literal {
    Literal { value: Some(literal::Value::Scalar(Scalar { value: Some(value) }.into())), ..Literal::default() }
}

fn integer(value: i64) -> Literal {
    of_scalar(scalar::Value::Primitive(Primitive { value: Some(primitive::Value::Integer(value)) }))
}

fn count(literal: &Literal) -> usize {
    let Some(literal::Value::Scalar(scalar)) = &literal.value else { panic!("no scalar") };
    let Some(scalar::Value::Primitive(primitive)) = &scalar.value else { panic!("no primitive") };
    let Some(primitive::Value::Integer(value)) = primitive.value else { panic!("no integer") };
    usize::try_from(value).unwrap()
}

fn uris(literal: &Literal) -> Vec<&str> {
    let Some(literal::Value::Collection(list)) = &literal.value else { panic!("no list") };
    list.literals.iter().map(uri).collect()
}

fn uri(file: &Literal) -> &str {
    let Some(literal::Value::Scalar(scalar)) = &file.value else { panic!("no scalar") };
    let Some(scalar::Value::Blob(blob)) = &scalar.value else { panic!("no file") };
    &blob.uri
}

async fn put(store: &AmazonS3, raw: &str, index: usize, bytes: Bytes) -> Literal {
    let uri = format!("{raw}/{index}.bin");
    store.put(&s3::split(&uri).1.into(), bytes.into()).await.unwrap();
    let metadata = BlobMetadata { r#type: Some(BlobType::default()) };
    of_scalar(scalar::Value::Blob(Blob { metadata: Some(metadata), uri }))
}

async fn get(store: &AmazonS3, uri: &str) -> Bytes {
    store.get(&s3::split(uri).1.into()).await.unwrap().bytes().await.unwrap()
}

async fn run(task: &str, inputs: &str, outputs: &str, raw: &str) {
    let store = s3::bucket(s3::split(inputs).0);
    let inputs = LiteralMap::decode(get(&store, inputs).await).unwrap().literals;
    let (store, list) =
        (&store, |literals| Literal { value: Some(literal::Value::Collection(LiteralCollection { literals })), ..Literal::default() });
    let output = match task {
        "make" => {
            let bytes = &Bytes::from(vec![b'x'; 1 << 20]);
            let made = stream::iter(0..count(&inputs["count"])).map(|index| put(store, raw, index, bytes.clone()));
            list(made.buffered(AT_A_TIME).collect().await)
        }
        "again" => {
            let copy = async |(index, uri)| put(store, raw, index, get(store, uri).await).await;
            list(stream::iter(uris(&inputs["files"]).into_iter().enumerate()).map(copy).buffered(AT_A_TIME).collect().await)
        }
        "total" => {
            let lengths = stream::iter(uris(&inputs["files"])).map(|uri| get(store, uri)).buffered(AT_A_TIME);
            integer(lengths.fold(0, async |total, bytes| total + i64::try_from(bytes.len()).unwrap()).await)
        }
        _ => panic!("no such task"),
    };
    let outputs = format!("{}/outputs.pb", s3::split(outputs).1);
    store.put(&outputs.into(), LiteralMap { literals: [("o0".to_owned(), output)].into() }.encode_to_vec().into()).await.unwrap();
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run(&arguments[1], &arguments[2], &arguments[3], &arguments[4]));
}
