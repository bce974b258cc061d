//! Mails to owners and members about what was set up, written in the transaction of what they tell of.

use chrono::TimeDelta;

use super::owners;
use crate::app::Gatehouse;
use crate::domain::email::EmailAddress;
use crate::domain::letter::Letter;
use crate::domain::sync_guard::Measure;
use crate::random;
use crate::store::{MailJob, StoreError, TenantStore, TenantTransaction};

/// Past this a notice is of no use.
const GOOD_FOR: TimeDelta = TimeDelta::days(7);

/// Owners who have a mail of their own in the transaction of what happened.
const MAILS_AT_ONCE: usize = 40;

/// What a mail tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The proof of a domain has been missing for days.
    DomainWarned {
        /// The domain.
        domain: String,
    },
    /// Missing for a month: nobody is made or linked by it.
    DomainLapsed {
        /// The domain.
        domain: String,
    },
    /// Another organization has proven a lapsed domain, and takes it over at this time.
    DomainTakeover {
        /// The domain.
        domain: String,
        /// When, RFC 3339.
        at: String,
    },
    /// A break-glass address was put on the list or taken off it.
    BreakGlassChanged {
        /// The address.
        address: String,
        /// Put on it.
        added: bool,
    },
    /// A person was let in beside single sign-on.
    BreakGlassUsed {
        /// The address.
        address: String,
        /// When, RFC 3339.
        at: String,
    },
    /// GH-06: a directory sync is held.
    SyncHeld {
        /// The organization's name.
        organization: String,
        /// The hold's id.
        hold: String,
        /// How many lost their access within an hour, of how many users, and how many may.
        measure: Measure,
        /// Where it is decided.
        url: String,
    },
    /// A member was invited by hand.
    Invited {
        /// The organization's name.
        organization: String,
        /// Where to sign in.
        url: String,
    },
    /// SE-02: single sign-on has become active, and the member may link the account.
    LinkAccount {
        /// The organization's name.
        organization: String,
        /// Where to sign in.
        url: String,
    },
}

