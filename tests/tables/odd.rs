//! Tables that a careless reader gets wrong: names that occur twice, bytes of another order, blocks that claim what they do not have.

use std::io::Cursor;
use std::sync::Arc;

use nebulakit::schema::arrow::array::{ArrayRef, Int64Array, RecordBatch, StructArray};
use nebulakit::schema::arrow::datatypes::{DataType, Field, Fields, Schema as ArrowSchema};
use nebulakit::schema::arrow::ipc::writer::{FileWriter, IpcWriteOptions};
use nebulakit::schema::arrow::ipc::{CompressionType, Endianness, root_as_footer};
use nebulakit::schema::{AnyRow, Row, Schema, column, rows_of};
use nebulakit_types::{Error, ErrorKind};

use super::shared::{Place, batch, run, whole};

/// The message with those of its causes.
fn told(error: &Error) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Two columns of one name.
fn twins() -> RecordBatch {
    let field = || Field::new("a", DataType::Int64, true);
    let schema = ArrowSchema::new(vec![field(), field(), Field::new("b", DataType::Int64, true)]);
    let column = |value| -> ArrayRef { Arc::new(Int64Array::from(vec![value])) };
    RecordBatch::try_new(Arc::new(schema), vec![column(1), column(2), column(3)]).unwrap()
}

#[derive(Row, Debug)]
struct A {
    a: i64,
}

#[test]
fn a_name_that_occurs_twice_is_said_and_other_columns_are_read() {
    run(async {
        let place = Place::new();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/odd-tables");
        let mut writer = FileWriter::try_new(Vec::new(), &twins().schema()).unwrap();
        writer.write(&twins()).unwrap();
        let more = place.path("more.arrow");
        std::fs::write(&more, writer.into_inner().unwrap()).unwrap();
        let files = ["dup.parquet", "dup.csv", "dup.arrow"].map(|name| format!("{folder}/{name}"));
        for url in files.iter().chain([&more]) {
            let table = Schema::<AnyRow>::from_uri(url).within(&place.workspace);
            let typed: Schema<A> = table.clone().cast();
            let errors = [
                table.read().collect().await.unwrap_err(),
                table.read().columns(["a"]).collect().await.unwrap_err(),
                table.read().filter(column("a").eq(2)).collect().await.unwrap_err(),
                typed.read().collect_rows().await.unwrap_err(),
            ];
            for error in errors {
                assert_eq!(error.kind(), ErrorKind::Ambiguous, "{url}: {error}");
                assert!(error.message().starts_with("the name `a` occurs twice") && error.message().contains(url), "{error}");
            }
        }
        let table = Schema::<AnyRow>::from_uri(&more).within(&place.workspace);
        assert_eq!(table.read().columns(["b"]).collect().await.unwrap(), [batch!(("b", Int64, [3]))]);
        assert_eq!(rows_of::<A>(&twins()).unwrap_err().kind(), ErrorKind::Ambiguous);
    });
}

/// A struct that has two fields of one name.
fn inner_twins() -> RecordBatch {
    let columns = twins().columns()[..2].to_vec();
    let fields: Fields = twins().schema().fields()[..2].iter().cloned().collect();
    let structs: ArrayRef = Arc::new(StructArray::new(fields, columns, None));
    RecordBatch::try_from_iter([("outer", structs)]).unwrap()
}

#[test]
fn a_name_that_occurs_twice_inside_of_a_struct_is_said_to_rows() {
    #[derive(Row, Debug)]
    struct Outer {
        outer: A,
    }
    let error = rows_of::<Outer>(&inner_twins()).unwrap_err();
    assert_eq!((error.kind(), error.path()), (ErrorKind::Ambiguous, "outer"));
}

