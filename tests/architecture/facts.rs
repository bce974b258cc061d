//! What the checks need to know of a file. Parsing is the slow part, so that it is done once for all of them.

use super::codes::{self, Codes};
use super::handles::{self, Handles};
use super::lints;
use super::paths::{self, Named};
use super::source::{self, Function};

/// Of one file.
#[derive(Default)]
pub(crate) struct Facts {
    /// Every identifier with its line, comments left out.
    pub(crate) identifiers: Vec<(String, usize)>,
    /// Paths into the common crate.
    pub(crate) named: Vec<Named>,
    /// The fields that are read of a `gatehouse`, with their lines.
    pub(crate) fields: Vec<(String, usize)>,
    /// Functions that are not tests.
    pub(crate) functions: Vec<Function>,
    /// Line and name of what a firm lint forbids.
    pub(crate) firm: Vec<(usize, String)>,
    /// Error codes.
    pub(crate) codes: Codes,
    /// Public methods that take a tenant id.
    pub(crate) handles: Handles,
}

impl Facts {
    /// Parses the text; `module` is where it is mounted, `common` tells the common crate from the others.
    pub(crate) fn read(path: &str, text: &str, module: &[String], common: bool) -> (Self, syn::File) {
        let tokens: proc_macro2::TokenStream = text.parse().unwrap_or_else(|error| panic!("{path}: {error}"));
        let tree: syn::File = syn::parse2(tokens.clone())
            .unwrap_or_else(|error| panic!("{path}:{}: {error}", error.span().start().line));
        let facts = Self {
            identifiers: paths::identifiers(tokens.clone()),
            named: paths::into_common(tokens, module, common),
            fields: paths::fields(&tree),
            functions: source::functions_of(&tree),
            firm: lints::firm(&tree),
            codes: codes::codes(&tree),
            handles: handles::handles(&tree),
        };
        (facts, tree)
    }
}
