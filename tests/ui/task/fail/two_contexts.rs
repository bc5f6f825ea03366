use nebulakit::{Context, task};

#[task]
fn both(first: Context, second: Context) {
    let _ = (first, second);
}

fn main() {}
