//! What is read of a file: its row groups one after the other, the filter's columns of each first, then the wanted ones.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures_util::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, RowSelection};
use parquet::basic::Type;
use parquet::file::metadata::page_index::PageIndexProvider;
use parquet::file::metadata::{ColumnChunkMask, PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder};
use tokio::sync::OnceCell;

use super::super::fault::bad_parquet;
use super::super::filter::Bound;
use super::super::format::{BUDGET, ReadRequest, Run, TablePart};
use super::super::limit::Limit;
use super::super::object::TableObject;
use super::super::places::Places;
use super::super::threads;
use super::decode::{Decoder, Zipped};
use super::fetch::Chunks;
use super::types::{complete, with_arrow_types};
use super::{prune, sound};
use crate::{ErrorKind, Result};

/// A batch of values of a fixed width takes this part of the limit at most.
const WIDE: u64 = 4;

/// Row groups below this are decoded by one thread: starting more takes longer.
const SMALL: i64 = 1024 * 1024;

/// A file whose footer has been read.
pub(super) struct ParquetPart {
    pub(super) object: TableObject,
    pub(super) metadata: ArrowReaderMetadata,
    /// The same by which INT96 columns come in seconds, where there are some.
    pub(super) seconds: Option<ArrowReaderMetadata>,
    /// The columns that are encrypted, by their place among the leaves.
    pub(super) encrypted: BTreeMap<usize, String>,
}

impl TablePart for ParquetPart {
    fn schema(&self) -> SchemaRef {
        self.metadata.schema().clone()
    }

    fn num_rows(&self) -> Option<u64> {
        // Where the footer contradicts itself, reading says so.
        let agree = sound::counts_agree(self.metadata.metadata());
        agree.then(|| u64::try_from(self.metadata.metadata().file_metadata().num_rows()).ok()).flatten()
    }

    fn read(&self, request: &Arc<ReadRequest>) -> Result<Vec<Run>> {
        let schema = self.schema();
        let filter = request.bound(&schema)?;
        let wanted = match request.columns() {
            Some(columns) => {
                let places = Places::of(&schema);
                columns.iter().map(|name| places.place(name)).collect::<Result<Vec<_>>>()?
            }
            None => (0..schema.fields().len()).collect(),
        };
        let scan = Arc::new(Scan {
            object: self.object.clone(),
            metadata: self.metadata.clone(),
            seconds: self.seconds.clone(),
            indexed: OnceCell::new(),
            request: request.clone(),
            filter,
            wanted,
        });
        let metadata = self.metadata.metadata();
        let limit = Limit::of(&self.object);
        sound::check(self.object.url(), self.object.size(), metadata, &self.encrypted, &scan.needed())?;
        sound::bounded(self.object.url(), metadata, &scan.needed(), scan.filter.is_some(), limit)?;
        let row_groups = threads::guarded(self.object.url(), || Ok(prune::row_groups(metadata, &schema, scan.filter.as_ref())))?;
        let runs = row_groups.into_iter().map(|row_group| {
            let weight = scan.weight(row_group);
            let scan = scan.clone();
            Run::weighing(weight, move || stream::once(scan.row_group(row_group)).try_flatten().boxed())
        });
        Ok(runs.collect())
    }
}

/// What is read of a file.
struct Scan {
    object: TableObject,
    metadata: ArrowReaderMetadata,
    seconds: Option<ArrowReaderMetadata>,
    /// The same with the indexes of pages, fetched when a filter can use them.
    indexed: OnceCell<ArrowReaderMetadata>,
    request: Arc<ReadRequest>,
    filter: Option<Bound>,
    /// The wanted columns, in their order.
    wanted: Vec<usize>,
}

impl Scan {
    fn mask(&self, roots: impl IntoIterator<Item = usize>) -> ProjectionMask {
        ProjectionMask::roots(self.metadata.parquet_schema(), roots)
    }

    /// The wanted columns.
    fn wanted(&self) -> ProjectionMask {
        self.mask(self.wanted.iter().copied())
    }

    /// The columns that the filter looks at.
    fn filtered(&self, filter: &Bound) -> ProjectionMask {
        let mut names = Vec::new();
        filter.columns(&mut names);
        self.mask(names.into_iter().filter_map(|name| self.metadata.schema().index_of(name).ok()))
    }

