//! scratch
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
use nebulakit::__private as nk;
use nebulakit::{Context, NebulaType, TaskOutputs, task};
use std::collections::HashMap;

#[derive(Debug, Clone, PartialEq, NebulaType)]
struct Inner {
    x: i64,
    y: Option<String>,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
struct Nested {
    name: String,
    inner: Inner,
    items: Vec<i64>,
    m: HashMap<String, f64>,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
#[nebula(rename_all = "lowercase")]
enum Color {
    Red,
    Green,
    #[nebula(value = "blue", name = "B")]
    Blue,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
enum IntOrText {
    Int(i64),
    Text(String),
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
struct Pair<T> {
    left: T,
    #[nebula(default = 3)]
    count: i64,
    #[nebula(skip)]
    cache: Vec<u8>,
    right: Vec<T>,
}

#[derive(TaskOutputs)]
struct Division {
    quotient: i64,
    remainder: i64,
}

/// Divides `a` by `b`.
///
/// More text.
#[task(retries = 3, timeout = "10m", requests(cpu = "500m", memory = "256Mi"), limits(memory = "1Gi"), env(A = "b"), secrets((group = "db", key = "pw", mount = env)))]
fn divider(
    /// the dividend
    a: f64,
    b: f64,
    #[default(8)] n: i64,
    #[default("x")] s: String,
) -> anyhow::Result<f64> {
    let _ = (n, s);
    anyhow::ensure!(b != 0.0, "cannot divide {a} by zero");
    Ok(a / b)
}

#[task]
async fn split(ctx: Context, r#type: Inner) -> Result<Division, std::io::Error> {
    let _ = (ctx, r#type);
    Ok(Division { quotient: 1, remainder: 2 })
}

#[task(outputs(a, b))]
fn two() -> (i64, String) {
    (1, String::new())
}

#[task(name = "other.name", deck, deprecated = "use two")]
fn nothing() {}

#[test]
fn scratch() {
    let value =
        Nested { name: "n".into(), inner: Inner { x: 1, y: Some("y".into()) }, items: vec![1, 2], m: HashMap::from([("k".into(), 1.0)]) };
    let bytes = nebulakit::types::encode(&value, &nk::Dialect::FLYTE_1).unwrap();
    assert_eq!(nebulakit::types::decode::<Nested>(&bytes).unwrap(), value);
    println!("{}", Nested::literal_type(&nk::Dialect::FLYTE_1));
    for c in [Color::Red, Color::Green, Color::Blue] {
        for d in [&nk::Dialect::FLYTE_1, &nk::Dialect::FLYTE_2] {
            assert_eq!(nebulakit::types::decode::<Color>(&nebulakit::types::encode(&c, d).unwrap()).unwrap(), c);
        }
    }
    for v in [IntOrText::Int(2), IntOrText::Text("x".into())] {
        let bytes = nebulakit::types::encode(&v, &nk::Dialect::FLYTE_1).unwrap();
        assert_eq!(nebulakit::types::decode::<IntOrText>(&bytes).unwrap(), v);
    }
    let p = Pair { left: 1.5, count: 2, cache: vec![], right: vec![2.5] };
    assert_eq!(nebulakit::types::decode::<Pair<f64>>(&nebulakit::types::encode(&p, &nk::Dialect::FLYTE_1).unwrap()).unwrap(), p);
    for t in nk::inventory::iter::<nk::Registered>() {
        println!("{:?} {:?}", t.0, t.0.returns.variables(&nk::Dialect::FLYTE_1));
    }
    assert_eq!(divider::NAME, "derive.divider");
    divider(1.0, 2.0, 1, String::new()).unwrap();
    nothing();
    let _ = (two(), split::NAME);
}
