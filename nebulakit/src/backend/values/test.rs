//! Whether the test of an arm holds.

use std::cmp::Ordering;

use bytes::Bytes;
use nebulakit_types::Result;
use nebulakit_types::convert::reader::LiteralView;

use super::view;
use crate::graph::{Binding, Comparison, Test};

/// Why a test cannot be decided.
#[derive(Debug)]
pub(in crate::backend) enum Undecided<E> {
    /// A value that it compares is not there.
    Unbound(E),
    /// Its values cannot be compared.
    Malformed(String),
}

/// Whether a test holds, whose values are those of `value`. Both sides of an "and" and of an "or" are evaluated, as on the platform.
///
/// # Errors
/// When a value is not there, or two cannot be compared.
pub(in crate::backend) fn holds<E: From<nebulakit_types::Error>>(
    test: &Test,
    value: &dyn Fn(&Binding) -> Result<Bytes, E>,
) -> Result<bool, Undecided<E>> {
    match test {
        Test::Compare { left, by, right } => {
            let (left, right) = (value(left).map_err(Undecided::Unbound)?, value(right).map_err(Undecided::Unbound)?);
            compare(&left, *by, &right)
        }
        Test::All(tests) => tests.iter().try_fold(true, |all, test| Ok(holds(test, value)? && all)),
        Test::Any(tests) => tests.iter().try_fold(false, |any, test| Ok(holds(test, value)? || any)),
    }
}

fn compare<E: From<nebulakit_types::Error>>(left: &Bytes, by: Comparison, right: &Bytes) -> Result<bool, Undecided<E>> {
    let of_value = |error: nebulakit_types::Error| Undecided::Unbound(error.into());
    let (left, right) = (plain(left).map_err(of_value)?, plain(right).map_err(of_value)?);
    let malformed = |what: String| Undecided::Malformed(what);
    let order = order(&left, &right).ok_or_else(|| malformed(format!("{} cannot be compared with {}", left.kind(), right.kind())))?;
    let is_ordered = !matches!(left, LiteralView::Boolean(_));
    match by {
        Comparison::Eq => Ok(order == Some(Ordering::Equal)),
        Comparison::Ne => Ok(order != Some(Ordering::Equal)),
        _ if !is_ordered => Err(malformed(format!("`{}` cannot compare booleans; use `==` or `!=`", by.sign()))),
        Comparison::Gt => Ok(order == Some(Ordering::Greater)),
        Comparison::Ge => Ok(matches!(order, Some(Ordering::Greater | Ordering::Equal))),
        Comparison::Lt => Ok(order == Some(Ordering::Less)),
        Comparison::Le => Ok(matches!(order, Some(Ordering::Less | Ordering::Equal))),
    }
}

/// The value inside any unions.
fn plain(value: &Bytes) -> nebulakit_types::Result<LiteralView<'_>> {
    let mut view = view(value)?;
    while let LiteralView::Union(inner, _) = view {
        view = inner.view()?;
    }
    Ok(view)
}

/// How two values compare: [`None`] if their kinds cannot be compared, `Some(None)` if one is NaN.
fn order(left: &LiteralView<'_>, right: &LiteralView<'_>) -> Option<Option<Ordering>> {
    use LiteralView as View;
    Some(match (left, right) {
        (View::Integer(left), View::Integer(right)) => Some(left.cmp(right)),
        (View::Float(left), View::Float(right)) => left.partial_cmp(right),
        (View::String(left), View::String(right)) => Some(left.cmp(right)),
        (View::Boolean(left), View::Boolean(right)) => Some(left.cmp(right)),
        // The platform compares times by whole seconds.
        (View::Datetime(left, _), View::Datetime(right, _)) | (View::Duration(left, _), View::Duration(right, _)) => Some(left.cmp(right)),
        _ => return None,
    })
}
