use nebulakit::schema::Row;

#[derive(Row)]
struct Nothing {}

#[derive(Row)]
struct Pair(i64, i64);

#[derive(Row)]
enum Either {
    Left,
    Right,
}

#[derive(Row)]
struct Generic<T> {
    value: T,
}

#[derive(Row)]
struct Borrowed<'a> {
    text: &'a str,
}

fn main() {}
