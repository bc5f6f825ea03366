nebulakit::main!(my_tasks::math);