    /// The wanted columns, and those that the filter looks at.
    fn needed(&self) -> ProjectionMask {
        let mut needed = self.wanted();
        if let Some(filter) = &self.filter {
            needed.union(&self.filtered(filter));
        }
        needed
    }

    /// How many bytes of memory a row group takes while it is read.
    fn weight(&self, row_group: usize) -> u64 {
        if self.object.path().is_some() {
            // Nothing is fetched ahead; more decoders than cores take memory, and turns from the current row group.
            return BUDGET;
        }
        let mask = self.wanted();
        let chunks = self.metadata.metadata().row_group(row_group).columns().iter().enumerate();
        chunks
            .filter(|(leaf, _)| mask.leaf_included(*leaf))
            .map(|(_, chunk)| u64::try_from(chunk.compressed_size()).unwrap_or_default())
            .sum()
    }

    /// How many rows a batch has: as many as are asked for, or fewer of columns whose every value is wide.
    fn batch_size(&self) -> usize {
        let schema = self.metadata.parquet_schema();
        let needed = self.needed();
        let columns = (0..schema.num_columns()).filter(|leaf| needed.leaf_included(*leaf)).map(|leaf| schema.column(leaf));
        let widths = columns.filter(|column| column.physical_type() == Type::FIXED_LEN_BYTE_ARRAY).map(|column| column.type_length());
        let width = widths.filter_map(|width| u64::try_from(width).ok()).fold(0, u64::saturating_add);
        let most = (Limit::of(&self.object).bytes() / WIDE).checked_div(width);
        let most = most.and_then(|rows| usize::try_from(rows).ok()).unwrap_or(usize::MAX);
        self.request.batch_size().min(most).max(1)
    }

