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

// A struct outside that has the name of a variant is another one.
#[derive(NebulaType, Debug, PartialEq)]
struct Moved {
    away: bool,
}

#[derive(NebulaType, Debug, PartialEq, Default)]
#[nebula(rename_all = "lowercase", pydantic)]
enum Outcome {
    #[default]
    Pass,
    #[nebula(rename = "Kept", rename_all = "camelCase")]
    Filtered {
        min_quality: u8,
        #[nebula(default = Moved { away: true })]
        r#type: Moved,
    },
    #[nebula(value = "lost", name = "LOST")]
    Gone,
    Moved {
        to: Option<String>,
        #[nebula(skip)]
        _cached: Vec<u8>,
    },
    Score(f64),
}

#[derive(NebulaType, Debug, PartialEq)]
enum Alone {
    Only { x: i64 },
}

#[derive(NebulaType, Debug, PartialEq)]
enum Either<L, R> {
    Left(L),
    Right(R),
}

#[task]
fn choose(input: Input, either: Either<i64, Point>, color: Option<Color>, maybe: Option<Outcome>) -> Option<Either<i64, Point>> {
    let _ = (input, color, maybe);
    Some(either)
}

pub fn main() {
    let _ = choose;
    let _ = Alone::Only { x: 1 };
    let types = Outcome::literal_type(&nebulakit::types::Dialect::FLYTE_1);
    assert_eq!(types.to_string(), "enum(pass, lost) | struct | struct | float");
    assert_eq!(Outcome::default(), Outcome::Pass);
}
