use nebulakit::task;

#[task]
unsafe extern "C" fn many(first: i64, mut rest: ...) {
    let _ = (first, unsafe { rest.arg::<i64>() });
}

fn main() {}
