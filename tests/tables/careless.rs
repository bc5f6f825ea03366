//! Files that careless writers leave: read as they are meant, or refused by name.

use std::sync::Arc;

use nebulakit::schema::arrow::array::{Array, ArrayRef, Int32Array, RecordBatch, TimestampMicrosecondArray, TimestampNanosecondArray};
use nebulakit::schema::{Filter, Row, Schema, column};
use nebulakit_types::{Error, ErrorKind};

use parquet::file::properties::{WriterProperties, WriterVersion};

use super::shared::{Place, batch, run, whole};
use super::thrift::{I32, I64, Parquet, STRUCT, Thrift};

#[derive(Debug, Row)]
struct At {
    a: chrono::DateTime<chrono::Utc>,
}

/// A table of the folder with golden files.
fn golden(name: &str) -> Schema {
    Schema::from_uri(format!("{}/golden/odd-tables/{name}.parquet", env!("CARGO_MANIFEST_DIR")))
}

async fn count(table: &Schema, filter: Filter) -> usize {
    let read = table.read().filter(filter).collect().await.unwrap();
    read.iter().map(RecordBatch::num_rows).sum()
}

#[test]
fn bounds_of_old_statistics_say_nothing_of_unsigned_values_and_bytes() {
    run(async {
        assert_eq!(count(&golden("old_decimal"), column("v").eq("1.00")).await, 1);
        assert_eq!(count(&golden("old_decimal"), column("v").ge("2.00")).await, 1);
        assert_eq!(count(&golden("old_fixed"), column("v").eq(nebulakit_types::Bytes::from_static(&[0xff, 0]))).await, 1);
        assert_eq!(count(&golden("old_uint32"), column("v").eq(u32::MAX)).await, 1);
        assert_eq!(count(&golden("old_uint32"), column("v").le(1)).await, 1);
        assert_eq!(count(&golden("old_uint64"), column("v").eq(u64::MAX)).await, 1);
        assert_eq!(count(&golden("old_uint64"), column("v").lt(2)).await, 1);
    });
}

#[test]
fn a_bound_that_is_nan_says_nothing() {
    run(async {
        let table = golden("nan_max");
        assert_eq!(count(&table, column("x").ge(1.0)).await, 1);
        assert_eq!(count(&table, column("x").eq(1.0)).await, 1);
        assert_eq!(count(&table, column("x").ne(1.0)).await, 1);
    });
}

#[test]
fn the_row_groups_say_how_many_rows_there_are_and_not_the_footer() {
    run(async {
        for name in ["footer_zero_rows", "footer_three_rows", "footer_minus_one", "footer_63"] {
            let table = golden(name);
            let read = whole(&table).await;
            let ids: &Int32Array = read.column(0).as_any().downcast_ref().unwrap();
            assert_eq!(ids.values(), &[1, 2, 3, 4, 5, 6], "{name}");
            assert_eq!(table.num_rows().await.unwrap(), 6, "{name}");
            assert_eq!(count(&table, column("id").gt(4)).await, 2, "{name}");
            let none = table.read().columns(Vec::<String>::new()).collect().await.unwrap();
            assert_eq!(none.iter().map(RecordBatch::num_rows).sum::<usize>(), 6, "{name}");
        }
    });
}

/// pyarrow writes a row group without rows as an empty dictionary, and says that its pages are at byte 0.
#[test]
fn a_row_group_without_pages_has_no_rows() {
    run(async {
        let table = golden("no_pages");
        assert_eq!(table.read().collect().await.unwrap().iter().map(RecordBatch::num_rows).sum::<usize>(), 0);
        assert_eq!(count(&table, column("n").gt(4)).await, 0);
        assert_eq!(table.num_rows().await.unwrap(), 0);
    });
}

