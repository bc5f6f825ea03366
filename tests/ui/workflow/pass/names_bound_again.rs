// Names that something else binds again, and values beside promises: nothing is said of them.
#![deny(warnings)]

#[path = "../tasks.rs"]
pub mod tasks;
use tasks::*;
use nebulakit::prelude::*;

#[workflow]
fn a(x: Promise<i64>, top: Promise<i64>, n: Promise<i64>, k: Promise<i64>, flag: Promise<bool>, z: Promise<i64>) -> Promise<i64> {
    let _ = (&top, &n, &k, &z);
    let first = double::node(&x);
    let many: Vec<_> = (0..3).map(|x| if x > 1 { double::node(x) } else { double::node(1) }).collect();
    for top in 0..3 {
        if top > 2 {
            let _ = double::node(top);
        }
    }
    let n = 3;
    let last = if n > 2 { double::node(n) } else { double::node(&first) };
    let k = match 3 {
        k if k > 2 => double::node(k),
        _ => double::node(1),
    };
    let flag = flag.cast::<bool>();
    let z = if let Some(z) = Some(3) { if z > 2 { double::node(z) } else { z_of(&first) } } else { double::node(2) };
    let y = double::node(1);
    let small = if many.len() > 2 && is_static(&y) { y } else { double::node(y) };
    when(flag, sum::node(many)).otherwise(sum::node([last, k, z, small]))
}
#[workflow]
fn b(x: Promise<i64>, xs: Promise<Vec<i64>>) -> Promise<i64> {
    let weights = [1, 2, 3];
    let read = |text: &str| -> Option<i64> { Some(text.parse::<i64>().ok()? + weights[0]) };
    let nodes = vec![double::node(read("3").unwrap_or(1)), double::node(xs.at(0))];
    let (number, _) = pair::node(&x).split();
    sum::node([&x, &number, &nodes[0]]).after((&nodes[1], &number)).also(sum::node(list![&x, 7]))
}
fn z_of(x: &Promise<i64>) -> Promise<i64> { x.clone() }
fn is_static(_: &Promise<i64>) -> bool { true }
pub fn main() {
    a::graph().unwrap();
    b::graph().unwrap();
}
