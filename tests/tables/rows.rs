//! Typed rows: structs as columns, read from what other writers store, in part and in any order.

use std::time::{Duration, SystemTime};

use nebulakit::schema::arrow::array::{Array, RecordBatch};
use nebulakit::schema::arrow::datatypes::DataType;
use nebulakit::schema::{Cell, Row, Schema, batch_of, rows_of};
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
