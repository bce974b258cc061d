//! The routes of the APIs as a table: each line makes the route and its part of the OpenAPI document, so that neither
//! can be without the other.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, on};

use super::openapi::Doc;

/// The method of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Reads.
    Get,
    /// Makes, or does something.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Takes away.
    Delete,
}

impl Verb {
    /// As HTTP writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Put => MethodFilter::PUT,
            Self::Patch => MethodFilter::PATCH,
            Self::Delete => MethodFilter::DELETE,
        }
    }
}

/// One route of the APIs.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its method.
    pub verb: Verb,
    /// Its path, with `{placeholders}`.
    pub path: String,
    /// What the document says of it.
    pub doc: Doc,
}

/// Routes with their documents.
#[derive(Debug)]
pub struct Table<S = ()> {
    router: Router<S>,
    operations: Vec<Operation>,
}

impl<S: Clone + Send + Sync + 'static> Table<S> {
    /// No routes.
    #[must_use]
    pub fn new() -> Self {
        Self {
            router: Router::new(),
            operations: Vec::new(),
        }
    }

    /// Adds a route.
    #[must_use]
    pub fn on<H, T>(mut self, verb: Verb, path: &str, handler: H, doc: Doc) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.router = self.router.route(path, on(verb.filter(), handler));
        self.operations.push(Operation {
            verb,
            path: path.to_owned(),
            doc,
        });
        self
    }

    /// Adds the routes of another table.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.operations.extend(other.operations);
        self
    }

    /// The routes, and what is said of them with `prefix` before each path.
    pub fn split(self, prefix: &str) -> (Router<S>, Vec<Operation>) {
        let prefixed = self.operations.into_iter().map(|operation| Operation {
            path: format!("{prefix}{}", operation.path)
                .trim_end_matches('/')
                .to_owned(),
            ..operation
        });
        (self.router, prefixed.collect())
    }
}

impl<S: Clone + Send + Sync + 'static> Default for Table<S> {
    fn default() -> Self {
        Self::new()
    }
}
