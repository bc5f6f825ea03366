use nebulakit::{Context, task};

#[task]
fn look(context: &Context) {
    let _ = context;
}

fn main() {}