impl Notice {
    fn name(&self) -> &'static str {
        match self {
            Self::DomainWarned { .. } => "domain_warned",
            Self::DomainLapsed { .. } => "domain_lapsed",
            Self::DomainTakeover { .. } => "domain_takeover",
            Self::BreakGlassChanged { .. } => "break_glass_changed",
            Self::BreakGlassUsed { .. } => "break_glass_used",
            Self::SyncHeld { .. } => "sync_held",
            Self::Invited { .. } => "invited",
            Self::LinkAccount { .. } => "link_account",
        }
    }

    fn title(&self) -> String {
        match self {
            Self::DomainWarned { domain } => format!("The proof of {domain} is missing"),
            Self::DomainLapsed { domain } => format!("{domain} counts as proven no more"),
            Self::DomainTakeover { domain, .. } => format!("Another organization has proven {domain}"),
            Self::BreakGlassChanged { added: true, .. } => "A break-glass address was added".to_owned(),
            Self::BreakGlassChanged { added: false, .. } => "A break-glass address was removed".to_owned(),
            Self::BreakGlassUsed { .. } => "Somebody signed in beside single sign-on".to_owned(),
            Self::SyncHeld { organization, .. } => format!("The directory sync of {organization} is held"),
            Self::Invited { organization, .. } => format!("You are a member of {organization}"),
            Self::LinkAccount { organization, .. } => {
                format!("{organization} now signs in by single sign-on")
            }
        }
    }

    fn paragraphs(&self) -> Vec<String> {
        match self {
            Self::DomainWarned { domain } => vec![
                format!("The TXT record that proves {domain} has been missing for 3 days."),
                "Set it again as the set-up shows it. After 30 days nobody is made or linked by this domain."
                    .to_owned(),
            ],
            Self::DomainLapsed { domain } => vec![
                format!("The TXT record that proves {domain} has been missing for 30 days."),
                "People who are linked sign in as before. Nobody new is made or linked by this domain, and another \
                 organization that proves it may take it over."
                    .to_owned(),
            ],
            Self::DomainTakeover { domain, at } => vec![
                format!("Another organization has proven {domain}, and takes it over at {at}."),
                "If the domain is yours, set its TXT record again before then, and have it checked.".to_owned(),
            ],
            Self::BreakGlassChanged { address, added } => {
                let what = if *added { "put on" } else { "taken off" };
                vec![
                    format!("{address} was {what} the list of addresses that may pass single sign-on."),
                    "If that was not agreed, change the list, and look into the audit trail.".to_owned(),
                ]
            }
            Self::BreakGlassUsed { address, at } => vec![
                format!("{address} was let in beside single sign-on at {at}."),
                "If that was not agreed, take the address off the list, and look into the audit trail.".to_owned(),
            ],
            Self::SyncHeld { hold, measure, .. } => vec![
                format!(
                    "Your identity provider has switched off or deleted {} of {} users within an hour. At most {} may \
                     go in an hour: everybody whom it takes away from now on stays, signed out, until an owner \
                     decides.",
                    measure.removed, measure.users, measure.limit
                ),
                format!(
                    "If that is meant, release hold {hold}: what is held passes when your identity provider sends it \
                     again, and so does everything that comes within 48 hours. If it is a mistake, mend it at your \
                     identity provider first, then dismiss the hold."
                ),
            ],
            Self::Invited { organization, .. } => vec![
                format!("{organization} has made an account for this e-mail address."),
                "Sign in with it once to begin.".to_owned(),
            ],
            Self::LinkAccount { organization, .. } => vec![
                format!("{organization} has set up single sign-on. Your account stays as it is."),
                "Sign in once through your organization to link it. You will be asked to do so at your next visit \
                 anyway."
                    .to_owned(),
            ],
        }
    }

    fn link(&self) -> Option<(String, String)> {
        match self {
            Self::SyncHeld { url, .. } => Some(("Look at the hold".to_owned(), url.clone())),
            Self::Invited { url, .. } => Some(("Sign in".to_owned(), url.clone())),
            Self::LinkAccount { url, .. } => Some(("Sign in and link the account".to_owned(), url.clone())),
            Self::DomainWarned { .. }
            | Self::DomainLapsed { .. }
            | Self::DomainTakeover { .. }
            | Self::BreakGlassChanged { .. }
            | Self::BreakGlassUsed { .. } => None,
        }
    }
}

/// Writes a notice to every owner of the tenant into `tx`.
///
/// # Errors
/// [`StoreError`] when the owners cannot be read.
pub async fn to_owners(
    gatehouse: &Gatehouse,
    store: &TenantStore,
    tx: &mut TenantTransaction,
    notice: &Notice,
) -> Result<(), StoreError> {
    let tenant = store.record().await?;
    let root = tenant.as_ref().and_then(|tenant| tenant.root_user.as_ref());
    let owners = owners::addresses_of(gatehouse, store, root).await?;
    let (first, others) = owners.split_at(owners.len().min(MAILS_AT_ONCE));
    for address in first {
        to(gatehouse, tx, address.clone(), notice)?;
    }
    // A transaction has room for 100 items: the relay makes a mail for each of the others.
    if let Some((address, also_to)) = others.split_first() {
        let mut job = job(gatehouse, address.clone(), notice)?;
        job.also_to = also_to.to_vec();
        tx.mail(&job, None);
    }
    Ok(())
}

/// Writes a notice to one person into `tx`.
///
/// # Errors
/// [`StoreError`] when randomness fails.
pub fn to(
    gatehouse: &Gatehouse,
    tx: &mut TenantTransaction,
    address: EmailAddress,
    notice: &Notice,
) -> Result<(), StoreError> {
    tx.mail(&job(gatehouse, address, notice)?, None);
    Ok(())
}

fn job(gatehouse: &Gatehouse, to: EmailAddress, notice: &Notice) -> Result<MailJob, StoreError> {
    Ok(MailJob {
        reference: random::uuid()?.to_string(),
        to,
        also_to: Vec::new(),
        letter: Letter::Notice {
            name: notice.name().to_owned(),
            title: notice.title(),
            paragraphs: notice.paragraphs(),
            link: notice.link(),
        },
        not_after: gatehouse.clock.now() + GOOD_FOR,
        has_secret: false,
    })
}
