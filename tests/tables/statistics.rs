//! Filters on files whose statistics are of every form that an old or careless writer leaves: the rows are those of the whole table,
//! filtered afterwards.

use std::sync::Arc;

use nebulakit::schema::arrow::array::{Array, ArrayRef, AsArray as _, BinaryArray, Int64Array, RecordBatch, StringArray};
use nebulakit::schema::arrow::compute::{cast, concat_batches};
use nebulakit::schema::arrow::datatypes::{DataType, Int32Type, Int64Type, TimeUnit};
use nebulakit::schema::{Filter, Schema, Value, column};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::{WriterProperties, WriterVersion};
use proptest::prelude::*;

use super::shared::{Place, run};
use super::thrift::{I64, Parquet, STRUCT, Thrift};

const ROWS: usize = 48;
const GROUP: usize = 16;
const PAGE: usize = 4;

/// A type of column, and values of it in their order.
struct Kind {
    name: &'static str,
    data_type: DataType,
    values: &'static [&'static str],
    /// The order that old writers had for the type is another than its own.
    reordered: bool,
}

const SIGNED: &[&str] = &["-128", "-3", "-1", "0", "1", "2", "100", "127"];
const FLOATS: &[&str] = &["-inf", "-2.5", "-0.0", "0.0", "1", "2", "inf", "NaN"];
const TEXTS: &[&str] = &["", "a", "ab", "abc", "abd", "b", "zz", "\u{7f}\u{7f}", "é", "ÿÿ", "\u{10ffff}"];
/// In hexadecimal digits.
const BYTES: &[&str] = &["", "00", "01", "7f", "80", "80ff", "ff", "ff00", "ffff"];
const FIXED: &[&str] = &["000000", "010000", "7fffff", "800000", "80ff00", "ff0000", "ffffff"];
const DECIMALS: &[&str] = &["-200.00", "-1.00", "-0.01", "0.00", "0.01", "1.00", "2.00", "100.00"];
const DATES: &[&str] = &["1582-10-15", "1969-12-31", "1970-01-01", "1970-01-02", "2024-02-29", "2262-01-01"];
const INSTANTS: &[&str] = &[
    "1700-01-01T00:00:00",
    "1969-12-31T23:59:59",
    "1970-01-01T00:00:00",
    "1970-01-01T00:00:01",
    "2024-02-29T12:00:00",
    "2200-01-01T00:00:00",
];
const TIMES: &[&str] = &["00:00:00", "00:00:01", "12:00:00", "23:59:59"];

fn kinds() -> Vec<Kind> {
    let kind = |name, data_type, values, reordered| Kind { name, data_type, values, reordered };
    let text = || Box::new(DataType::Utf8);
    vec![
        kind("Boolean", DataType::Boolean, &["false", "true"], false),
        kind("Int8", DataType::Int8, SIGNED, false),
        kind("Int16", DataType::Int16, SIGNED, false),
        kind("Int32", DataType::Int32, SIGNED, false),
        kind("Int64", DataType::Int64, &["-9223372036854775808", "-3", "0", "1", "2", "9223372036854775807"], false),
        kind("UInt8", DataType::UInt8, &["0", "1", "127", "128", "255"], true),
        kind("UInt16", DataType::UInt16, &["0", "1", "32768", "65535"], true),
        kind("UInt32", DataType::UInt32, &["0", "1", "2147483647", "2147483648", "4294967295"], true),
        kind("UInt64", DataType::UInt64, &["0", "1", "9223372036854775807", "9223372036854775808", "18446744073709551615"], true),
        kind("Float16", DataType::Float16, FLOATS, false),
        kind("Float32", DataType::Float32, FLOATS, false),
        kind("Float64", DataType::Float64, FLOATS, false),
        kind("Utf8", DataType::Utf8, TEXTS, true),
        kind("LargeUtf8", DataType::LargeUtf8, TEXTS, true),
        kind("Utf8View", DataType::Utf8View, TEXTS, true),
        kind("Dictionary", DataType::Dictionary(Box::new(DataType::Int32), text()), TEXTS, true),
        kind("Binary", DataType::Binary, BYTES, true),
        kind("LargeBinary", DataType::LargeBinary, BYTES, true),
        kind("BinaryView", DataType::BinaryView, BYTES, true),
        kind("FixedSizeBinary", DataType::FixedSizeBinary(3), FIXED, true),
        kind("Decimal32", DataType::Decimal32(9, 2), DECIMALS, false),
        kind("Decimal64", DataType::Decimal64(18, 2), DECIMALS, false),
        kind("Decimal128 in 32 bits", DataType::Decimal128(9, 2), DECIMALS, false),
        kind("Decimal128 in 64 bits", DataType::Decimal128(18, 2), DECIMALS, false),
        kind("Decimal128 in bytes", DataType::Decimal128(25, 2), DECIMALS, true),
        kind("Decimal256", DataType::Decimal256(50, 2), DECIMALS, true),
        kind("Date32", DataType::Date32, DATES, false),
        kind("Timestamp in seconds", DataType::Timestamp(TimeUnit::Second, None), INSTANTS, false),
        kind("Timestamp in milliseconds", DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())), INSTANTS, false),
        kind("Timestamp in microseconds", DataType::Timestamp(TimeUnit::Microsecond, None), INSTANTS, false),
        kind("Timestamp in nanoseconds", DataType::Timestamp(TimeUnit::Nanosecond, Some("Europe/Oslo".into())), INSTANTS, false),
        kind("Time32", DataType::Time32(TimeUnit::Millisecond), TIMES, false),
        kind("Time64", DataType::Time64(TimeUnit::Microsecond), TIMES, false),
        kind("Duration", DataType::Duration(TimeUnit::Microsecond), SIGNED, false),
    ]
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
}

