// Defaults are expressions of the parameter's type; texts turn into what the parameter wants.
#![deny(warnings)]

use std::collections::HashMap;
use std::time::SystemTime;

use nebulakit::{NebulaType, task};

const MOST: i64 = 10;

#[derive(NebulaType, PartialEq, Debug)]
enum Color {
    Red,
    Green,
}

#[derive(NebulaType, PartialEq, Debug)]
struct Point {
    x: f64,
    y: f64,
}

#[task]
fn all(
    #[default(8)] small: u8,
    #[default(-1)] negative: i64,
    #[default(1.5)] float: f64,
    #[default(true)] truth: bool,
    #[default("text")] text: String,
    #[default(MOST * 2)] computed: i64,
    #[default(None)] nothing: Option<i64>,
    #[default(Some("x".to_owned()))] something: Option<String>,
    #[default(vec![1, 2])] list: Vec<i64>,
    #[default(HashMap::new())] map: HashMap<String, i64>,
    #[default(SystemTime::UNIX_EPOCH)] time: SystemTime,
    #[default(Color::Green)] color: Color,
    #[default(Point { x: 1.0, y: 2.0 })] point: Point,
    required: i64,
) -> i64 {
    let _ = (small, negative, float, truth, text, computed, nothing, something, list, map, time, color, point);
    required
}

pub fn main() {
    let _ = (all, Color::Red);
}