/// Every way to read a table that is refused.
async fn refused(table: &Schema, filter: Filter) -> Vec<Error> {
    let all = table.read().collect().await;
    let filtered = table.read().filter(filter).collect().await;
    let none = table.read().columns(Vec::<String>::new()).collect().await;
    let errors: Vec<_> = [all, filtered, none].into_iter().map(Result::unwrap_err).collect();
    errors.into_iter().chain([table.num_rows().await.unwrap_err()]).collect()
}

#[test]
fn a_row_group_that_holds_other_than_it_claims_is_refused() {
    run(async {
        for (name, claimed) in [("claims_0_has_4", 0), ("claims_3_has_4", 3), ("claims_6_has_4", 6)] {
            let table = golden(name);
            for error in refused(&table, column("v").eq(2)).await {
                let text = error.to_string();
                assert_eq!(error.kind(), ErrorKind::Corrupt, "{name}");
                assert!(text.contains(&format!("{name}.parquet` claims {claimed} rows")), "{text}");
                assert!(text.starts_with("row group 0 of `"), "{text}");
            }
        }
    });
}

/// A table of three columns and two row groups, as bytes.
async fn stored(place: &Place) -> Parquet {
    let rows = 6_i32;
    let lists = nebulakit::schema::arrow::array::ListArray::from_iter_primitive::<nebulakit::schema::arrow::datatypes::Int32Type, _, _>(
        (0..rows).map(|row| Some((0..row % 3).map(Some).collect::<Vec<_>>())),
    );
    let mut batch = batch!(("a", Int32, 0..rows), ("b", Utf8, (0..rows).map(|row| format!("text {row}"))));
    let mut columns: Vec<_> = batch.columns().to_vec();
    columns.push(Arc::new(lists));
    batch = RecordBatch::try_from_iter_with_nullable(["a", "b", "c"].into_iter().zip(columns).map(|(name, array)| (name, array, true)))
        .unwrap();
    let table = place.write(&[batch], "").await;
    Parquet::parse(&std::fs::read(format!("{}/00000", table.uri().unwrap())).unwrap())
}

fn table_of(place: &Place, name: &str, file: &[u8]) -> Schema {
    std::fs::write(place.path(name), file).unwrap();
    Schema::from_uri(place.path(name)).within(&place.workspace)
}

#[test]
fn pages_that_hold_other_than_the_whole_footer_claims_are_refused() {
    run(async {
        let place = Place::new();
        let file = stored(&place).await;
        for claimed in [5_i64, 7] {
            // Everything in the footer agrees, and the pages do not.
            let mut changed = file.clone();
            changed.groups()[0].set(3, Some(Thrift::Int(I64, claimed)));
            for column in 0..2 {
                changed.column(0, column).set(5, Some(Thrift::Int(I64, claimed)));
                for field in [4, 5, 6, 7] {
                    changed.chunk(0, column).set(field, None);
                }
            }
            let table = table_of(&place, "pages.parquet", &changed.bytes());
            let whole = table.read();
            let one = table.read().columns(["b"]);
            let list = table.read().columns(["c"]);
            let filtered = table.read().filter(column("a").ge(0)).columns(["b"]);
            for (index, read) in [whole, one, list, filtered].into_iter().enumerate() {
                let error = read.collect().await.unwrap_err();
                let text = error.to_string();
                assert_eq!(error.kind(), ErrorKind::Corrupt, "{text}");
                assert!(
                    text.starts_with("row group 0 of `") && text.contains(&format!("pages.parquet` claims {claimed} rows")),
                    "{index}: {text}"
                );
            }
        }
    });
}

#[test]
fn a_row_group_that_claims_fewer_than_no_rows_is_refused() {
    run(async {
        let place = Place::new();
        let mut file = stored(&place).await;
        file.groups()[0].set(3, Some(Thrift::Int(I64, -1)));
        for error in refused(&table_of(&place, "negative.parquet", &file.bytes()), column("a").ge(0)).await {
            assert!(error.to_string().contains("negative.parquet` claims -1 rows"), "{error}");
        }
    });
}

