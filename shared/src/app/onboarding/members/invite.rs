//! A member is invited by mail (CH-10).

use chrono::TimeDelta;
use serde_json::json;

use super::super::notices::{self, Notice};
use super::super::{Administration, error::OnboardingError};
use super::read;
use crate::domain::ids::UserId;
use crate::domain::user::User;

/// Mails that one organization sends by hand in a day.
const MOST_A_DAY: u64 = 500;

/// Sends an active member a mail that leads to the sign-in.
///
/// # Errors
/// [`OnboardingError`]: `NotFound`, `NobodyToInvite` without an address or switched off, `MailQuota`.
pub async fn invite(admin: &Administration, id: &UserId) -> Result<User, OnboardingError> {
    let member = read(admin, id).await?;
    let address = member
        .email
        .clone()
        .filter(|_| member.active && !member.tombstone);
    let address = address.ok_or(OnboardingError::NobodyToInvite)?;
    let now = admin.now();
    let tomorrow = now.date_naive().and_time(chrono::NaiveTime::MIN).and_utc() + TimeDelta::days(1);
    if !admin.store.within_budget("mails", tomorrow, MOST_A_DAY).await? {
        return Err(OnboardingError::MailQuota { most: MOST_A_DAY });
    }
    let tenant = admin.tenant().await?;
    let notice = Notice::Invited {
        organization: tenant.name,
        url: admin.gatehouse.config.base_url.at("/login"),
    };
    let mut tx = admin.store.begin();
    notices::to(&admin.gatehouse, &mut tx, address, &notice)?;
    admin.audit(&mut tx, "member.invited", json!({ "member": member.id }))?;
    tx.commit().await?;
    Ok(member)
}
