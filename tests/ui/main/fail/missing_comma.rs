nebulakit::main!(stores = [] my_tasks);
