//! What holds for any bytes at all as a table: the fuzz targets `parquet`, `ipc` and `csv` try it, and `tests/fuzz_regressions.rs` tries it
//! on what they found.
#![allow(dead_code, unreachable_pub, reason = "each user has it as a module and uses its own part")]

use std::sync::{Arc, LazyLock, Once};

use nebulakit_types::schema::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use nebulakit_types::schema::arrow::compute::{cast, concat_batches};
use nebulakit_types::schema::arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema as ArrowSchema};
use nebulakit_types::schema::{AnyRow, Filter, Schema, TableRead, Value, column};
use nebulakit_types::storage::{PutOptions, Storage, StorageConfig};
use nebulakit_types::workspace::Workspace;
use nebulakit_types::{Bytes, Result};
use parquet::file::metadata::ParquetMetaDataReader;
use tokio::runtime::{Builder, Runtime};

/// More rows than this are not looked at: a few bytes can say that a value repeats a billion times.
const MOST_ROWS: usize = 16 * 1024;

/// What a block may become: less than the memory that the targets have.
const MOST_OF_A_BLOCK: u64 = 8 << 20;

/// More columns than this are not read alone.
const MOST_COLUMNS: usize = 6;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_current_thread().build().expect("a runtime needs nothing"));

/// Leaves the panics of other crates, which reading turns into errors, out of what ends the fuzzer.
pub fn only_our_own_panics_are_faults() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let file = panic.location().map_or("", |place| place.file());
            if !file.contains("/registry/src/") {
                report(panic);
            }
        }));
    });
}

/// A format that tables are read in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Parquet,
    Ipc,
    Csv,
}

impl Format {
    pub const ALL: [Self; 3] = [Self::Parquet, Self::Ipc, Self::Csv];

    /// What its fuzz target and the folder of its seeds are called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Ipc => "ipc",
            Self::Csv => "csv",
        }
    }
}

/// Any bytes as a table: reading ends in rows or an error; a column alone is what it is beside the others; and a filter gives the rows
/// that it picks of what was read whole, unless the file has statistics, which may be false.
pub fn table(format: Format, bytes: &[u8]) {
    let (name, judged) = match format {
        Format::Parquet => ("t.parquet", !has_statistics(bytes)),
        Format::Ipc => ("t.arrow", true),
        Format::Csv => ("t.csv", true),
    };
    // Files are read as they are needed, other objects by ranges that are known before.
    let folder = (bytes.len().is_multiple_of(2)).then(|| tempfile::tempdir().expect("there is room for files"));
    RUNTIME.block_on(async {
        let storage = Storage::new(StorageConfig { table_block: Some(MOST_OF_A_BLOCK), ..StorageConfig::default() });
        let url = match &folder {
            Some(folder) => folder.path().join(name).to_string_lossy().into_owned(),
            None => format!("memory://{name}"),
        };
        let stored = storage.put(&url, vec![Bytes::copy_from_slice(bytes)], &PutOptions::default()).await;
        stored.expect("memory and files take everything");
        let workspace = Workspace::new(move || storage, None, ".");
        check(&Schema::from_uri(url).within(&workspace), judged).await;
    });
}

fn has_statistics(bytes: &[u8]) -> bool {
    let read = std::panic::catch_unwind(|| ParquetMetaDataReader::new().parse_and_finish(&Bytes::copy_from_slice(bytes)));
    let Ok(Ok(metadata)) = read else { return true };
    metadata
        .row_groups()
        .iter()
        .flat_map(|group| group.columns())
        .any(|chunk| chunk.statistics().is_some() || chunk.column_index_offset().is_some() || chunk.bloom_filter_offset().is_some())
}

