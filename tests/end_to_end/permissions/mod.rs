//! What several functions have in common is done by each of them: every function has a role of its own, which is written
//! from what it did in these tests and held against them (`tests/roles`).

mod administration;
mod background;
mod conditions;
mod leaving;
mod logouts;
mod sign_ins;
mod trials;

use gatehouse_tests::World;

/// Whether a function has asked this of AWS, for a resource or key of this name.
fn asked(world: &World, function: &str, action: &str, of: &str) -> bool {
    let all = world.local.asked().all();
    all.iter().any(|(name, permission)| {
        *name == function
            && permission.action == action
            && (permission.resource == of || permission.key == of)
    })
}
