//! Requests to DynamoDB: consistent reads, pages, and the retries that the SDK leaves to us.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::transact_get_items::TransactGetItemsError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::KeysAndAttributesBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, DeleteRequest, Get, KeysAndAttributes, PutRequest, TransactGetItem, TransactWriteItem,
    WriteRequest,
};
use futures_util::StreamExt;

use super::error::StoreError;
use super::item::{Attributes, Item, is_past, key_attributes};
use super::keys::{Key, Table};
use super::patience::Patience;
use super::transaction::Expression;
use crate::clock::Clock;
use crate::random;

/// DynamoDB's limit of requests in one BatchWriteItem.
const BATCH: usize = 25;
/// Batches under way at a time.
const PARALLEL: usize = 8;

/// The index of `Directory` by the time of the last change.
const MODIFIED: &str = "LastModified";

/// The names of the two tables.
#[derive(Clone, Debug)]
pub struct Tables {
    /// What must survive.
    pub directory: String,
    /// What may be lost.
    pub ephemeral: String,
}

/// The client with its tables.
#[derive(Debug)]
pub(super) struct Dynamo {
    pub client: Client,
    pub clock: Clock,
    tables: Tables,
}

/// How a transaction ended.
pub(super) enum Outcome {
    /// All of it is there.
    Committed,
    /// These conditions did not hold; nothing of it is there.
    Refused(Vec<Unfulfilled>),
}

/// A condition of a transaction that did not hold.
pub(super) struct Unfulfilled {
    /// Its part of the transaction.
    pub position: usize,
    /// What lies there, if the condition asked to see it.
    pub seen: Option<Attributes>,
}

/// A page of a partition.
pub(super) struct Page {
    pub items: Vec<Attributes>,
    /// Sort key to go on after.
    pub next: Option<String>,
}

impl Dynamo {
    pub fn new(client: Client, tables: Tables, clock: Clock) -> Self {
        Self {
            client,
            clock,
            tables,
        }
    }

    pub fn table(&self, table: Table) -> &str {
        match table {
            Table::Directory => &self.tables.directory,
            Table::Ephemeral => &self.tables.ephemeral,
        }
    }

    /// Reads one item, consistently. An item past its time is absent.
    pub async fn get(&self, key: &Key) -> Result<Option<Attributes>, StoreError> {
        let request = self
            .client
            .get_item()
            .table_name(self.table(key.table))
            .consistent_read(true);
        let answer = request
            .set_key(Some(key_attributes(key)))
            .send()
            .await
            .map_err(|e| failed("GetItem", &e))?;
        Ok(answer.item.filter(|item| !is_past(item, self.clock.now())))
    }

    /// Reads several items in one consistent request each round; absent ones are left out. At most 100 keys.
    pub async fn get_all(&self, keys: &[Key]) -> Result<Vec<Attributes>, StoreError> {
        self.get_parts(keys, &[]).await
    }

    /// As [`Self::get_all`], of each item only what [`super::item::read_doc`] looks at.
    pub async fn documents(&self, keys: &[Key]) -> Result<Vec<Attributes>, StoreError> {
        self.get_parts(keys, &["doc", "sn", "ttl"]).await
    }

    /// Of each item only some attributes, or all without any.
    async fn get_parts(&self, keys: &[Key], parts: &[&str]) -> Result<Vec<Attributes>, StoreError> {
        let mut pending = HashMap::new();
        for table in [Table::Directory, Table::Ephemeral] {
            let wanted = keys
                .iter()
                .filter(|k| k.table == table)
                .map(key_attributes)
                .collect::<Vec<_>>();
            if !wanted.is_empty() {
                let entry = KeysAndAttributes::builder()
                    .consistent_read(true)
                    .set_keys(Some(wanted));
                let entry = projected(entry, parts).build();
                let entry = entry.map_err(|e| cannot_build("BatchGetItem", &e))?;
                pending.insert(self.table(table).to_owned(), entry);
            }
        }
        let mut found = Vec::new();
        let mut patience = Patience::new();
        while !pending.is_empty() {
            let answer = self
                .client
                .batch_get_item()
                .set_request_items(Some(pending))
                .send()
                .await;
            let answer = answer.map_err(|e| failed("BatchGetItem", &e))?;
            found.extend(answer.responses.unwrap_or_default().into_values().flatten());
            pending = answer.unprocessed_keys.unwrap_or_default();
            if !pending.is_empty() {
                patience.wait("BatchGetItem").await?;
            }
        }
        let now = self.clock.now();
        found.retain(|item| !is_past(item, now));
        Ok(found)
    }

