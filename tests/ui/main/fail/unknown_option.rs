nebulakit::main!(tasks = [my_tasks]);
