//! One test binary.

mod architecture;
mod conformance;
mod features;