impl Kind {
    fn array(&self, rows: &[Option<usize>]) -> ArrayRef {
        let texts = || rows.iter().map(|row| row.map(|index| self.values[index % self.values.len()]));
        let strings: ArrayRef = Arc::new(texts().collect::<StringArray>());
        let binary = || Arc::new(texts().map(|text| text.map(bytes)).collect::<BinaryArray>()) as ArrayRef;
        let array = match &self.data_type {
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => binary(),
            DataType::Float16 => cast(&strings, &DataType::Float32).unwrap(),
            DataType::Duration(_) => cast(&strings, &DataType::Int64).unwrap(),
            DataType::Timestamp(unit, Some(_)) => cast(&strings, &DataType::Timestamp(*unit, Some("+00:00".into()))).unwrap(),
            _ => strings,
        };
        let array = cast(&array, &self.data_type).unwrap();
        assert_eq!(array.null_count(), rows.iter().filter(|row| row.is_none()).count(), "{}", self.name);
        array
    }

    fn value(&self, index: usize) -> Value {
        let text = self.values[index % self.values.len()];
        match &self.data_type {
            DataType::Boolean => (text == "true").into(),
            data_type if data_type.is_unsigned_integer() => text.parse::<u64>().unwrap().into(),
            data_type if data_type.is_integer() => text.parse::<i64>().unwrap().into(),
            // NaN compares with nothing, which filters say.
            data_type if data_type.is_floating() => text.parse::<f64>().ok().filter(|value| !value.is_nan()).unwrap_or(1.0).into(),
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
                nebulakit_types::Bytes::from(bytes(text)).into()
            }
            DataType::Duration(_) => jiff::SignedDuration::from_micros(text.parse().unwrap()).into(),
            _ => text.into(),
        }
    }

    /// The bytes of a value as statistics hold them, for types that old writers ordered otherwise.
    fn plain(&self, array: &ArrayRef, row: usize, width: usize) -> Option<Vec<u8>> {
        if array.is_null(row) {
            return None;
        }
        let one = array.slice(row, 1);
        Some(match &self.data_type {
            DataType::Decimal128(..) | DataType::Decimal256(..) => {
                let whole = cast(&one, &DataType::Decimal128(38, 2)).unwrap();
                let bytes = whole.as_primitive::<nebulakit::schema::arrow::datatypes::Decimal128Type>().value(0).to_be_bytes();
                let sign = if bytes[0] & 0x80 == 0 { 0 } else { 0xff };
                let mut long = [sign; 32];
                long[16..].copy_from_slice(&bytes);
                long[32 - width..].to_vec()
            }
            DataType::UInt64 => one.as_primitive::<nebulakit::schema::arrow::datatypes::UInt64Type>().value(0).to_le_bytes().to_vec(),
            data_type if data_type.is_unsigned_integer() => {
                let wide = cast(&one, &DataType::Int64).unwrap();
                u32::try_from(wide.as_primitive::<Int64Type>().value(0)).unwrap().to_le_bytes().to_vec()
            }
            DataType::FixedSizeBinary(_) => one.as_fixed_size_binary().value(0).to_vec(),
            _ => cast(&one, &DataType::Binary).unwrap().as_binary::<i32>().value(0).to_vec(),
        })
    }

    /// The bounds of some rows as old writers found them: integers and bytes as if they had a sign.
    fn old_bounds(&self, rows: &ArrayRef, width: usize) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut values: Vec<_> = (0..rows.len()).filter_map(|row| self.plain(rows, row, width)).collect();
        let signed = |value: &Vec<u8>| -> Vec<i64> {
            match &self.data_type {
                DataType::UInt64 => vec![i64::from_le_bytes(value.as_slice().try_into().unwrap())],
                data_type if data_type.is_integer() => vec![i64::from(i32::from_le_bytes(value.as_slice().try_into().unwrap()))],
                _ => value.iter().map(|byte| i64::from(byte.cast_signed())).collect(),
            }
        };
        values.sort_by_key(signed);
        Some((values.first()?.clone(), values.last()?.clone()))
    }
}

