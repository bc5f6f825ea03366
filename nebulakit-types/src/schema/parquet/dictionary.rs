//! Which columns are not worth a dictionary.
//!
//! A dictionary that outgrows its page is given up in the middle of a row group, and what was spent on it is lost (docs/performance.md,
//! "Tables"). The first rows tell which columns that would happen to.

use arrow::array::{Array as _, ArrayRef, RecordBatch};
use arrow::compute::{concat, partition, sort};
use arrow::datatypes::DataType;
use parquet::file::properties::DEFAULT_DICTIONARY_PAGE_SIZE_LIMIT;

/// How many rows are sampled: in these, a column with as many values as a dictionary can hold repeats some hundreds of times.
const LOOKED_AT: usize = 8 * 1024;

/// Minimum number of values for a verdict.
const ENOUGH: usize = 1024;

/// Maximum bytes of the sampled rows, 16 MiB: sampling copies them, and a dictionary of larger values is given up at once.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// The columns whose dictionaries would outgrow their page, as far as the first rows tell.
pub(super) fn vain(batches: &[RecordBatch]) -> Vec<String> {
    let Some(first) = batches.first() else { return Vec::new() };
    let fields = first.schema_ref().fields().iter().enumerate();
    // A column that cannot be sampled keeps its dictionary: a failed guess should not fail the table.
    let vain = fields.filter(|(index, field)| {
        has_dictionary(field.data_type()) && sample(batches, *index).and_then(|sample| outgrows(&sample)).unwrap_or(false)
    });
    vain.map(|(_, field)| field.name().clone()).collect()
}

/// Whether values of this type could have a dictionary that is worth a look.
fn has_dictionary(data_type: &DataType) -> bool {
    !(data_type.is_nested() || matches!(data_type, DataType::Boolean | DataType::Null | DataType::Dictionary(..)))
}

fn sample(batches: &[RecordBatch], index: usize) -> Option<ArrayRef> {
    let (mut rows, mut bytes) = (0, 0);
    let mut arrays = Vec::new();
    for batch in batches {
        let some = batch.column(index).slice(0, batch.num_rows().min(LOOKED_AT - rows));
        rows += some.len();
        bytes += some.to_data().get_slice_memory_size().ok()?;
        arrays.push(some);
    }
    if bytes > MOST_BYTES {
        return None;
    }
    concat(&arrays.iter().map(|array| &**array).collect::<Vec<_>>()).ok()
}

/// Compares how many values differ with how many would, if there were just as many as a dictionary holds and each were as likely.
#[expect(clippy::cast_precision_loss, reason = "a few thousand values")]
fn outgrows(sample: &ArrayRef) -> Option<bool> {
    let gaps = sample.logical_null_count();
    let values = sample.len() - gaps;
    if values < ENOUGH {
        return None;
    }
    let different = partition(&[sort(sample, None).ok()?]).ok()?.len() - usize::from(gaps > 0);
    let bytes = sample.to_data().get_slice_memory_size().ok()?;
    let held = DEFAULT_DICTIONARY_PAGE_SIZE_LIMIT as f64 * sample.len() as f64 / bytes as f64;
    Some(different as f64 > held * (1.0 - (-(values as f64) / held).exp()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringArray};

    use super::*;

    /// The numbers from 0 to `below`, each as likely, the same every time.
    fn numbers(below: u64) -> impl Iterator<Item = u64> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        (0..LOOKED_AT).map(move |_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        })
    }

    fn integers(below: u64) -> ArrayRef {
        Arc::new(numbers(below).map(|number| i64::try_from(number).ok()).collect::<Int64Array>())
    }

    fn texts(below: u64) -> ArrayRef {
        Arc::new(numbers(below).map(|number| Some(format!("the text {number:07}"))).collect::<StringArray>())
    }

    #[test]
    fn a_dictionary_holds_a_mebibyte() {
        // 8 bytes each: 131,072 fit.
        for (below, expected) in [(10, false), (100_000, false), (200_000, true), (u64::MAX / 2, true)] {
            assert_eq!(outgrows(&integers(below)).unwrap(), expected, "{below} integers");
        }
        // 16 bytes and their length: 52,428 fit.
        for (below, expected) in [(10, false), (40_000, false), (80_000, true)] {
            assert_eq!(outgrows(&texts(below)).unwrap(), expected, "{below} texts");
        }
    }

    #[test]
    fn few_values_tell_nothing() {
        assert_eq!(outgrows(&integers(u64::MAX / 2).slice(0, ENOUGH - 1)), None);
        let gaps: ArrayRef = Arc::new((0..8_000).map(|index| (index % 10 == 0).then_some(index)).collect::<Int64Array>());
        assert_eq!(outgrows(&gaps), None);
    }

    #[test]
    fn what_is_too_large_is_not_looked_at() {
        let texts = |length: usize| -> ArrayRef {
            Arc::new(numbers(u64::MAX).map(|number| Some(format!("{number:0length$}"))).collect::<StringArray>())
        };
        let batch = RecordBatch::try_from_iter([("short", texts(30)), ("long", texts(3_000))]).unwrap();
        assert_eq!(vain(&[batch]), ["short"]);
    }

    #[test]
    fn small_batches_are_looked_at_together() {
        let column = integers(u64::MAX / 2);
        let batches: Vec<_> =
            (0..80).map(|index| RecordBatch::try_from_iter([("number", column.slice(index * 100, 100))]).unwrap()).collect();
        assert_eq!(vain(&batches), ["number"]);
        assert!(vain(&batches[..10]).is_empty());
    }
}
