//! Filters: the rows that a filter means, whatever of it statistics answer; and what is not read then.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use nebulakit::schema::arrow::array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use nebulakit::schema::arrow::compute::cast;
use nebulakit::schema::arrow::datatypes::{DataType, TimeUnit};
use nebulakit::schema::{Filter, Schema, column};
use nebulakit_types::ErrorKind;
use proptest::prelude::*;

use super::shared::{Place, batch, run, whole};

#[derive(Debug, Clone)]
enum Tree {
    A(u8, f64),
    F(u8, f64),
    T(u8, String),
    Null,
    In(Vec<i64>),
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
    Not(Box<Tree>),
}

fn compare<T: PartialOrd>(operator: u8, left: &T, right: &T) -> bool {
    match operator % 6 {
        0 => left == right,
        1 => left != right,
        2 => left < right,
        3 => left <= right,
        4 => left > right,
        _ => left >= right,
    }
}

impl Tree {
    fn filter(&self) -> Filter {
        fn on(name: &str, operator: u8, value: impl Into<nebulakit::schema::Value>) -> Filter {
            let column = column(name);
            match operator % 6 {
                0 => column.eq(value),
                1 => column.ne(value),
                2 => column.lt(value),
                3 => column.le(value),
                4 => column.gt(value),
                _ => column.ge(value),
            }
        }
        match self {
            Self::A(operator, value) => on("a", *operator, *value),
            Self::F(operator, value) => on("f", *operator, *value),
            Self::T(operator, value) => on("t", *operator, value.as_str()),
            Self::Null => column("a").is_null(),
            Self::In(values) => column("a").is_in(values.clone()),
            Self::And(left, right) => left.filter().and(right.filter()),
            Self::Or(left, right) => left.filter().or(right.filter()),
            Self::Not(inner) => !inner.filter(),
        }
    }

    /// SQL's logic of three values, by hand.
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn says(&self, a: Option<i64>, f: f64, t: &str) -> Option<bool> {
        match self {
            Self::A(operator, value) => a.map(|a| compare(*operator, &(a as f64), value)),
            Self::F(operator, value) => Some(compare(*operator, &f, value)),
            Self::T(operator, value) => Some(compare(*operator, &t, &value.as_str())),
            Self::Null => Some(a.is_none()),
            Self::In(values) if values.is_empty() => Some(false),
            Self::In(values) => a.map(|a| values.contains(&a)),
            Self::Not(inner) => inner.says(a, f, t).map(|says| !says),
            Self::And(left, right) => match (left.says(a, f, t), right.says(a, f, t)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Or(left, right) => match (left.says(a, f, t), right.says(a, f, t)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
        }
    }
}

fn trees() -> impl Strategy<Value = Tree> {
    let number = prop_oneof![(-3_i32..53).prop_map(f64::from), -3.0..53.0_f64];
    let float = prop_oneof![(-3_i32..53).prop_map(f64::from), Just(-0.0), Just(f64::INFINITY)];
    let leaf = prop_oneof![
        (any::<u8>(), number).prop_map(|(operator, value)| Tree::A(operator, value)),
        (any::<u8>(), float).prop_map(|(operator, value)| Tree::F(operator, value)),
        (any::<u8>(), "[a-e]{0,2}").prop_map(|(operator, value)| Tree::T(operator, value)),
        Just(Tree::Null),
        proptest::collection::vec(-3_i64..53, 0..4).prop_map(Tree::In),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(left, right)| Tree::And(Box::new(left), Box::new(right))),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| Tree::Or(Box::new(left), Box::new(right))),
            inner.prop_map(|inner| Tree::Not(Box::new(inner))),
        ]
    })
}

/// Rows in an order that statistics can use, several pages long.
fn table() -> RecordBatch {
    let rows = 50_000_i64;
    let a: Int64Array = (0..rows).map(|row| (row % 1_000 != 7).then_some(row / 1_000)).collect();
    let f: Float64Array = (0..rows)
        .map(|row| {
            Some(if row % 997 == 0 {
                f64::NAN
            } else if row < 500 {
                -0.0
            } else {
                (row / 500) as f64 / 2.0
            })
        })
        .collect();
    let t: StringArray = (0..rows).map(|row| Some(["a", "ab", "b", "c", "d"][usize::try_from(row / 10_000).unwrap()])).collect();
    let columns: [(&str, ArrayRef); 3] = [("a", Arc::new(a)), ("f", Arc::new(f)), ("t", Arc::new(t))];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap()
}

#[test]
fn a_filter_gives_the_rows_that_it_means() {
    let place = Place::new();
    let batch = table();
    let stored = run(place.write(std::slice::from_ref(&batch), "parquet"));
    let arrow = run(place.write(std::slice::from_ref(&batch), "arrow"));
    let (a, f, t): (&Int64Array, &Float64Array, &StringArray) = (
        batch.column(0).as_any().downcast_ref().unwrap(),
        batch.column(1).as_any().downcast_ref().unwrap(),
        batch.column(2).as_any().downcast_ref().unwrap(),
    );
    proptest!(ProptestConfig { cases: 60, ..ProptestConfig::default() }, |(tree in trees())| {
        let says = |row: usize| tree.says(a.is_valid(row).then(|| a.value(row)), f.value(row), t.value(row)) == Some(true);
        let expected = (0..batch.num_rows()).filter(|row| says(*row)).count();
        for table in [&stored, &arrow] {
            let read = run(table.read().filter(tree.filter()).columns(["t"]).collect()).unwrap();
            prop_assert_eq!(read.iter().map(RecordBatch::num_rows).sum::<usize>(), expected, "{:?}", tree);
        }
    });
}