/// What is done to the statistics of a chunk, or to the index of its pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Nothing,
    /// All is taken away.
    Gone,
    /// Only the fields of the first statistics, in the order of their writers.
    Old,
    NoLeast,
    NoGreatest,
    LeastIsNan,
    GreatestIsNan,
    BothAreNan,
    /// +0.0 as the least value and -0.0 as the greatest.
    Zeros,
    Truncated,
    /// Bounds of too few bytes.
    Short,
    NoNullCounts,
    NegativeNullCounts,
    TooManyNulls,
    /// What lies in the bounds of pages without values is of no meaning.
    Garbage,
}

const CHANGES: [Change; 15] = [
    Change::Nothing,
    Change::Gone,
    Change::Old,
    Change::NoLeast,
    Change::NoGreatest,
    Change::LeastIsNan,
    Change::GreatestIsNan,
    Change::BothAreNan,
    Change::Zeros,
    Change::Truncated,
    Change::Short,
    Change::NoNullCounts,
    Change::NegativeNullCounts,
    Change::TooManyNulls,
    Change::Garbage,
];

fn zero(value: &[u8]) -> bool {
    matches!(value, [rest @ .., 0 | 0x80] if rest.iter().all(|byte| *byte == 0))
}

/// A prefix, and the least one above all values with it.
fn truncated(least: &[u8], greatest: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let least = least[..least.len().min(1)].to_vec();
    let greatest = match greatest {
        [first, _, ..] if *first < 0xff => vec![first + 1],
        all => all.to_vec(),
    };
    (least, greatest)
}

impl Change {
    /// The bounds as they are now.
    fn bounds(self, kind: &Kind, least: &[u8], greatest: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let nan = match least.len() {
            2 => 0x7e00_u16.to_le_bytes().to_vec(),
            4 => f32::NAN.to_le_bytes().to_vec(),
            _ => f64::NAN.to_le_bytes().to_vec(),
        };
        let negative = |mut zeros: Vec<u8>| {
            zeros.iter_mut().rev().take(1).for_each(|byte| *byte = 0x80);
            zeros
        };
        let floating = kind.data_type.is_floating();
        let of_bytes = kind.reordered && !kind.data_type.is_integer();
        match self {
            Self::LeastIsNan if floating => (nan, greatest.to_vec()),
            Self::GreatestIsNan if floating => (least.to_vec(), nan),
            Self::BothAreNan if floating => (nan.clone(), nan),
            Self::Zeros if floating => (
                if zero(least) { vec![0; least.len()] } else { least.to_vec() },
                if zero(greatest) { negative(vec![0; greatest.len()]) } else { greatest.to_vec() },
            ),
            Self::Truncated if of_bytes => truncated(least, greatest),
            Self::Short if !of_bytes => (least[..least.len() / 2].to_vec(), Vec::new()),
            _ => (least.to_vec(), greatest.to_vec()),
        }
    }

