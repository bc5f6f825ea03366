nebulakit::main!(stores = [std::time::Duration::ZERO]);
