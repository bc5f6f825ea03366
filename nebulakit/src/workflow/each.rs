//! What may stand where a map takes an input: the types say what is mapped over.

use nebulakit_types::NebulaType;

use crate::task::value::{Omitted, OrDefault};
use crate::workflow::hints::{NotOptional, SomeList, TakesFloats, TakesWholeNumbers};
use crate::workflow::node::Source;
use crate::workflow::promise::{Promise, constant, list};

/// What an input of type `T` of a mapped task takes: a list of its type is mapped over, a value of its type goes to every element.
///
/// It is implemented for everything that [`TakesEach`] is.
pub trait IntoEach<T> {
    /// [`Over`] where it is mapped over, [`Same`] where every element gets it.
    type Mode: Mode;

    /// The argument.
    fn into_each(self) -> Each;
}

/// [`IntoEach`] from the input's side, which makes the compiler's messages short.
#[diagnostic::on_unimplemented(
    message = "`{A}` cannot be given to a mapped input of type `{Self}`",
    label = "expected a list of `{Self}` to map over, or one `{Self}` for all elements"
)]
pub trait TakesEach<A> {
    /// [`Over`] or [`Same`].
    type Mode: Mode;

    /// The argument.
    fn take_each(given: A) -> Each;
}

impl<T: TakesEach<A>, A> IntoEach<T> for A {
    type Mode = T::Mode;

    #[track_caller]
    fn into_each(self) -> Each {
        T::take_each(self)
    }
}

/// Of a list that is mapped over.
#[derive(Debug)]
pub enum Over {}

/// Of a value that every element gets.
#[derive(Debug)]
pub enum Same {}

/// [`Over`] or [`Same`].
pub trait Mode {
    /// [`Over`] if either is.
    type Or<M: Mode>: Mode;
}

impl Mode for Over {
    type Or<M: Mode> = Over;
}

impl Mode for Same {
    type Or<M: Mode> = M;
}

#[diagnostic::do_not_recommend]
impl SomeList for Over {
    type Never = ();
}

/// One argument of a map.
#[derive(Debug)]
pub struct Each {
    pub(super) source: Source,
    pub(super) mapped: bool,
}

impl Each {
    pub(super) fn same<T>(promise: Promise<T>) -> Self {
        Self { source: promise.__into_source(), mapped: false }
    }

    fn over<T>(promise: Promise<Vec<T>>) -> Self {
        Self { source: promise.__into_source(), mapped: true }
    }
}

#[diagnostic::do_not_recommend]
impl<T> TakesEach<Omitted> for OrDefault<T> {
    type Mode = Same;

    fn take_each(_: Omitted) -> Each {
        Each { source: Source::Default, mapped: false }
    }
}

#[diagnostic::do_not_recommend]
impl<T> TakesEach<Omitted> for Option<T> {
    type Mode = Same;

    fn take_each(_: Omitted) -> Each {
        Each { source: Source::Default, mapped: false }
    }
}

// Each line is a list that may be given, and the input that takes its elements.
macro_rules! over {
    ($([$($generics:tt)*] $given:ty => $input:ty, |$value:ident| $make:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> TakesEach<$given> for $input {
            type Mode = Over;

            #[track_caller]
            fn take_each($value: $given) -> Each {
                let promise: Promise<Vec<$input>> = $make;
                Each::over(promise)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($generics)*> TakesEach<$given> for OrDefault<$input> {
            type Mode = Over;

            #[track_caller]
            fn take_each($value: $given) -> Each {
                let promise: Promise<Vec<$input>> = $make;
                Each::over(promise)
            }
        }
    )*};
}

over! {
    [T] Promise<Vec<T>> => T, |promise| promise;
    [T] &Promise<Vec<T>> => T, |promise| promise.clone();
    [T: NebulaType] Vec<T> => T, |values| constant(values);
    [T: NebulaType, const N: usize] [T; N] => T, |values| constant(Vec::from(values));
    [] Vec<&str> => String, |texts| constant(texts.into_iter().map(str::to_owned).collect::<Vec<_>>());
    [const N: usize] [&str; N] => String, |texts| constant(texts.map(str::to_owned).to_vec());
    [T] Vec<Promise<T>> => T, |promises| list(promises.into_iter().map(Promise::__into_source));
    [T] &[Promise<T>] => T, |promises| list(promises.iter().map(|promise| promise.source().clone()));
    [T, const N: usize] [Promise<T>; N] => T, |promises| list(promises.into_iter().map(Promise::__into_source));
    [T, const N: usize] [&Promise<T>; N] => T, |promises| list(promises.into_iter().map(|promise| promise.source().clone()));
    [T] Promise<Vec<T>> => Option<T>, |promise| promise.read_as();
    [T] &Promise<Vec<T>> => Option<T>, |promise| promise.clone().read_as();
}

// What is refused, and why; see `given`.
macro_rules! refused {
    ($([$($generics:tt)*] $given:ty => $input:ty where $of:ty: $reason:ident;)*) => {$(
        impl<$($generics)*> TakesEach<$given> for $input
        where
            $of: $reason,
        {
            type Mode = Over;

            fn take_each(_: $given) -> Each {
                Each { source: Source::Default, mapped: true }
            }
        }
    )*};
}

refused! {
    [T] Promise<Option<T>> => T where Option<T>: NotOptional;
    [T] &Promise<Option<T>> => T where Option<T>: NotOptional;
    [T] Promise<Vec<Option<T>>> => T where Option<T>: NotOptional;
    [T] &Promise<Vec<Option<T>>> => T where Option<T>: NotOptional;
    [N] i64 => N where N: TakesWholeNumbers;
    [N] Promise<i64> => N where N: TakesWholeNumbers;
    [N] &Promise<i64> => N where N: TakesWholeNumbers;
    [N] f64 => N where N: TakesFloats;
    [N] Promise<f64> => N where N: TakesFloats;
    [N] &Promise<f64> => N where N: TakesFloats;
}
