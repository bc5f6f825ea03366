//! Row groups as batches: sets of columns decoded by threads of their own, and put beside each other.

use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow::array::{Array as _, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::Schema as ArrowSchema;
use arrow::error::ArrowError;
use futures_util::Stream;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReader, RowSelection};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::file::metadata::RowGroupMetaData;
use tokio::sync::mpsc;

use super::super::fault::{bad_column, caught, unreadable};
use super::super::filter::Bound;
use super::super::threads;
use super::fetch::Chunks;
use super::int96;
use super::located;
use super::pages::Group;
use super::sound::claims;
use crate::storage::shown;
use crate::{Error, ErrorKind, Result};

/// Approximate bytes of each set of columns that may wait to be taken, 2 MiB: sets are decoded at different speeds, and what waits long
/// drops out of the processor's caches.
const WAITING_BYTES: usize = 2 * 1024 * 1024;

/// How many batches may wait: at least two, however large, and at most eight, however small.
const WAITING: RangeInclusive<usize> = 2..=8;

/// Decodes some columns of a row group.
#[derive(Clone)]
pub(super) struct Decoder {
    pub(super) url: String,
    pub(super) chunks: Chunks,
    pub(super) metadata: ArrowReaderMetadata,
    /// The metadata by which INT96 columns come in seconds, of a file that has some.
    pub(super) seconds: Option<ArrowReaderMetadata>,
    pub(super) row_group: usize,
    pub(super) mask: ProjectionMask,
    pub(super) selection: Option<RowSelection>,
    pub(super) batch_size: usize,
}

impl Decoder {
    /// How many batches may wait to be taken.
    fn waiting(&self) -> usize {
        let group = self.group();
        let chunks = group.columns().iter().enumerate().filter(|(leaf, _)| self.mask.leaf_included(*leaf));
        let bytes: i64 = chunks.map(|(_, chunk)| chunk.uncompressed_size()).fold(0, i64::saturating_add);
        let row = usize::try_from(bytes / group.num_rows().max(1)).unwrap_or_default().max(1);
        (WAITING_BYTES / row / self.batch_size).clamp(*WAITING.start(), *WAITING.end())
    }

    fn group(&self) -> &RowGroupMetaData {
        self.metadata.metadata().row_group(self.row_group)
    }

    /// How many rows there have to be.
    fn rows(&self) -> usize {
        let all = usize::try_from(self.group().num_rows()).unwrap_or_default();
        self.selection.as_ref().map_or(all, RowSelection::row_count)
    }

    fn reader(&self, metadata: &ArrowReaderMetadata, mask: ProjectionMask) -> Result<ParquetRecordBatchReader> {
        // A group of few rows needs no room for more.
        let batch_size = self.batch_size.min(self.rows()).max(1);
        let group = Group { metadata: metadata.metadata().clone(), row_group: self.row_group, chunks: self.chunks.clone(), batch_size };
        let build = || {
            let levels = parquet_to_arrow_field_levels(metadata.parquet_schema(), mask, Some(metadata.schema().fields()))?;
            ParquetRecordBatchReader::try_new_with_row_groups(&levels, &group, batch_size, self.selection.clone())
        };
        caught(build).map_err(|error| self.unreadable(error.into()))
    }

