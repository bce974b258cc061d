//! The sessions of a member: listed, and ended one by one.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::super::Administration;
use super::super::error::{OnboardingError, Thing};
use super::read;
use crate::app::events::{self, SessionEnd};
use crate::domain::ids::UserId;
use crate::domain::session::Session;
use crate::domain::user::User;

/// The sessions of a member that open something now, in id order.
///
/// # Errors
/// [`OnboardingError::NotFound`] when there is no such member.
pub async fn sessions(admin: &Administration, id: &UserId) -> Result<Vec<Session>, OnboardingError> {
    let member = read(admin, id).await?;
    let found = admin.store.sessions(&member.id).await?;
    let now = admin.now();
    let mut open = found
        .into_iter()
        .filter(|session| is_open(session, &member, now))
        .collect::<Vec<_>>();
    open.sort_by(|a, b| a.sid.cmp(&b.sid));
    Ok(open)
}

/// The user's epoch has not been raised since, and neither end has come.
fn is_open(session: &Session, member: &User, now: DateTime<Utc>) -> bool {
    member.active && session.epoch == member.epoch && session.expires_at > now
}

/// Ends a session, with every code and refresh token that hangs on it.
///
/// # Errors
/// [`OnboardingError::NotFound`] for the member or the session.
pub async fn end_session(admin: &Administration, id: &UserId, sid: &str) -> Result<(), OnboardingError> {
    let member = read(admin, id).await?;
    let found = admin.store.session_hashes(&member.id).await?;
    let found = found.into_iter().find(|(_, session)| session.sid == sid);
    let (hash, session) = found.ok_or(OnboardingError::NotFound(Thing::Session))?;
    let mut tx = admin.store.begin();
    tx.delete_session_hash(&member.id, &hash);
    tx.tenant_events(vec![events::session_ended(
        &session,
        SessionEnd::ByHand,
        admin.now(),
    )]);
    let data = json!({ "member": member.id, "session": session.sid, "connection": session.connection });
    admin.audit(&mut tx, "session.ended", data)?;
    tx.commit().await?;
    Ok(())
}