#[test]
fn a_dictionary_page_at_byte_0_is_none() {
    run(async {
        let place = Place::new();
        let numbers: Vec<_> = (0..39_i64).collect();
        let properties = parquet::file::properties::WriterProperties::builder().set_dictionary_enabled(false).build();
        let batch = batch!(("l", Int64, numbers.clone()));
        let mut writer = parquet::arrow::ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        let mut file = Parquet::parse(&writer.into_inner().unwrap());
        file.column(0, 0).set(11, Some(Thrift::Int(I64, 0)));
        let plain = file.clone();
        // The writer that does so has a field of its own besides, whose number is that of the length of bloom filters now.
        file.column(0, 0).set(15, Some(Thrift::List(STRUCT, vec![Thrift::Struct(vec![(2, Thrift::Int(I32, 22))])])));
        for (name, file) in [("zero.parquet", plain), ("own_field.parquet", file)] {
            let table = table_of(&place, name, &file.bytes());
            assert_eq!(whole(&table).await, batch);
            assert_eq!(count(&table, column("l").lt(10)).await, 10);
            assert_eq!(table.num_rows().await.unwrap(), 39);
        }
    });
}

#[test]
fn encrypted_columns_are_named_and_the_others_are_read() {
    run(async {
        let place = Place::new();
        let mut file = stored(&place).await;
        // AES_GCM_V1, and a key of the column's own.
        file.footer.set(8, Some(Thrift::Struct(vec![(1, Thrift::Struct(vec![]))])));
        let path = Thrift::List(8, vec![Thrift::Binary(b"b".to_vec())]);
        file.chunk(0, 1).set(8, Some(Thrift::Struct(vec![(2, Thrift::Struct(vec![(1, path)]))])));
        let (begin, length) = (file.column(0, 1).get(9).unwrap().int(), file.column(0, 1).get(7).unwrap().int());
        let begin = usize::try_from(file.column(0, 1).get(11).map_or(begin, Thrift::int)).unwrap();
        let length = usize::try_from(length).unwrap();
        for (index, byte) in file.body[begin..begin + length].iter_mut().enumerate() {
            *byte ^= u8::try_from(index * 131 % 251).unwrap() | 1;
        }
        for field in [4, 6] {
            let at = usize::try_from(file.chunk(0, 1).get(field).unwrap().int()).unwrap();
            file.body[at..at + 8].fill(0x2c);
        }
        let mut bytes = file.bytes();
        // The footer is signed: a nonce and a tag follow it.
        let at = bytes.len() - 8;
        let length = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) + 28;
        bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
        bytes.splice(at..at, (0..28).map(|index| index * 7 + 1));
        let table = table_of(&place, "plain_footer.parquet", &bytes);
        let expected = |error: Error| {
            assert_eq!(
                error.to_string(),
                format!("the column `b` of `{}` is encrypted, and encrypted columns cannot be read", place.path("plain_footer.parquet"))
            );
        };
        expected(table.read().collect().await.unwrap_err());
        expected(table.read().columns(["b"]).collect().await.unwrap_err());
        expected(table.read().columns(["a"]).filter(column("b").eq("text 1")).collect().await.unwrap_err());
        let read = table.read().columns(["a"]).filter(column("a").ge(4)).collect().await.unwrap();
        assert_eq!(read.iter().map(RecordBatch::num_rows).sum::<usize>(), 2);

        // A column whose metadata is encrypted too has none in the open.
        let mut closed = file.clone();
        closed.chunk(0, 1).set(3, None);
        closed.chunk(0, 1).set(9, Some(Thrift::Binary(vec![7; 40])));
        let mut bytes = closed.bytes();
        let at = bytes.len() - 8;
        let length = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) + 28;
        bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
        bytes.splice(at..at, (0..28).map(|index| index * 7 + 1));
        let error = table_of(&place, "closed.parquet", &bytes).read().columns(["a"]).collect().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the column `b` of `{}` is encrypted, and encrypted columns cannot be read", place.path("closed.parquet"))
        );

        let length = bytes.len();
        bytes[..4].copy_from_slice(b"PARE");
        bytes[length - 4..].copy_from_slice(b"PARE");
        let error = table_of(&place, "encrypted.parquet", &bytes).read().collect().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`{}` is encrypted, its footer too, and encrypted tables cannot be read", place.path("encrypted.parquet"))
        );
    });
}

