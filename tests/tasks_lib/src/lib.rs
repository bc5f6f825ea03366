//! A library of tasks and nothing else: a binary has them only if it names this crate. It knows nebulakit as `kit`.

use kit::{NebulaType, TaskOutputs, task};

/// A place in the plane.
#[derive(Debug, NebulaType)]
#[nebula(crate = kit)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Upwards.
    pub y: f64,
}

/// Which way to go.
#[derive(Debug, NebulaType)]
#[nebula(crate = kit, rename_all = "lowercase")]
pub enum Direction {
    /// Along `x`.
    Right,
    /// Along `y`.
    Up,
}

/// How far to go.
#[derive(Debug, NebulaType)]
#[nebula(crate = kit)]
pub enum Distance {
    /// In steps of one.
    Steps(i64),
    /// Exactly.
    Exact(f64),
}

/// Where a move begins and ends.
#[derive(Debug, TaskOutputs)]
#[nebula(crate = kit)]
pub struct Move {
    /// Where it begins.
    pub from: Point,
    /// Where it ends.
    pub to: Point,
}

/// Tasks in a module of the library are there as well.
pub mod moves {
    use super::{Direction, Distance, Move, Point, task};

    /// Moves a point.
    #[task(crate = kit, retries = 1)]
    pub fn go(direction: Direction, distance: Distance) -> Move {
        #[expect(clippy::cast_precision_loss, reason = "a test")]
        let length = match distance {
            Distance::Steps(steps) => steps as f64,
            Distance::Exact(length) => length,
        };
        let to = match direction {
            Direction::Right => Point { x: length, y: 0.0 },
            Direction::Up => Point { x: 0.0, y: length },
        };
        Move { from: Point { x: 0.0, y: 0.0 }, to }
    }
}