    fn chunk(self, kind: &Kind, rows: &ArrayRef, metadata: &mut Thrift) {
        let mut statistics = metadata.get(12).cloned().expect("the column chunk has statistics");
        let bounds =
            statistics.get(6).zip(statistics.get(5)).map(|(least, greatest)| (least.binary().to_vec(), greatest.binary().to_vec()));
        // What this writer leaves for older readers.
        statistics.set(1, None);
        statistics.set(2, None);
        let binary = |bytes: Vec<u8>| Some(Thrift::Binary(bytes));
        if let Some((least, greatest)) = bounds {
            let (new_least, new_greatest) = self.bounds(kind, &least, &greatest);
            statistics.set(6, binary(new_least));
            statistics.set(5, binary(new_greatest));
            match self {
                Self::Old => {
                    let old = if kind.reordered { kind.old_bounds(rows, least.len()) } else { Some((least, greatest)) };
                    (5..=8).for_each(|field| statistics.set(field, None));
                    statistics.set(2, old.clone().and_then(|(least, _)| binary(least)));
                    statistics.set(1, old.and_then(|(_, greatest)| binary(greatest)));
                }
                Self::NoLeast => statistics.set(6, None),
                Self::NoGreatest => statistics.set(5, None),
                Self::Truncated => [7, 8].into_iter().for_each(|field| statistics.set(field, Some(Thrift::Bool(false)))),
                _ => {}
            }
        }
        match self {
            Self::NoNullCounts => statistics.set(3, None),
            Self::NegativeNullCounts => statistics.set(3, Some(Thrift::Int(I64, -1))),
            Self::TooManyNulls => statistics.set(3, Some(Thrift::Int(I64, 1_000))),
            _ => {}
        }
        metadata.set(12, (self != Self::Gone).then_some(statistics));
    }

    fn pages(self, kind: &Kind, index: &mut Thrift) {
        let without: Vec<bool> = index.get(1).unwrap().list().iter().map(|page| *page == Thrift::Bool(true)).collect();
        for (page, without) in without.into_iter().enumerate() {
            let bound = |index: &Thrift, field| index.get(field).unwrap().list()[page].binary().to_vec();
            let (least, greatest) = match (self, without) {
                (Self::Garbage, true) => (vec![0xff; 8], vec![0; 3]),
                (_, true) => continue,
                _ => self.bounds(kind, &bound(index, 2), &bound(index, 3)),
            };
            index.get_mut(2).unwrap().list_mut()[page] = Thrift::Binary(least);
            index.get_mut(3).unwrap().list_mut()[page] = Thrift::Binary(greatest);
        }
        match self {
            Self::NoNullCounts => [5, 6, 7].into_iter().for_each(|field| index.set(field, None)),
            Self::NegativeNullCounts | Self::TooManyNulls => {
                let count = if self == Self::TooManyNulls { 1_000 } else { -1 };
                index.get_mut(5).unwrap().list_mut().fill(Thrift::Int(I64, count));
            }
            _ => {}
        }
    }
}

/// What the footer says of the order of the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    AsWritten,
    /// Nothing, so that bounds may be in the order of old writers.
    Unsaid,
    Unknown,
    TypeDefined,
}

#[derive(Debug, Clone)]
struct Case {
    kind: usize,
    rows: Vec<Option<usize>>,
    chunks: Vec<Change>,
    pages: Vec<Change>,
    order: Order,
    dictionary: bool,
    second_version: bool,
    bloom: bool,
    filter: Tree,
}

#[derive(Debug, Clone)]
enum Tree {
    Compare(u8, usize),
    Null,
    Not(Box<Tree>),
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
}

impl Tree {
    fn filter(&self, kind: &Kind) -> Filter {
        match self {
            Self::Compare(operator, index) => {
                let (column, value) = (column("v"), kind.value(*index));
                match operator % 6 {
                    0 => column.eq(value),
                    1 => column.ne(value),
                    2 => column.lt(value),
                    3 => column.le(value),
                    4 => column.gt(value),
                    _ => column.ge(value),
                }
            }
            Self::Null => column("v").is_null(),
            Self::Not(inner) => !inner.filter(kind),
            Self::And(left, right) => left.filter(kind).and(right.filter(kind)),
            Self::Or(left, right) => left.filter(kind).or(right.filter(kind)),
        }
    }
}

fn trees() -> impl Strategy<Value = Tree> {
    let leaf =
        prop_oneof![6 => (any::<u8>(), 0..16_usize).prop_map(|(operator, index)| Tree::Compare(operator, index)), 1 => Just(Tree::Null)];
    leaf.prop_recursive(2, 4, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| Tree::Not(Box::new(inner))),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| Tree::And(Box::new(left), Box::new(right))),
            (inner.clone(), inner).prop_map(|(left, right)| Tree::Or(Box::new(left), Box::new(right))),
        ]
    })
}

