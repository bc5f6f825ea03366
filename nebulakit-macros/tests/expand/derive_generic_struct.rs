#[derive(NebulaType)]
#[nebula(pydantic)]
struct Page<T: Clone> {
    items: Vec<T>,
    next: Option<T>,
}
