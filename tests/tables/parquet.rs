//! Parquet: what is written is read again, of every type, in parts, and by columns.

use std::sync::Arc;

use nebulakit::schema::arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, DurationMicrosecondArray, Float64Array, Int64Array,
    ListArray, RecordBatch, StringArray, StructArray, TimestampMicrosecondArray, TimestampNanosecondArray,
};
use nebulakit::schema::arrow::datatypes::{DataType, Field, Int32Type, Schema as ArrowSchema, TimeUnit};
use nebulakit::schema::{AnyRow, Schema};
use nebulakit_types::ErrorKind;

use super::shared::{Place, batch, run, whole};

fn nullable(name: &str, array: ArrayRef) -> (Field, ArrayRef) {
    (Field::new(name, array.data_type().clone(), true), array)
}

/// Columns of every kind, with gaps, `rows` long.
pub(crate) fn mixed(rows: usize) -> RecordBatch {
    let some = |index: usize| index % 5 != 3;
    let number = |index: usize| i64::try_from(index).unwrap() * 7919 % 10_007;
    let texts = || (0..rows).map(|index| some(index).then(|| format!("text {}", number(index) % 100)));
    let point = StructArray::from(vec![
        nullable_pair("x", Arc::new((0..rows).map(|index| some(index).then(|| number(index))).collect::<Int64Array>())),
        nullable_pair("y", Arc::new(texts().collect::<StringArray>())),
    ]);
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(
        (0..rows).map(|index| some(index).then(|| (0..index % 4).map(|item| (item != 2).then(|| i32::try_from(item).unwrap())))),
    );
    let columns = [
        nullable("integer", Arc::new((0..rows).map(|index| some(index).then(|| number(index))).collect::<Int64Array>()) as ArrayRef),
        nullable("float", Arc::new((0..rows).map(|index| some(index + 1).then(|| 1.0 / (index as f64 + 1.0))).collect::<Float64Array>())),
        nullable("flag", Arc::new((0..rows).map(|index| some(index).then_some(index % 2 == 0)).collect::<BooleanArray>())),
        nullable("text", Arc::new(texts().collect::<StringArray>())),
        nullable("bytes", Arc::new((0..rows).map(|index| some(index).then(|| index.to_le_bytes())).collect::<BinaryArray>())),
        nullable(
            "zoned",
            Arc::new(
                (0..rows)
                    .map(|index| some(index).then(|| number(index) * 1_000_003))
                    .collect::<TimestampMicrosecondArray>()
                    .with_timezone("Europe/Oslo"),
            ),
        ),
        nullable(
            "local",
            Arc::new((0..rows).map(|index| some(index).then(|| number(index) * 1_000_003)).collect::<TimestampMicrosecondArray>()),
        ),
        nullable("day", Arc::new((0..rows).map(|index| some(index).then(|| i32::try_from(index).unwrap())).collect::<Date32Array>())),
        nullable("span", Arc::new((0..rows).map(|index| some(index).then(|| number(index))).collect::<DurationMicrosecondArray>())),
        nullable(
            "money",
            Arc::new(
                (0..rows)
                    .map(|index| some(index).then(|| i128::from(number(index))))
                    .collect::<Decimal128Array>()
                    .with_precision_and_scale(20, 2)
                    .unwrap(),
            ),
        ),
        nullable("category", Arc::new(texts().collect::<Vec<_>>().iter().map(Option::as_deref).collect::<DictionaryArray<Int32Type>>())),
        nullable("list", Arc::new(lists)),
        nullable("point", Arc::new(point)),
    ];
    let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), arrays).unwrap()
}

fn nullable_pair(name: &str, array: ArrayRef) -> (Arc<Field>, ArrayRef) {
    (Arc::new(Field::new(name, array.data_type().clone(), true)), array)
}

#[test]
fn columns_of_every_kind_come_back_as_they_were() {
    run(async {
        let place = Place::new();
        let batch = mixed(70_000);
        let table = place.write(std::slice::from_ref(&batch), "").await;
        assert_eq!(whole(&table).await, batch);
        assert_eq!(table.num_rows().await.unwrap(), 70_000);
        assert_eq!(table.columns().await.unwrap().fields(), batch.schema().fields());
    });
}

