//! A condition: which of its arms runs.

use std::cmp::Ordering;

use bytes::Bytes;
use nebulakit_types::convert::reader::LiteralView;

use super::fault::{End, code};
use super::step::Step;
use super::value;
use crate::graph::{Binding, Branch, Comparison, Otherwise, Scope, Test};
use crate::run::Arm;

impl<'g> Step<'g> {
    /// Which arm a condition takes, and the scope of that arm.
    pub(super) fn decide(&self, branch: &'g Branch) -> Result<(Arm, &'g Scope), End> {
        for (arm, number) in branch.arms.iter().zip(0..) {
            if self.holds(&arm.test)? {
                return Ok((Arm::Taken(number), &arm.body));
            }
        }
        match &branch.otherwise {
            Otherwise::Run(body) => Ok((Arm::Otherwise, body)),
            Otherwise::Fail(message) => Err(self.fault(code::NO_ARM, message)),
        }
    }

    /// Whether a test holds. Both sides of an "and" and of an "or" are evaluated, as on the platform.
    fn holds(&self, test: &Test) -> Result<bool, End> {
        match test {
            Test::Compare { left, by, right } => {
                let (left, right) = (self.compared(left)?, self.compared(right)?);
                self.compare(&left, *by, &right)
            }
            Test::All(tests) => tests.iter().try_fold(true, |all, test| Ok(self.holds(test)? && all)),
            Test::Any(tests) => tests.iter().try_fold(false, |any, test| Ok(self.holds(test)? || any)),
        }
    }

    fn compared(&self, side: &Binding) -> Result<Bytes, End> {
        self.frame.value(side).map_err(|error| self.unbound("a value that it compares", &error))
    }

    fn compare(&self, left: &Bytes, by: Comparison, right: &Bytes) -> Result<bool, End> {
        let of_binding = |error| self.unbound("a value that it compares", &error);
        let (left, right) = (plain(left).map_err(of_binding)?, plain(right).map_err(of_binding)?);
        let malformed = |what: String| self.fault(code::BRANCH, what);
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
}

/// The value inside any unions.
fn plain(value: &Bytes) -> nebulakit_types::Result<LiteralView<'_>> {
    let mut view = value::view(value)?;
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
