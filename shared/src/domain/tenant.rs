//! One customer organization and its settings.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::deadline::TimeZone;
use super::domain_name::DomainName;
use super::email::EmailAddress;
use super::ids::{TenantId, UserId};
use super::role_catalogue::RoleCatalogue;

/// What the operator has sold to a tenant (AQ-01).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Entitlements {
    /// Single sign-on connections.
    pub sso: bool,
    /// SCIM provisioning.
    pub scim: bool,
    /// Just-in-time provisioning at sign-in.
    pub jit: bool,
}

/// Who may come in with an address outside the proven domains (DESIGN: foreign addresses).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForeignAddresses {
    /// Nobody.
    #[default]
    Refuse,
    /// People who were invited or came by SCIM.
    Known,
    /// Anybody; the address is stored unverified.
    Admit,
}

/// What a tenant's owner can set. Durations are in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TenantSettings {
    /// IL-04: make users who are unknown at their first sign-in.
    pub provision_on_sign_in: bool,
    /// IL-05, CH-12, SE-05: role of a user made at sign-in; `None` takes the catalogue's default.
    pub default_role: Option<String>,
    /// AQ-41: team role of a member made at sign-in; `None` takes the catalogue's default.
    pub default_team_role: Option<String>,
    /// IL-07: password sign-in stays allowed; `false` means that single sign-on is enforced.
    pub allow_password: bool,
    /// Addresses outside the proven domains.
    pub foreign_addresses: ForeignAddresses,
    /// SE-04: a user made by hand confirms by mail before the first sign-in links to the account.
    pub confirm_linking: bool,
    /// IL-35: attribute that must be present for a user to be made at sign-in.
    pub check_provision_attribute: Option<String>,
    /// SE-08: how long access lasts after the identity provider last vouched, in seconds.
    pub access_seconds: u32,
    /// IL-06: whom the person is told to ask, as shown on the page.
    pub admin_contact: Option<String>,
    /// Who is reminded of deadlines beside the owners (AQ-20).
    pub contacts: Vec<EmailAddress>,
    /// On whose calendar the days before a deadline are counted.
    pub time_zone: TimeZone,
    /// With SCIM on, users are made at sign-in only where this is chosen.
    pub provision_beside_scim: bool,
    /// AQ-29: SCIM is in use; the first SCIM key switches it on. It needs an active connection (AQ-28).
    pub scim_enabled: bool,
    /// AQ-25: people made by hand whose primary address lies in one of these proven domains may be taken over by SCIM.
    pub scim_takeover_domains: Vec<DomainName>,
}

impl Default for TenantSettings {
    fn default() -> Self {
        Self {
            provision_on_sign_in: false,
            default_role: None,
            default_team_role: None,
            allow_password: true,
            foreign_addresses: ForeignAddresses::Refuse,
            confirm_linking: false,
            check_provision_attribute: None,
            access_seconds: 20 * 60 * 60,
            admin_contact: None,
            contacts: Vec::new(),
            time_zone: TimeZone::default(),
            provision_beside_scim: false,
            scim_enabled: false,
            scim_takeover_domains: Vec::new(),
        }
    }
}

/// One customer organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Its identifier.
    pub id: TenantId,
    /// The name that people see.
    pub name: String,
    /// What the operator has sold to it.
    pub entitlements: Entitlements,
    /// IL-06: booked seats; `None` is unlimited.
    pub seats: Option<u32>,
    /// What its owner has set.
    pub settings: TenantSettings,
    /// AQ-03: the creator of the organization, out of SCIM's reach.
    pub root_user: Option<UserId>,
    /// Raised by every change.
    pub version: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Tenant {
    /// SE-08: how long access lasts after the identity provider last vouched.
    #[must_use]
    pub fn access_lifetime(&self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.settings.access_seconds))
    }

    /// IL-05, CH-12: the role of a new user whom nobody gave one.
    #[must_use]
    pub fn role_of_new_users(&self, catalogue: &RoleCatalogue) -> String {
        let chosen = self.settings.default_role.clone();
        chosen.unwrap_or_else(|| catalogue.default_role().to_string())
    }

    /// Whether an unknown person becomes a user at sign-in (IL-04, AQ-01, and the SCIM rule).
    #[must_use]
    pub fn provisions_at_sign_in(&self) -> bool {
        self.entitlements.jit
            && self.settings.provision_on_sign_in
            && (!self.settings.scim_enabled || self.settings.provision_beside_scim)
    }
}

