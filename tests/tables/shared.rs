//! What these tests share.

use std::future::Future;

use nebulakit::schema::arrow::array::RecordBatch;
use nebulakit::schema::arrow::compute::concat_batches;
use nebulakit::schema::{AnyRow, Columns, Schema};
use nebulakit_types::workspace::Workspace;
use tempfile::TempDir;

/// An array of the named type.
macro_rules! column {
    (Utf8, $values:expr) => {
        nebulakit::schema::arrow::array::StringArray::from_iter_values($values)
    };
    (Int32, $values:expr) => {
        nebulakit::schema::arrow::array::Int32Array::from_iter_values($values)
    };
    (Int64, $values:expr) => {
        nebulakit::schema::arrow::array::Int64Array::from_iter_values($values)
    };
    (Float64, $values:expr) => {
        nebulakit::schema::arrow::array::Float64Array::from_iter($values)
    };
}

/// A batch of columns without gaps: `batch!(("a", Int64, [1, 2]))`.
macro_rules! batch {
    ($(($name:expr, $kind:ident, $values:expr)),* $(,)?) => {
        nebulakit::schema::arrow::array::RecordBatch::try_from_iter_with_nullable([$((
            $name,
            std::sync::Arc::new($crate::shared::column!($kind, $values)) as nebulakit::schema::arrow::array::ArrayRef,
            true,
        )),*])
        .unwrap()
    };
}

pub(crate) use {batch, column};

/// A folder, and a workspace in it.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    pub(crate) workspace: Workspace,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Self { workspace: Workspace::local(folder.path()), folder }
    }

    /// A path in the folder, as text.
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Writes batches as a table of its own.
    pub(crate) async fn write(&self, batches: &[RecordBatch], format: &str) -> Schema {
        let mut writer = Schema::<AnyRow>::create_as(&self.workspace, format).unwrap();
        for batch in batches {
            writer.write(batch.clone()).await.unwrap();
        }
        writer.finish().await.unwrap()
    }
}

pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// The whole table as one batch.
pub(crate) async fn whole<R: Columns>(table: &Schema<R>) -> RecordBatch {
    let batches = table.read().collect().await.unwrap();
    match batches.first() {
        Some(first) => concat_batches(&first.schema(), &batches).unwrap(),
        None => RecordBatch::new_empty(table.columns().await.unwrap()),
    }
}
