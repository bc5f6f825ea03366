nebulakit::main!(stores = [], shop = []);
