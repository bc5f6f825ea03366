#![deny(warnings)]

use std::collections::HashMap;

use nebulakit::NebulaType;
use nebulakit::types::{Dialect, decode, encode};

#[derive(NebulaType, Debug, Clone, PartialEq, Default)]
#[nebula(default, rename = "Measurement", rename_all = "camelCase")]
pub struct Sample {
    pub(crate) id: u32,
    first_name: String,
    #[nebula(rename = "weight_kg")]
    weight: f64,
    #[nebula(default = 3)]
    tries: i64,
    #[nebula(default = "none")]
    label: String,
    #[nebula(required)]
    parent: Option<u32>,
    r#type: Option<String>,
    #[nebula(skip)]
    cached: std::marker::PhantomData<*const u8>,
}

#[derive(NebulaType, Debug, Clone, PartialEq)]
struct Empty {}

#[derive(NebulaType, Debug, Clone, PartialEq)]
#[nebula(pydantic)]
struct Page<T, const N: usize>
where
    T: Clone,
{
    items: Vec<T>,
    next: Option<T>,
    by_name: HashMap<String, T>,
}

fn there_and_back<T: NebulaType + PartialEq + std::fmt::Debug>(value: T) {
    let bytes = encode(&value, &Dialect::FLYTE_1).unwrap();
    assert_eq!(decode::<T>(&bytes).unwrap(), value);
}

pub fn main() {
    there_and_back(Sample { id: 1, first_name: "n".into(), parent: Some(2), ..Sample::default() });
    there_and_back(Empty {});
    there_and_back(Page::<_, 3> { items: vec![1_i64], next: None, by_name: HashMap::from([("a".into(), 2)]) });
    assert_eq!(Page::<i64, 3>::TAG, "Pydantic Transformer");
}
