//! Typed rows: structs as columns, read from what other writers store, in part and in any order.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use nebulakit::schema::arrow::array::{Array, ArrayRef, Decimal128Array, Int64Array, RecordBatch};
use nebulakit::schema::arrow::datatypes::{DataType, TimeUnit};
use nebulakit::schema::{Cell, Decimal, Row, Schema, arrow, batch_of, column, rows_of};
use nebulakit_types::{Bytes, ErrorKind};
use proptest::prelude::*;

use super::shared::{Place, batch, run};

#[derive(Row, Debug, Clone, PartialEq)]
struct Point {
    x: f64,
    label: Option<String>,
}

#[derive(Row, Debug, Clone, PartialEq)]
struct Everything {
    tiny: i8,
    small: u16,
    medium: i32,
    large: u64,
    id: i64,
    single: f32,
    double: f64,
    flag: bool,
    text: String,
    bytes: Bytes,
    maybe: Option<i64>,
    at: SystemTime,
    span: Duration,
    stamp: jiff::Timestamp,
    signed: jiff::SignedDuration,
    day: jiff::civil::Date,
    other_day: Option<chrono::NaiveDate>,
    list: Vec<i32>,
    lists: Option<Vec<Option<String>>>,
    point: Point,
    maybe_point: Option<Point>,
    points: Vec<Point>,
}

fn point() -> impl Strategy<Value = Point> {
    (any::<f64>().prop_filter("NaN is not itself", |x| !x.is_nan()), any::<Option<String>>()).prop_map(|(x, label)| Point { x, label })
}

fn micros() -> impl Strategy<Value = i64> {
    -2_000_000_000_000_000_i64..4_000_000_000_000_000
}

prop_compose! {
    fn everything()(
        (tiny, small, medium, large, id, single) in any::<(i8, u16, i32, u64, i64, f32)>().prop_filter("NaN", |values| !values.5.is_nan()),
        (double, flag, text, bytes, maybe) in any::<(f64, bool, String, Vec<u8>, Option<i64>)>().prop_filter("NaN", |values| !values.0.is_nan()),
        (at, span, day) in (micros(), 0_u64..1_000_000_000_000, -200_000_i64..200_000),
        (list, lists) in any::<(Vec<i32>, Option<Vec<Option<String>>>)>(),
        (point, maybe_point, points) in (point(), proptest::option::of(point()), proptest::collection::vec(point(), 0..4)),
    ) -> Everything {
        let stamp = jiff::Timestamp::from_microsecond(at).unwrap();
        Everything {
            tiny, small, medium, large, id, single, double, flag, text, bytes: bytes.into(), maybe,
            at: stamp.into(), span: Duration::from_micros(span), stamp, signed: jiff::SignedDuration::from_micros(-at),
            day: jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap(),
            other_day: maybe.map(|_| chrono::NaiveDate::from_ymd_opt(2024, 2, 29).unwrap()),
            list, lists, point, maybe_point, points,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn rows_come_back_as_they_were(rows in proptest::collection::vec(everything(), 0..40), format in prop_oneof![Just("parquet"), Just("arrow")]) {
        run(async {
            prop_assert_eq!(&rows_of::<Everything>(&batch_of(&rows).unwrap()).unwrap(), &rows);
            let place = Place::new();
            let mut writer = Schema::<Everything>::create_as(&place.workspace, format).unwrap();
            writer.write_rows(rows.clone()).await.unwrap();
            let table = writer.finish().await.unwrap();
            prop_assert_eq!(table.read().collect_rows().await.unwrap(), rows);
            Ok(())
        })?;
    }
}

#[derive(Row)]
struct Timed {
    at: jiff::Timestamp,
    took: Duration,
}

#[test]
fn digits_below_microseconds_are_an_error_that_names_the_column() {
    let row = |at, took| [Timed { at: jiff::Timestamp::from_nanosecond(at).unwrap(), took: Duration::from_nanos(took) }];
    batch_of(&row(1_000, 1_000)).unwrap();
    for (rows, column) in [(row(1_001, 1_000), "at"), (row(1_000, 1_001), "took")] {
        let error = batch_of(&rows).unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::Unencodable, column), "{error}");
    }
}

#[derive(Row, Debug, PartialEq)]
struct Part {
    b: String,
    a: i32,
}

#[test]
fn a_row_reads_only_its_columns_in_its_order() {
    run(async {
        let place = Place::new();
        let table = place.write(&[batch!(("a", Int64, [1, 2]), ("c", Float64, [0.5, 1.5]), ("b", Utf8, ["x", "y"]))], "").await;
        let part: Schema<Part> = table.cast();
        let batches = part.read().collect().await.unwrap();
        assert_eq!(batches[0].schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>(), ["b", "a"]);
        let rows = part.read().collect_rows().await.unwrap();
        assert_eq!(rows, [Part { b: "x".to_owned(), a: 1 }, Part { b: "y".to_owned(), a: 2 }]);
    });
}

