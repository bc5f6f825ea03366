nebulakit::main!(my_tasks, stores = []);
