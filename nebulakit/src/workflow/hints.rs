//! Traits that nothing implements: each is the reason why something is refused, so that the compiler says it.
//!
//! An implementation whose bound is one of these is never usable. rustc then reports the bound, with our words, where it would else list
//! what it knows; so these implementations are not `do_not_recommend`, and their `Self` is a type parameter.

use std::cmp::Ordering;
use std::fmt;
use std::future::Future;
use std::ops::{Add, Div, Mul, Rem, Sub};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::task::value::{OrDefault, TakesValue, Value};
use crate::workflow::promise::Promise;

macro_rules! hints {
    ($($(#[$attribute:meta])* $name:ident;)*) => {$(
        $(#[$attribute])*
        pub trait $name {
            /// What would come of it.
            type Never;
        }
    )*};
}

hints! {
    /// Comparison by operators.
    #[diagnostic::on_unimplemented(
        message = "a promise cannot be compared with an operator: it has no value while the workflow is written",
        label = "has no value yet",
        note = "compare with `x.gt(3)`, `.ge`, `.lt`, `.le`, `.eq`, `.ne`, and decide with `when(x.gt(3), then).otherwise(..)`"
    )]
    CompareWithGtLtEqThenWhen;
    /// Arithmetic.
    #[diagnostic::on_unimplemented(
        message = "there is no arithmetic on promises: they have no value while the workflow is written",
        label = "has no value yet",
        note = "calculate in a task: `#[task] fn add(a: i64, b: i64) -> i64`, and `add::node(x, 1)`"
    )]
    ArithmeticBelongsInATask;
    /// Text made of a promise.
    #[diagnostic::on_unimplemented(
        message = "a promise cannot be formatted: it has no value while the workflow is written",
        label = "has no value yet",
        note = "make the text in a task, and give the task's promise on"
    )]
    FormattedInTasks;
    /// A loop over a list.
    #[diagnostic::on_unimplemented(
        message = "a promise cannot be looped over: it has no elements while the workflow is written",
        label = "has no elements yet",
        note = "for each element run a task with `task::map(list)`, or a workflow with `workflow::map(list)`; for more than that write a task that returns `Promise<T>`: it builds a graph of real values"
    )]
    LoopedByMap;
    /// `.await`.
    #[diagnostic::on_unimplemented(
        message = "a promise cannot be awaited: it stands for a node of a graph",
        label = "is not a future",
        note = "from inside a running task, `task::call(&ctx, ..).await` runs another task and gives its value"
    )]
    AwaitedByCall;
    /// None for an input that is always there.
    #[diagnostic::on_unimplemented(
        message = "this promise may turn out to be none, and the input takes no none",
        label = "`{Self}` is optional",
        note = "let the task take an `Option`, or put a task between that decides what none means"
    )]
    NotOptional;
    /// What a map gives of which elements may fail, for something else.
    #[diagnostic::on_unimplemented(
        message = "elements of this list may be none, and the input does not take that",
        label = "expected `{Self}` or a promise of it",
        note = "let the task take a `Vec<Option<T>>`; without `.min_success_ratio(..)` and `.min_successes(..)` every element of a map is there"
    )]
    TakesMissingElements;
    /// A condition without its last arm.
    #[diagnostic::on_unimplemented(
        message = "this condition does not say what happens otherwise",
        label = "has no last arm",
        note = "end it with `.otherwise(value)`, or with `.or_fail(\"why\")`"
    )]
    EndsWithOtherwise;
    /// A list for one value.
    #[diagnostic::on_unimplemented(
        message = "this promise is a list, and the input takes one value",
        label = "`{Self}` is a list",
        note = "`task::map(list)` runs the task for each element; `list.at(0)` is one element"
    )]
    IsOneValue;
    /// A whole number for something else.
    #[diagnostic::on_unimplemented(
        message = "a whole number cannot be given to an input of type `{Self}`",
        label = "expected `{Self}` or a promise of it",
        note = "numbers do not turn into each other on the platform: write `8.0` for a float, `.cast()` for another whole number, or convert in a task; a list of one is `[x]`"
    )]
    TakesWholeNumbers;
    /// A float for something else.
    #[diagnostic::on_unimplemented(
        message = "a float cannot be given to an input of type `{Self}`",
        label = "expected `{Self}` or a promise of it",
        note = "numbers do not turn into each other on the platform: write `8` for a whole number, or convert in a task; a list of one is `[x]`"
    )]
    TakesFloats;
    /// `Default` for an input that has none.
    #[diagnostic::on_unimplemented(
        message = "this input has no default",
        label = "`{Self}` has to be given",
        note = "only an input with `#[default(..)]`, or of a type `Option`, can be left to `Default`"
    )]
    MayBeOmitted;
    /// A map of single values.
    #[diagnostic::on_unimplemented(
        message = "nothing to map over",
        label = "none of the inputs is a list of what the task takes there",
        note = "an input that is given a list of its type is mapped over, one that is given a value of its type goes to every element; for one call write `::node(..)`"
    )]
    SomeList;
    /// A map of what runs elsewhere.
    #[diagnostic::on_unimplemented(
        message = "a task whose code is elsewhere cannot be mapped",
        label = "it runs in another image",
        note = "the platform's maps run this program for each element; make a workflow of one node of it, and map that"
    )]
    CodeIsHere;
    /// A call of what runs elsewhere.
    #[diagnostic::on_unimplemented(
        message = "a task whose code is elsewhere cannot be called",
        label = "it runs in another image",
        note = "a running task calls what is in its own program; put `::node(..)` of it into a workflow"
    )]
    CalledHere;
    /// A call of a workflow.
    #[diagnostic::on_unimplemented(
        message = "a running task cannot call a workflow",
        label = "a call runs one task",
        note = "call its tasks, or return promises from the task: `-> Promise<T>` with `workflow::node(..)` in it"
    )]
    WorkflowsAreNodes;
    /// A promise for a call or for `with`.
    #[diagnostic::on_unimplemented(
        message = "a promise cannot be given where a value is taken",
        label = "expected `{Self}`",
        note = "a call from inside a task, and `with`, take values; promises are for workflows"
    )]
    TakesValuesOnly;
    /// A map of a launch plan.
    #[diagnostic::on_unimplemented(
        message = "a launch plan cannot be mapped",
        label = "each of its runs is an execution of its own",
        note = "map the workflow that it launches: `workflow::map(list)`"
    )]
    MapsWorkflows;
}