#[test]
fn a_declared_column_that_is_not_there_is_named() {
    run(async {
        let place = Place::new();
        let table = place.write(&[batch!(("a", Int64, [1]), ("c", Utf8, ["x"]))], "").await;
        let error = table.cast::<Part>().read().collect_rows().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Missing);
        assert!(error.to_string().contains("there is no column `b`; the table has `a`, `c`"), "{error}");
    });
}

/// pandas stores whole numbers with gaps as floats, and everything as 64 bits.
#[test]
fn columns_are_read_as_any_type_that_holds_their_values() {
    #[derive(Row, Debug, PartialEq)]
    struct Numbers {
        whole: Option<i16>,
        exact: f64,
    }
    let floats = batch!(("whole", Float64, [Some(1.0), None]), ("exact", Int32, [1, 2]));
    let expected = [Numbers { whole: Some(1), exact: 1.0 }, Numbers { whole: None, exact: 2.0 }];
    assert_eq!(rows_of::<Numbers>(&floats).unwrap(), expected);
    let fraction = batch!(("whole", Float64, [Some(1.5)]), ("exact", Int32, [1]));
    let error = rows_of::<Numbers>(&fraction).unwrap_err();
    assert_eq!(error.to_string(), "`whole`: the column holds Float64 that Int16 cannot hold exactly");
    let large = batch!(("whole", Int64, [70_000]), ("exact", Int32, [1]));
    assert_eq!(rows_of::<Numbers>(&large).unwrap_err().kind(), ErrorKind::OutOfRange);
    let huge = batch!(("whole", Int64, [7]), ("exact", Int64, [i64::MAX]));
    assert_eq!(rows_of::<Numbers>(&huge).unwrap_err().path(), "exact");
}

#[test]
fn an_absent_value_needs_an_option() {
    let gaps = batch!(("a", Float64, [Some(1.0), None]), ("b", Utf8, ["x", "y"]));
    let error = rows_of::<Part>(&gaps).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::Missing, "`a[1]`: the value is absent; declare the column as an `Option`")
    );
}

#[test]
fn names_follow_serde_and_our_own_attributes() {
    #[derive(Row, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Named {
        first_name: String,
        #[nebula(rename = "last")]
        last_name: String,
        #[serde(skip)]
        cached: u8,
    }
    let rows = [Named { first_name: "Ada".to_owned(), last_name: "L".to_owned(), cached: 3 }];
    let batch: RecordBatch = batch_of(&rows).unwrap();
    assert_eq!(batch.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>(), ["firstName", "last"]);
    let back = rows_of::<Named>(&batch).unwrap();
    assert_eq!((back[0].first_name.as_str(), back[0].last_name.as_str(), back[0].cached), ("Ada", "L", 0));
}

#[test]
fn instants_are_read_in_every_unit_and_without_a_zone_as_utc() {
    use nebulakit::schema::arrow::compute::cast;
    use nebulakit::schema::arrow::datatypes::TimeUnit;

    #[derive(Row, Debug, PartialEq)]
    struct At {
        at: jiff::Timestamp,
    }
    let rows = [At { at: "1969-12-31T23:59:58Z".parse().unwrap() }, At { at: "2024-02-29T12:00:00Z".parse().unwrap() }];
    let batch = batch_of(&rows).unwrap();
    for unit in [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond] {
        for zone in [None, Some("UTC".into()), Some("+02:00".into())] {
            let array = cast(batch.column(0), &DataType::Timestamp(unit, zone.clone())).unwrap();
            // To drop a zone keeps what its clocks show, which are those of UTC here.
            assert_eq!(array.len(), 2);
            assert_eq!(rows_of::<At>(&RecordBatch::try_from_iter([("at", array)]).unwrap()).unwrap(), rows, "{unit:?} {zone:?}");
        }
    }
}

#[test]
fn more_text_than_a_batch_can_hold_is_an_error() {
    let text = "x".repeat(1 << 20);
    let error = String::collect(std::iter::repeat_n(Some(&text), 2048)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfRange);
    let bytes = Bytes::from(text);
    let error = Bytes::collect(std::iter::repeat_n(Some(&bytes), 2048)).unwrap_err();
    assert!(error.to_string().contains("2147483648 bytes, and has room for 2147483647"), "{error}");
}

#[derive(Row, Debug, Clone, PartialEq)]
struct Payment {
    amount: Decimal<10, 2>,
    rate: Option<Decimal<38, 30>>,
    paid: chrono::DateTime<chrono::FixedOffset>,
    shown: chrono::NaiveDateTime,
    noted: Option<jiff::civil::DateTime>,
}

fn payments() -> Vec<Payment> {
    let payment = |amount: &str, rate: Option<&str>, paid: &str, shown: &str| Payment {
        amount: amount.parse().unwrap(),
        rate: rate.map(|rate| rate.parse().unwrap()),
        paid: paid.parse().unwrap(),
        shown: shown.parse().unwrap(),
        noted: rate.map(|_| shown.parse().unwrap()),
    };
    vec![
        payment("-12.5", None, "2024-02-29T12:00:00.123456+02:00", "2024-03-31T02:30:00"),
        payment("99999999.99", Some("0.000000000000000000000000000001"), "1969-12-31T23:59:59-05:30", "0001-01-01T00:00:00"),
        payment("+0.00", Some("-12345678"), "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999"),
    ]
}

