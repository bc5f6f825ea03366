use nebulakit::task;

#[task]
const fn constant() -> i64 {
    1
}

#[task]
unsafe fn dangerous() -> i64 {
    1
}

#[task]
extern "C" fn foreign() -> i64 {
    1
}

fn main() {}
