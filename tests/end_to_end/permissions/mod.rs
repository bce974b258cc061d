//! What several functions have in common is done by each of them: every function has a role of its own, which is written
//! from what it did in these tests and held against them (`tests/roles`).

mod administration;
mod background;
mod sign_ins;
