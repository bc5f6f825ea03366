//! Small files that become large: each is read by a process with little memory, which ends with an error that names the file.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nebulakit::schema::arrow::array::{ArrayRef, FixedSizeBinaryArray, Int64Array, LargeBinaryArray, ListArray, RecordBatch};
use nebulakit::schema::arrow::datatypes::{Field, Int64Type, Schema as ArrowSchema};
use nebulakit::schema::arrow::ipc::CompressionType;
use nebulakit::schema::arrow::ipc::writer::{FileWriter, IpcWriteOptions};
use nebulakit::schema::{AnyRow, Schema};
use nebulakit_tests::literals::int;
use nebulakit_tests::{Ended, Launch};
use nebulakit_types::Dialect;
use nebulakit_types::convert::encode;
use nebulakit_types::wire::flyteidl::core::Literal;
use prost::Message as _;

use super::shared::Place;
use super::thrift::{I32, I64, Parquet, Thrift};

/// The setting of what a block of a table may become.
const LIMIT: &str = "NEBULAKIT_MAX_TABLE_BLOCK_MB";

const MIB: usize = 1 << 20;

/// Counts the rows of the table at `path` with `memory` MiB, and `limit` MiB for a block.
fn count(path: &str, memory: u64, limit: Option<u64>) -> Ended {
    let table = encode(&Schema::<AnyRow>::from_uri(path), &Dialect::FLYTE_1).unwrap();
    let launch = Launch::new(env!("CARGO_BIN_EXE_fixture"), "tables.count").input("v", Literal::decode(&*table).unwrap());
    let launch = match limit {
        Some(limit) => launch.env(LIMIT, limit.to_string()),
        None => launch,
    };
    launch.memory(memory).run()
}

/// Counts the rows of a file that ends in an error; gives its message, which names the file.
fn refused(place: &Place, name: &str, file: &[u8], memory: u64, limit: Option<u64>) -> String {
    let path = place.path(name);
    std::fs::write(&path, file).unwrap();
    let ended = count(&path, memory, limit);
    let message = ended.error().message;
    assert!(message.contains(&path), "{message}");
    message
}

/// The same for a file that is over a limit which can be raised.
fn over(place: &Place, name: &str, file: &[u8], memory: u64, limit: u64) -> String {
    let message = refused(place, name, file, memory, Some(limit));
    assert!(message.contains(LIMIT) && message.contains(&format!("{limit} MiB")), "{message}");
    message
}

/// Batches of zeros in Arrow IPC.
fn zeros(rows: usize, batches: usize, compression: CompressionType) -> Vec<u8> {
    let column: ArrayRef = Arc::new(Int64Array::from(vec![0; rows]));
    let batch = RecordBatch::try_from_iter([("a", column)]).unwrap();
    let options = IpcWriteOptions::default().try_with_compression(Some(compression)).unwrap();
    let mut writer = FileWriter::try_new_with_options(Vec::new(), &batch.schema(), options).unwrap();
    (0..batches).for_each(|_| writer.write(&batch).unwrap());
    writer.into_inner().unwrap()
}

#[test]
fn a_batch_that_becomes_more_than_the_limit_is_refused_and_read_when_it_is_raised() {
    let place = Place::new();
    let rows = 8 * MIB;
    for (name, compression) in [("z.arrow", CompressionType::ZSTD), ("l.arrow", CompressionType::LZ4_FRAME)] {
        let file = zeros(rows, 1, compression);
        assert!(file.len() < MIB);
        let message = over(&place, name, &file, 600, 16);
        assert!(message.contains("the block at byte ") && message.contains("67108864 bytes"), "{message}");
        assert_eq!(count(&place.path(name), 600, None).output(), int(i64::try_from(rows).unwrap()));
    }
}

#[test]
fn batches_weigh_what_they_become() {
    let place = Place::new();
    let rows = 40 * MIB;
    let path = place.path("heavy.arrow");
    std::fs::write(&path, zeros(rows, 3, CompressionType::ZSTD)).unwrap();
    // One of 320 MiB at a time.
    assert_eq!(count(&path, 560, None).output(), int(i64::try_from(3 * rows).unwrap()));
}

