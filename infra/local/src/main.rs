//! Starts the embedded default.
fn main() {}
