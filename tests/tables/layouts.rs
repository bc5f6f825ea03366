//! Where tables lie: single objects, directories of parts, folders of partitions, and what lies beside them.

use nebulakit::schema::arrow::array::{Array, Int64Array, RecordBatch, StringArray};
use nebulakit::schema::{AnyRow, Row, Schema, column};
use nebulakit_types::ErrorKind;

use super::shared::{Place, batch, run, whole};

/// A file with the bytes of a table.
async fn file(place: &Place, name: &str, batch: RecordBatch) {
    let table = place.write(&[batch], "").await;
    let path = place.folder.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::copy(format!("{}/00000", table.uri().unwrap()), path).unwrap();
}

fn at(place: &Place, name: &str) -> Schema {
    Schema::from_uri(place.path(name)).within(&place.workspace)
}

fn integers(batch: &RecordBatch, column: usize) -> Vec<i64> {
    batch.column(column).as_any().downcast_ref::<Int64Array>().unwrap().values().to_vec()
}

#[test]
fn a_single_file_is_a_table_by_path_and_by_url() {
    run(async {
        let place = Place::new();
        file(&place, "one.parquet", batch!(("a", Int64, [1, 2]))).await;
        file(&place, "bare", batch!(("a", Int64, [3]))).await;
        assert_eq!(integers(&whole(&at(&place, "one.parquet")).await, 0), [1, 2]);
        assert_eq!(integers(&whole(&at(&place, "bare")).await, 0), [3]);
        let url = format!("file://{}", place.path("one.parquet"));
        assert_eq!(integers(&whole(&Schema::<AnyRow>::from_uri(url).within(&place.workspace)).await, 0), [1, 2]);
    });
}

#[test]
fn a_directory_is_read_in_the_order_of_its_names_without_what_is_hidden() {
    run(async {
        let place = Place::new();
        for (name, value) in [("part-00001.snappy.parquet", 2), ("part-00000.snappy.parquet", 1), ("deep/part-00002.parquet", 0)] {
            file(&place, &format!("spark/{name}"), batch!(("a", Int64, [value]))).await;
        }
        for hidden in ["_SUCCESS", ".part-00000.snappy.parquet.crc", "_temporary/0/part-9.parquet", "_metadata"] {
            let path = place.folder.path().join("spark").join(hidden);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "no table").unwrap();
        }
        assert_eq!(integers(&whole(&at(&place, "spark")).await, 0), [0, 1, 2]);
        assert_eq!(at(&place, "spark").num_rows().await.unwrap(), 3);
    });
}

#[test]
fn where_there_is_no_data_the_error_says_what_there_is() {
    run(async {
        let place = Place::new();
        let error = at(&place, "nothing").read().collect().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().ends_with("neither an object nor a directory of objects"), "{error}");
        std::fs::create_dir(place.path("empty")).unwrap();
        std::fs::write(place.path("empty/_SUCCESS"), "x").unwrap();
        let error = at(&place, "empty").read().collect().await.unwrap_err();
        assert!(error.to_string().ends_with("only `_SUCCESS`"), "{error}");
    });
}

#[test]
fn folders_of_partitions_are_columns() {
    run(async {
        let place = Place::new();
        for (folder, value) in
            [("year=2023/city=Troms%C3%B8", 1), ("year=2024/city=Oslo", 2), ("year=2024/city=__HIVE_DEFAULT_PARTITION__", 3)]
        {
            file(&place, &format!("table/{folder}/part-0.parquet"), batch!(("a", Int64, [value, value * 10]))).await;
        }
        let table = at(&place, "table");
        let read = whole(&table).await;
        assert_eq!(read.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>(), ["a", "year", "city"]);
        let cities: Vec<_> =
            read.column(2).as_any().downcast_ref::<StringArray>().unwrap().iter().map(|city| city.map(str::to_owned)).collect();
        assert_eq!(cities, [Some("Tromsø"), Some("Tromsø"), Some("Oslo"), Some("Oslo"), None, None].map(|city| city.map(str::to_owned)));

        // Other folders are not even opened.
        std::fs::write(place.path("table/year=2023/city=Troms%C3%B8/part-0.parquet"), "broken").unwrap();
        std::fs::remove_dir_all(place.path("table/year=2024/city=__HIVE_DEFAULT_PARTITION__")).unwrap();
        file(&place, "table/year=2022/part-0.parquet", batch!(("a", Int64, [7]))).await;

        #[derive(Row, Debug, PartialEq)]
        struct Typed {
            year: u16,
            a: i64,
        }
        std::fs::remove_dir_all(place.path("table/year=2023")).unwrap();
        let rows =
            table.clone().cast::<Typed>().read().filter(column("year").ge(2023).and(column("a").gt(2))).collect_rows().await.unwrap();
        assert_eq!(rows, [Typed { year: 2024, a: 20 }]);
        let columns = table.read().columns(["a"]).filter(column("year").eq("2022")).collect().await.unwrap();
        assert_eq!(integers(&columns[0], 0), [7]);
    });
}

#[test]
fn parts_of_other_types_are_read_as_the_first_one_where_that_loses_nothing() {
    run(async {
        let place = Place::new();
        file(&place, "parts/0.parquet", batch!(("a", Int64, [1]), ("b", Utf8, ["x"]))).await;
        file(&place, "parts/1.parquet", batch!(("b", Utf8, ["y"]), ("a", Int32, [2]), ("more", Int32, [0]))).await;
        assert_eq!(whole(&at(&place, "parts")).await, batch!(("a", Int64, [1, 2]), ("b", Utf8, ["x", "y"])));
        file(&place, "parts/2.parquet", batch!(("a", Utf8, ["three"]), ("b", Utf8, ["z"]))).await;
        let error = at(&place, "parts").read().collect().await.unwrap_err();
        assert_eq!(error.to_string(), "`a`: the column holds Utf8, which is not read as Int64");
        std::fs::remove_file(place.path("parts/2.parquet")).unwrap();
        file(&place, "parts/3.parquet", batch!(("a", Int64, [4]))).await;
        let error = at(&place, "parts").read().collect().await.unwrap_err();
        assert!(error.to_string().contains("there is no column `b`") && error.to_string().contains("3.parquet"), "{error}");
    });
}

#[test]
fn many_small_parts_are_read_in_order() {
    run(async {
        let place = Place::new();
        for part in 0..40 {
            file(&place, &format!("parts/{part:03}.parquet"), batch!(("a", Int64, [part]))).await;
        }
        assert_eq!(integers(&whole(&at(&place, "parts")).await, 0), (0..40).collect::<Vec<_>>());
    });
}