#[test]
fn a_compression_that_is_not_known_is_named_with_its_column() {
    run(async {
        let place = Place::new();
        for (codec, name) in [(3, "LZO"), (4, "brotli")] {
            let mut file = stored(&place).await;
            file.column(0, 1).set(4, Some(Thrift::Int(I32, codec)));
            let table = table_of(&place, "codec.parquet", &file.bytes());
            let error = table.read().collect().await.unwrap_err();
            let text = error.to_string();
            let begin = format!("the column `b` of `{}` is compressed with {name}, which is not known here", place.path("codec.parquet"));
            assert!(text.starts_with(&begin) && text.contains("zstd"), "{text}");
            assert_eq!(table.read().columns(["a", "c"]).collect().await.unwrap()[0].num_rows(), 6);
        }
    });
}

#[test]
fn a_page_that_cannot_be_decoded_is_named_with_its_column() {
    run(async {
        let place = Place::new();
        let mut file = stored(&place).await;
        let (at, length) = (file.column(0, 1).get(9).unwrap().int(), file.column(0, 1).get(7).unwrap().int());
        let begin = usize::try_from(file.column(0, 1).get(11).map_or(at, Thrift::int)).unwrap();
        file.body[begin..begin + usize::try_from(length).unwrap()].fill(0xaa);
        let table = table_of(&place, "page.parquet", &file.bytes());
        for read in [table.read(), table.read().filter(column("b").ge("")), table.read().filter(column("a").ge(0))] {
            let error = read.collect().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt);
            let begin = format!("cannot read the column `b` in row group 0 of `{}`", place.path("page.parquet"));
            assert_eq!(error.to_string(), begin);
            assert!(std::error::Error::source(&error).is_some());
        }
    });
}

#[test]
fn a_column_that_lies_outside_of_the_file_is_named() {
    run(async {
        let place = Place::new();
        for (field, value) in [(9, -4), (9, 1 << 40), (7, -1), (7, 1 << 40), (11, 1 << 50)] {
            let mut file = stored(&place).await;
            let column = file.column(0, 0);
            if field == 9 {
                column.set(11, None);
            }
            column.set(field, Some(Thrift::Int(I64, value)));
            let table = table_of(&place, "outside.parquet", &file.bytes());
            let error = match table.read().collect().await {
                // A dictionary page behind the first page is none.
                Ok(read) if field == 11 => {
                    assert_eq!(read[0].num_rows(), 6);
                    continue;
                }
                Ok(_) => panic!("read, though field {field} is {value}"),
                Err(error) => error.to_string(),
            };
            assert!(error.contains("the column `a`") && error.contains("row group 0") && error.contains("outside.parquet`"), "{error}");
        }
    });
}

#[test]
fn int96_instants_are_exact_or_named_with_column_and_row() {
    run(async {
        let table = golden("int96");
        let text =
            |row: usize, instant: &str| format!("`a[{row}]`: the instant {instant}, an INT96, does not fit into 64 bits of nanoseconds");
        let error = table.read().collect().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutOfRange);
        assert!(error.to_string().starts_with(&text(0, "9999-12-31T00:00:00")), "{error}");
        assert!(error.to_string().contains("int96.parquet`"), "{error}");
        let error = table.read().filter(column("a").lt("2000-01-01T00:00:00")).collect().await.unwrap_err();
        assert!(error.to_string().starts_with(&text(0, "9999-12-31T00:00:00")), "{error}");
        // Without the column there is nothing to refuse.
        let none = table.read().columns(Vec::<String>::new()).collect().await.unwrap();
        assert_eq!(none[0].num_rows(), 3);
    });
}