#[test]
fn a_table_is_one_object_called_00000_in_a_folder_of_its_own() {
    run(async {
        let place = Place::new();
        let table = place.write(&[mixed(3)], "").await;
        let uri = table.uri().unwrap();
        let (raw, segment) = uri.rsplit_once('/').unwrap();
        assert_eq!(raw, place.path("raw"));
        assert!(segment.len() == 32 && segment.chars().all(|c| c.is_ascii_hexdigit()), "{segment}");
        let names: Vec<_> = std::fs::read_dir(uri).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["00000"]);
        assert!(std::fs::read(format!("{uri}/00000")).unwrap().starts_with(b"PAR1"));
    });
}

#[test]
fn row_groups_follow_each_other_in_order() {
    run(async {
        let place = Place::new();
        let batch = |start: i64| batch!(("n", Int64, (start..start + 300_000).collect::<Vec<_>>()));
        let batches: Vec<_> = (0..8).map(|index| batch(index * 300_000)).collect();
        let table = place.write(&batches, "").await;
        let mut next = 0;
        let mut stream = table.read().batch_size(10_000).stream();
        while let Some(batch) = stream.try_next().await.unwrap() {
            assert!(batch.num_rows() <= 10_000);
            for value in batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap().values() {
                assert_eq!(*value, next);
                next += 1;
            }
        }
        assert_eq!(next, 2_400_000);
    });
}

#[test]
fn columns_come_in_the_order_in_which_they_are_asked_for() {
    run(async {
        let place = Place::new();
        let batch = mixed(100);
        let table = place.write(std::slice::from_ref(&batch), "").await;
        let read = table.read().columns(["text", "integer"]).collect().await.unwrap();
        assert_eq!(read, [batch.project(&[3, 0]).unwrap()]);
        let none = table.read().columns(Vec::<String>::new()).collect().await.unwrap();
        assert_eq!((none[0].num_columns(), none[0].num_rows()), (0, 100));
    });
}

#[test]
fn a_missing_column_is_named_with_those_that_are_there() {
    run(async {
        let place = Place::new();
        let table = place.write(&[batch!(("a", Int64, [1]), ("b", Int64, [2]))], "").await;
        let error = table.read().columns(["c"]).collect().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Missing);
        assert!(error.to_string().starts_with("there is no column `c`; the table has `a`, `b` (in `"), "{error}");
    });
}

#[test]
fn an_empty_table_keeps_its_columns() {
    run(async {
        let place = Place::new();
        let table = place.write(&[RecordBatch::new_empty(mixed(1).schema())], "").await;
        assert_eq!(table.num_rows().await.unwrap(), 0);
        assert!(table.read().collect().await.unwrap().is_empty());
        assert_eq!(table.columns().await.unwrap().fields(), mixed(1).schema().fields());
    });
}

#[test]
fn a_table_without_a_batch_has_no_columns_and_says_so() {
    run(async {
        let place = Place::new();
        let writer = Schema::<AnyRow>::create(&place.workspace).unwrap();
        let error = writer.finish().await.unwrap_err();
        assert_eq!(error.to_string(), "a table without a batch has no columns; write an empty batch with the columns");
    });
}

#[test]
fn instants_are_written_in_microseconds_and_never_cut() {
    run(async {
        let place = Place::new();
        let batch = |nanos: i64| {
            let array = TimestampNanosecondArray::from(vec![Some(nanos), None]).with_timezone("UTC");
            RecordBatch::try_from_iter([("at", Arc::new(array) as ArrayRef)]).unwrap()
        };
        let table = place.write(&[batch(1_000)], "").await;
        let read = whole(&table).await;
        assert_eq!(*read.column(0).data_type(), DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())));
        assert_eq!(read.column(0).as_any().downcast_ref::<TimestampMicrosecondArray>().unwrap().value(0), 1);

        let mut writer = Schema::<AnyRow>::create(&place.workspace).unwrap();
        writer.write(batch(1_001)).await.unwrap();
        let error = writer.finish().await.unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::Unencodable, "at"));
    });
}