    fn open(&self) -> Result<Batches<'_>> {
        if let Some(selection) = &self.selection {
            let metadata = self.metadata.metadata();
            let misplaced = caught(|| located::misplaced(metadata, self.row_group, &self.mask, selection, &self.chunks));
            if let Some(page) = misplaced.map_err(|error| self.unreadable(error.into()))? {
                let held = format!("and a page of its column `{}` holds {} of them, not {}", page.column, page.held, page.said);
                return Err(claims(&self.url, self.row_group, self.group().num_rows(), &held));
            }
        }
        let reader = self.reader(&self.metadata, self.mask.clone())?;
        let seconds = match &self.seconds {
            Some(metadata) => match int96::columns(metadata.parquet_schema(), &self.mask) {
                Some(mask) => Some(self.reader(metadata, mask)?),
                None => None,
            },
            None => None,
        };
        let leaves = (0..self.metadata.parquet_schema().num_columns()).filter(|leaf| self.mask.leaf_included(*leaf)).collect();
        Ok(Batches { decoder: self, leaves, reader, seconds, rows: 0, expected: self.rows() })
    }

    /// Sends every batch; ends early when nobody listens any more.
    fn send_to(&self, sender: &mpsc::Sender<Result<RecordBatch>>) {
        let batches = match self.open() {
            Ok(batches) => batches,
            Err(error) => return drop(sender.blocking_send(Err(error))),
        };
        for batch in batches {
            let failed = batch.is_err();
            if sender.blocking_send(batch).is_err() || failed {
                return;
            }
        }
    }

    /// The rows that meet the condition, among those selected.
    pub(super) fn matching(&self, filter: &Bound) -> Result<RowSelection> {
        let mut masks: Vec<BooleanArray> = Vec::new();
        for batch in self.open()? {
            let mask = filter.evaluate(&batch?)?;
            masks.push(if mask.null_count() > 0 { arrow::compute::prep_null_mask_filter(&mask) } else { mask });
        }
        Ok(RowSelection::from_filters(&masks))
    }

    /// The columns that are decoded, one by one.
    fn roots(&self) -> Vec<usize> {
        let schema = self.metadata.parquet_schema();
        let leaves = (0..schema.num_columns()).filter(|leaf| self.mask.leaf_included(*leaf));
        let mut roots: Vec<_> = leaves.map(|leaf| schema.get_column_root_idx(leaf)).collect();
        roots.dedup();
        roots
    }

    /// Says which column cannot be read: the decoder of several does not tell.
    fn unreadable(&self, error: ArrowError) -> Error {
        if let Some((leaf, what)) = self.chunks.account.refused() {
            let column = self.metadata.parquet_schema().column(leaf);
            let name = column.path().parts().first().map_or("", String::as_str);
            let text = format!("cannot read the column `{name}` in row group {} of `{}`: {what}", self.row_group, shown(&self.url));
            return Error::new(ErrorKind::OutOfRange, text);
        }
        match self.roots().as_slice() {
            [root] => bad_column(&self.url, self.row_group, self.metadata.parquet_schema().root_schema().get_fields()[*root].name(), error),
            _ => self.culprit().unwrap_or_else(|| unreadable(&self.url, error)),
        }
    }

    /// The rows are other than the row group claims.
    fn miscounted(&self, held: &str) -> Error {
        let claim = |held: String| claims(&self.url, self.row_group, self.group().num_rows(), &held);
        match self.roots().as_slice() {
            [root] => claim(format!(
                "and the pages of its column `{}` hold {held}",
                self.metadata.parquet_schema().root_schema().get_fields()[*root].name()
            )),
            _ => self.culprit().unwrap_or_else(|| claim(format!("and its pages hold {held}"))),
        }
    }

    /// What the first column says that fails alone.
    fn culprit(&self) -> Option<Error> {
        self.roots().into_iter().find_map(|root| {
            let mask = ProjectionMask::roots(self.metadata.parquet_schema(), [root]);
            let alone = Self { mask, ..self.clone() };
            match alone.open() {
                Ok(batches) => batches.filter_map(Result::err).next(),
                Err(error) => Some(error),
            }
        })
    }
}

/// The batches of a decoder: as many rows as there have to be, or an error.
struct Batches<'a> {
    decoder: &'a Decoder,
    leaves: Vec<usize>,
    reader: ParquetRecordBatchReader,
    /// The INT96 columns among them, in seconds.
    seconds: Option<ParquetRecordBatchReader>,
    rows: usize,
    /// How many rows there have to be.
    expected: usize,
}

