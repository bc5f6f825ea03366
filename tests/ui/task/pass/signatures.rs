// Every shape of function that is a task; each stays an ordinary function.
#![deny(warnings)]

use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;

use nebulakit::types::{Bytes, Untyped};
use nebulakit::{Context, TaskOutputs, task};

#[task]
fn nothing() {}

#[task]
fn plain(a: i64, b: f64, c: bool, d: String, e: u8) -> f64 {
    let _ = (c, d, e);
    a as f64 + b
}

#[task]
pub fn fallible(a: i64) -> anyhow::Result<i64> {
    Ok(a)
}

#[task]
pub(crate) fn own_error(a: i64) -> Result<i64, std::num::ParseIntError> {
    let parsed: i64 = "1".parse()?;
    Ok(a + parsed)
}

#[task]
fn nothing_or_an_error() -> Result<(), std::fmt::Error> {
    Ok(())
}

#[task]
fn two(a: i64) -> (i64, String) {
    (a, a.to_string())
}

#[task]
fn two_or_an_error(a: i64) -> anyhow::Result<(i64, Vec<String>)> {
    Ok((a, vec![]))
}

#[derive(TaskOutputs)]
struct Division {
    quotient: i64,
    remainder: i64,
}

#[task]
fn named(a: i64, b: i64) -> Division {
    Division { quotient: a / b, remainder: a % b }
}

#[task]
fn families(
    list: Vec<Option<i64>>,
    map: HashMap<String, Vec<f32>>,
    by_number: BTreeMap<i64, String>,
    bytes: Bytes,
    time: SystemTime,
    anything: Untyped,
) -> Untyped {
    let _ = (list, map, by_number, bytes, time);
    anything
}

#[task]
async fn later(a: i64) -> i64 {
    std::future::ready(a).await
}

#[task]
async fn later_or_an_error(_context: Context, a: i64) -> anyhow::Result<i64> {
    Ok(a)
}

#[task]
fn with_a_context(context: Context, a: i64) -> i64 {
    let _ = context;
    a
}

#[task]
fn context_anywhere(a: i64, _: nebulakit::Context, b: i64) -> i64 {
    a + b
}

#[task]
fn changes_its_inputs(mut values: Vec<i64>, #[allow(unused_mut)] mut factor: i64) -> Vec<i64> {
    values.iter_mut().for_each(|value| *value *= factor);
    values
}

/// A task with a description,
///
/// and more of it.
#[task]
#[inline]
#[must_use]
fn documented(
    /// The first number.
    ///
    /// It may be any.
    a: i64,
    /** The second. */ b: i64,
) -> i64 {
    a + b
}

#[task]
#[doc = concat!("Made of ", "parts.")]
fn computed_documentation() {}

#[task]
#[cfg(any())]
fn never_there(a: NoSuchType) {}

mod inner {
    #[nebulakit::task]
    pub fn visible(a: i64) -> i64 {
        a
    }
}

pub fn main() {
    nothing();
    assert_eq!(plain(1, 2.0, true, String::new(), 0), 3.0);
    assert_eq!(fallible(1).unwrap(), 1);
    assert_eq!(own_error(1).unwrap(), 2);
    nothing_or_an_error().unwrap();
    assert_eq!(two(1).0, 1);
    assert_eq!(two_or_an_error(1).unwrap().0, 1);
    assert_eq!(named(7, 2).remainder, 1);
    assert_eq!(documented(1, 2), 3);
    assert_eq!(inner::visible(1), 1);
    assert_eq!(named::NAME.rsplit('.').next(), Some("named"));
    assert!(inner::visible::NAME.ends_with(".inner.visible"));
    let _ = (families, later, later_or_an_error, with_a_context, context_anywhere, changes_its_inputs, computed_documentation);
}
