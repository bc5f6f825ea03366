use nebulakit::task;

#[task]
unsafe extern "C" fn many(first: i64, rest: ...) {
    let _ = (first, rest);
}

fn main() {}