#[test]
fn int96_instants_of_spark_are_in_microseconds_as_spark_has_them() {
    run(async {
        let place = Place::new();
        let file = format!("{}/golden/odd-tables/int96.parquet", env!("CARGO_MANIFEST_DIR"));
        let mut file = Parquet::parse(&std::fs::read(file).unwrap());
        let text = |text: &str| Thrift::Binary(text.as_bytes().to_vec());
        let version = Thrift::Struct(vec![(1, text("org.apache.spark.version")), (2, text("2.4.8"))]);
        file.footer.set(5, Some(Thrift::List(STRUCT, vec![version])));
        let table = table_of(&place, "spark.parquet", &file.bytes());
        let read = whole(&table).await;
        let instants: &TimestampMicrosecondArray = read.column(0).as_any().downcast_ref().unwrap();
        let days = [2_932_896_i64, 19_723, -354_285];
        assert_eq!(instants.values().to_vec(), days.map(|day| day * 86_400_000_000));
        assert_eq!(count(&table, column("a").gt("9000-01-01T00:00:00")).await, 1);
        assert_eq!(count(&table, column("a").lt("1600-01-01T00:00:00")).await, 1);

        let rows = Schema::<At>::from_uri(table.uri().unwrap()).within(&place.workspace).read().collect_rows().await.unwrap();
        assert_eq!(rows[2].a.to_string(), "1000-01-01 00:00:00 UTC");
        let error = Schema::<At>::from_uri(golden("int96").uri().unwrap()).read().collect_rows().await.unwrap_err();
        assert!(error.to_string().starts_with("`a[0]`: the instant 9999-12-31T00:00:00, an INT96"), "{error}");
    });
}

#[test]
fn chunks_of_the_first_writers_are_longer_than_they_say() {
    run(async {
        let place = Place::new();
        let mut file = stored(&place).await;
        let expected = whole(&table_of(&place, "whole.parquet", &file.bytes())).await;
        for column in 0..3 {
            let length = file.column(0, column).get(7).unwrap().int();
            file.column(0, column).set(7, Some(Thrift::Int(I64, length - 14)));
            (4..=7).for_each(|field| file.chunk(0, column).set(field, None));
        }
        file.footer.set(6, Some(Thrift::Binary(b"parquet-mr version 1.2.8 (build 1)".to_vec())));
        // The indexes of pages that follow are of another file.
        let end = file.column(0, 2).get(9).unwrap().int() + file.column(0, 2).get(7).unwrap().int() + 14;
        let column = file.column(0, 2);
        let dictionary = column.get(11).map_or(0, |at| column.get(9).unwrap().int() - at.int());
        file.body.truncate(usize::try_from(end - dictionary).unwrap());
        assert_eq!(whole(&table_of(&place, "short.parquet", &file.bytes())).await, expected);
        file.footer.set(6, Some(Thrift::Binary(b"parquet-mr version 1.10.0 (build 1)".to_vec())));
        table_of(&place, "later.parquet", &file.bytes()).read().collect().await.unwrap_err();
    });
}

