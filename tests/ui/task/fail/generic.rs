use nebulakit::task;

#[task]
fn same<T>(value: T) -> T {
    value
}

fn main() {}