#[test]
fn a_line_of_csv_that_never_ends_is_refused() {
    let place = Place::new();
    for (name, begin) in [("plain.csv", "a,b\n1,"), ("quoted.csv", "a,b\n1,\"x\n\n")] {
        let mut file = begin.as_bytes().to_vec();
        file.resize(40 * MIB, b'x');
        let message = over(&place, name, &file, 600, 16);
        assert!(message.contains("line"), "{message}");
    }
    let header = vec![b'x'; 40 * MIB];
    let message = over(&place, "header.csv", &header, 600, 16);
    assert!(message.contains("line"), "{message}");
}

#[test]
fn many_columns_take_time_in_a_straight_line() {
    let place = Place::new();
    let took = |columns: usize| {
        let mut file = String::new();
        (0..columns).for_each(|column| write!(file, "c{column},").unwrap());
        file.push('\n');
        file.push_str(&"1,".repeat(columns));
        let path = place.path(&format!("{columns}.csv"));
        std::fs::write(&path, file).unwrap();
        let started = Instant::now();
        assert_eq!(count(&path, 2_000, None).output(), int(1));
        started.elapsed()
    };
    took(10);
    let (few, many) = (took(10_000), took(100_000));
    assert!(many < 40 * few + Duration::from_secs(2), "{few:?}, then {many:?}");
}

/// A page: its kind, what it claims to become, how many values it claims, their encoding, and its bytes.
struct Page {
    kind: i64,
    claimed: usize,
    values: i64,
    encoding: i64,
    bytes: Vec<u8>,
}

const DATA: i64 = 0;
const DICTIONARY: i64 = 2;
const PLAIN: i64 = 0;
const DELTA_LENGTH: i64 = 6;
const DELTA_BYTES: i64 = 7;
const INDICES: i64 = 8;
const UNCOMPRESSED: i64 = 0;
const ZSTD: i64 = 6;

impl Page {
    fn written(&self) -> Vec<u8> {
        let number = |value: i64| Thrift::Int(I32, value);
        let size = |length: usize| number(i64::try_from(length).unwrap());
        let said = if self.kind == DICTIONARY {
            (7, Thrift::Struct(vec![(1, number(self.values)), (2, number(self.encoding))]))
        } else {
            let levels = |field| (field, number(3));
            (5, Thrift::Struct(vec![(1, number(self.values)), (2, number(self.encoding)), levels(3), levels(4)]))
        };
        let header = Thrift::Struct(vec![(1, number(self.kind)), (2, size(self.claimed)), (3, size(self.bytes.len())), said]);
        [header.bytes(), self.bytes.clone()].concat()
    }
}

/// A Parquet file of one column, which claims `rows` and `values` for these pages.
fn paged(column: ArrayRef, rows: i64, values: i64, codec: i64, pages: &[Page]) -> Vec<u8> {
    let schema = Arc::new(ArrowSchema::new(vec![Field::new("a", column.data_type().clone(), false)]));
    let mut writer = parquet::arrow::ArrowWriter::try_new(Vec::new(), schema.clone(), None).unwrap();
    writer.write(&RecordBatch::try_new(schema, vec![column]).unwrap()).unwrap();
    let mut file = Parquet::parse(&writer.into_inner().unwrap());
    file.body.truncate(4);
    let mut places = Vec::new();
    for page in pages {
        places.push(i64::try_from(file.body.len()).unwrap());
        file.body.extend(page.written());
    }
    let length = i64::try_from(file.body.len()).unwrap() - 4;
    let long = |value: i64| Some(Thrift::Int(I64, value));
    file.footer.set(3, long(rows));
    file.groups()[0].set(3, long(rows));
    (4..8).for_each(|field| file.chunk(0, 0).set(field, None));
    let first = pages.iter().position(|page| page.kind != DICTIONARY).unwrap();
    let said = file.column(0, 0);
    said.set(4, Some(Thrift::Int(I32, codec)));
    [(5, values), (6, length), (7, length), (9, places[first])].into_iter().for_each(|(field, value)| said.set(field, long(value)));
    said.set(11, if first > 0 { long(4) } else { None });
    (12..18).for_each(|field| said.set(field, None));
    file.bytes()
}

