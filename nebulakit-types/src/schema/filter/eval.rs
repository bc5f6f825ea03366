//! Conditions on the rows of a batch.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray as _, BooleanArray, PrimitiveArray, RecordBatch, Scalar};
use arrow::buffer::BooleanBuffer;
use arrow::compute::kernels::cmp;
use arrow::compute::{and_kleene, cast, is_null, not, or_kleene};
use arrow::datatypes::{ArrowPrimitiveType, DataType, Float32Type, Float64Type};
use arrow::error::ArrowError;

use super::bound::{Bound, Comparison, Test};
use crate::{Error, ErrorKind};

impl Bound {
    /// For each row of a batch whether the condition is true; absent where that is unknown.
    pub(in crate::schema) fn evaluate(&self, batch: &RecordBatch) -> crate::Result<BooleanArray> {
        evaluate(self, batch)
            .map_err(|error| Error::new(ErrorKind::Mismatch, "the rows cannot be compared with the filter").with_source(error))
    }
}

fn evaluate(bound: &Bound, batch: &RecordBatch) -> Result<BooleanArray, ArrowError> {
    let constant = |value| {
        BooleanArray::new(if value { BooleanBuffer::new_set(batch.num_rows()) } else { BooleanBuffer::new_unset(batch.num_rows()) }, None)
    };
    match bound {
        Bound::All(parts) => parts.iter().try_fold(constant(true), |sum, part| and_kleene(&sum, &evaluate(part, batch)?)),
        Bound::Any(parts) => parts.iter().try_fold(constant(false), |sum, part| or_kleene(&sum, &evaluate(part, batch)?)),
        Bound::Not(part) => not(&evaluate(part, batch)?),
        Bound::Test(name, test) => {
            let column = batch.column_by_name(name).ok_or_else(|| ArrowError::SchemaError(format!("there is no column `{name}`")))?;
            match test {
                Test::Null => is_null(column),
                Test::Always(value) => {
                    let values = if *value { BooleanBuffer::new_set(column.len()) } else { BooleanBuffer::new_unset(column.len()) };
                    Ok(BooleanArray::new(values, column.logical_nulls()))
                }
                Test::Compare(comparison, value) => compare(column, *comparison, value),
            }
        }
    }
}

/// Compares every value of a column with the one of `value`.
pub(super) fn compare(column: &ArrayRef, comparison: Comparison, value: &ArrayRef) -> Result<BooleanArray, ArrowError> {
    match (column.data_type(), value.data_type()) {
        (DataType::Float64, DataType::Float64) => Ok(floats::<Float64Type>(column, comparison, value)),
        (DataType::Float32, DataType::Float32) => Ok(floats::<Float32Type>(column, comparison, value)),
        (DataType::Float16, DataType::Float32) => Ok(floats::<Float32Type>(&cast(column, &DataType::Float32)?, comparison, value)),
        (DataType::RunEndEncoded(_, values), _) => compare(&cast(column, values.data_type())?, comparison, value),
        (DataType::Dictionary(_, values), _) if values.is_floating() => compare(&cast(column, values)?, comparison, value),
        _ => {
            let value = Scalar::new(Arc::clone(value));
            match comparison {
                Comparison::Equal => cmp::eq(column, &value),
                Comparison::NotEqual => cmp::neq(column, &value),
                Comparison::Less => cmp::lt(column, &value),
                Comparison::LessOrEqual => cmp::lt_eq(column, &value),
                Comparison::Greater => cmp::gt(column, &value),
                Comparison::GreaterOrEqual => cmp::gt_eq(column, &value),
            }
        }
    }
}

/// As IEEE 754 compares: Arrow's own kernels put NaN above everything, and -0.0 below 0.0.
fn floats<T: ArrowPrimitiveType>(column: &ArrayRef, comparison: Comparison, value: &ArrayRef) -> BooleanArray
where
    T::Native: PartialOrd,
{
    let (column, value): (&PrimitiveArray<T>, _) = (column.as_primitive(), value.as_primitive::<T>().value(0));
    let values = column.values();
    let rows = |test: fn(T::Native, T::Native) -> bool| BooleanBuffer::collect_bool(values.len(), |index| test(values[index], value));
    let rows = match comparison {
        Comparison::Equal => rows(|left, right| left == right),
        Comparison::NotEqual => rows(|left, right| left != right),
        Comparison::Less => rows(|left, right| left < right),
        Comparison::LessOrEqual => rows(|left, right| left <= right),
        Comparison::Greater => rows(|left, right| left > right),
        Comparison::GreaterOrEqual => rows(|left, right| left >= right),
    };
    BooleanArray::new(rows, column.nulls().cloned())
}
