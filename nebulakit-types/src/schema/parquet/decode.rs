//! Row groups as batches: sets of columns decoded by threads of their own, and put beside each other.

use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow::array::{Array as _, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::Schema as ArrowSchema;
use futures_util::Stream;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection};
use tokio::sync::mpsc;

use super::super::fault::{bad_parquet, unreadable};
use super::super::filter::Bound;
use super::super::threads;
use super::fetch::Chunks;
use crate::Result;

/// About so many bytes of each set of columns may wait to be taken: sets are decoded at different speeds, and what waits long is no longer
/// in the processor's caches.
const WAITING_BYTES: usize = 2 * 1024 * 1024;

/// So many batches wait at least, however large they are, and at most, however small.
const WAITING: RangeInclusive<usize> = 2..=8;

/// Decodes some columns of a row group.
pub(super) struct Decoder {
    pub(super) url: String,
    pub(super) chunks: Chunks,
    pub(super) metadata: ArrowReaderMetadata,
    pub(super) row_group: usize,
    pub(super) mask: ProjectionMask,
    pub(super) selection: Option<RowSelection>,
    pub(super) batch_size: usize,
}

impl Decoder {
    /// How many batches may wait to be taken.
    fn waiting(&self) -> usize {
        let group = self.metadata.metadata().row_group(self.row_group);
        let chunks = group.columns().iter().enumerate().filter(|(leaf, _)| self.mask.leaf_included(*leaf));
        let bytes: i64 = chunks.map(|(_, chunk)| chunk.uncompressed_size()).sum();
        let row = usize::try_from(bytes / group.num_rows().max(1)).unwrap_or_default().max(1);
        (WAITING_BYTES / row / self.batch_size).clamp(*WAITING.start(), *WAITING.end())
    }

    fn open(&self) -> Result<ParquetRecordBatchReader> {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(self.chunks.clone(), self.metadata.clone())
            .with_row_groups(vec![self.row_group])
            .with_projection(self.mask.clone())
            .with_batch_size(self.batch_size);
        let builder = match &self.selection {
            Some(selection) => builder.with_row_selection(selection.clone()),
            None => builder,
        };
        builder.build().map_err(|error| bad_parquet(&self.url, error))
    }

    /// Sends every batch; ends early when nobody listens any more.
    fn send_to(&self, sender: &mpsc::Sender<Result<RecordBatch>>) {
        let batches = match self.open() {
            Ok(batches) => batches,
            Err(error) => return drop(sender.blocking_send(Err(error))),
        };
        for batch in batches {
            let batch = batch.map_err(|error| unreadable(&self.url, error));
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
            let mask = filter.evaluate(&batch.map_err(|error| unreadable(&self.url, error))?)?;
            masks.push(if mask.null_count() > 0 { arrow::compute::prep_null_mask_filter(&mask) } else { mask });
        }
        Ok(RowSelection::from_filters(&masks))
    }
}

/// A set of columns on its way: its thread, and the next batch of it.
struct Set {
    batches: mpsc::Receiver<Result<RecordBatch>>,
    next: Option<RecordBatch>,
}

/// Puts the columns of all sets beside each other, in the wanted order.
pub(super) struct Zipped {
    sets: Vec<Set>,
    places: Vec<(usize, usize)>,
}

impl Zipped {
    /// Starts the decoders; `places` tells for each wanted column whose it is, and where in its batches.
    pub(super) fn start(decoders: impl Iterator<Item = Decoder>, places: Vec<(usize, usize)>) -> Result<Self> {
        let start = |decoder: Decoder| {
            let (sender, batches) = mpsc::channel(decoder.waiting());
            threads::spawn(move || {
                let sent = threads::guarded(&decoder.url, || {
                    decoder.send_to(&sender);
                    Ok(())
                });
                if let Err(error) = sent {
                    // Whoever listened may have gone.
                    let _ = sender.blocking_send(Err(error));
                }
            })?;
            Ok(Set { batches, next: None })
        };
        Ok(Self { sets: decoders.map(start).collect::<Result<_>>()?, places })
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
            return Poll::Ready(Some(Err(threads::panicked())));
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
