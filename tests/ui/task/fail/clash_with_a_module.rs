mod count {
    use nebulakit::task;

    #[task]
    pub fn count() -> i64 {
        1
    }
}

pub use count::count;

fn main() {}