/// Rows in pages of values that are near each other, of none, and of all.
fn rows() -> impl Strategy<Value = Vec<Option<usize>>> {
    let page = (0..16_usize, prop_oneof![Just(1_usize), Just(2), Just(3), Just(16)], 0..4_u8, proptest::collection::vec(any::<u8>(), PAGE));
    proptest::collection::vec(page, ROWS / PAGE).prop_map(|pages| {
        let rows = pages.into_iter().flat_map(|(first, span, nulls, picks)| {
            picks.into_iter().map(move |pick| {
                let absent = match nulls {
                    0 => true,
                    1 => pick % 3 == 0,
                    _ => false,
                };
                (!absent).then(|| first + usize::from(pick) % span)
            })
        });
        rows.collect()
    })
}

fn cases() -> impl Strategy<Value = Case> {
    let changes = || proptest::collection::vec(proptest::sample::select(CHANGES.to_vec()), ROWS / GROUP);
    let order =
        prop_oneof![3 => Just(Order::AsWritten), 1 => Just(Order::Unsaid), 1 => Just(Order::Unknown), 1 => Just(Order::TypeDefined)];
    let switches = (any::<bool>(), any::<bool>(), any::<bool>());
    (0..kinds().len(), rows(), changes(), changes(), order, switches, trees()).prop_map(
        |(kind, rows, chunks, pages, order, (dictionary, second_version, bloom), filter)| Case {
            kind,
            rows,
            chunks,
            pages,
            order,
            dictionary,
            second_version,
            bloom,
            filter,
        },
    )
}

impl Case {
    fn file(&self, kind: &Kind) -> Vec<u8> {
        let values = kind.array(&self.rows);
        let numbers: ArrayRef = Arc::new((0..ROWS as i64).collect::<Int64Array>());
        let batch = RecordBatch::try_from_iter_with_nullable([("v", values.clone(), true), ("n", numbers, false)]).unwrap();
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(GROUP))
            .set_data_page_row_count_limit(PAGE)
            .set_write_batch_size(PAGE)
            .set_dictionary_enabled(self.dictionary)
            .set_bloom_filter_enabled(self.bloom)
            .set_writer_version(if self.second_version { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 })
            .build();
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        let mut file = Parquet::parse(&writer.into_inner().unwrap());
        assert_eq!(file.groups().len(), ROWS / GROUP);
        let order = |field| Thrift::List(STRUCT, vec![Thrift::Struct(vec![(field, Thrift::Struct(vec![]))]); 2]);
        match self.order {
            Order::AsWritten => {}
            Order::Unsaid => file.footer.set(7, None),
            Order::Unknown => file.footer.set(7, Some(order(9))),
            Order::TypeDefined => file.footer.set(7, Some(order(1))),
        }
        // Where nobody says the order, it is that of old writers.
        let reordered = kind.reordered && matches!(self.order, Order::Unsaid | Order::Unknown);
        for (group, (chunk, pages)) in self.chunks.iter().zip(&self.pages).enumerate() {
            let of_group = values.slice(group * GROUP, GROUP);
            if reordered
                && let Some(statistics) = file.column(group, 0).get_mut(12)
                && let Some(width) = statistics.get(6).map(|least| least.binary().len())
                && let Some((least, greatest)) = kind.old_bounds(&of_group, width)
            {
                statistics.set(6, Some(Thrift::Binary(least)));
                statistics.set(5, Some(Thrift::Binary(greatest)));
            }
            chunk.chunk(kind, &of_group, file.column(group, 0));
            if *pages == Change::Gone {
                (6..=7).for_each(|field| file.chunk(group, 0).set(field, None));
                continue;
            }
            file.change_column_index(group, 0, |index| {
                let count = index.get(1).unwrap().list().len();
                for page in 0..count {
                    let bound = index.get(2).unwrap().list()[page].binary().to_vec();
                    let rows = of_group.slice(page * PAGE, PAGE);
                    if reordered && let Some((least, greatest)) = kind.old_bounds(&rows, bound.len()) {
                        index.get_mut(2).unwrap().list_mut()[page] = Thrift::Binary(least);
                        index.get_mut(3).unwrap().list_mut()[page] = Thrift::Binary(greatest);
                    }
                }
                assert_eq!(count, GROUP / PAGE);
                pages.pages(kind, index);
            });
        }
        file.bytes()
    }
}