/// Zeros in zstd: each block of 128 KiB takes four bytes.
fn zstd(zeros: usize) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0x68];
    frame.extend((zeros as u64).to_le_bytes());
    let blocks = zeros.div_ceil(128 * 1024);
    for block in 0..blocks {
        let length = (zeros - block * 128 * 1024).min(128 * 1024);
        let header = u32::try_from(length << 3 | 1 << 1 | usize::from(block + 1 == blocks)).unwrap();
        frame.extend(&header.to_le_bytes()[..3]);
        frame.push(0);
    }
    frame
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A run of one value, of a byte, in the encoding of levels and indices.
fn run_of(value: u8, times: u64) -> Vec<u8> {
    [varint(times << 1), vec![value]].concat()
}

/// The same number many times, in delta encoding: one block, without a bit for each.
fn same(number: i64, times: u64) -> Vec<u8> {
    let block = times.next_multiple_of(128);
    [varint(block), varint(4), varint(times), varint(((number << 1) ^ (number >> 63)).cast_unsigned()), vec![0; 5]].concat()
}

/// Numbers in delta encoding: one block, with 32 bits for each.
fn delta(numbers: &[i64]) -> Vec<u8> {
    let zigzag = |number: i64| varint(((number << 1) ^ (number >> 63)).cast_unsigned());
    let steps: Vec<_> = numbers.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let least = steps.iter().copied().min().unwrap();
    let block = steps.len().next_multiple_of(128);
    let mut bytes =
        [varint(block as u64), varint(4), varint(numbers.len() as u64), zigzag(numbers[0]), zigzag(least), vec![32; 4]].concat();
    bytes.extend(steps.iter().flat_map(|step| u32::try_from(step - least).unwrap().to_le_bytes()));
    bytes.resize(bytes.len() + (block - steps.len()) * 4, 0);
    bytes
}

fn numbers() -> ArrayRef {
    Arc::new(Int64Array::from(vec![1]))
}

fn texts() -> ArrayRef {
    Arc::new(LargeBinaryArray::from_iter_values([b"a"]))
}

#[test]
fn a_page_that_becomes_more_than_the_limit_is_refused_and_read_when_it_is_raised() {
    let place = Place::new();
    let (values, claimed) = (8 << 20, 64 * MIB);
    let page = Page { kind: DATA, claimed, values, encoding: PLAIN, bytes: zstd(claimed) };
    let file = paged(numbers(), values, values, ZSTD, &[page]);
    let message = over(&place, "page.parquet", &file, 600, 16);
    assert!(message.contains("the page at byte 4") && message.contains("67108864 bytes"), "{message}");
    assert_eq!(count(&place.path("page.parquet"), 600, None).output(), int(values));
}

#[test]
fn a_dictionary_that_claims_more_values_than_its_bytes_hold_is_refused() {
    let place = Place::new();
    for (name, column) in [("numbers.parquet", numbers()), ("texts.parquet", texts())] {
        let values = i64::from(i32::MAX);
        let dictionary = Page { kind: DICTIONARY, claimed: 8, values, encoding: PLAIN, bytes: vec![0; 8] };
        let data = Page { kind: DATA, claimed: 4, values: 3, encoding: INDICES, bytes: [vec![1], run_of(0, 3)].concat() };
        let message = refused(&place, name, &paged(column, 3, 3, UNCOMPRESSED, &[dictionary, data]), 600, None);
        assert!(message.contains("claims 2147483647 values"), "{message}");
    }
}

