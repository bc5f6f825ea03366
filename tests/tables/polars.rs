//! polars: frames from tables and tables from frames.

use std::sync::Arc;

use nebulakit::schema::arrow::array::{ArrayRef, Decimal256Array, Float64Array, Int64Array, RecordBatch, TimestampMicrosecondArray};
use nebulakit::schema::arrow::datatypes::DataType as Arrow;
use nebulakit::schema::polars::df;
use nebulakit::schema::polars::prelude::{DataFrame, DataType, NamedFrom as _, Series, TimeUnit};
use nebulakit::schema::{AnyRow, Row, Schema, column};
use nebulakit_types::ErrorKind;

use super::parquet::mixed;
use super::shared::{Place, batch, run, whole};

async fn stored(place: &Place, frame: &DataFrame) -> Schema {
    let mut writer = Schema::<AnyRow>::create(&place.workspace).unwrap();
    writer.write_polars(frame).await.unwrap();
    writer.finish().await.unwrap()
}

#[test]
fn a_table_is_a_frame_and_the_frame_is_the_table() {
    run(async {
        let place = Place::new();
        let batch = mixed(300_000);
        let table = place.write(std::slice::from_ref(&batch), "").await;
        let frame = table.read().collect_polars().await.unwrap();
        assert_eq!(frame.shape(), (300_000, 13));
        let type_of = |name: &str| frame.column(name).unwrap().dtype().clone();
        let zone = |name: &str| match type_of(name) {
            DataType::Datetime(TimeUnit::Microseconds, zone) => zone.map(|zone| zone.to_string()),
            other => panic!("{other}"),
        };
        assert_eq!((zone("zoned").as_deref(), zone("local")), (Some("Europe/Oslo"), None));
        assert_eq!([type_of("integer"), type_of("text"), type_of("money")], [DataType::Int64, DataType::String, DataType::Decimal(20, 2)]);
        assert!(matches!(type_of("category"), DataType::Categorical(..)) && matches!(type_of("point"), DataType::Struct(_)));
        assert_eq!(frame.column("text").unwrap().str().unwrap().get(4), Some("text 55"));
        assert!(frame.columns().iter().zip(batch.columns()).all(|(ours, theirs)| ours.null_count() == theirs.null_count()));
        // Every value, as Arrow compares them, once both sides have its types.
        let again = whole(&stored(&place, &frame).await).await;
        for (ours, theirs) in again.columns().iter().zip(batch.columns()) {
            let theirs = nebulakit::schema::arrow::compute::cast(theirs, ours.data_type()).unwrap();
            assert_eq!(ours, &theirs);
        }
    });
}

#[test]
fn what_is_asked_of_a_table_is_in_the_frame() {
    run(async {
        let place = Place::new();
        let table = place.write(&[batch!(("id", Int64, 0..1_000), ("x", Int64, 1_000..2_000), ("y", Int64, 2_000..3_000))], "").await;
        let frame = table.read().columns(["y", "id"]).filter(column("x").between(1_100, 1_101)).collect_polars().await.unwrap();
        assert_eq!(frame, df!("y" => [2_100_i64, 2_101], "id" => [100_i64, 101]).unwrap());
        let none = table.read().columns(["y", "id"]).filter(column("x").lt(0)).collect_polars().await.unwrap();
        assert_eq!(none.height(), 0);
        assert_eq!(none.get_column_names(), ["y", "id"]);
        let chunks = table.read().batch_size(300).collect_polars().await.unwrap();
        assert_eq!((chunks.first_col_n_chunks(), chunks.height()), (4, 1_000));
    });
}

#[test]
fn a_frame_without_rows_is_a_table_with_its_columns() {
    run(async {
        let place = Place::new();
        let frame = df!("a" => [1_i64], "b" => ["x"]).unwrap().clear();
        let table = stored(&place, &frame).await;
        assert_eq!(table.num_rows().await.unwrap(), 0);
        assert_eq!(table.read().collect_polars().await.unwrap(), frame);
    });
}

#[test]
fn a_frame_is_returned_as_a_table_of_a_declared_row() {
    #[derive(Row, Debug, PartialEq)]
    struct City {
        name: String,
        people: Option<i32>,
    }
    let frame = df!("people" => [Some(717_710_i64), None], "name" => ["Oslo", "Å"]).unwrap();
    run(async {
        let place = Place::new();
        let mut writer = Schema::<City>::create(&place.workspace).unwrap();
        for batch in Schema::<AnyRow>::from_polars(frame.clone()).unwrap().read().collect().await.unwrap() {
            writer.write(batch).await.unwrap();
        }
        writer.write_polars(&frame).await.unwrap();
        let rows = writer.finish().await.unwrap().read().collect_rows().await.unwrap();
        let city = |name: &str, people| City { name: name.to_owned(), people };
        let once = || [city("Oslo", Some(717_710)), city("Å", None)];
        assert_eq!(rows, once().into_iter().chain(once()).collect::<Vec<_>>());
    });
}

/// polars itself panics on what it has no type for.
#[test]
fn a_column_without_a_type_in_polars_is_named() {
    run(async {
        let refused = async |name: &str, array: ArrayRef| {
            let table = Schema::<AnyRow>::from_batches([RecordBatch::try_from_iter([("fits", array.clone()), (name, array)]).unwrap()]);
            let error = table.read().columns([name]).collect_polars().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Mismatch);
            error.to_string()
        };
        let instants = TimestampMicrosecondArray::from(vec![0]).with_timezone("Moon/Crater");
        let message = refused("at", Arc::new(instants)).await;
        assert!(
            message.starts_with("`at`: polars has no type for Timestamp") && message.ends_with(", whose zone it does not know"),
            "{message}"
        );
        let wide = Decimal256Array::from_iter_values([1_i32.into()]).with_precision_and_scale(50, 3).unwrap();
        assert_eq!(refused("wide", Arc::new(wide)).await, "`wide`: polars has no type for Decimal256(50, 3)");
        let half = nebulakit::schema::arrow::compute::cast(&Float64Array::from(vec![0.5]), &Arrow::Float16).unwrap();
        assert_eq!(refused("half", half).await, "`half`: polars has no type for Float16");
    });
}

#[test]
fn instants_of_a_frame_are_never_cut() {
    run(async {
        let place = Place::new();
        let nanos = Series::new("at".into(), [1_500_i64]).cast(&DataType::Datetime(TimeUnit::Nanoseconds, None)).unwrap();
        let frame = DataFrame::new(1, vec![nanos.into()]).unwrap();
        let mut writer = Schema::<AnyRow>::create(&place.workspace).unwrap();
        writer.write_polars(&frame).await.unwrap();
        assert_eq!(writer.finish().await.unwrap_err().kind(), ErrorKind::Unencodable);
        let kept = Schema::<AnyRow>::from_polars(frame).unwrap().read().collect().await.unwrap();
        let units = nebulakit::schema::arrow::compute::cast(kept[0].column(0), &Arrow::Int64).unwrap();
        assert_eq!(units.as_ref(), &Int64Array::from(vec![1_500]));
    });
}
