//! Setting up: tenants, domains, connections, members, app clients and keys, by the operator and by the owners.
//!
//! A use case on a tenant takes an [`Administration`]: a handle that sees that tenant alone, and who acts. Every change
//! writes its event and its audit entry in its own transaction. Versions are what the caller read; a change over
//! another version is refused.

pub mod api_keys;
pub mod app_clients;
pub mod audit;
pub mod break_glass;
pub mod connections;
pub mod domain_proofs;
pub mod domains;
pub mod erasure;
mod error;
pub mod export;
pub mod members;
pub mod notices;
pub mod offboarding;
pub mod owners;
mod rules;
mod scim;
pub mod sessions;
pub mod settings;
pub mod sync_holds;
pub mod tenants;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Gatehouse;
use crate::domain::endpoint::EndpointPolicy;
use crate::domain::ids::{TenantId, UserId};
use crate::domain::tenant::Tenant;
use crate::store::{AuditRecord, CommitError, Guard, Patience, StoreError, TenantStore, TenantTransaction};

pub use error::{Cause, OnboardingError, Thing};

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The operator; by whom of its people, as IAM names it.
    Operator {
        /// An ARN; locally a word.
        principal: String,
    },
    /// An owner by a session: who signed in, or who redeemed a set-up link.
    Session {
        /// Public id of the session.
        session: String,
        /// Who signed in.
        user: Option<UserId>,
        /// When the identity provider asked the owner.
        signed_in_at: Option<DateTime<Utc>>,
    },
    /// A scheduled function of ours.
    Upkeep,
    /// An owner of the tenant.
    Owner {
        /// Public id of the API key.
        key: String,
    },
}

impl Actor {
    /// What records hold of it.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Operator { principal } => json!({ "kind": "operator", "principal": principal }),
            Self::Session { session, user, .. } => {
                json!({ "kind": "owner", "session": session, "user": user })
            }
            Self::Upkeep => json!({ "kind": "upkeep" }),
            Self::Owner { key } => json!({ "kind": "owner", "key": key }),
        }
    }

    /// Whether it is the operator.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        match self {
            Self::Operator { .. } => true,
            Self::Owner { .. } | Self::Session { .. } | Self::Upkeep => false,
        }
    }
}

/// One tenant, and who acts on it.
#[derive(Clone, Debug)]
pub struct Administration {
    /// The deployment.
    pub gatehouse: Arc<Gatehouse>,
    /// The tenant; nothing else can be reached by it.
    pub store: TenantStore,
    /// Who acts.
    pub actor: Actor,
}

impl Administration {
    /// The operator's hand on a tenant.
    ///
    /// # Errors
    /// [`OnboardingError::NotFound`] when there is no such tenant.
    pub async fn by_operator(
        gatehouse: Arc<Gatehouse>,
        tenant: &TenantId,
        principal: String,
    ) -> Result<Self, OnboardingError> {
        let store = gatehouse.store.tenant(tenant);
        let actor = Actor::Operator { principal };
        let admin = Self {
            gatehouse,
            store,
            actor,
        };
        admin.tenant().await?;
        Ok(admin)
    }

    /// The hand of a scheduled function on a tenant.
    #[must_use]
    pub fn by_upkeep(gatehouse: Arc<Gatehouse>, tenant: &TenantId) -> Self {
        let store = gatehouse.store.tenant(tenant);
        Self {
            gatehouse,
            store,
            actor: Actor::Upkeep,
        }
    }

    /// The operator's hand on what belongs to no tenant.
    #[must_use]
    pub fn of_deployment(gatehouse: Arc<Gatehouse>, principal: String) -> Self {
        let store = gatehouse.store.tenant(&TenantId::of_deployment());
        let actor = Actor::Operator { principal };
        Self {
            gatehouse,
            store,
            actor,
        }
    }

    /// The tenant's record as it is now.
    ///
    /// # Errors
    /// [`OnboardingError::NotFound`] when it is gone.
    pub async fn tenant(&self) -> Result<Tenant, OnboardingError> {
        self.store
            .record()
            .await?
            .ok_or(OnboardingError::NotFound(Thing::Tenant))
    }

    /// The tenant's id.
    #[must_use]
    pub fn tenant_id(&self) -> &TenantId {
        self.store.id()
    }

    /// Counts one more request of the tenant in the window that ends at `until`; `false` when `most` came already.
    ///
    /// # Errors
    /// [`OnboardingError::Store`] when the table fails.
    pub async fn admits_request(&self, until: DateTime<Utc>, most: u64) -> Result<bool, OnboardingError> {
        Ok(self.store.within_budget("requests", until, most).await?)
    }

    fn now(&self) -> DateTime<Utc> {
        self.gatehouse.clock.now()
    }

    fn endpoint_policy(&self) -> EndpointPolicy {
        self.gatehouse.endpoint_policy()
    }

    /// Adds the audit entry of a change; `data` holds ids and states, nothing personal.
    fn audit(&self, tx: &mut TenantTransaction, action: &str, data: Value) -> Result<(), StoreError> {
        let mut data = data;
        if let Some(fields) = data.as_object_mut() {
            fields.insert("actor".to_owned(), self.actor.to_value());
        }
        tx.audit(&AuditRecord::new(self.now(), action, data)?);
        Ok(())
    }
}

/// Decides and writes; what somebody changed meanwhile is read and decided anew, `most` times in all.
async fn rounds<T, F>(most: usize, once: impl Fn() -> F) -> Result<T, OnboardingError>
where
    F: Future<Output = Result<T, OnboardingError>>,
{
    for _ in 1..most {
        match once().await {
            Err(OnboardingError::Changed) => {}
            done => return done,
        }
    }
    once().await
}

/// As [`rounds`], with pauses, until [`Patience`] ends: for what many others change at once.
async fn patiently<T, F>(operation: &'static str, once: impl Fn() -> F) -> Result<T, OnboardingError>
where
    F: Future<Output = Result<T, OnboardingError>>,
{
    let mut patience = Patience::new();
    loop {
        match once().await {
            Err(OnboardingError::Changed) => patience.wait(operation).await?,
            done => return done,
        }
    }
}

/// A refused condition as what it means for this change; conditions that are not `guard`'s mean "changed meanwhile".
fn refused(error: CommitError, guard: Guard, meaning: OnboardingError) -> OnboardingError {
    if error.refused(guard) {
        meaning
    } else {
        error.into()
    }
}