#[test]
fn encodings_that_claim_more_values_than_their_page_are_refused() {
    let place = Place::new();
    for (name, encoding, parts) in [("lengths.parquet", DELTA_LENGTH, 1), ("bytes.parquet", DELTA_BYTES, 2)] {
        for times in [1 << 32, 1 << 44] {
            let bytes = same(0, times).repeat(parts);
            let page = Page { kind: DATA, claimed: bytes.len(), values: 3, encoding, bytes };
            let message = refused(&place, name, &paged(texts(), 3, 3, UNCOMPRESSED, &[page]), 600, None);
            assert!(message.contains(&format!("{times} values")), "{message}");
        }
    }
}

#[test]
fn values_that_are_repeated_beyond_the_limit_are_refused() {
    let place = Place::new();
    let (rows, length) = (30_000, MIB);
    let value = [&u32::try_from(length).unwrap().to_le_bytes()[..], &vec![b'x'; length]].concat();
    let dictionary = Page { kind: DICTIONARY, claimed: value.len(), values: 1, encoding: PLAIN, bytes: value };
    let bytes = [vec![1], run_of(0, rows)].concat();
    let data = Page { kind: DATA, claimed: bytes.len(), values: rows.cast_signed(), encoding: INDICES, bytes };
    let file = paged(texts(), rows.cast_signed(), rows.cast_signed(), UNCOMPRESSED, &[dictionary, data]);
    let message = over(&place, "dictionary.parquet", &file, 600, 64);
    assert!(message.contains("`a`"), "{message}");

    // The first value in full, and of each other all of the one before it.
    let first = i64::try_from(length).unwrap();
    let others = usize::try_from(rows).unwrap() - 1;
    let prefixes = delta(&[vec![0], vec![first; others]].concat());
    let suffixes = delta(&[vec![first], vec![0; others]].concat());
    let bytes = [prefixes, suffixes, vec![b'x'; length]].concat();
    let data = Page { kind: DATA, claimed: bytes.len(), values: rows.cast_signed(), encoding: DELTA_BYTES, bytes };
    let file = paged(texts(), rows.cast_signed(), rows.cast_signed(), UNCOMPRESSED, &[data]);
    let message = over(&place, "prefixes.parquet", &file, 600, 64);
    assert!(message.contains("`a`"), "{message}");
}

#[test]
fn a_list_that_goes_on_without_bytes_is_refused() {
    let place = Place::new();
    let values = 1_u64 << 28;
    let column: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>([Some([Some(1)])]));
    let levels = |levels: Vec<u8>| [&u32::try_from(levels.len()).unwrap().to_le_bytes()[..], &levels].concat();
    let repetition = levels([run_of(0, 1), run_of(1, values - 1)].concat());
    // The list is there, and so is the element.
    let definition = levels(run_of(2, values));
    let bytes = [repetition, definition, vec![1], run_of(0, values)].concat();
    let dictionary = Page { kind: DICTIONARY, claimed: 8, values: 1, encoding: PLAIN, bytes: vec![7; 8] };
    let data = Page { kind: DATA, claimed: bytes.len(), values: values.cast_signed(), encoding: INDICES, bytes };
    let file = paged(column, 1, values.cast_signed(), UNCOMPRESSED, &[dictionary, data]);
    let message = over(&place, "list.parquet", &file, 900, 64);
    assert!(message.contains("268435456 values"), "{message}");
}

#[test]
fn wide_values_come_in_small_batches() {
    let place = Place::new();
    let (rows, width) = (20_000_u64, 64 * 1024);
    let column: ArrayRef = Arc::new(FixedSizeBinaryArray::try_from_iter([vec![1; width]].into_iter()).unwrap());
    let dictionary = Page { kind: DICTIONARY, claimed: width, values: 1, encoding: PLAIN, bytes: vec![1; width] };
    let bytes = [vec![1], run_of(0, rows)].concat();
    let data = Page { kind: DATA, claimed: bytes.len(), values: rows.cast_signed(), encoding: INDICES, bytes };
    let file = paged(column, rows.cast_signed(), rows.cast_signed(), UNCOMPRESSED, &[dictionary, data]);
    let path = place.path("wide.parquet");
    std::fs::write(&path, file).unwrap();
    assert_eq!(count(&path, 900, Some(64)).output(), int(rows.cast_signed()));
}
