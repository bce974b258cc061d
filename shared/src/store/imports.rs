//! Imports of members: what was asked for, and how far each part came. Of what was sent only line numbers and codes are
//! kept, no values.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::TenantStore;
use super::error::StoreError;
use super::item::{Item, number, read_doc};
use super::keys::{self, Table};
use super::transaction::{Expression, Guard, TenantTransaction};

/// How long an import is remembered.
const KEPT: TimeDelta = TimeDelta::days(30);

/// An import of members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberImport {
    /// Its id.
    pub id: String,
    /// How many parts there are.
    pub parts: u32,
    /// When it was begun.
    pub started_at: DateTime<Utc>,
}

/// A line of which no member was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedLine {
    /// Its number in the part, from 1; the header of a table is line 1.
    pub line: u64,
    /// Stable code of the refusal.
    pub code: String,
    /// The field that is wrong, as a JSON pointer, where it is one.
    pub field: Option<String>,
    /// What was wanted.
    pub detail: String,
}

/// How far a part of an import came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportPart {
    /// Its number, from 1.
    pub part: u32,
    /// SHA-256 of what was sent: the same part is sent again, or none.
    pub digest: String,
    /// Lines with a member.
    pub lines: u32,
    /// How many of them were gone through, in order.
    pub done: u32,
    /// Members that were made.
    pub made: u32,
    /// Lines of which none was.
    pub refused: Vec<RefusedLine>,
    /// Raised by every step.
    pub version: u64,
}

impl TenantStore {
    /// The imports of the last 30 days, in id order.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn imports(&self) -> Result<Vec<MemberImport>, StoreError> {
        let pk = keys::tenant_pk(&self.tenant);
        let items = self
            .store
            .dynamo
            .all(Table::Directory, &pk, keys::IMPORTS)
            .await?;
        items.iter().map(|item| read_doc("import", item)).collect()
    }

    /// An import.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn import(&self, id: &str) -> Result<Option<MemberImport>, StoreError> {
        let item = self.store.dynamo.get(&keys::import(&self.tenant, id)).await?;
        item.as_ref().map(|item| read_doc("import", item)).transpose()
    }

    /// The parts of an import that were sent, in order.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn import_parts(&self, id: &str) -> Result<Vec<ImportPart>, StoreError> {
        let pk = keys::tenant_pk(&self.tenant);
        let prefix = keys::import_parts(id);
        let items = self.store.dynamo.all(Table::Directory, &pk, &prefix).await?;
        items.iter().map(|item| read_doc("import part", item)).collect()
    }

    /// A part of an import.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn import_part(&self, id: &str, part: u32) -> Result<Option<ImportPart>, StoreError> {
        let key = keys::import_part(&self.tenant, id, part);
        let item = self.store.dynamo.get(&key).await?;
        item.as_ref()
            .map(|item| read_doc("import part", item))
            .transpose()
    }
}

impl TenantTransaction {
    /// Begins an import.
    pub fn create_import(&mut self, import: &MemberImport) {
        let key = keys::import(&self.handle.tenant, &import.id);
        let item = Item::new(key).doc("import", import);
        let item = item.map(|item| item.until(import.started_at + KEPT));
        self.inner.put(Guard::Fresh, item, Some(Expression::absent()));
    }

    /// Writes how far a part came, over the step before ([`Guard::ImportPart`]): of two who go through it at once one
    /// goes on.
    pub fn put_import_part(&mut self, import: &MemberImport, part: &ImportPart) {
        let key = keys::import_part(&self.handle.tenant, &import.id, part.part);
        let item = Item::new(key).doc("import part", part);
        let item = item.map(|item| {
            let item = item.with("v", number(part.version));
            item.until(import.started_at + KEPT)
        });
        let before = if part.version == 1 {
            Expression::absent()
        } else {
            Expression::new("v = :read").value(":read", number(part.version - 1))
        };
        self.inner.put(Guard::ImportPart, item, Some(before));
    }
}
