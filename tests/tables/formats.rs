//! CSV, Arrow IPC, and formats of a program's own.

use std::io::Cursor;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{self, StreamExt as _};
use nebulakit::schema::arrow::array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray};
use nebulakit::schema::arrow::datatypes::{DataType, Field, Schema as ArrowSchema, SchemaRef};
use nebulakit::schema::arrow::ipc::writer::{FileWriter, IpcWriteOptions};
use nebulakit::schema::{
    AnyRow, Compression, ReadRequest, Row, Run, Schema, TableEncoder, TableFormat, TableObject, TablePart, column, register,
};
use nebulakit_types::{Bytes, Error, ErrorKind, Result};

use super::shared::{Place, batch, run, whole};

#[test]
fn csv_is_what_flytekit_writes_and_reads() {
    run(async {
        let place = Place::new();
        let table = place.write(&[batch!(("a", Int64, [1, 2]), ("b", Utf8, ["x", "with, \"quotes\"\nand lines"]))], "csv").await;
        let file = format!("{}/.csv", table.uri().unwrap());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "a,b\n1,x\n2,\"with, \"\"quotes\"\"\nand lines\"\n");
        assert_eq!(table.read().columns(["b"]).filter(column("a").gt(1)).collect().await.unwrap()[0].column(0).len(), 1);
        // Without a type, values are what they look like.
        std::fs::write(&file, "i,f,t,b,n,d\n1,1.5,x,True,,2024-02-29\n,,,,,\n").unwrap();
        let read = whole(&table).await;
        let types: Vec<_> = read.schema().fields().iter().map(|field| field.data_type().clone()).collect();
        assert_eq!(types, [DataType::Int64, DataType::Float64, DataType::Utf8, DataType::Boolean, DataType::Utf8, DataType::Date32]);
        assert!((0..6).all(|column| read.column(column).is_null(1)));
    });
}

#[test]
fn typed_csv_is_read_as_declared() {
    #[derive(Row, Debug, PartialEq)]
    struct Line {
        code: String,
        count: Option<u8>,
        at: jiff::Timestamp,
    }
    run(async {
        let place = Place::new();
        let rows = || {
            (0..10_000).map(|index: i64| Line {
                code: format!("{index:05}"),
                count: (index % 3 == 0).then_some(7),
                at: jiff::Timestamp::from_microsecond(index * 1_000_003).unwrap(),
            })
        };
        let mut writer = Schema::<Line>::create_as(&place.workspace, "csv").unwrap();
        writer.write_rows(rows()).await.unwrap();
        let table = writer.finish().await.unwrap();
        // The leading zeros stay.
        assert_eq!(table.read().batch_size(100).collect_rows().await.unwrap(), rows().collect::<Vec<_>>());
        assert_eq!(table.num_rows().await.unwrap(), 10_000);
    });
}

#[test]
fn csv_has_no_form_for_lists() {
    #[derive(Row)]
    struct Listed {
        list: Vec<i64>,
    }
    run(async {
        let place = Place::new();
        let mut writer = Schema::<Listed>::create_as(&place.workspace, "csv").unwrap();
        writer.write_rows([Listed { list: vec![1] }]).await.unwrap();
        let error = writer.finish().await.unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::Unencodable, "list"));
    });
}

#[test]
fn an_empty_csv_table_has_its_header() {
    run(async {
        let place = Place::new();
        let table = place.write(&[batch!(("a", Int64, Vec::<i64>::new()))], "csv").await;
        assert_eq!(std::fs::read_to_string(format!("{}/.csv", table.uri().unwrap())).unwrap(), "a\n");
        assert!(table.read().collect().await.unwrap().is_empty());
    });
}

#[test]
fn arrow_files_of_every_compression_are_read() {
    use nebulakit::schema::arrow::ipc::CompressionType;
    run(async {
        let place = Place::new();
        let texts: nebulakit::schema::arrow::array::DictionaryArray<nebulakit::schema::arrow::datatypes::Int32Type> =
            ["x", "y", "x"].into_iter().collect();
        let columns: [(&str, ArrayRef); 2] = [("a", Arc::new(Int64Array::from(vec![1, 2, 3]))), ("t", Arc::new(texts))];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        for compression in [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)] {
            let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
            let mut writer = FileWriter::try_new_with_options(Cursor::new(Vec::new()), &batch.schema(), options).unwrap();
            writer.write(&batch).unwrap();
            writer.write(&batch).unwrap();
            let path = place.path("one.feather");
            std::fs::write(&path, writer.into_inner().unwrap().into_inner()).unwrap();
            let table = Schema::<AnyRow>::from_uri(&path).within(&place.workspace);
            assert_eq!(table.read().collect().await.unwrap(), [batch.clone(), batch.clone()]);
            let read = table.read().columns(["t"]).filter(column("a").eq(2)).collect().await.unwrap();
            assert_eq!(read.iter().map(RecordBatch::num_rows).sum::<usize>(), 2);
        }
    });
}

