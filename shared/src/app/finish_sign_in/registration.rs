//! CH-08: the app's server redeems the code that an unknown person was sent with.

use super::{FinishError, Parked, Registration};
use crate::app::Gatehouse;
use crate::domain::ids::ClientId;

/// The verified identity behind a one-time code; `None` when it is unknown, used, over or another client's. A code
/// that another client shows stays good for its own.
///
/// # Errors
/// [`FinishError`] when the store fails.
pub async fn redeem_registration(
    gatehouse: &Gatehouse,
    client: &ClientId,
    code: &str,
) -> Result<Option<Registration>, FinishError> {
    let door = gatehouse.store.front_door();
    match door.parked::<Parked>(code).await? {
        Some(Parked::Registration(found)) if found.client_id == *client => {}
        Some(_) | None => return Ok(None),
    }
    match door.take_parked::<Parked>(code).await? {
        Some(Parked::Registration(registration)) => Ok(Some(*registration)),
        Some(_) | None => Ok(None),
    }
}
