#![deny(warnings)]

use std::collections::BTreeMap;

use nebulakit::{NebulaType, task};

#[derive(NebulaType, Debug, Clone, Copy, PartialEq)]
#[repr(u8)]
enum Color {
    #[nebula(value = "red", name = "RED")]
    Red = 1,
    Green,
    #[nebula(rename = "azure")]
    Blue = 7,
}

#[derive(NebulaType, Debug, PartialEq)]
struct Point {
    x: f64,
}

#[derive(NebulaType, Debug, PartialEq)]
enum Input {
    Nothing(()),
    Number(i64),
    Text(String),
    Numbers(Vec<i64>),
    Texts(Vec<String>),
    Point(Point),
    Color(Color),
    Map(BTreeMap<String, i64>),
}

#[derive(NebulaType, Debug, PartialEq)]
enum Either<L, R> {
    Left(L),
    Right(R),
}

#[task]
fn choose(input: Input, either: Either<i64, Point>, color: Option<Color>, maybe: Option<Input>) -> Option<Either<i64, Point>> {
    let _ = (input, color, maybe);
    Some(either)
}

pub fn main() {
    let _ = choose;
}