/// A file of numbers, instants of 96 bits and lists of those, as day and nanosecond of the day.
fn int96_file(rows: &[(i32, &[i32])]) -> Vec<u8> {
    use parquet::data_type::{Int64Type, Int96, Int96Type};
    use parquet::file::properties::WriterProperties;
    let schema = "message schema { required int64 n; required int96 t; required group l (LIST) { repeated group list { required int96 element; } } }";
    let schema = Arc::new(parquet::schema::parser::parse_message_type(schema).unwrap());
    let instant = |day: i32| {
        let mut instant = Int96::new();
        instant.set_data(0, 0, (day + 2_440_588).cast_unsigned());
        instant
    };
    let mut file = Vec::new();
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = parquet::file::writer::SerializedFileWriter::new(&mut file, schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let numbers: Vec<_> = (0..rows.len() as i64).collect();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int64Type>().write_batch(&numbers, None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int96Type>().write_batch(&rows.iter().map(|row| instant(row.0)).collect::<Vec<_>>(), None, None).unwrap();
    column.close().unwrap();
    let items: Vec<_> = rows.iter().flat_map(|row| row.1).map(|day| instant(*day)).collect();
    let levels = rows
        .iter()
        .flat_map(|row| if row.1.is_empty() { vec![(0, 0)] } else { (0..row.1.len()).map(|item| (1, i16::from(item > 0))).collect() });
    let (definitions, repetitions): (Vec<i16>, Vec<i16>) = levels.unzip();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int96Type>().write_batch(&items, Some(&definitions), Some(&repetitions)).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    file
}

#[test]
fn int96_instants_are_exact_in_lists_and_under_filters_too() {
    run(async {
        let place = Place::new();
        let far = 2_932_896;
        let whole = [(1, &[1, 2][..]), (-100_000, &[]), (2, &[3])];
        let read = table_of(&place, "near.parquet", &int96_file(&whole)).read().collect().await.unwrap();
        assert_eq!(read[0].num_rows(), 3);

        let in_list = [(1, &[1, 2][..]), (2, &[]), (3, &[3, far]), (4, &[5])];
        let table = table_of(&place, "list.parquet", &int96_file(&in_list));
        let error = table.read().collect().await.unwrap_err();
        assert!(error.to_string().starts_with("`l[2]`: the instant 9999-12-31T00:00:00"), "{error}");
        let read = table.read().columns(["n", "t"]).collect().await.unwrap();
        assert_eq!(read[0].num_rows(), 4);
        let read = table.read().filter(column("n").ne(2)).collect().await.unwrap();
        assert_eq!(read.iter().map(RecordBatch::num_rows).sum::<usize>(), 3);

        let plain = [(1, &[][..]), (2, &[]), (3, &[]), (far, &[]), (4, &[])];
        let table = table_of(&place, "plain.parquet", &int96_file(&plain));
        for filter in [column("n").ge(2), column("n").eq(1).or(column("n").ge(3)), column("t").is_not_null()] {
            let error = table.read().filter(filter).collect().await.unwrap_err();
            assert!(error.to_string().starts_with("`t[3]`: the instant 9999-12-31T00:00:00"), "{error}");
        }
    });
}

#[test]
fn what_a_writer_says_of_arrow_makes_no_other_instants() {
    run(async {
        let place = Place::new();
        let written = |array: ArrayRef| {
            let batch = RecordBatch::try_from_iter([("at", array)]).unwrap();
            let mut writer = parquet::arrow::ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
            writer.write(&batch).unwrap();
            Parquet::parse(&writer.into_inner().unwrap())
        };
        let mut nanos = written(Arc::new(TimestampNanosecondArray::from(vec![1_700_000_000_000_000_000])));
        let micros = written(Arc::new(TimestampMicrosecondArray::from(vec![1])));
        nanos.footer.set(5, micros.footer.get(5).cloned());
        let read = whole(&table_of(&place, "lies.parquet", &nanos.bytes())).await;
        let instants: &TimestampNanosecondArray = read.column(0).as_any().downcast_ref().unwrap();
        assert_eq!(instants.value(0), 1_700_000_000_000_000_000);
    });
}

#[test]
fn a_column_in_another_file_is_named() {
    run(async {
        let place = Place::new();
        let mut file = stored(&place).await;
        file.chunk(0, 1).set(1, Some(Thrift::Binary(b"part-0.parquet".to_vec())));
        let table = table_of(&place, "summary.parquet", &file.bytes());
        let error = table.read().collect().await.unwrap_err();
        let expected =
            format!("the column `b` in row group 0 of `{}` lies in another file, `part-0.parquet`", place.path("summary.parquet"));
        assert_eq!(error.to_string(), expected);
        assert_eq!(table.read().columns(["a"]).collect().await.unwrap()[0].num_rows(), 6);
    });
}

#[test]
fn statistics_and_indexes_that_are_broken_are_no_reason_to_refuse_a_file() {
    run(async {
        let place = Place::new();
        let file = stored(&place).await;
        let expected = whole(&table_of(&place, "whole.parquet", &file.bytes())).await;
        let changes: [fn(&mut Parquet); 6] = [
            |file| file.column(0, 0).get_mut(12).unwrap().set(3, Some(Thrift::Int(I64, -1))),
            |file| file.column(0, 0).get_mut(12).unwrap().set(6, Some(Thrift::Binary(vec![1]))),
            |file| file.column(0, 0).get_mut(12).unwrap().set(3, Some(Thrift::Binary(vec![1]))),
            |file| file.chunk(0, 0).set(6, Some(Thrift::Int(I64, 1 << 40))),
            |file| file.chunk(0, 0).set(4, Some(Thrift::Int(I64, 5))),
            |file| file.change_column_index(0, 0, |index| index.set(1, None)),
        ];
        for (index, change) in changes.into_iter().enumerate() {
            let mut changed = file.clone();
            change(&mut changed);
            let table = table_of(&place, "broken.parquet", &changed.bytes());
            assert_eq!(whole(&table).await, expected, "{index}");
            assert_eq!(count(&table, column("a").ge(4)).await, 2, "{index}");
            assert_eq!(count(&table, column("a").ge(7)).await, 0, "{index}");
        }
    });
}

#[test]
fn pages_that_hold_other_rows_than_their_index_says_are_refused() {
    run(async {
        let place = Place::new();
        let batch = batch!(("n", Int64, 0..12_i64), ("m", Int64, (0..12_i64).map(|n| n * 10)));
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let properties =
                WriterProperties::builder().set_data_page_row_count_limit(4).set_write_batch_size(4).set_writer_version(version).build();
            let mut writer = parquet::arrow::ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
            writer.write(&batch).unwrap();
            let file = Parquet::parse(&writer.into_inner().unwrap());
            let table = table_of(&place, "right.parquet", &file.bytes());
            assert_eq!(count(&table, column("n").ge(9)).await, 3);
            let claiming = |claimed: i64| {
                let mut file = file.clone();
                file.groups()[0].set(3, Some(Thrift::Int(I64, claimed)));
                (0..2).for_each(|column| file.column(0, column).set(5, Some(Thrift::Int(I64, claimed))));
                file
            };
            let beginning_at = |row: i64| {
                let mut file = file.clone();
                file.change_offset_index(0, 1, |index| index.get_mut(1).unwrap().list_mut()[1].set(3, Some(Thrift::Int(I64, row))));
                file
            };
            for (file, rows) in [(claiming(11), 11), (claiming(13), 13), (beginning_at(3), 12), (beginning_at(5), 12)] {
                let table = table_of(&place, "wrong.parquet", &file.bytes());
                // The last row, which only the last page of `n` can have, and a row of the second page.
                for filter in [column("n").eq(11), column("m").eq(50), column("n").eq(5)] {
                    match table.read().filter(filter.clone()).collect().await {
                        Ok(read) => {
                            let columns: Vec<_> = read.iter().map(|batch| batch.columns().to_vec()).collect();
                            let expected = filter.apply(&batch).unwrap();
                            assert_eq!(columns, [expected.columns().to_vec()], "{filter:?}");
                        }
                        Err(error) => assert!(error.to_string().contains(&format!("wrong.parquet` claims {rows} rows")), "{error}"),
                    }
                }
                if rows != 12 {
                    let error = table.read().filter(column("n").eq(11)).collect().await.unwrap_err();
                    assert!(error.to_string().contains(&format!("claims {rows} rows")), "{error}");
                }
            }
        }
    });
}
