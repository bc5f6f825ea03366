use nebulakit::schema::Row;

#[derive(Row)]
struct Reading {
    at: i64,
    #[nebula(rename = "at")]
    also_at: i64,
    #[nebula(skipped)]
    value: f64,
    inner: Vec<Reading>,
}

// The mistakes above are not repeated where the row is used.
fn read(table: nebulakit::schema::Schema<Reading>) {
    drop(table.read().rows());
}

fn main() {}
