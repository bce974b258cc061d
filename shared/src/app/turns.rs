//! Changes of one thing, one after the other.

use tokio::sync::{Mutex, MutexGuard};

/// Turns at things of one kind; several things may share one.
const TURNS: usize = 64;

/// Lets the changes of one thing in this process wait for one another, first come first served. Nothing depends on it:
/// between processes the conditions of the transactions decide. It saves the tries that would lose.
#[derive(Debug)]
pub struct Turns(Vec<Mutex<()>>);

impl Default for Turns {
    fn default() -> Self {
        Self((0..TURNS).map(|_| Mutex::new(())).collect())
    }
}

impl Turns {
    /// Waits for this request's turn at the thing of an id, which ends with the guard.
    pub(super) async fn at(&self, id: &str) -> Option<MutexGuard<'_, ()>> {
        let sum: usize = id.bytes().map(usize::from).sum();
        match self.0.get(sum % TURNS) {
            Some(turn) => Some(turn.lock().await),
            None => None,
        }
    }
}