    /// One page of a partition in sort-key order, consistently; `prefix` narrows it, `after` is a sort key.
    pub async fn page(
        &self,
        table: Table,
        pk: &str,
        prefix: &str,
        after: Option<&str>,
        limit: i32,
    ) -> Result<Page, StoreError> {
        let mut request = self.query(table, pk, after, limit);
        request = if prefix.is_empty() {
            request.key_condition_expression("pk = :pk")
        } else {
            request
                .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
                .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()))
        };
        self.send(request).await
    }

    /// One page of the sort keys of a partition, in their order, consistently. For partitions whose items have no end.
    pub async fn sort_keys(
        &self,
        table: Table,
        pk: &str,
        after: Option<&str>,
        limit: i32,
    ) -> Result<Page, StoreError> {
        let request = self.query(table, pk, after, limit);
        let request = request.key_condition_expression("pk = :pk");
        self.send(request.projection_expression("sk")).await
    }

    /// The first items of a partition, those whose time is over among them: for whoever takes everything away.
    pub async fn first(
        &self,
        table: Table,
        pk: &str,
        prefix: &str,
        limit: i32,
    ) -> Result<Vec<Attributes>, StoreError> {
        let request = self
            .query(table, pk, None, limit)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()));
        let answer = request.send().await.map_err(|e| failed("Query", &e))?;
        Ok(answer.items.unwrap_or_default())
    }

    /// All items of a partition between two sort keys, these included, consistently. For stretches that are small by
    /// nature.
    pub async fn between(
        &self,
        table: Table,
        pk: &str,
        (first, last): (&str, &str),
    ) -> Result<Vec<Attributes>, StoreError> {
        let mut found = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let request = self
                .query(table, pk, after.as_deref(), 1_000)
                .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
                .expression_attribute_values(":first", AttributeValue::S(first.to_owned()))
                .expression_attribute_values(":last", AttributeValue::S(last.to_owned()));
            let page = self.send(request).await?;
            found.extend(page.items);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(found),
            }
        }
    }

    /// One page of a partition from its end backwards; `before` is a sort key.
    pub async fn page_back(
        &self,
        table: Table,
        pk: &str,
        before: Option<&str>,
        limit: i32,
    ) -> Result<Page, StoreError> {
        let request = self.query(table, pk, before, limit);
        self.send(
            request
                .key_condition_expression("pk = :pk")
                .scan_index_forward(false),
        )
        .await
    }

    fn query(&self, table: Table, pk: &str, start: Option<&str>, limit: i32) -> QueryFluentBuilder {
        let pk_value = AttributeValue::S(pk.to_owned());
        let request = self
            .client
            .query()
            .table_name(self.table(table))
            .consistent_read(true)
            .limit(limit)
            .expression_attribute_values(":pk", pk_value.clone());
        match start {
            None => request,
            Some(start) => request
                .exclusive_start_key("pk", pk_value)
                .exclusive_start_key("sk", AttributeValue::S(start.to_owned())),
        }
    }

    async fn send(&self, request: QueryFluentBuilder) -> Result<Page, StoreError> {
        let answer = request.send().await.map_err(|e| failed("Query", &e))?;
        let next = answer
            .last_evaluated_key
            .and_then(|key| key.get("sk")?.as_s().ok().cloned());
        let now = self.clock.now();
        let items = answer
            .items
            .unwrap_or_default()
            .into_iter()
            .filter(|item| !is_past(item, now))
            .collect();
        Ok(Page { items, next })
    }

    /// Keys in the index of changes from `from` on, at most `limit`, and whether there are more. Not consistent: DynamoDB
    /// has no such index.
    pub async fn modified(
        &self,
        pk: &str,
        from: &str,
        limit: usize,
    ) -> Result<(Vec<Attributes>, bool), StoreError> {
        let mut found: Vec<Attributes> = Vec::new();
        let mut start = None;
        loop {
            let request = self.client.query().table_name(self.table(Table::Directory));
            let request = request
                .index_name(MODIFIED)
                .key_condition_expression("lm_pk = :pk AND lm_sk >= :from")
                .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
                .expression_attribute_values(":from", AttributeValue::S(from.to_owned()))
                .set_exclusive_start_key(start);
            let answer = request.send().await.map_err(|e| failed("Query", &e))?;
            found.extend(answer.items.unwrap_or_default());
            start = answer.last_evaluated_key;
            if found.len() > limit {
                found.truncate(limit);
                return Ok((found, true));
            }
            if start.is_none() {
                return Ok((found, false));
            }
        }
    }

    /// Writes an item where the condition holds; whether it did. For what may be lost.
    pub async fn put_where(&self, item: Item, condition: Expression) -> Result<bool, StoreError> {
        let mut request = self
            .client
            .put_item()
            .table_name(self.table(item.key.table))
            .set_item(Some(item.attributes))
            .condition_expression(condition.text);
        for (placeholder, name) in condition.names {
            request = request.expression_attribute_names(placeholder, name);
        }
        for (placeholder, value) in condition.values {
            request = request.expression_attribute_values(placeholder, value);
        }
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(refused) if refused.is_conditional_check_failed_exception() => Ok(false),
                Some(_) | None => Err(failed("PutItem", &error)),
            },
        }
    }

    /// All items of a partition under a prefix. For partitions that are small by nature.
    pub async fn all(&self, table: Table, pk: &str, prefix: &str) -> Result<Vec<Attributes>, StoreError> {
        let mut items = Vec::new();
        let mut after = None;
        loop {
            let page = self.page(table, pk, prefix, after.as_deref(), 1_000).await?;
            items.extend(page.items);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(items),
            }
        }
    }

    /// Reads items as one state: no transaction is seen in halves, and none of them is under way. At most 100 keys;
    /// answers in their order.
    pub async fn snapshot(&self, keys: &[Key]) -> Result<Vec<Option<Attributes>>, StoreError> {
        let mut gets = Vec::with_capacity(keys.len());
        for key in keys {
            let get = Get::builder()
                .table_name(self.table(key.table))
                .set_key(Some(key_attributes(key)));
            let get = get.build().map_err(|e| cannot_build("TransactGetItems", &e))?;
            gets.push(TransactGetItem::builder().get(get).build());
        }
        let mut patience = Patience::new();
        loop {
            let request = self.client.transact_get_items();
            match request.set_transact_items(Some(gets.clone())).send().await {
                Ok(answer) => {
                    let now = self.clock.now();
                    let items = answer.responses.unwrap_or_default().into_iter();
                    return Ok(items
                        .map(|found| found.item.filter(|item| !is_past(item, now)))
                        .collect());
                }
                Err(error) if read_conflict(&error) => patience.wait("TransactGetItems").await?,
                Err(error) => return Err(failed("TransactGetItems", &error)),
            }
        }
    }

    /// Writes items and deletes keys, each for itself and without any condition. Never for members of a living group.
    pub async fn write_each(&self, put: Vec<Item>, delete: &[Key]) -> Result<(), StoreError> {
        let mut requests = Vec::with_capacity(put.len() + delete.len());
        for item in put {
            let table = self.table(item.key.table).to_owned();
            let put = PutRequest::builder().set_item(Some(item.attributes)).build();
            let put = put.map_err(|e| cannot_build("BatchWriteItem", &e))?;
            requests.push((table, WriteRequest::builder().put_request(put).build()));
        }
        for key in delete {
            let table = self.table(key.table).to_owned();
            let delete = DeleteRequest::builder()
                .set_key(Some(key_attributes(key)))
                .build();
            let delete = delete.map_err(|e| cannot_build("BatchWriteItem", &e))?;
            requests.push((table, WriteRequest::builder().delete_request(delete).build()));
        }
        // Owned, so that the future may move between threads whoever awaits it.
        let batches: Vec<Vec<_>> = requests.chunks(BATCH).map(<[_]>::to_vec).collect();
        let batches = batches.into_iter().map(|batch| self.write_batch(batch));
        let mut batches = futures_util::stream::iter(batches).buffer_unordered(PARALLEL);
        while let Some(written) = batches.next().await {
            written?;
        }
        Ok(())
    }

    async fn write_batch(&self, batch: Vec<(String, WriteRequest)>) -> Result<(), StoreError> {
        let mut pending: HashMap<String, Vec<WriteRequest>> = HashMap::new();
        for (table, request) in batch {
            pending.entry(table).or_default().push(request);
        }
        let mut patience = Patience::new();
        loop {
            let request = self.client.batch_write_item().set_request_items(Some(pending));
            let answer = request.send().await.map_err(|e| failed("BatchWriteItem", &e))?;
            pending = answer.unprocessed_items.unwrap_or_default();
            if pending.is_empty() {
                return Ok(());
            }
            patience.wait("BatchWriteItem").await?;
        }
    }

    /// Writes all of `items` or none. Conflicts and throttling are retried with the same client request token.
    pub async fn transact(&self, items: Vec<TransactWriteItem>) -> Result<Outcome, StoreError> {
        let token = random::uuid()?.to_string();
        let mut patience = Patience::new();
        loop {
            let request = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()));
            match request.client_request_token(&token).send().await {
                Ok(_) => return Ok(Outcome::Committed),
                Err(error) => match cancelled(&error) {
                    Some(Cancelled::Refused(positions)) => return Ok(Outcome::Refused(positions)),
                    Some(Cancelled::Passing) => patience.wait("TransactWriteItems").await?,
                    None => return Err(failed("TransactWriteItems", &error)),
                },
            }
        }
    }
}