// The input's type is a parameter, so that no message lists it.
impl<T, U> TakesValue<Promise<U>> for T
where
    T: TakesValuesOnly,
{
    fn given(_: Promise<U>) -> Value {
        Value::left_out()
    }
}

impl<T, U> TakesValue<&Promise<U>> for T
where
    T: TakesValuesOnly,
{
    fn given(_: &Promise<U>) -> Value {
        Value::left_out()
    }
}

#[diagnostic::do_not_recommend]
impl<T> MayBeOmitted for OrDefault<T> {
    type Never = ();
}

#[diagnostic::do_not_recommend]
impl<T> MayBeOmitted for Option<T> {
    type Never = ();
}

#[doc(hidden)]
#[diagnostic::do_not_recommend]
impl<T, R> PartialEq<R> for Promise<T>
where
    Promise<T>: CompareWithGtLtEqThenWhen,
{
    fn eq(&self, _: &R) -> bool {
        false
    }
}

#[doc(hidden)]
#[diagnostic::do_not_recommend]
impl<T, R> PartialOrd<R> for Promise<T>
where
    Promise<T>: CompareWithGtLtEqThenWhen,
{
    fn partial_cmp(&self, _: &R) -> Option<Ordering> {
        None
    }
}

#[doc(hidden)]
impl<T: ?Sized> fmt::Display for Promise<T>
where
    T: FormattedInTasks,
{
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

#[doc(hidden)]
impl<T> Iterator for Promise<T>
where
    T: LoopedByMap,
{
    type Item = T::Never;

    fn next(&mut self) -> Option<T::Never> {
        None
    }
}

impl<T> Promise<Vec<T>> {
    #[doc(hidden)]
    pub fn iter(&self) -> std::iter::Empty<T>
    where
        T: LoopedByMap,
    {
        std::iter::empty()
    }
}

#[doc(hidden)]
impl<T> Future for Promise<T>
where
    T: AwaitedByCall,
{
    type Output = T::Never;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T::Never> {
        Poll::Pending
    }
}

macro_rules! arithmetic {
    ($($operator:ident $method:ident)*) => {$(
        #[doc(hidden)]
        impl<T, R> $operator<R> for Promise<T>
        where
            Promise<T>: ArithmeticBelongsInATask,
        {
            type Output = Promise<T>;

            fn $method(self, _: R) -> Promise<T> {
                self
            }
        }

        #[doc(hidden)]
        impl<T, R> $operator<R> for &Promise<T>
        where
            Promise<T>: ArithmeticBelongsInATask,
        {
            type Output = Promise<T>;

            fn $method(self, _: R) -> Promise<T> {
                self.clone()
            }
        }
    )*};
}

arithmetic! { Add add Sub sub Mul mul Div div Rem rem }