impl Batches<'_> {
    fn checked(&mut self) -> Result<Option<RecordBatch>> {
        let decoder = self.decoder;
        let next = |reader: &mut ParquetRecordBatchReader| {
            let batch = caught(|| Ok(reader.next())).map_err(ArrowError::from).and_then(Option::transpose);
            batch.map_err(|error| decoder.unreadable(error))
        };
        decoder.chunks.account.begin(&self.leaves);
        let Some(batch) = next(&mut self.reader)? else {
            return if self.rows < self.expected { Err(decoder.miscounted("fewer")) } else { Ok(None) };
        };
        if self.rows + batch.num_rows() > self.expected {
            return Err(decoder.miscounted("more"));
        }
        if let Some(reader) = &mut self.seconds
            && let Some(seconds) = next(reader)?
        {
            self.check_instants(&batch, &seconds)?;
        }
        self.rows += batch.num_rows();
        Ok(Some(batch))
    }

    fn check_instants(&self, batch: &RecordBatch, seconds: &RecordBatch) -> Result<()> {
        for (field, seconds) in seconds.schema_ref().fields().iter().zip(seconds.columns()) {
            let values = batch.column_by_name(field.name());
            if let Some(wrapped) = values.and_then(|values| int96::wrapped(values, seconds)) {
                let row = self.decoder.row_of(self.rows + wrapped.row);
                return Err(wrapped.error(&self.decoder.url).at_index(row).at_field(field.name()));
            }
        }
        Ok(())
    }
}

impl Iterator for Batches<'_> {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.checked().transpose()
    }
}

impl Decoder {
    /// The row of the file that is decoded as the one at `index`.
    fn row_of(&self, index: usize) -> usize {
        let before = &self.metadata.metadata().row_groups()[..self.row_group];
        let before: usize = before.iter().filter_map(|group| usize::try_from(group.num_rows()).ok()).sum();
        let (mut row, mut left) = (before, index);
        for selector in self.selection.iter().flat_map(RowSelection::iter) {
            if !selector.skip && selector.row_count > left {
                break;
            }
            left -= if selector.skip { 0 } else { selector.row_count };
            row += selector.row_count;
        }
        row + left
    }
}

/// A set of columns on its way: its thread, and the next batch of it.
struct Set {
    batches: mpsc::Receiver<Result<RecordBatch>>,
    next: Option<RecordBatch>,
}

/// Puts the columns of all sets beside each other, in the wanted order.
pub(super) struct Zipped {
    url: String,
    sets: Vec<Set>,
    places: Vec<(usize, usize)>,
}

impl Zipped {
    /// Starts the decoders; `places` tells for each wanted column whose it is, and where in its batches.
    pub(super) fn start(url: &str, decoders: impl Iterator<Item = Decoder>, places: Vec<(usize, usize)>) -> Result<Self> {
        let start = |decoder: Decoder| {
            let (sender, batches) = mpsc::channel(decoder.waiting());
            threads::spawn(move || {
                let sent = threads::guarded(&decoder.url, || {
                    decoder.send_to(&sender);
                    Ok(())
                });
                if let Err(error) = sent {
                    // The reader may have gone.
                    let _ = sender.blocking_send(Err(error));
                }
            })?;
            Ok(Set { batches, next: None })
        };
        Ok(Self { url: url.to_owned(), sets: decoders.map(start).collect::<Result<_>>()?, places })
    }
}

impl Stream for Zipped {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut pending = false;
        let mut ended = 0;
        for set in self.sets.iter_mut().filter(|set| set.next.is_none()) {
            match set.batches.poll_recv(context) {
                Poll::Ready(Some(Ok(batch))) => set.next = Some(batch),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => ended += 1,
                Poll::Pending => pending = true,
            }
        }
        if pending {
            return Poll::Pending;
        }
        if ended == self.sets.len() {
            return Poll::Ready(None);
        }
        if ended > 0 {
            // All columns have the same rows: a decoder that ends before the others has failed without a word.
            return Poll::Ready(Some(Err(threads::panicked(&self.url))));
        }
        let batches: Vec<_> = self.sets.iter_mut().filter_map(|set| set.next.take()).collect();
        Poll::Ready(Some(zip(&batches, &self.places)))
    }
}

fn zip(batches: &[RecordBatch], places: &[(usize, usize)]) -> Result<RecordBatch> {
    let fields: Vec<_> = places.iter().map(|(set, place)| batches[*set].schema_ref().fields()[*place].clone()).collect();
    let columns = places.iter().map(|(set, place)| batches[*set].column(*place).clone()).collect();
    let rows = batches.first().map_or(0, RecordBatch::num_rows);
    RecordBatch::try_new_with_options(Arc::new(ArrowSchema::new(fields)), columns, &RecordBatchOptions::new().with_row_count(Some(rows)))
        .map_err(|error| unreadable("columns of one row group", error))
}
