//! `when(condition, then).otherwise(..)`.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{BitAnd, BitOr, Not};
use std::panic::Location;
use std::time::{Duration, SystemTime};

use nebulakit_types::NebulaType;
use nebulakit_types::outputs::TaskOutputs;

use crate::graph::Comparison;
use crate::workflow::arm::IntoArm;
use crate::workflow::given::{IntoPromise, Takes};
use crate::workflow::hints::EndsWithOtherwise;
use crate::workflow::node::{Branch, Expr, Node, Source, Target};
use crate::workflow::promise::{Promise, constant};

/// A test that is made when the workflow runs: `x.gt(3)`, joined by `&`, `|` and `!`.
///
/// A promise of `bool` is one by itself.
#[must_use = "a condition does nothing by itself: give it to `when(..)`"]
#[derive(Clone)]
pub struct Condition(Expr);

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut operands = Vec::new();
        self.0.operands(&mut |source| operands.push(source));
        f.debug_struct("Condition").field("of", &operands).finish_non_exhaustive()
    }
}

/// What decides: a comparison of promises, or a promise of a flag.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a condition",
    label = "expected a comparison such as `x.gt(3)`, or a promise of `bool`",
    note = "join conditions with `&` and `|`; a plain `bool` is known while the workflow is written: use `if`"
)]
pub trait IntoCondition {
    /// The condition.
    fn into_condition(self) -> Condition;
}

#[diagnostic::do_not_recommend]
impl IntoCondition for Condition {
    fn into_condition(self) -> Condition {
        self
    }
}

#[diagnostic::do_not_recommend]
impl IntoCondition for Promise<bool> {
    fn into_condition(self) -> Condition {
        Condition(Expr::Compare(Comparison::Eq, self.__into_source(), constant::<_, bool>(true).__into_source()))
    }
}

#[diagnostic::do_not_recommend]
impl IntoCondition for &Promise<bool> {
    fn into_condition(self) -> Condition {
        self.clone().into_condition()
    }
}

impl Condition {
    /// Both.
    pub fn and(self, other: impl IntoCondition) -> Self {
        let other = other.into_condition().0;
        Self(Expr::And(match self.0 {
            Expr::And(mut parts) => {
                parts.push(other);
                parts
            }
            first => vec![first, other],
        }))
    }

    /// Either.
    pub fn or(self, other: impl IntoCondition) -> Self {
        let other = other.into_condition().0;
        Self(Expr::Or(match self.0 {
            Expr::Or(mut parts) => {
                parts.push(other);
                parts
            }
            first => vec![first, other],
        }))
    }
}

/// The platform has no negation, so it is pushed down to the comparisons.
fn negated(expr: Expr) -> Expr {
    match expr {
        Expr::Compare(comparison, left, right) => {
            let comparison = match comparison {
                Comparison::Eq => Comparison::Ne,
                Comparison::Ne => Comparison::Eq,
                Comparison::Gt => Comparison::Le,
                Comparison::Le => Comparison::Gt,
                Comparison::Lt => Comparison::Ge,
                Comparison::Ge => Comparison::Lt,
            };
            Expr::Compare(comparison, left, right)
        }
        Expr::And(parts) => Expr::Or(parts.into_iter().map(negated).collect()),
        Expr::Or(parts) => Expr::And(parts.into_iter().map(negated).collect()),
    }
}

macro_rules! operators {
    ($($flag:ty)*) => {$(
        impl<C: IntoCondition> BitAnd<C> for $flag {
            type Output = Condition;

            fn bitand(self, other: C) -> Condition {
                self.into_condition().and(other)
            }
        }

        impl<C: IntoCondition> BitOr<C> for $flag {
            type Output = Condition;

            fn bitor(self, other: C) -> Condition {
                self.into_condition().or(other)
            }
        }

        impl Not for $flag {
            type Output = Condition;

            fn not(self) -> Condition {
                Condition(negated(self.into_condition().0))
            }
        }
    )*};
}

operators! { Condition Promise<bool> &Promise<bool> }

/// What the platform can compare: numbers, text, `bool`, points in time and durations.
#[diagnostic::on_unimplemented(
    message = "promises of `{Self}` cannot be compared",
    label = "the platform compares numbers, text, `bool`, points in time and durations only",
    note = "make the test in a task that returns `bool`, and give its promise to `when(..)`"
)]
pub trait Compare: NebulaType {}

/// What has an order: numbers, text, points in time and durations.
#[diagnostic::on_unimplemented(
    message = "promises of `{Self}` cannot be ordered",
    label = "the platform orders numbers, text, points in time and durations only",
    note = "make the test in a task that returns `bool`, and give its promise to `when(..)`"
)]
pub trait Order: Compare {}