#[test]
fn decimals_offsets_and_clocks_come_back() {
    run(async {
        let place = Place::new();
        let payments = payments();
        for format in ["parquet", "arrow", "csv"] {
            let mut writer = Schema::<Payment>::create_as(&place.workspace, format).unwrap();
            writer.write_rows(&payments).await.unwrap();
            let table = writer.finish().await.unwrap();
            assert_eq!(table.read().collect_rows().await.unwrap(), payments, "{format}");
            let dear = table.read().filter(column("amount").gt("12.00".parse::<Decimal<10, 2>>().unwrap()));
            assert_eq!(dear.collect_rows().await.unwrap(), payments[1..2], "{format}");
            let late = table.read().filter(column("shown").ge(payments[0].shown)).filter(column("paid").lt(payments[2].paid));
            assert_eq!(late.collect_rows().await.unwrap(), payments[..1], "{format}");
        }
        // The same instants, shown by the clocks of the column's offset.
        let array = Int64Array::from(vec![0]);
        let zoned = arrow::compute::cast(&array, &DataType::Timestamp(TimeUnit::Second, Some("+02:00".into()))).unwrap();
        let read = chrono::DateTime::<chrono::FixedOffset>::read(&zoned).unwrap();
        assert_eq!(read[0].unwrap().to_rfc3339(), "1970-01-01T02:00:00+02:00");
        let error = chrono::NaiveDateTime::read(&zoned).unwrap_err();
        assert_eq!(error.to_string(), "the column holds instants of the zone `+02:00`, which are not read as times without a zone");
    });
}

#[test]
fn decimals_are_never_rounded() {
    let column = |digits, scale, units| -> ArrayRef {
        Arc::new(Decimal128Array::from(vec![units]).with_precision_and_scale(digits, scale).unwrap())
    };
    assert_eq!(Decimal::<4, 2>::read(&column(20, 4, 125_500)).unwrap()[0].unwrap().to_string(), "12.55");
    for (digits, scale, units) in [(20, 4, 125_501), (20, 2, 123_456), (38, 0, 10_i128.pow(37))] {
        assert_eq!(Decimal::<4, 2>::read(&column(digits, scale, units)).unwrap_err().kind(), ErrorKind::OutOfRange, "{units}");
    }
    for (text, kind) in [
        ("1.005", ErrorKind::OutOfRange),
        ("100.00", ErrorKind::OutOfRange),
        ("", ErrorKind::Mismatch),
        (".", ErrorKind::Mismatch),
        ("--1", ErrorKind::Mismatch),
        ("1e3", ErrorKind::Mismatch),
        ("1.0.0", ErrorKind::Mismatch),
        ("٣", ErrorKind::Mismatch),
    ] {
        assert_eq!(text.parse::<Decimal<4, 2>>().unwrap_err().kind(), kind, "{text}");
    }
    for (text, shown) in [("-.5", "-0.50"), ("007.100", "7.10"), ("-0", "0.00"), ("99.99", "99.99")] {
        assert_eq!(text.parse::<Decimal<4, 2>>().unwrap().to_string(), shown);
    }
    assert_eq!("-7".parse::<Decimal<1, 0>>().unwrap().to_string(), "-7");
    assert_eq!("0.7".parse::<Decimal<1, 1>>().unwrap().units(), 7);
}

#[test]
fn rows_are_written_from_whatever_holds_them() {
    run(async {
        let place = Place::new();
        let points = vec![Point { x: 1.0, label: None }, Point { x: 2.0, label: Some("b".to_owned()) }];
        let mut writer = Schema::create(&place.workspace).unwrap();
        writer.write_rows(&points).await.unwrap();
        writer.write_rows(&points[1..]).await.unwrap();
        writer.write_rows(points.iter().filter(|point| point.x < 2.0)).await.unwrap();
        writer.write_rows(points.clone()).await.unwrap();
        writer.write_rows(points.iter().cloned().map(Arc::new)).await.unwrap();
        let table: Schema<Point> = writer.finish().await.unwrap();
        let expected: Vec<_> = [0, 1, 1, 0, 0, 1, 0, 1].map(|index: usize| points[index].clone()).into();
        assert_eq!(table.read().rows().collect().await.unwrap(), expected);
        let mut rows = table.read().rows();
        let mut read = Vec::new();
        while let Some(row) = rows.try_next().await.unwrap() {
            read.push(row);
        }
        assert_eq!(read, expected);
        assert_eq!(Schema::<Point>::from_rows(&points).unwrap().read().collect_rows().await.unwrap(), points);
        assert_eq!(Schema::from_rows(points.clone()).unwrap().read().collect_rows().await.unwrap(), points);
    });
}
