//! Lists and maps of promises.

use std::collections::HashMap;

use crate::workflow::arm::IntoArm;
use crate::workflow::promise::{Promise, entries, list};

impl<T, A: IntoArm<T>> FromIterator<A> for Promise<Vec<T>> {
    fn from_iter<I: IntoIterator<Item = A>>(items: I) -> Self {
        list(items.into_iter().map(|item| item.into_arm().__into_source()))
    }
}

/// For [`list!`](crate::list) alone.
#[doc(hidden)]
pub fn promised_list<T>(items: Vec<Promise<T>>) -> Promise<Vec<T>> {
    list(items.into_iter().map(Promise::__into_source))
}

/// For [`map!`](crate::map) alone.
#[doc(hidden)]
pub fn promised_map<T>(items: Vec<(String, Promise<T>)>) -> Promise<HashMap<String, T>> {
    entries(items)
}

/// A list of promises and constants, mixed; the first element decides the type.
///
/// # Examples
/// ```
/// use nebulakit::prelude::*;
///
/// #[task]
/// fn sum(xs: Vec<i64>) -> i64 {
///     xs.iter().sum()
/// }
///
/// #[workflow]
/// fn add_seven(x: Promise<i64>) -> Promise<i64> {
///     sum::node(list![x, 7])
/// }
/// # fn main() -> anyhow::Result<()> {
/// # add_seven::graph()?;
/// # Ok(())
/// # }
/// ```
#[macro_export]
macro_rules! list {
    () => { $crate::__private::promised_list($crate::__private::Vec::new()) };
    ($first:expr $(, $item:expr)* $(,)?) => {
        $crate::__private::promised_list($crate::__private::vec![
            $crate::__private::IntoArm::into_arm($first) $(, $crate::__private::IntoPromise::into_promise($item))*
        ])
    };
}

/// A map of promises and constants, mixed; the first value decides the type.
///
/// # Examples
/// ```
/// use std::collections::HashMap;
///
/// use nebulakit::prelude::*;
///
/// #[task]
/// fn weigh(parts: HashMap<String, f64>) -> f64 {
///     parts.values().sum()
/// }
///
/// #[workflow]
/// fn weighed(rate: Promise<f64>) -> Promise<f64> {
///     weigh::node(map! { "a" => rate, "b" => 0.5 })
/// }
/// # fn main() -> anyhow::Result<()> {
/// # weighed::graph()?;
/// # Ok(())
/// # }
/// ```
#[macro_export]
macro_rules! map {
    () => { $crate::__private::promised_map($crate::__private::Vec::new()) };
    ($key:expr => $value:expr $(, $keys:expr => $values:expr)* $(,)?) => {
        $crate::__private::promised_map($crate::__private::vec![
            ($crate::__private::Into::into($key), $crate::__private::IntoArm::into_arm($value))
            $(, ($crate::__private::Into::into($keys), $crate::__private::IntoPromise::into_promise($values)))*
        ])
    };
}
