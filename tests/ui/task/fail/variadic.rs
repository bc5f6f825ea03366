use nebulakit::task;

#[task]
unsafe extern "C" fn many(first: i64, ...) {}

fn main() {}