    /// The rows of a row group.
    async fn row_group(self: Arc<Self>, row_group: usize) -> Result<BoxStream<'static, Result<RecordBatch>>> {
        let (metadata, selection, chunks) = match &self.filter {
            None => (self.metadata.clone(), None, None),
            Some(filter) => {
                let metadata = self.indexed.get_or_try_init(|| self.load_index(filter)).await?.clone();
                let Some((selection, chunks)) = self.select(&metadata, row_group, filter).await? else {
                    return Ok(stream::empty().boxed());
                };
                (metadata, Some(selection), Some(chunks))
            }
        };
        let chunks = Chunks::fetch(&self.object, metadata.metadata(), row_group, &self.wanted(), selection.as_ref(), chunks).await?;
        let sets = self.sets(metadata.metadata(), row_group);
        let batch_size = self.batch_size();
        let decoders = sets.iter().map(|set| Decoder {
            url: self.object.url().to_owned(),
            chunks: chunks.clone(),
            metadata: metadata.clone(),
            seconds: self.seconds.clone(),
            row_group,
            mask: self.mask(set.iter().copied()),
            selection: selection.clone(),
            batch_size,
        });
        Ok(Zipped::start(self.object.url(), decoders, places(&self.wanted, &sets))?.boxed())
    }

    /// Brings the page indexes of the wanted columns, if the file has some. Indexes that are broken say nothing.
    async fn load_index(&self, filter: &Bound) -> Result<ArrowReaderMetadata> {
        let metadata = self.metadata.metadata();
        let (filtered, needed) = (self.filtered(filter), self.needed());
        let (mut indexed, mut inside) = (false, true);
        for group in metadata.row_groups() {
            for (_, chunk) in group.columns().iter().enumerate().filter(|(leaf, _)| needed.leaf_included(*leaf)) {
                indexed |= chunk.column_index_offset().is_some();
                let ranges = [chunk.column_index_range(), chunk.offset_index_range()];
                inside &= ranges.into_iter().flatten().all(|range| range.start <= range.end && range.end <= self.object.size());
            }
        }
        if !indexed || !inside {
            return Ok(self.metadata.clone());
        }
        let leaves = |mask: &ProjectionMask| {
            let all = 0..self.metadata.parquet_schema().num_columns();
            ColumnChunkMask::columns(all.filter(|leaf| mask.leaf_included(*leaf)).collect::<Vec<_>>())
        };
        let decoder = ParquetMetaDataPushDecoder::try_new_with_metadata(self.object.size(), ParquetMetaData::clone(metadata))
            .map_err(|error| bad_parquet(self.object.url(), error))?
            .with_page_index_policy(PageIndexPolicy::Optional)
            .with_column_index_mask(leaves(&filtered))
            .with_offset_index_mask(leaves(&needed));
        let indexed = match complete(&self.object, decoder).await {
            Ok(indexed) => indexed,
            Err(error) if error.kind() == ErrorKind::Corrupt => return Ok(self.metadata.clone()),
            Err(error) => return Err(error),
        };
        let agree = |index: &Arc<dyn PageIndexProvider>| {
            (0..indexed.num_row_groups()).all(|row_group| sound::pages_agree(&indexed, index.as_ref(), row_group))
        };
        if indexed.page_index().is_some_and(agree) { with_arrow_types(&self.object, Arc::new(indexed)) } else { Ok(self.metadata.clone()) }
    }

    /// The rows of a row group that meet the condition, and the bytes that were fetched to find them; [`None`] where there are none.
    async fn select(&self, metadata: &ArrowReaderMetadata, row_group: usize, filter: &Bound) -> Result<Option<(RowSelection, Chunks)>> {
        let pages = || Ok(prune::pages(metadata.metadata(), metadata.schema(), row_group, filter));
        let pages = threads::guarded(self.object.url(), pages)?;
        if pages.as_ref().is_some_and(|pages| !pages.selects_any()) {
            return Ok(None);
        }
        let mask = self.filtered(filter);
        let chunks = Chunks::fetch(&self.object, metadata.metadata(), row_group, &mask, pages.as_ref(), None).await?;
        let decoder = Decoder {
            url: self.object.url().to_owned(),
            chunks: chunks.clone(),
            metadata: metadata.clone(),
            seconds: self.seconds.clone(),
            row_group,
            mask,
            selection: pages.clone(),
            batch_size: self.batch_size(),
        };
        let filter = filter.clone();
        let rows = threads::run(self.object.url(), move || threads::guarded(&decoder.url, || decoder.matching(&filter))).await?;
        let selection = match pages {
            Some(pages) => pages.and_then(&rows),
            None => rows,
        };
        Ok(selection.selects_any().then_some((selection, chunks)))
    }

    /// The wanted columns in as many sets as there are threads for, each about the same work.
    fn sets(&self, metadata: &ParquetMetaData, row_group: usize) -> Vec<Vec<usize>> {
        let schema = self.metadata.parquet_schema();
        let mut sizes = vec![0; self.metadata.schema().fields().len()];
        for (leaf, chunk) in metadata.row_group(row_group).columns().iter().enumerate() {
            if let Some(size) = sizes.get_mut(schema.get_column_root_idx(leaf)) {
                *size += chunk.uncompressed_size();
            }
        }
        let mut columns = self.wanted.clone();
        columns.sort_unstable();
        columns.dedup();
        let total: i64 = columns.iter().map(|column| sizes[*column]).sum();
        let threads = if total < SMALL { 1 } else { threads::parallelism() };
        columns.sort_by_key(|column| std::cmp::Reverse(sizes[*column]));
        let mut sets = vec![(0_i64, Vec::new()); threads.min(columns.len()).max(1)];
        for column in columns {
            if let Some((load, set)) = sets.iter_mut().min_by_key(|(load, _)| *load) {
                *load += sizes[column];
                set.push(column);
            }
        }
        let sorted = sets.into_iter().map(|(_, mut set)| {
            set.sort_unstable();
            set
        });
        sorted.collect()
    }
}

/// For each wanted column the set that it is decoded in, and its place there.
fn places(wanted: &[usize], sets: &[Vec<usize>]) -> Vec<(usize, usize)> {
    let each =
        sets.iter().enumerate().flat_map(|(index, set)| set.iter().enumerate().map(move |(place, column)| (*column, (index, place))));
    let places: HashMap<usize, (usize, usize)> = each.collect();
    wanted.iter().filter_map(|column| places.get(column).copied()).collect()
}