#[test]
fn a_name_that_occurs_twice_is_not_written() {
    run(async {
        let place = Place::new();
        for format in ["parquet", "csv", "arrow"] {
            for (batch, path) in [(twins(), ""), (inner_twins(), "outer")] {
                let mut writer = Schema::<AnyRow>::create_as(&place.workspace, format).unwrap();
                let error = writer.write(batch).await.unwrap_err();
                assert_eq!((error.kind(), error.path()), (ErrorKind::Ambiguous, path), "{format}: {error}");
            }
        }
    });
}

#[test]
fn a_folder_that_contradicts_its_file_is_an_error() {
    run(async {
        let place = Place::new();
        let stored = place.write(&[batch!(("a", Int64, [5, 5]), ("b", Utf8, ["x", "y"]))], "parquet").await;
        let file = std::fs::read(format!("{}/00000", stored.uri().unwrap())).unwrap();
        for (folder, agrees) in [("a=5", true), ("a=6", false), ("a=x", false), ("a=__HIVE_DEFAULT_PARTITION__", false)] {
            let root = place.path(&format!("of {folder}"));
            std::fs::create_dir_all(format!("{root}/{folder}")).unwrap();
            std::fs::write(format!("{root}/{folder}/part.parquet"), &file).unwrap();
            let table = Schema::<AnyRow>::from_uri(&root).within(&place.workspace);
            match table.read().collect().await {
                Ok(batches) => assert!(agrees && batches[0] == batch!(("a", Int64, [5, 5]), ("b", Utf8, ["x", "y"])), "{folder}"),
                Err(error) => assert!(!agrees && error.path() == "a" && error.message().contains("part.parquet"), "{folder}: {error}"),
            }
        }
    });
}

/// A file of one column in Arrow IPC, in several batches.
fn arrow_file(compression: Option<CompressionType>) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
    let batch = batch!(("a", Int64, 0..1_000), ("t", Utf8, (0..1_000).map(|index| index.to_string())));
    let mut writer = FileWriter::try_new_with_options(Cursor::new(Vec::new()), &batch.schema(), options).unwrap();
    writer.write(&batch).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap().into_inner()
}

/// The place of something that flatbuffers lay out in little-endian order, by what it holds.
fn find(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).position(|window| window == what).unwrap()
}

/// The file with a schema that says so of its values. The writer leaves the field out, which means little-endian: the schema gets another
/// table of its fields, behind all else, where the value is, too.
fn big_endian(file: &[u8]) -> Vec<u8> {
    let end = file.len() - 10;
    let length = usize::try_from(u32::from_le_bytes(file[end..end + 4].try_into().unwrap())).unwrap();
    let mut footer = file[end - length..end].to_vec();
    let long = |footer: &[u8], at: usize| i32::from_le_bytes(footer[at..at + 4].try_into().unwrap());
    let short = |footer: &[u8], at: usize| u16::from_le_bytes(footer[at..at + 2].try_into().unwrap());
    let ahead = |footer: &[u8], at: usize| at + usize::try_from(long(footer, at)).unwrap();
    let fields_of = |footer: &[u8], at: usize| usize::try_from(i32::try_from(at).unwrap() - long(footer, at)).unwrap();
    let root = ahead(&footer, 0);
    // The version, then the schema; in the schema, how the values lie comes first.
    let schema = root + usize::from(short(&footer, fields_of(&footer, root) + 6));
    let schema = ahead(&footer, schema);
    let fields = fields_of(&footer, schema);
    let mut fields = footer[fields..fields + usize::from(short(&footer, fields))].to_vec();
    footer.resize(footer.len().next_multiple_of(8), 0);
    fields[4..6].copy_from_slice(&u16::try_from(footer.len() - schema).unwrap().to_le_bytes());
    footer.extend([1, 0, 0, 0, 0, 0, 0, 0]);
    let back = i32::try_from(schema).unwrap() - i32::try_from(footer.len()).unwrap();
    footer[schema..schema + 4].copy_from_slice(&back.to_le_bytes());
    footer.extend(fields);
    footer.resize(footer.len().next_multiple_of(8), 0);
    assert_eq!(root_as_footer(&footer).unwrap().schema().unwrap().endianness(), Endianness::Big);
    [&file[..end - length], &footer, &u32::try_from(footer.len()).unwrap().to_le_bytes(), b"ARROW1"].concat()
}