/// Asks for these attributes alone; for whole items without any. All by placeholders: a name may be a reserved word.
fn projected(keys: KeysAndAttributesBuilder, names: &[&str]) -> KeysAndAttributesBuilder {
    if names.is_empty() {
        return keys;
    }
    let placeholders: Vec<_> = names.iter().map(|name| format!("#{name}")).collect();
    let expression = placeholders.join(", ");
    let names = names.iter().map(|name| (*name).to_owned());
    keys.projection_expression(expression)
        .set_expression_attribute_names(Some(placeholders.into_iter().zip(names).collect()))
}

fn read_conflict(error: &SdkError<TransactGetItemsError>) -> bool {
    let Some(TransactGetItemsError::TransactionCanceledException(reasons)) = error.as_service_error() else {
        return false;
    };
    let passing = [
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
    ];
    reasons
        .cancellation_reasons()
        .iter()
        .any(|reason| reason.code().is_some_and(|code| passing.contains(&code)))
}

/// Why a transaction was cancelled.
enum Cancelled {
    /// Conditions did not hold.
    Refused(Vec<Unfulfilled>),
    /// Another transaction or throttling was in the way.
    Passing,
}

fn cancelled(error: &SdkError<TransactWriteItemsError>) -> Option<Cancelled> {
    let service = error.as_service_error()?;
    if service.is_transaction_in_progress_exception() {
        return Some(Cancelled::Passing);
    }
    let TransactWriteItemsError::TransactionCanceledException(reasons) = service else {
        return None;
    };
    let mut refused = Vec::new();
    let mut passing = false;
    for (position, reason) in reasons.cancellation_reasons().iter().enumerate() {
        match reason.code().unwrap_or("None") {
            "ConditionalCheckFailed" => refused.push(Unfulfilled {
                position,
                seen: reason.item().cloned(),
            }),
            "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded" => passing = true,
            _ => {}
        }
    }
    match (refused.is_empty(), passing) {
        (false, _) => Some(Cancelled::Refused(refused)),
        (true, true) => Some(Cancelled::Passing),
        (true, false) => None,
    }
}

/// The SDK's failure in words that hold no data.
pub(super) fn failed<E: ProvideErrorMetadata>(operation: &'static str, error: &SdkError<E>) -> StoreError {
    let kind = match error {
        SdkError::ConstructionFailure(_) => "the request could not be built",
        SdkError::TimeoutError(_) => "no answer in time",
        SdkError::DispatchFailure(_) => "no connection",
        SdkError::ResponseError(_) => "an answer that cannot be read",
        _ => "refused",
    };
    let cause = error
        .code()
        .map_or_else(|| kind.to_owned(), |code| format!("{kind} ({code})"));
    StoreError::Unavailable { operation, cause }
}

/// A request that the SDK's builder would not build.
pub(super) fn cannot_build(operation: &'static str, error: &impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable {
        operation,
        cause: format!("the request could not be built: {error}"),
    }
}
