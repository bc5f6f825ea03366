// `main!` writes `fn main` wherever it stands; here it stands in modules, so that this file has a `main` that ends at once.
#![allow(dead_code)]

mod without_libraries {
    nebulakit::main!();
}

mod with_libraries {
    nebulakit::main!(serde, anyhow);
}

pub fn main() {}
