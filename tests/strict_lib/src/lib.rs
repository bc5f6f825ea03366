//! A crate without a prelude that denies every lint which expansions could meet, and knows nebulakit as `kit`.
#![no_implicit_prelude]
#![deny(
    warnings,
    future_incompatible,
    let_underscore,
    nonstandard_style,
    rust_2018_idioms,
    unused,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    non_local_definitions,
    redundant_imports,
    redundant_lifetimes,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unsafe_code,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    variant_size_differences,
    clippy::all,
    clippy::pedantic
)]

use ::std::marker::{Send, Sync};

/// A place in the plane.
#[derive(::std::fmt::Debug, ::std::clone::Clone, ::std::marker::Copy, ::kit::NebulaType)]
#[nebula(crate = ::kit)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Upwards.
    #[nebula(default)]
    pub y: f64,
}

/// Two of a kind.
#[derive(::std::fmt::Debug, ::kit::NebulaType)]
#[nebula(crate = ::kit)]
pub struct Pair<T> {
    /// The first.
    pub left: T,
    /// The second.
    pub right: T,
    /// Made here.
    #[nebula(skip)]
    pub cached: ::std::option::Option<i64>,
}

/// Named by words of the language.
#[derive(::std::fmt::Debug, ::kit::NebulaType)]
#[nebula(crate = ::kit)]
pub struct Raw {
    /// What it is.
    pub r#type: i64,
    /// How it ends.
    #[nebula(default)]
    pub r#loop: ::std::string::String,
}

/// Which way to go.
#[derive(::std::fmt::Debug, ::std::clone::Clone, ::std::marker::Copy, ::kit::NebulaType)]
#[nebula(crate = ::kit)]
pub enum Direction {
    /// Along `x`.
    Right,
    /// Along `y`.
    Up,
}

/// How far to go.
#[derive(::std::fmt::Debug, ::std::clone::Clone, ::std::marker::Copy, ::kit::NebulaType)]
#[nebula(crate = ::kit)]
pub enum Distance {
    /// Not at all.
    Nothing,
    /// In steps of one.
    Steps(i64),
    /// Exactly.
    Exact {
        /// The length.
        length: f64,
    },
}

/// Where a move begins and ends.
#[derive(::std::fmt::Debug, ::std::clone::Clone, ::std::marker::Copy, ::kit::TaskOutputs)]
#[nebula(crate = ::kit)]
pub struct Move {
    /// Where it begins.
    pub from: Point,
    /// Where it ends.
    pub to: Point,
}

/// Why there is no move.
#[derive(::std::fmt::Debug, ::std::clone::Clone, ::std::marker::Copy, ::kit::TaskFailure)]
#[failure(crate = ::kit, code = "MOVE")]
pub enum NoMove {
    /// There is no way.
    #[failure(permanent)]
    Blocked,
}

impl ::std::fmt::Display for NoMove {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        f.write_str("there is no way")
    }
}

impl ::std::error::Error for NoMove {}

/// Moves a point.
///
/// # Errors
/// When there is no way.
#[::kit::task(crate = ::kit, retries = 1, timeout = "1m", requests(cpu = 1), env(A = "b"), secrets("g/k"), cache(version = 1))]
pub fn go(point: Point, distance: Distance, #[default(Direction::Up)] direction: Direction) -> ::std::result::Result<Move, NoMove> {
    let length = match distance {
        Distance::Nothing => return ::std::result::Result::Err(NoMove::Blocked),
        Distance::Steps(_) => 1.0,
        Distance::Exact { length } => length,
    };
    let to = match direction {
        Direction::Right => Point { x: point.x + length, ..point },
        Direction::Up => Point { y: point.y + length, ..point },
    };
    ::std::result::Result::Ok(Move { from: point, to })
}

/// Waits for nothing, and tells what it was given.
#[::kit::task(crate = ::kit, outputs(told))]
#[must_use]
pub async fn tell(context: ::kit::Context, #[default("nothing")] what: ::std::string::String) -> ::std::string::String {
    let attempt = ::std::future::ready(context.attempt()).await;
    if attempt == 0 { what } else { ::std::string::String::new() }
}

/// Is called what the language calls something else.
#[::kit::task(crate = ::kit)]
#[must_use]
pub fn r#match(r#type: Raw, #[default(1)] r#loop: i64) -> i64 {
    let Raw { r#type, r#loop: text } = r#type;
    if text.is_empty() { r#type + r#loop } else { r#type }
}

#[::kit::task(crate = ::kit)]
fn hidden() {}

/// Moves twice, and says so when that fails.
#[::kit::workflow(crate = ::kit, keep_going, on_failure = tell::node(::kit::Default))]
pub fn go_twice(point: ::kit::Promise<Point>, #[default(Direction::Up)] r#type: ::kit::Promise<Direction>) -> ::kit::Promise<Move> {
    let once = go::node(&point, Distance::Steps(1), &r#type);
    let twice = go::node(&once.to, Distance::Nothing, r#type);
    let there = ::kit::when(once.to.x.gt(1.0), &twice.to).or_fail("too near");
    Move::promise(point, there)
}

/// Moves twice every day.
#[::kit::launch_plan(crate = ::kit, cron = "0 2 * * *", labels("a" = "b"), env(A = "b"))]
pub fn every_day() -> ::kit::Promise<Move> {
    go_twice::node(Point { x: 1.0, y: 1.0 }, ::kit::Default)
}

/// Is registered by others.
#[::kit::task(crate = ::kit, strategy = process, reference(project = "p", domain = "d", name = "n", version = "v"))]
pub fn far(points: ::std::vec::Vec<Point>) -> ::std::vec::Vec<Point>;

/// Builds a graph when it runs.
#[::kit::task(crate = ::kit)]
pub fn fan_out(points: ::std::vec::Vec<Point>) -> ::kit::Promise<::std::vec::Vec<Point>> {
    far::node(points)
}

/// What expansions make is as free to travel as what it is made of.
pub const fn is_free<T: Send + Sync>() {}

const _: () = is_free::<Pair<Point>>();
