use nebulakit::task;

struct Context;

#[task]
fn look(context: Context) {
    let _ = context;
}

fn main() {}
