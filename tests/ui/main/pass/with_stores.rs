// `main!` takes stores of the user's own before the names, and with a comma at the end of either.
#![allow(dead_code)]

mod stores_alone {
    nebulakit::main!(stores = []);
}

mod stores_and_names {
    use nebulakit_tests_lake::Lake;

    nebulakit::main!(stores = [Lake::default(),], serde, anyhow,);
}

pub fn main() {}