async fn check(table: &Schema, judged: bool) {
    let columns = table.columns().await;
    let counted = table.num_rows().await;
    let whole = rows(table.read()).await;
    let Ok(columns) = columns else {
        assert!(whole.is_err(), "a table without columns has rows");
        return;
    };
    let whole = match whole {
        Ok(Some(whole)) => Some(whole),
        Ok(None) => return,
        Err(_) => None,
    };
    if let (Some(whole), Ok(counted)) = (&whole, counted) {
        assert_eq!(whole.num_rows() as u64, counted, "another number of rows was counted");
    }
    for (index, field) in columns.fields().iter().enumerate().take(MOST_COLUMNS) {
        let alone = rows(table.read().columns([field.name()]).batch_size(7)).await;
        if let (Some(whole), Ok(Some(alone))) = (&whole, &alone)
            && whole.num_columns() > 0
        {
            assert_eq!(alone.column(0), whole.column(index), "`{}` alone is another", field.name());
        }
        let values = whole.as_ref().map(|whole| whole.column(index));
        for filter in filters(field, values) {
            let filtered = rows(table.read().filter(filter.clone())).await;
            if let (true, Some(whole), Ok(Some(filtered))) = (judged && !columns_repeat(whole.as_ref()), &whole, filtered) {
                let expected = filter.apply(whole).expect("the filter fits the column");
                assert_eq!(filtered.columns(), expected.columns(), "{filter:?} picks other rows");
            }
        }
    }
}

fn columns_repeat(whole: Option<&RecordBatch>) -> bool {
    let Some(whole) = whole else { return true };
    let schema = whole.schema();
    let names = schema.fields().iter().map(|field| field.name());
    names.clone().enumerate().any(|(index, name)| names.clone().take(index).any(|other| other == name))
}

/// Everything as one batch; [`None`] where it is more than is looked at.
async fn rows(read: TableRead<AnyRow>) -> Result<Option<RecordBatch>> {
    let mut batches = Vec::new();
    let mut count = 0;
    let mut stream = read.stream();
    while let Some(batch) = stream.try_next().await? {
        count += batch.num_rows();
        if count > MOST_ROWS || batch.get_array_memory_size() > 1 << 20 {
            return Ok(None);
        }
        batches.push(batch);
    }
    let Some(first) = batches.first() else { return Ok(None) };
    // One part may declare a column without nulls where another has some.
    let nullable = |field: &Field| field.clone().with_nullable(true);
    let fields: Vec<_> = first.schema().fields().iter().map(|field| nullable(field)).collect();
    let schema = Arc::new(ArrowSchema::new(fields));
    let batches: Vec<_> =
        batches.iter().map(|batch| batch.clone().with_schema(schema.clone()).expect("only nullability differs")).collect();
    Ok(concat_batches(&schema, &batches).ok())
}

/// Conditions on a column, by a value that is there.
fn filters(field: &Field, values: Option<&ArrayRef>) -> Vec<Filter> {
    let name = || column(field.name().clone());
    let mut filters = vec![name().is_null()];
    let Some(values) = values.filter(|values| values.len() > values.logical_null_count()) else { return filters };
    let index = (0..values.len()).find(|index| values.is_valid(*index)).unwrap_or_default();
    let of = |value: Value| [name().eq(value.clone()), !name().gt(value.clone()), name().lt(value)];
    let value = values.slice(index, 1);
    match field.data_type() {
        kind if kind.is_integer() && *kind != DataType::UInt64 => {
            if let Ok(value) = cast(&value, &DataType::Int64) {
                filters.extend(of(value.as_primitive::<Int64Type>().value(0).into()));
            }
        }
        kind if kind.is_floating() => {
            if let Ok(value) = cast(&value, &DataType::Float64)
                && !value.as_primitive::<Float64Type>().value(0).is_nan()
            {
                filters.extend(of(value.as_primitive::<Float64Type>().value(0).into()));
            }
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            if let Ok(value) = cast(&value, &DataType::Utf8) {
                filters.extend(of(value.as_string::<i32>().value(0).into()));
            }
        }
        DataType::Boolean => filters.push(name().eq(value.as_boolean().value(0))),
        _ => {}
    }
    filters
}