/// How far a tenant's hold on a domain is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DomainState {
    /// Submitted, not yet proven.
    Pending,
    /// Proven; addresses in it are believed.
    Proven,
    /// The proof has been missing for 3 days; still believed.
    Warned,
    /// Missing for 30 days: no users are made and none linked by it.
    Lapsed,
}

/// A tenant's claim to a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainClaim {
    /// The domain.
    pub domain: DomainName,
    /// Who claims it.
    pub tenant: TenantId,
    /// How far it is proven.
    pub state: DomainState,
    /// Whether subdomains count as well.
    pub include_subdomains: bool,
    /// Value of the TXT record that proves it.
    pub proof: String,
    /// When it was last proven.
    pub proven_at: Option<DateTime<Utc>>,
    /// What is known of the proof since.
    #[serde(default)]
    pub proof_state: ProofState,
}

/// What is known of a proof since it was first seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProofState {
    /// The operator vouched: no record is looked for.
    pub attested: bool,
    /// When the record was last looked for, with an answer.
    pub checked_at: Option<DateTime<Utc>>,
    /// Since when it is missing.
    pub missing_since: Option<DateTime<Utc>>,
    /// Another organization's lapsed claim is taken over then, if the proof is still there.
    pub takes_over_at: Option<DateTime<Utc>>,
}

/// The proof has been missing for this long: the owners are warned.
pub const WARNED_AFTER: TimeDelta = TimeDelta::days(3);
/// Missing for this long: nobody is made and nobody linked by the domain any more.
pub const LAPSED_AFTER: TimeDelta = TimeDelta::days(30);
/// How long the holder of a lapsed claim is given notice before another organization's proof takes it.
pub const TAKEOVER_NOTICE: TimeDelta = TimeDelta::days(7);

impl DomainClaim {
    /// The claim that stays pending after it was looked for at `now`.
    #[must_use]
    pub fn looked_for_still_pending(&self, now: DateTime<Utc>) -> Self {
        let mut after = self.clone();
        after.proof_state.checked_at = Some(now);
        after
    }

    /// The claim after the proof was looked for at `now`. A resolver's failure is no look.
    #[must_use]
    pub fn looked_for(&self, found: bool, now: DateTime<Utc>) -> Self {
        let mut after = self.clone();
        after.proof_state.checked_at = Some(now);
        if found {
            after.proof_state.missing_since = None;
            after.proven_at = Some(now);
            after.state = DomainState::Proven;
            return after;
        }
        let since = *after.proof_state.missing_since.get_or_insert(now);
        let missing = now - since;
        after.state = match self.state {
            DomainState::Pending => DomainState::Pending,
            // What has lapsed is not warned again: only the proof leads back.
            DomainState::Lapsed => DomainState::Lapsed,
            DomainState::Proven | DomainState::Warned if missing >= LAPSED_AFTER => DomainState::Lapsed,
            DomainState::Proven | DomainState::Warned if missing >= WARNED_AFTER => DomainState::Warned,
            DomainState::Proven | DomainState::Warned => self.state,
        };
        after
    }
}

/// The domains of one tenant, to ask whether an address is believed (GH-05).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProvenDomains {
    /// Domains, each with whether subdomains count.
    own: BTreeMap<DomainName, bool>,
    /// Subdomains that other tenants have proven.
    others: BTreeSet<DomainName>,
}

impl ProvenDomains {
    /// Takes the claims that count now.
    pub fn new<'a>(claims: impl IntoIterator<Item = &'a DomainClaim>) -> Self {
        let counts = |claim: &&DomainClaim| matches!(claim.state, DomainState::Proven | DomainState::Warned);
        let counting = claims.into_iter().filter(counts);
        Self {
            own: counting
                .map(|c| (c.domain.clone(), c.include_subdomains))
                .collect(),
            others: BTreeSet::new(),
        }
    }

    /// Without these subdomains, which other tenants have proven.
    #[must_use]
    pub fn without(mut self, others: impl IntoIterator<Item = DomainName>) -> Self {
        self.others.extend(others);
        self
    }

    /// Whether the address lies in a proven domain, or in a subdomain of one that opted in.
    #[must_use]
    pub fn believes(&self, address: &EmailAddress) -> bool {
        let domain = address.domain();
        for name in domain.self_and_parents() {
            match self.own.get(&name) {
                Some(subdomains) if *subdomains || name == *domain => return true,
                Some(_) | None => {}
            }
            // The nearest claim decides, and it is another's.
            if self.others.contains(&name) {
                return false;
            }
        }
        false
    }
}
