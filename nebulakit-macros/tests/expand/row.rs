#[derive(Row)]
#[nebula(rename_all = "camelCase")]
struct Reading {
    sensor_id: u32,
    #[nebula(rename = "when")]
    at: std::time::SystemTime,
    place: Option<Place>,
    #[nebula(skip)]
    seen: bool,
}
