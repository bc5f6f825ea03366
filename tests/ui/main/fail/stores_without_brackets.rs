nebulakit::main!(stores = my::Lake);
