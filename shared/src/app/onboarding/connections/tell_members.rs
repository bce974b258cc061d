//! SE-02: when single sign-on becomes active, each member who was there before is sent a mail with a link to link the
//! account.
//!
//! The members are gone through in pages; the mails of a page and how far it came are one transaction, so that nobody is
//! told twice and nobody is left out by a crash. `connection_upkeep` goes on where a process stopped.

use super::super::notices::{self, Notice};
use super::super::{Administration, OnboardingError};
use super::read;
use crate::domain::connection::{Connection, ConnectionState};
use crate::domain::ids::ConnectionId;
use crate::domain::onboarding::MembersTold;
use crate::domain::user::User;

/// Members of one page: each may be a mail, and a transaction has room for 100 items.
const PAGE: i32 = 50;
/// Pages that the request which switched it on goes through itself.
pub(super) const FIRST_PAGES: usize = 4;

/// What is written when a connection becomes active for the first time.
pub(super) fn begin(admin: &Administration, connection: &mut Connection) {
    if connection.state == ConnectionState::Active && connection.onboarding.members_told.is_none() {
        connection.onboarding.members_told = Some(MembersTold {
            since: admin.now(),
            after: None,
            all: false,
        });
    }
}

/// Whether members are still to be told.
#[must_use]
pub fn is_due(connection: &Connection) -> bool {
    let told = connection.onboarding.members_told.as_ref();
    connection.state == ConnectionState::Active && told.is_some_and(|told| !told.all)
}

/// Tells the members of up to `pages` pages; gives how many mails were written.
///
/// # Errors
/// [`OnboardingError`]: `Changed` when somebody else goes on with it.
pub async fn go_on(
    admin: &Administration,
    id: &ConnectionId,
    pages: usize,
) -> Result<usize, OnboardingError> {
    let mut mails = 0;
    for _ in 0..pages {
        let connection = read(admin, id).await?;
        if !is_due(&connection) {
            break;
        }
        mails += page(admin, &connection).await?;
    }
    Ok(mails)
}

async fn page(admin: &Administration, connection: &Connection) -> Result<usize, OnboardingError> {
    let Some(told) = connection.onboarding.members_told.clone() else {
        return Ok(0);
    };
    let tenant = admin.tenant().await?;
    let members = admin.store.users(told.after.as_ref(), PAGE).await?;
    let full = members.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
    let base = &admin.gatehouse.config.base_url;
    let notice = Notice::LinkAccount {
        organization: tenant.name,
        url: base.at(&format!("/login/{}", connection.id)),
    };
    let mut tx = admin.store.begin();
    let mut mails = 0;
    let after = members.last().map(|user| user.id.clone()).or(told.after.clone());
    for member in members {
        if unlinked(admin, connection, &member, &told).await?
            && let Some(address) = member.email
        {
            notices::to(&admin.gatehouse, &mut tx, address, &notice)?;
            mails += 1;
        }
    }
    let mut noted = connection.clone();
    noted.onboarding.members_told = Some(MembersTold {
        after,
        all: !full,
        ..told.clone()
    });
    tx.annotate_connection_told(&noted, &told);
    tx.commit().await?;
    Ok(mails)
}

/// Who was there before, may come in, and has no identity at this connection.
async fn unlinked(
    admin: &Administration,
    connection: &Connection,
    member: &User,
    told: &MembersTold,
) -> Result<bool, OnboardingError> {
    if !member.active || member.tombstone || member.created_at > told.since {
        return Ok(false);
    }
    let identities = admin.store.identities(&member.id).await?;
    Ok(!identities.iter().any(|(at, _)| *at == connection.id))
}