#[test]
fn filtered_rows_keep_their_order_and_their_columns() {
    run(async {
        let place = Place::new();
        let table = place.write(&[batch!(("a", Int64, 0..100_000_i64), ("b", Int64, (0..100_000_i64).map(|n| n * 2)))], "").await;
        let read = table
            .read()
            .filter(column("a").between(20_001, 60_000))
            .filter(column("b").lt(100_000))
            .columns(["b"])
            .collect()
            .await
            .unwrap();
        let values: Vec<i64> =
            read.iter().flat_map(|batch| batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap().values().to_vec()).collect();
        assert_eq!(values, (20_001..50_000).map(|n| n * 2).collect::<Vec<_>>());
    });
}

#[test]
fn a_filter_of_another_type_or_of_no_column_says_so() {
    run(async {
        let place = Place::new();
        let table = place.write(&[batch!(("a", Int64, [1]), ("t", Utf8, ["x"]))], "").await;
        let refused = async |filter| table.read().filter(filter).collect().await.unwrap_err();
        let error = refused(column("a").eq("one")).await;
        assert_eq!((error.kind(), error.path()), (ErrorKind::Mismatch, "a"));
        assert_eq!(error.to_string(), "`a`: the filter compares the column, which holds Int64, with a value of another kind");
        assert_eq!(refused(column("z").is_null()).await.kind(), ErrorKind::Missing);
        assert_eq!(refused(column("a").lt(f64::NAN)).await.to_string(), "`a`: NaN compares with nothing");
    });
}

#[test]
fn what_lies_between_two_values_of_a_column_is_neither_of_them() {
    let texts = |data_type: DataType, texts: &[&str]| -> ArrayRef { cast(&StringArray::from(texts.to_vec()), &data_type).unwrap() };
    let money = texts(DataType::Decimal128(9, 2), &["-1.01", "-1.00", "0.00", "1.00", "1.01"]);
    let wide = texts(DataType::Decimal256(60, 1), &["-1.1", "-1.0", "0.0", "1.0", "1.1"]);
    let seconds = DataType::Timestamp(TimeUnit::Second, None);
    let at = ["1969-12-31T23:59:58", "1969-12-31T23:59:59", "1970-01-01T00:00:00", "1970-01-01T00:00:01", "9999-12-31T00:00:00"];
    let day = ["1582-10-15", "1969-12-31", "1970-01-01", "1970-01-02", "9999-12-31"];
    let time = texts(DataType::Time32(TimeUnit::Second), &["00:00:00", "00:00:01", "12:00:00", "12:00:01", "23:59:59"]);
    let columns = [("money", money), ("wide", wide), ("at", texts(seconds, &at)), ("day", texts(DataType::Date32, &day)), ("time", time)];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let count = |filter: Filter| filter.apply(&batch).unwrap().num_rows();
    let cases = [
        ("money", "1.005", 4),
        ("money", "-1.005", 1),
        ("money", "-0.001", 2),
        ("money", ".001", 3),
        ("money", "+1.0099", 4),
        ("money", "10000000000", 5),
        ("money", "-10000000000.5", 0),
        ("wide", "-1.05", 1),
        ("wide", "1.05", 4),
        ("at", "1970-01-01T00:00:00.5", 3),
        ("at", "1969-12-31T23:59:58.999", 1),
        ("at", "9999-12-31T00:00:00.001", 5),
        ("day", "1970-01-01T12:00:00", 3),
        ("day", "1969-12-31T00:00:01", 2),
        ("time", "12:00:00.5", 3),
    ];
    for (name, between, below) in cases {
        let above = 5 - below;
        assert_eq!(count(column(name).eq(between)), 0, "{name} = {between}");
        assert_eq!(count(column(name).ne(between)), 5, "{name} != {between}");
        assert_eq!(count(column(name).lt(between)), below, "{name} < {between}");
        assert_eq!(count(column(name).le(between)), below, "{name} <= {between}");
        assert_eq!(count(column(name).gt(between)), above, "{name} > {between}");
        assert_eq!(count(column(name).ge(between)), above, "{name} >= {between}");
    }
    for (name, there) in [
        ("money", "1"),
        ("money", "-1.0100"),
        ("wide", "1.10"),
        ("at", at[4]),
        ("at", "1970-01-01"),
        ("day", day[0]),
        ("time", "12:00:01.000"),
    ] {
        assert_eq!(count(column(name).eq(there)), 1, "{name} = {there}");
    }
    assert_eq!(count(column("money").lt(10_000_000_000_i64)), 5);
    assert_eq!(count(column("money").gt(-10_000_000_000_i64)), 5);
    assert_eq!(count(column("money").eq(1)), 1);
}