/// Each format writes what it knows, which is smaller and reads as the same, and says what it does not know.
#[test]
fn tables_are_compressed_as_asked() {
    use Compression::{Lz4, None, Snappy, Zstd};
    run(async {
        let place = Place::new();
        let batch = batch!(("a", Int64, 0..10_000), ("b", Utf8, (0..10_000).map(|index| format!("value number {index}"))));
        let written = async |format: &str, compression| {
            let mut writer = Schema::<AnyRow>::create_as(&place.workspace, format)?.compressed(compression);
            writer.write(batch.clone()).await?;
            let table = writer.finish().await?;
            assert_eq!(whole(&table).await, batch, "{format}, {compression:?}");
            Ok::<_, Error>(std::fs::metadata(format!("{}/00000", table.uri().unwrap())).unwrap().len())
        };
        for (format, known) in [("parquet", &[Snappy, Lz4, Zstd(1), Zstd(19)][..]), ("arrow", &[Lz4, Zstd(3)])] {
            let plain = written(format, None).await.unwrap();
            for compression in known {
                let size = written(format, *compression).await.unwrap();
                assert!(size < plain * 9 / 10, "{format}, {compression:?}: {size} of {plain} bytes");
            }
        }
        assert!(written("parquet", Zstd(19)).await.unwrap() < written("parquet", Zstd(1)).await.unwrap(), "the level makes no difference");
        for (format, unknown) in [("parquet", Zstd(23)), ("parquet", Zstd(0)), ("arrow", Snappy), ("arrow", Zstd(0)), ("csv", Zstd(3))] {
            let error = written(format, unknown).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unencodable, "{format}");
            assert!(error.to_string().contains(&format!("is not compressed by {unknown:?}: ")), "{error}");
        }
    });
}

#[test]
fn broken_arrow_files_are_errors() {
    run(async {
        let place = Place::new();
        let table = place.write(&[batch!(("a", Int64, 0..1_000))], "feather").await;
        let file = format!("{}/00000", table.uri().unwrap());
        let good = std::fs::read(&file).unwrap();
        assert!(good.starts_with(b"ARROW1"));
        for bytes in [&good[..good.len() - 20], b"ARROW1", b"nothing of the kind"] {
            std::fs::write(&file, bytes).unwrap();
            assert_eq!(table.read().collect().await.unwrap_err().kind(), ErrorKind::Corrupt);
        }
    });
}

#[test]
fn an_unknown_format_is_answered_with_the_known_ones() {
    let error = Schema::<AnyRow>::create_as(&Place::new().workspace, "orc").unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("the format `orc` of a table is not known; the known ones are `arrow`, `csv`, "), "{text}");
}

/// One column of text, a value on each line.
struct Lines;

struct LinesPart(TableObject);

struct LinesEncoder;

fn line_column() -> SchemaRef {
    Arc::new(ArrowSchema::new(vec![Field::new("line", DataType::Utf8, true)]))
}

impl TableFormat for Lines {
    fn name(&self) -> &str {
        "lines"
    }

    fn object_name(&self) -> &str {
        "part.txt"
    }

    fn open(&self, object: TableObject, _: Option<SchemaRef>) -> BoxFuture<'static, Result<Arc<dyn TablePart>>> {
        async move { Ok(Arc::new(LinesPart(object)) as Arc<dyn TablePart>) }.boxed()
    }

    fn encoder(&self, schema: SchemaRef, _: Option<Compression>) -> Result<Box<dyn TableEncoder>> {
        if schema.fields() == line_column().fields() {
            return Ok(Box::new(LinesEncoder));
        }
        Err(Error::new(ErrorKind::Unencodable, "lines have one column, `line`"))
    }
}

impl TablePart for LinesPart {
    fn schema(&self) -> SchemaRef {
        line_column()
    }

    fn num_rows(&self) -> Option<u64> {
        None
    }

    fn read(&self, request: &Arc<ReadRequest>) -> Result<Vec<Run>> {
        let (object, request) = (self.0.clone(), request.clone());
        let read = async move {
            let bytes = object.read_range(0..object.size()).await?;
            let text = std::str::from_utf8(&bytes).map_err(|error| Error::new(ErrorKind::Corrupt, "no text").with_source(error))?;
            let lines: StringArray = text.lines().map(Some).collect();
            request.finish(&RecordBatch::try_new(line_column(), vec![Arc::new(lines)]).unwrap())
        };
        Ok(vec![Run::new(move || stream::once(read).boxed())])
    }
}

impl TableEncoder for LinesEncoder {
    fn write(&mut self, batches: &[RecordBatch]) -> Result<Vec<Bytes>> {
        let mut text = String::new();
        for batch in batches {
            let lines: &StringArray = batch.column(0).as_any().downcast_ref().unwrap();
            lines.iter().for_each(|line| text.extend([line.unwrap_or_default(), "\n"]));
        }
        Ok(vec![text.into()])
    }

    fn finish(self: Box<Self>) -> Result<Vec<Bytes>> {
        Ok(Vec::new())
    }
}

#[test]
fn a_program_adds_a_format() {
    register(Lines);
    run(async {
        let place = Place::new();
        let table = place.write(&[batch!(("line", Utf8, ["a", "b", "c"]))], "lines").await;
        assert_eq!(std::fs::read_to_string(format!("{}/part.txt", table.uri().unwrap())).unwrap(), "a\nb\nc\n");
        assert_eq!(table.read().filter(column("line").ne("b")).collect().await.unwrap(), [batch!(("line", Utf8, ["a", "c"]))]);
    });
}
