//! Faults to inject, and when.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::traffic::{Call, Service};

/// What goes wrong with one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection breaks before the service sees anything.
    DropConnection,
    /// The service executes the request; its answer never arrives.
    LoseAnswer,
    /// The request leaves late.
    Delay(Duration),
    /// 500 without execution.
    ServerError,
    /// The service's throttling error, without execution.
    Throttle,
    /// DynamoDB's TransactionConflictException, or for a transaction its cancellation for conflicts on every item;
    /// without execution.
    TransactionConflict,
    /// This answer, without execution: e.g. HTTP 200 with UnprocessedItems.
    Answer {
        /// HTTP status.
        status: u16,
        /// JSON text.
        body: String,
    },
}

/// Which attempts a fault meets.
#[derive(Clone, Debug)]
pub struct When {
    service: Option<Service>,
    operation: Option<String>,
    pk_kind: Option<String>,
    skip: u32,
    times: Option<u32>,
}

impl When {
    /// Every attempt.
    #[must_use]
    pub fn any() -> Self {
        Self {
            service: None,
            operation: None,
            pk_kind: None,
            skip: 0,
            times: None,
        }
    }

    /// Attempts of one operation, such as `PutItem`.
    #[must_use]
    pub fn operation(name: &str) -> Self {
        Self {
            operation: Some(name.to_owned()),
            ..Self::any()
        }
    }

    /// Only this service.
    #[must_use]
    pub fn of(mut self, service: Service) -> Self {
        self.service = Some(service);
        self
    }

    /// Only requests that name an item whose partition key has this kind (`U` for `U#T#uid`).
    #[must_use]
    pub fn touching(mut self, pk_kind: &str) -> Self {
        self.pk_kind = Some(pk_kind.to_owned());
        self
    }

    /// Not the first `count` of them.
    #[must_use]
    pub fn after(mut self, count: u32) -> Self {
        self.skip = count;
        self
    }

    /// At most `count` of them.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.times = Some(count);
        self
    }

    fn meets(&self, call: &Call) -> bool {
        self.service.is_none_or(|service| service == call.service)
            && self
                .operation
                .as_ref()
                .is_none_or(|operation| *operation == call.operation)
            && self
                .pk_kind
                .as_ref()
                .is_none_or(|kind| call.items.iter().any(|item| item.pk_kind == *kind))
    }
}

#[derive(Debug)]
struct Order {
    id: u64,
    when: When,
    fault: Arc<Fault>,
    seen: u32,
    struck: u32,
}

/// The orders in force. Cheap to clone; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    orders: Arc<Mutex<(u64, Vec<Order>)>>,
}

/// One order: tells how often it struck, and withdraws it when asked.
#[derive(Clone, Debug)]
pub struct FaultHandle {
    faults: Faults,
    id: u64,
}

impl Faults {
    /// Orders a fault. Where several orders meet an attempt, the oldest one that may still strike does.
    pub fn inject(&self, when: When, fault: Fault) -> FaultHandle {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders.0 += 1;
        let id = orders.0;
        orders.1.push(Order {
            id,
            when,
            fault: Arc::new(fault),
            seen: 0,
            struck: 0,
        });
        FaultHandle {
            faults: self.clone(),
            id,
        }
    }

    /// Withdraws all orders.
    pub fn clear(&self) {
        self.orders
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .clear();
    }

    /// The fault for this attempt, if any.
    pub(super) fn next(&self, call: &Call) -> Option<Arc<Fault>> {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        for order in orders.1.iter_mut().filter(|order| order.when.meets(call)) {
            if order.when.times.is_some_and(|times| order.struck >= times) {
                continue;
            }
            order.seen += 1;
            if order.seen > order.when.skip {
                order.struck += 1;
                return Some(order.fault.clone());
            }
        }
        None
    }
}

impl FaultHandle {
    /// How many attempts it has met; 0 after it was withdrawn.
    #[must_use]
    pub fn struck(&self) -> u32 {
        let orders = self.faults.orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders
            .1
            .iter()
            .find(|order| order.id == self.id)
            .map_or(0, |order| order.struck)
    }

    /// Ends it.
    pub fn withdraw(&self) {
        let mut orders = self.faults.orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders.1.retain(|order| order.id != self.id);
    }
}