/// What is not wanted is not even fetched: those bytes may be anything.
#[test]
fn only_what_is_wanted_is_read() {
    run(async {
        let place = Place::new();
        let rows = 400_000_i64;
        let numbers = |factor: i64| (0..rows).map(move |n| n * factor % 1_000_003).collect::<Vec<_>>();
        let table = place.write(&[batch!(("id", Int64, 0..rows), ("x", Int64, numbers(7919)), ("y", Int64, numbers(104_729)))], "").await;
        let expected = whole(&table).await;
        let file = format!("{}/00000", table.uri().unwrap());
        let mut bytes = std::fs::read(&file).unwrap();
        // `y` is the last column, and its last pages are followed by the indexes and the footer, of which nothing changes.
        let (begin, end) = (bytes.len() * 85 / 100, bytes.len() * 95 / 100);
        bytes[begin..end].fill(0);
        let broken: Schema = Schema::from_uri("memory://broken/00000").within(&place.workspace);
        place.workspace.storage().put("memory://broken/00000", vec![bytes.into()], &Default::default()).await.unwrap();
        let error = broken.read().collect().await.unwrap_err();
        assert!(error.to_string().starts_with("cannot read the column `y`"), "{error}");
        let read = broken.read().columns(["id", "x"]).collect().await.unwrap();
        assert_eq!(read.iter().map(RecordBatch::num_rows).sum::<usize>(), 400_000);
        // The first pages of `y` are whole.
        let read = broken.read().filter(column("id").lt(1_000)).collect().await.unwrap();
        assert_eq!(read, [expected.slice(0, 1_000)]);
    });
}

/// A server that gives ranges of one file, and counts what it gives.
struct Ranges {
    url: String,
    bytes: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

impl Ranges {
    fn of(file: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/table.parquet", listener.local_addr().unwrap());
        let (bytes, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (given, asked) = (bytes.clone(), requests.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // The reader may close before it has everything.
                let _ = Self::answer(&stream.unwrap(), &file, &given, &asked);
            }
        });
        Self { url, bytes, requests }
    }

    fn answer(mut stream: &TcpStream, file: &[u8], given: &AtomicUsize, asked: &AtomicUsize) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream).lines();
        let first = lines.next().unwrap()?;
        let mut range = None;
        for line in lines {
            let line = line?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(bounds) = line.strip_prefix("range: bytes=") {
                let (from, to) = bounds.split_once('-').unwrap();
                range = Some((from.parse::<usize>().unwrap(), to.parse::<usize>().unwrap_or(file.len() - 1).min(file.len() - 1)));
            }
        }
        let (from, to) = range.unwrap_or((0, file.len() - 1));
        let status = if range.is_some() { "206 Partial Content" } else { "200 OK" };
        let content_range = range.map_or_else(String::new, |_| format!("Content-Range: bytes {from}-{to}/{}\r\n", file.len()));
        write!(stream, "HTTP/1.1 {status}\r\n{content_range}Content-Length: {}\r\nConnection: close\r\n\r\n", to + 1 - from)?;
        if !first.starts_with("HEAD") {
            asked.fetch_add(1, Ordering::Relaxed);
            given.fetch_add(to + 1 - from, Ordering::Relaxed);
            stream.write_all(&file[from..=to])?;
        }
        Ok(())
    }
}

#[test]
fn two_columns_of_a_wide_table_are_fetched_alone() {
    let place = Place::new();
    let rows = 100_000_i64;
    let names: Vec<_> = (0..40).map(|index| format!("c{index}")).collect();
    let column_of = |index: i64| Arc::new((0..rows).map(|row| Some(row * (7919 + index) % 1_000_003)).collect::<Int64Array>()) as ArrayRef;
    let columns = names.iter().zip(0..).map(|(name, index)| (name.as_str(), column_of(index)));
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let stored = run(place.write(std::slice::from_ref(&batch), ""));
    let file = std::fs::read(format!("{}/00000", stored.uri().unwrap())).unwrap();
    let size = file.len();
    let server = Ranges::of(file);
    let table: Schema = Schema::from_uri(&server.url).within(&place.workspace);
    let fetched = |read: nebulakit::schema::TableRead<_>| {
        let (bytes, requests) = (server.bytes.load(Ordering::Relaxed), server.requests.load(Ordering::Relaxed));
        let batches = run(read.collect()).unwrap();
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        (rows, server.bytes.load(Ordering::Relaxed) - bytes, server.requests.load(Ordering::Relaxed) - requests)
    };
    let (all, bytes, requests) = fetched(table.read().columns(["c3", "c30"]));
    assert_eq!(all, 100_000);
    assert!(bytes < size / 10, "{bytes} of {size} bytes");
    // The footer, and one for each column.
    assert!(requests <= 4, "{requests} requests");
    let (some, bytes, _) = fetched(table.read().columns(["c3"]).filter(column("c7").eq(-1)));
    assert_eq!(some, 0);
    assert!(bytes < 128 * 1024, "{bytes} bytes, though the footer says that no row fits");
}