#[test]
fn big_endian_arrow_is_refused_by_name() {
    run(async {
        let place = Place::new();
        let path = place.path("big.arrow");
        std::fs::write(&path, big_endian(&arrow_file(None))).unwrap();
        let error = Schema::<AnyRow>::from_uri(&path).within(&place.workspace).read().collect().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Mismatch);
        assert!(error.message().starts_with(&format!("the values in `{path}` are big-endian")), "{error}");
    });
}

#[test]
fn a_block_beyond_its_buffer_is_an_error_with_file_and_place() {
    run(async {
        let place = Place::new();
        let path = place.path("broken.arrow");
        let table = Schema::<AnyRow>::from_uri(&path).within(&place.workspace);
        let good = arrow_file(None);
        // The buffers of a batch: the values of `a` are 8,000 bytes after nothing (no value is absent).
        let buffer = [8_000_i64.to_le_bytes()].concat();
        let at = find(&good, &buffer);
        for (claimed, words) in [
            (1_000_000_i64, "of 1000000 bytes from byte"),
            (-8, "of -8 bytes from byte"),
            (i64::MAX, "of 9223372036854775807 bytes from byte"),
        ] {
            let mut bytes = good.clone();
            bytes[at..at + 8].copy_from_slice(&claimed.to_le_bytes());
            std::fs::write(&path, bytes).unwrap();
            for read in [table.read(), table.read().columns(["a"]), table.read().filter(column("a").gt(5))] {
                let error = read.collect().await.unwrap_err();
                let told = told(&error);
                assert_eq!(error.kind(), ErrorKind::Corrupt, "{told}");
                assert!(told.contains(&path) && told.contains("the block at byte ") && told.contains(words), "{told}");
            }
        }
        std::fs::write(&path, good).unwrap();
        assert_eq!(whole(&table).await.num_rows(), 2_000);
    });
}

#[test]
fn lengths_that_no_compressed_buffer_can_have_are_not_believed() {
    run(async {
        let place = Place::new();
        let path = place.path("broken.arrow");
        let table = Schema::<AnyRow>::from_uri(&path).within(&place.workspace);
        for codec in [CompressionType::LZ4_FRAME, CompressionType::ZSTD] {
            let good = arrow_file(Some(codec));
            let at = find(&good, &8_000_i64.to_le_bytes());
            for claimed in [1_i64 << 40, i64::MAX, -2] {
                let mut bytes = good.clone();
                bytes[at..at + 8].copy_from_slice(&claimed.to_le_bytes());
                std::fs::write(&path, bytes).unwrap();
                let told = told(&table.read().collect().await.unwrap_err());
                assert!(told.contains(&format!("claims to be {claimed} bytes long")), "{codec:?}: {told}");
            }
            std::fs::write(&path, good).unwrap();
            assert_eq!(whole(&table).await.num_rows(), 2_000);
        }
    });
}

#[test]
fn csv_that_is_not_utf8_says_where() {
    run(async {
        let place = Place::new();
        let path = place.path("latin.csv");
        let table = Schema::<AnyRow>::from_uri(&path).within(&place.workspace);
        // Cells that are text together only, and such that are none at all.
        for bytes in [&b"a,b\nx,y\n\xc3,\xa9\n"[..], b"a,b\nx,y\n\xe9,z\n", b"a,b\nx,y\n\xc3"] {
            std::fs::write(&path, bytes).unwrap();
            let told = told(&table.read().collect().await.unwrap_err());
            assert!(told.contains(&path) && told.contains("not UTF-8 at byte 8"), "{told}");
        }
        let mut long = b"a,b\n".to_vec();
        (0..200_000).for_each(|row| long.extend(format!("{row},\u{fc}\u{1f980}\n").bytes()));
        std::fs::write(&path, &long).unwrap();
        assert_eq!(whole(&table).await.num_rows(), 200_000);
        long.extend(b"1,\xfc\n");
        let at = long.len() - 2;
        std::fs::write(&path, &long).unwrap();
        let told = told(&table.read().collect().await.unwrap_err());
        assert!(told.contains(&format!("not UTF-8 at byte {at}")), "{told}");
    });
}

