use nebulakit::task;

#[task]
fn forever() -> ! {
    loop {}
}

fn main() {}
