nebulakit::main!("my_tasks");
