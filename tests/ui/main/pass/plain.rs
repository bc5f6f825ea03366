nebulakit::main!();