#[test]
fn batches_have_the_columns_of_the_first_one() {
    run(async {
        let place = Place::new();
        let mut writer = Schema::<AnyRow>::create(&place.workspace).unwrap();
        writer.write(batch!(("a", Int64, [1]), ("b", Utf8, ["x"]))).await.unwrap();
        // Another order, and a type that widens.
        writer.write(batch!(("b", Utf8, ["y"]), ("a", Int32, [2]))).await.unwrap();
        let error = writer.write(batch!(("a", Int64, [1]))).await.unwrap_err();
        assert_eq!(error.to_string(), "there is no column `b`; the table has `a`");
        let error = writer.write(batch!(("a", Utf8, ["1"]), ("b", Utf8, ["x"]))).await.unwrap_err();
        assert_eq!(error.to_string(), "`a`: the column holds Utf8, which is not read as Int64");
        let error = writer.write(batch!(("a", Int64, [1]), ("b", Utf8, ["x"]), ("c", Utf8, ["x"]))).await.unwrap_err();
        assert_eq!(error.to_string(), "the batch has the column `c`, which the table has not");
        let table = writer.finish().await.unwrap();
        assert_eq!(whole(&table).await, batch!(("a", Int64, [1, 2]), ("b", Utf8, ["x", "y"])));
    });
}

#[test]
fn a_table_that_is_given_up_is_not_there() {
    run(async {
        let place = Place::new();
        let uri = place.path("given-up");
        let mut writer = Schema::<AnyRow>::create_at(&place.workspace, uri.as_str(), "").unwrap();
        writer.write(mixed(200_000)).await.unwrap();
        writer.write(mixed(200_000)).await.unwrap();
        drop(writer);
        let error = Schema::<AnyRow>::from_uri(&uri).within(&place.workspace).read().collect().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    });
}

#[test]
fn a_table_that_has_lost_rows_is_not_there() {
    run(async {
        let place = Place::new();
        let batch = |nanos: i64| {
            let array = TimestampNanosecondArray::from(vec![nanos; 256 * 1024]).with_timezone("UTC");
            RecordBatch::try_from_iter([("at", Arc::new(array) as ArrayRef)]).unwrap()
        };
        let mut writer = Schema::<AnyRow>::create(&place.workspace).unwrap();
        // Enough to be encoded beside this thread, which hears of the error when it needs the encoder again.
        writer.write(batch(1_001)).await.unwrap();
        assert_eq!(writer.write(batch(1_000)).await.unwrap_err().kind(), ErrorKind::Unencodable);
        let error = writer.write(batch(1_000)).await.unwrap_err();
        assert!(error.to_string().contains("cannot be whole any more"), "{error}");
        writer.finish().await.unwrap_err();
        let raw = place.folder.path().join("raw");
        assert_eq!(std::fs::read_dir(raw).map_or(0, Iterator::count), 0, "nothing is left");
    });
}

#[test]
fn broken_files_are_errors_that_name_them() {
    run(async {
        let place = Place::new();
        let table = place.write(&[mixed(5_000)], "").await;
        let file = format!("{}/00000", table.uri().unwrap());
        let whole_file = std::fs::read(&file).unwrap();
        let mut changed = whole_file.clone();
        changed[10_000..20_000].fill(0xaa);
        for bytes in [&whole_file[..whole_file.len() / 2], b"PAR1", b"no table at all", &changed] {
            std::fs::write(&file, bytes).unwrap();
            let error = table.read().collect().await.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Corrupt), "{error:?}");
            assert!(error.to_string().contains("00000"), "{error}");
        }
    });
}

#[test]
fn memory_and_files_give_the_same() {
    run(async {
        let place = Place::new();
        let batch = mixed(20_000);
        let uri = "memory://tables/one";
        let mut writer = Schema::<AnyRow>::create_at(&place.workspace, uri, "").unwrap();
        writer.write(batch.clone()).await.unwrap();
        let table = writer.finish().await.unwrap();
        assert_eq!(whole(&table).await, batch);
        let columns = table.read().columns(["point", "list"]).collect().await.unwrap();
        assert_eq!(columns, [batch.project(&[12, 11]).unwrap()]);
    });
}

#[test]
fn a_table_in_memory_is_read_like_a_stored_one() {
    run(async {
        let batch = batch!(("a", Int32, [1, 2, 3]), ("b", Utf8, ["x", "y", "z"]));
        let table: Schema = Schema::from_batches([batch.clone(), batch.clone()]);
        assert_eq!(table.num_rows().await.unwrap(), 6);
        let read = table.read().columns(["b"]).filter(nebulakit::schema::column("a").ge(2)).batch_size(1).collect().await.unwrap();
        let texts: Vec<_> =
            read.iter().map(|batch| batch.column(0).as_any().downcast_ref::<StringArray>().unwrap().value(0).to_owned()).collect();
        assert_eq!(texts, ["y", "z", "y", "z"]);
    });
}
