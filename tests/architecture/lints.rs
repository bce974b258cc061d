//! What the lints deny cannot be allowed again in production code.

use syn::visit::{self, Visit};

use super::none;
use super::source::{self, is_test};

/// Lints that no `#[allow]` or `#[expect]` may name outside tests.
const FIRM: &[&str] = &[
    "unsafe_code",
    "missing_docs",
    "unwrap_used",
    "expect_used",
    "panic",
    "indexing_slicing",
    "string_slice",
    "unreachable",
    "todo",
    "unimplemented",
    "too_many_lines",
    "warnings",
];

/// Line and name of what production code may not do.
pub(crate) fn firm(tree: &syn::File) -> Vec<(usize, String)> {
    let mut found = Production(Vec::new());
    found.visit_file(tree);
    found.0
}

struct Production(Vec<(usize, String)>);

impl<'ast> Visit<'ast> for Production {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        if !is_test(&function.attrs) {
            visit::visit_item_fn(self, function);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if ["unwrap", "expect", "unwrap_err", "expect_err", "unwrap_unchecked"]
            .contains(&call.method.to_string().as_str())
        {
            let line = call.method.span().start().line;
            self.0.push((line, format!(".{}()", call.method)));
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        let path = attribute.path();
        if !path.is_ident("allow") && !path.is_ident("expect") {
            return;
        }
        let list = attribute
            .meta
            .require_list()
            .map(|list| list.tokens.to_string())
            .unwrap_or_default();
        for lint in list
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|word| FIRM.contains(word))
        {
            let line = path.segments[0].ident.span().start().line;
            self.0.push((line, format!("{lint} is allowed again")));
        }
    }
}

#[test]
fn production_code_never_unwraps() {
    let mut wrong = Vec::new();
    for file in source::production() {
        wrong.extend(
            file.facts
                .firm
                .iter()
                .map(|(line, what)| format!("{}:{line}: {what}", file.path)),
        );
    }
    none(
        "unwrap, expect, or a firm lint allowed again, outside tests",
        &wrong,
    );
}

#[test]
fn the_check_sees_an_unwrap() {
    let tree = syn::parse_file(
        "fn f() { g().unwrap(); } #[allow(clippy::panic)] fn h() {} #[test] fn t() { x.unwrap() }",
    );
    let found = firm(&tree.unwrap());
    assert_eq!(
        found,
        [
            (1, ".unwrap()".to_owned()),
            (1, "panic is allowed again".to_owned())
        ]
    );
}
