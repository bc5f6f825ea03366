//! What may stand where a node takes an input.

use std::collections::{BTreeMap, HashMap};

use nebulakit_types::{FlyteError, NebulaType};

use crate::task::value::{Omitted, OrDefault};
use crate::workflow::hints::{IsOneValue, MayBeOmitted, NotOptional, TakesFloats, TakesMissingElements, TakesWholeNumbers};
use crate::workflow::node::Source;
use crate::workflow::promise::{Promise, constant, entries, list};

/// What an input of type `T` takes: a value, a promise or a reference to one; for a list, several of them.
///
/// | given | for |
/// | --- | --- |
/// | a `T`, a `Promise<T>`, a `&Promise<T>` | `T`, `Option<T>` |
/// | `"text"`, `&String` | `String` |
/// | `Promise<Vec<T>>` | `Vec<T>`, `Vec<Option<T>>` |
/// | `[&a, &b]`, `vec![a, b]`, `[1, 2]`, [`list!`](crate::list) | `Vec<T>` |
/// | `HashMap<String, Promise<T>>`, [`map!`](crate::map) | `HashMap<String, T>`, and the same of `BTreeMap` |
/// | [`Default`](const@crate::Default) | an input with `#[default(..)]`, or of type `Option` |
///
/// It is implemented for everything that [`Takes`] is.
pub trait IntoPromise<T> {
    /// The promise of it.
    fn into_promise(self) -> Promise<T>;
}

/// [`IntoPromise`] from the input's side, which makes the compiler's messages short: with the input's type first, it lists no other types.
#[diagnostic::on_unimplemented(
    message = "`{A}` cannot be given to an input of type `{Self}`",
    label = "expected `{Self}` or a promise of it",
    note = "a promise is given as it is or by reference, a constant by its value, a list of promises as `[&a, &b]` or `list![&a, 7]`; of several outputs give one (`.0`, `.1`, or by its name)"
)]
pub trait Takes<A> {
    /// The promise of what was given.
    fn take(given: A) -> Promise<Self>;
}

impl<T: Takes<A>, A> IntoPromise<T> for A {
    #[track_caller]
    fn into_promise(self) -> Promise<T> {
        T::take(self)
    }
}

/// The error that a failure handler is about: `#[workflow(on_failure = clean_up::node(data, Failure))]`.
///
/// It is for the input `err: Option<FlyteError>` of the handler, and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure;

// Each line is one thing that may be given, and the input that takes it.
macro_rules! given {
    ($([$($generics:tt)*] $given:ty => $input:ty, |$value:ident| $make:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Takes<$given> for $input {
            #[track_caller]
            fn take($value: $given) -> Promise<$input> {
                $make
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Takes<$given> for OrDefault<$input> {
            #[track_caller]
            fn take($value: $given) -> Promise<OrDefault<$input>> {
                let promise: Promise<$input> = $make;
                promise.read_as()
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($generics)*> crate::workflow::each::TakesEach<$given> for $input {
            type Mode = crate::workflow::each::Same;

            #[track_caller]
            fn take_each($value: $given) -> crate::workflow::each::Each {
                let promise: Promise<$input> = $make;
                crate::workflow::each::Each::same(promise)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($generics)*> crate::workflow::each::TakesEach<$given> for OrDefault<$input> {
            type Mode = crate::workflow::each::Same;

            #[track_caller]
            fn take_each($value: $given) -> crate::workflow::each::Each {
                let promise: Promise<$input> = $make;
                crate::workflow::each::Each::same(promise)
            }
        }
    )*};
}

given! {
    [T: NebulaType] T => T, |value| constant(value);
    [T] Promise<T> => T, |promise| promise;
    [T] &Promise<T> => T, |promise| promise.clone();
    [T: NebulaType] T => Option<T>, |value| constant(value);
    [T] Promise<T> => Option<T>, |promise| promise.read_as();
    [T] &Promise<T> => Option<T>, |promise| promise.clone().read_as();
    [T] Promise<Vec<T>> => Vec<Option<T>>, |promise| promise.read_as();
    [T] &Promise<Vec<T>> => Vec<Option<T>>, |promise| promise.clone().read_as();
    [] &str => String, |text| constant(text.to_owned());
    [] &String => String, |text| constant(text.clone());
    [] Vec<&str> => Vec<String>, |texts| constant(texts.into_iter().map(str::to_owned).collect::<Vec<_>>());
    [] &str => Option<String>, |text| constant(text.to_owned());
    [T] Vec<Promise<T>> => Vec<T>, |promises| list(promises.into_iter().map(Promise::__into_source));
    [T] Vec<&Promise<T>> => Vec<T>, |promises| list(promises.into_iter().map(|promise| promise.source().clone()));
    [T] &[Promise<T>] => Vec<T>, |promises| list(promises.iter().map(|promise| promise.source().clone()));
    [T] &Vec<Promise<T>> => Vec<T>, |promises| list(promises.iter().map(|promise| promise.source().clone()));
    [T, const N: usize] [Promise<T>; N] => Vec<T>, |promises| list(promises.into_iter().map(Promise::__into_source));
    [T, const N: usize] [&Promise<T>; N] => Vec<T>, |promises| list(promises.into_iter().map(|promise| promise.source().clone()));
    [T: NebulaType, const N: usize] [T; N] => Vec<T>, |values| constant(Vec::from(values));
    [const N: usize] [&str; N] => Vec<String>, |texts| constant(texts.map(str::to_owned).to_vec());
    [T] HashMap<String, Promise<T>> => HashMap<String, T>, |promises| entries(promises);
    [T] BTreeMap<String, Promise<T>> => BTreeMap<String, T>, |promises| entries(promises);
    [T] Promise<HashMap<String, T>> => BTreeMap<String, T>, |promise| promise.read_as();
    [T] &Promise<HashMap<String, T>> => BTreeMap<String, T>, |promise| promise.clone().read_as();
    [K: Into<String>, T, const N: usize] [(K, Promise<T>); N] => HashMap<String, T>, |promises| entries(promises);
    [] Failure => Option<FlyteError>, |_failure| Promise::new(Source::Failure);
}

impl<T: MayBeOmitted> Takes<Omitted> for T {
    fn take(_: Omitted) -> Promise<T> {
        Promise::new(Source::Default)
    }
}

// What is refused, and why. The input's type is a parameter, so that no message lists these.
macro_rules! refused {
    ($([$($generics:tt)*] $given:ty => $input:ty where $of:ty: $reason:ident;)*) => {$(
        impl<$($generics)*> Takes<$given> for $input
        where
            $of: $reason,
        {
            fn take(_: $given) -> Promise<$input> {
                Promise::new(Source::Default)
            }
        }
    )*};
}

refused! {
    [T] Promise<Option<T>> => T where Option<T>: NotOptional;
    [T] &Promise<Option<T>> => T where Option<T>: NotOptional;
    [T, N] Promise<Vec<Option<T>>> => N where N: TakesMissingElements;
    [T, N] &Promise<Vec<Option<T>>> => N where N: TakesMissingElements;
    [N] i64 => N where N: TakesWholeNumbers;
    [N] Promise<i64> => N where N: TakesWholeNumbers;
    [N] &Promise<i64> => N where N: TakesWholeNumbers;
    [N] f64 => N where N: TakesFloats;
    [N] Promise<f64> => N where N: TakesFloats;
    [N] &Promise<f64> => N where N: TakesFloats;
    [T] Promise<Vec<T>> => T where Vec<T>: IsOneValue;
    [T] &Promise<Vec<T>> => T where Vec<T>: IsOneValue;
}
