//! Changes of one group, one after the other.

use tokio::sync::{Mutex, MutexGuard};

use crate::domain::ids::GroupId;

/// Turns at groups; groups may share one.
const TURNS: usize = 64;

/// Lets the changes of one group in this process wait for one another, first come first served. Nothing depends on it:
/// between processes the conditions of the transactions decide. It saves the tries that would lose.
#[derive(Debug)]
pub struct Turns(Vec<Mutex<()>>);

impl Default for Turns {
    fn default() -> Self {
        Self((0..TURNS).map(|_| Mutex::new(())).collect())
    }
}

impl Turns {
    /// Waits for this request's turn at a group, which ends with the guard.
    pub(super) async fn at(&self, id: &GroupId) -> Option<MutexGuard<'_, ()>> {
        let sum: usize = id.as_str().bytes().map(usize::from).sum();
        match self.0.get(sum % TURNS) {
            Some(turn) => Some(turn.lock().await),
            None => None,
        }
    }
}