macro_rules! ordered {
    ($($ty:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Compare for $ty {}
        #[diagnostic::do_not_recommend]
        impl Order for $ty {}
    )*};
}

ordered! { i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 String SystemTime Duration }
#[diagnostic::do_not_recommend]
impl Compare for bool {}

impl<T> Promise<T> {
    fn compare(&self, comparison: Comparison, other: impl IntoPromise<T>) -> Condition {
        Condition(Expr::Compare(comparison, self.source().clone(), other.into_promise().__into_source()))
    }

    /// Whether it is equal to `other`, a constant or a promise.
    #[track_caller]
    pub fn eq(&self, other: impl IntoPromise<T>) -> Condition
    where
        T: Compare,
    {
        self.compare(Comparison::Eq, other)
    }

    /// Whether it differs from `other`.
    #[track_caller]
    pub fn ne(&self, other: impl IntoPromise<T>) -> Condition
    where
        T: Compare,
    {
        self.compare(Comparison::Ne, other)
    }

    /// Whether it is greater than `other`.
    #[track_caller]
    pub fn gt(&self, other: impl IntoPromise<T>) -> Condition
    where
        T: Order,
    {
        self.compare(Comparison::Gt, other)
    }

    /// Whether it is `other` or greater.
    #[track_caller]
    pub fn ge(&self, other: impl IntoPromise<T>) -> Condition
    where
        T: Order,
    {
        self.compare(Comparison::Ge, other)
    }

    /// Whether it is less than `other`.
    #[track_caller]
    pub fn lt(&self, other: impl IntoPromise<T>) -> Condition
    where
        T: Order,
    {
        self.compare(Comparison::Lt, other)
    }

    /// Whether it is `other` or less.
    #[track_caller]
    pub fn le(&self, other: impl IntoPromise<T>) -> Condition
    where
        T: Order,
    {
        self.compare(Comparison::Le, other)
    }
}

/// A condition that still needs its last arm.
#[must_use = "a condition needs a last arm: `.otherwise(..)` or `.or_fail(\"..\")`"]
pub struct When<T> {
    at: &'static Location<'static>,
    arms: Vec<(Expr, Source)>,
    of: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for When<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("When").field("at", &self.at).field("arms", &self.arms.len()).finish_non_exhaustive()
    }
}

/// `then` if `condition` holds. What only one arm needs runs only if that arm is taken.
///
/// # Examples
/// ```
/// use nebulakit::prelude::*;
///
/// #[task]
/// fn double(x: i64) -> i64 {
///     2 * x
/// }
///
/// #[workflow]
/// fn conditions(x: Promise<i64>, flag: Promise<bool>) -> Promise<i64> {
///     when(x.gt(10) & !flag, double::node(&x)).or_when(x.eq(7), 0).or_fail("no rule for this x")
/// }
/// # fn main() -> anyhow::Result<()> {
/// # conditions::graph()?;
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn when<T>(condition: impl IntoCondition, then: impl IntoArm<T>) -> When<T> {
    let arms = vec![(condition.into_condition().0, then.into_arm().__into_source())];
    When { at: Location::caller(), arms, of: PhantomData }
}

impl<T: TaskOutputs> When<T> {
    /// `then` if `condition` holds and none before it did.
    #[track_caller]
    pub fn or_when(mut self, condition: impl IntoCondition, then: impl IntoPromise<T>) -> Self {
        self.arms.push((condition.into_condition().0, then.into_promise().__into_source()));
        self
    }

    /// `otherwise` if no condition holds.
    #[track_caller]
    pub fn otherwise(self, otherwise: impl IntoPromise<T>) -> Promise<T> {
        self.end(Ok(otherwise.into_promise().__into_source()))
    }

    /// The workflow fails with `message` if no condition holds.
    pub fn or_fail(self, message: impl Into<String>) -> Promise<T> {
        self.end(Err(message.into()))
    }

    fn end(self, otherwise: Result<Source, String>) -> Promise<T> {
        let branch = Branch { arms: self.arms, otherwise, names: T::NAMES, types: T::literal_types };
        Promise::of_node(Node::new(self.at, Target::Branch(Box::new(branch)), Vec::new()))
    }
}

// The input's type is a parameter, so that no message lists what else there is. The bound is on `U`: of `When<U>`, which is what is given,
// rustc would not say it in our words.
impl<T, U> Takes<When<U>> for T
where
    U: EndsWithOtherwise,
{
    fn take(_: When<U>) -> Promise<T> {
        Promise::new(Source::Default)
    }
}