/// A Parquet file without rows, of one column in `levels` groups: the footer by hand, in Thrift's compact protocol.
fn nested(levels: usize) -> Vec<u8> {
    let varint = |number: usize| -> Vec<u8> {
        let more = std::iter::successors(Some(number), |number| Some(number >> 7).filter(|rest| *rest > 0));
        let bytes: Vec<_> = more.map(|number| u8::try_from(number & 0x7f).unwrap() | 0x80).collect();
        let (last, first) = bytes.split_last().unwrap();
        [first, &[last & 0x7f]].concat()
    };
    // Optional, the name `a`, one child; the root has no repetition, and the leaf is an INT32.
    let root = [0x48, 1, b'r', 0x15, 2, 0];
    let group = [0x35, 2, 0x18, 1, b'a', 0x15, 2, 0];
    let leaf = [0x15, 2, 0x25, 2, 0x18, 1, b'a', 0];
    let count = [vec![0xfc], varint(levels + 2)].concat();
    let footer = [&[0x15, 2, 0x19], count.as_slice(), &root, &group.repeat(levels), &leaf, &[0x16, 0, 0x19, 0x0c, 0]].concat();
    [&b"PAR1"[..], &footer, &u32::try_from(footer.len()).unwrap().to_le_bytes(), b"PAR1"].concat()
}

#[test]
fn columns_that_are_nested_without_end_are_an_error() {
    run(async {
        let place = Place::new();
        let path = place.path("deep.parquet");
        let table = Schema::<AnyRow>::from_uri(&path).within(&place.workspace);
        std::fs::write(&path, nested(20)).unwrap();
        assert_eq!(table.num_rows().await.unwrap(), 0);
        for levels in [200, 2_000, 200_000] {
            std::fs::write(&path, nested(levels)).unwrap();
            let told = told(&table.read().collect().await.unwrap_err());
            assert!(told.contains(&path) && told.contains("nested in more than 100 levels"), "{told}");
        }
    });
}

#[test]
fn lengths_that_no_page_can_have_are_not_believed() {
    run(async {
        let place = Place::new();
        let stored = place.write(&[batch!(("a", Int64, (0..1_000).map(|row| row % 7)))], "parquet").await;
        let path = format!("{}/00000", stored.uri().unwrap());
        let mut bytes = std::fs::read(&path).unwrap();
        // The first page is the dictionary: kind 2, then its length, of one byte, and that of what is stored; five bytes make more.
        assert_eq!((&bytes[..4], &bytes[4..7]), (&b"PAR1"[..], &[0x15, 4, 0x15][..]));
        let table = Schema::<AnyRow>::from_uri(&path).within(&place.workspace);
        assert_eq!(table.num_rows().await.unwrap(), 1_000);
        // 7 values of 8 bytes: the byte and what follows it say 1 GiB together, and the rest of the header makes no sense any more.
        let header = [0x15, 4, 0x15, 0x80, 0x80, 0x80, 0x80, 8, 0x15, 8];
        bytes[4..4 + header.len()].copy_from_slice(&header);
        std::fs::write(&path, bytes).unwrap();
        let told = told(&table.read().collect().await.unwrap_err());
        assert!(told.contains("the page at byte 4 claims 1073741824 bytes, of which its 4 bytes can hold at most"), "{told}");
    });
}
