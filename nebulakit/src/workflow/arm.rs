//! What may stand where nothing says which type is taken: an arm of a condition, the first element of a list.

use nebulakit_types::NebulaType;

use crate::workflow::promise::{Promise, constant};

/// A promise, a reference to one, a value, or a tuple of promises.
///
/// Unlike an input of a task its type is not known beforehand, so nothing is converted but `"text"` to a `String`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an arm of a condition or an element of a list",
    label = "expected a promise, a reference to one, or a value",
    note = "several outputs are given as a tuple of promises"
)]
pub trait IntoArm<T> {
    /// The promise of it.
    fn into_arm(self) -> Promise<T>;
}

impl<T> IntoArm<T> for Promise<T> {
    fn into_arm(self) -> Promise<T> {
        self
    }
}

impl<T> IntoArm<T> for &Promise<T> {
    fn into_arm(self) -> Promise<T> {
        self.clone()
    }
}

impl<T: NebulaType> IntoArm<T> for T {
    #[track_caller]
    fn into_arm(self) -> Promise<T> {
        constant(self)
    }
}

impl IntoArm<String> for &str {
    #[track_caller]
    fn into_arm(self) -> Promise<String> {
        constant(self.to_owned())
    }
}

macro_rules! tuples {
    ($($($element:ident)*;)*) => {$(
        impl<$($element: NebulaType),*> IntoArm<($($element,)*)> for ($(Promise<$element>,)*) {
            fn into_arm(self) -> Promise<($($element,)*)> {
                self.into()
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($element: NebulaType),*> crate::workflow::given::Takes<($(Promise<$element>,)*)> for ($($element,)*) {
            fn take(given: ($(Promise<$element>,)*)) -> Promise<($($element,)*)> {
                given.into()
            }
        }
    )*};
}

tuples! {
    A B; A B C; A B C D; A B C D E; A B C D E F; A B C D E F G; A B C D E F G H; A B C D E F G H I; A B C D E F G H I J;
    A B C D E F G H I J K; A B C D E F G H I J K L;
}
