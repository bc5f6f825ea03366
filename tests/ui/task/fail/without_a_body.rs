use nebulakit::task;

trait Divide {
    #[task]
    fn divide(a: f64, b: f64) -> f64;
}

fn main() {}