fn joined(batches: &[RecordBatch]) -> Option<RecordBatch> {
    let batches: Vec<_> = batches.iter().filter(|batch| batch.num_rows() > 0).cloned().collect();
    Some(concat_batches(&batches.first()?.schema(), &batches).unwrap())
}

#[test]
fn statistics_of_no_writer_hide_rows_from_filters() {
    let place = Place::new();
    let path = place.path("statistics.parquet");
    let kinds = kinds();
    proptest!(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() }, |(case in cases())| {
        let kind = &kinds[case.kind];
        std::fs::write(&path, case.file(kind)).unwrap();
        let table: Schema = Schema::from_uri(&path).within(&place.workspace);
        let filter = case.filter.filter(kind);
        let (whole, read) = run(async { (table.read().collect().await, table.read().filter(filter.clone()).collect().await) });
        let expected: Vec<_> = whole.unwrap().iter().map(|batch| filter.apply(batch).unwrap()).collect();
        let read = read.unwrap_or_else(|error| panic!("{}: {error}: {:?}", kind.name, std::error::Error::source(&error)));
        prop_assert_eq!(joined(&read), joined(&expected), "{}", kind.name);
    });
}

/// What no row can be in is not read: its bytes may be anything.
#[test]
fn sound_bounds_of_every_type_spare_the_reading() {
    let place = Place::new();
    let path = place.path("sound.parquet");
    for (index, kind) in kinds().iter().enumerate().filter(|(_, kind)| !matches!(kind.data_type, DataType::Duration(_))) {
        // The first row group has one value alone, and the others the one after it. Empty bounds of texts and bytes are not believed.
        let first = usize::from(kind.values.len() > 2);
        let rows = (0..ROWS).map(|row| Some(if row < GROUP { first } else { first + 1 })).collect();
        let unchanged = vec![Change::Nothing; ROWS / GROUP];
        let case = Case {
            kind: index,
            rows,
            chunks: unchanged.clone(),
            pages: unchanged,
            order: Order::AsWritten,
            dictionary: index % 2 == 0,
            second_version: index % 3 == 0,
            bloom: false,
            filter: Tree::Null,
        };
        let mut file = Parquet::parse(&case.file(kind));
        let (begin, end) = (4, file.column(1, 0).get(9).unwrap().int());
        let dictionary = file.column(1, 0).get(11).map_or(end, Thrift::int);
        file.body[begin..usize::try_from(dictionary).unwrap()].fill(0xee);
        std::fs::write(&path, file.bytes()).unwrap();
        let table: Schema = Schema::from_uri(&path).within(&place.workspace);
        let broken = run(table.read().collect()).unwrap_err();
        assert!(broken.to_string().contains("cannot read the column `v` in row group 0"), "{}: {broken}", kind.name);
        let read = run(table.read().filter(column("v").gt(kind.value(first))).collect());
        let read = read.unwrap_or_else(|error| panic!("{}: {error}", kind.name));
        assert_eq!(joined(&read).unwrap().num_rows(), ROWS - GROUP, "{}", kind.name);
    }
}

/// Statistics of floats that careless writers leave are of the same form in dictionaries of them.
#[test]
fn nan_in_the_bounds_of_a_dictionary_of_floats_says_nothing() {
    let place = Place::new();
    let values = cast(&(Arc::new(StringArray::from(vec!["1", "NaN"])) as ArrayRef), &DataType::Float64).unwrap();
    let keys = nebulakit::schema::arrow::array::PrimitiveArray::<Int32Type>::from(vec![0, 1]);
    let array: ArrayRef = Arc::new(nebulakit::schema::arrow::array::DictionaryArray::new(keys, values));
    let batch = RecordBatch::try_from_iter([("v", array)]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    let mut file = Parquet::parse(&writer.into_inner().unwrap());
    let nan = Thrift::Binary(f64::NAN.to_le_bytes().to_vec());
    let statistics = file.column(0, 0).get_mut(12).unwrap();
    statistics.set(6, Some(nan.clone()));
    statistics.set(5, Some(nan));
    let path = place.path("dictionary.parquet");
    std::fs::write(&path, file.bytes()).unwrap();
    let table: Schema = Schema::from_uri(&path).within(&place.workspace);
    let read = run(table.read().filter(column("v").le(1.0)).collect()).unwrap();
    assert_eq!(read.iter().map(RecordBatch::num_rows).sum::<usize>(), 1);
}
