//! The directory on DynamoDB: keys, items, one file per aggregate.
//!
//! Two ways in. [`Store::tenant`] gives a handle that can see one tenant only; no method of it takes a tenant id.
//! [`Store::front_door`] looks up what is asked for before the tenant is known: a domain, a connection, an attempt,
//! a code. To add an aggregate: its keys in `keys.rs`, its file here, its methods on the handle that may see it.
//!
//! Architecture Invariant: uniqueness is a guard item in the same transaction, never a read before a write.
//! Architecture Invariant: an item past its `ttl` is absent, whether DynamoDB has swept it or not.

mod api_keys;
mod attempts;
mod break_glass;
mod budgets;
mod cache;
mod clients;
mod codes;
mod connections;
mod counters;
mod deadlines;
mod domains;
mod dynamo;
mod erasures;
mod error;
mod feed;
mod groups;
mod identities;
mod imports;
mod item;
mod keys;
mod leavings;
mod lists;
mod offboardings;
mod outbox;
mod patience;
mod provisioned;
mod rechecks;
mod scim_access;
mod sessions;
mod setup_links;
mod single_logout;
mod sync_holds;
mod teams;
mod tenants;
mod test_sign_ins;
mod traces;
mod transaction;
mod user_items;
mod users;
mod walks;

use std::sync::Arc;

pub use api_keys::{ApiKey, ApiKeyKind};
pub use break_glass::BreakGlass;
pub use codes::{FamilyRead, StoredCode};
pub use connections::SignInContext;
pub use counters::SeatCount;
pub use deadlines::{Claim, Due, FinishedReminder, Mark};
pub use dynamo::Tables;
pub use erasures::KeptRecord;
pub use error::{CommitError, StoreError};
pub use feed::{FeedPage, Replayed};
pub use groups::{
    ChangePart, GroupEntry, GroupMembers, GroupRecord, GroupStanding, MOST_LISTED, MemberDelta,
    PendingChange, UserInGroups,
};
pub use identities::LinkedIdentity;
pub use imports::{ImportPart, MemberImport, RefusedLine};
pub use leavings::Leavings;
pub use lists::{ListCounts, ListEntry};
pub use outbox::{AuditRecord, MailJob, OutboxKey, OutboxRecord, Work, read_outbox};
pub use patience::Patience;
pub use provisioned::StoredUser;
pub use rechecks::{DueAccount, DuePage};
pub use scim_access::ScimAccess;
pub use single_logout::NamedSession;
pub use traces::Trace;
pub use transaction::{Guard, TenantTransaction};
pub use users::KnownIdentity;
pub use walks::Walk;

use crate::clock::Clock;
use crate::domain::ids::{ClientId, ConnectionId, TenantId};
use crate::domain::sync_guard::SyncGuard;
use cache::Cache;
use dynamo::Dynamo;

/// The store of a deployment. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    dynamo: Arc<Dynamo>,
    contexts: Arc<Cache<ConnectionId, Arc<SignInContext>>>,
    /// Documents of app clients.
    clients: Arc<Cache<ClientId, String>>,
    /// SCIM keys with their tenants, by the token's hash.
    scim_access: Arc<Cache<String, Arc<ScimAccess>>>,
    /// Guards against mass deprovisioning, as last seen.
    sync_guards: Arc<Cache<TenantId, SyncGuard>>,
}

impl Store {
    /// A store on these tables. `clock` decides what is past its time to live.
    #[must_use]
    pub fn new(client: aws_sdk_dynamodb::Client, tables: Tables, clock: Clock) -> Self {
        Self::on(Arc::new(Dynamo::new(client, tables, clock)))
    }

    fn on(dynamo: Arc<Dynamo>) -> Self {
        Self {
            dynamo,
            contexts: Arc::default(),
            clients: Arc::default(),
            scim_access: Arc::new(Cache::believing(scim_access::BELIEVED)),
            sync_guards: Arc::new(Cache::believing(sync_holds::BELIEVED)),
        }
    }

    /// The same tables as another process sees them, which has read nothing yet.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self::on(self.dynamo.clone())
    }

    /// Lets this process look at everything anew.
    pub fn forget(&self) {
        self.contexts.clear();
        self.clients.clear();
        self.scim_access.clear();
        self.sync_guards.clear();
    }

    /// The handle on one tenant: everything that it reads or writes is that tenant's.
    #[must_use]
    pub fn tenant(&self, id: &TenantId) -> TenantStore {
        TenantStore {
            store: self.clone(),
            tenant: id.clone(),
        }
    }

    /// What is looked up before the tenant is known.
    #[must_use]
    pub fn front_door(&self) -> FrontDoor {
        FrontDoor { store: self.clone() }
    }
}

/// A handle on one tenant. See the methods in the file of each aggregate.
#[derive(Clone, Debug)]
pub struct TenantStore {
    store: Store,
    tenant: TenantId,
}

impl TenantStore {
    /// The tenant that this handle sees.
    #[must_use]
    pub fn id(&self) -> &TenantId {
        &self.tenant
    }

    /// Begins a transaction on this tenant's items.
    #[must_use]
    pub fn begin(&self) -> TenantTransaction {
        TenantTransaction::new(self.clone())
    }
}

/// Look-ups before the tenant is known. See the methods in the file of each aggregate.
#[derive(Clone, Debug)]
pub struct FrontDoor {
    store: Store,
}
