//! Error codes are part of the contract: unique within their enum, `snake_case`, one for each variant.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

use super::none;
use super::source;

/// The `fn code(&self) -> &'static str` of a file.
#[derive(Default)]
pub(crate) struct Codes {
    owner: String,
    /// Line and complaint.
    wrong: Vec<(usize, String)>,
    /// How many there are.
    seen: usize,
}

/// Those of a file.
pub(crate) fn codes(tree: &syn::File) -> Codes {
    let mut found = Codes::default();
    found.visit_file(tree);
    found
}

impl Codes {
    fn check(&mut self, line: usize, owner: &str, codes: Vec<String>) {
        let mut known = BTreeSet::new();
        for code in codes {
            if !snake_case(&code) {
                self.wrong
                    .push((line, format!("{owner}: `{code}` is not snake_case")));
            }
            if !known.insert(code.clone()) {
                self.wrong
                    .push((line, format!("{owner}: `{code}` stands for two variants")));
            }
        }
    }
}

/// String literals after `=`.
fn assigned(tokens: &TokenStream) -> Vec<String> {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let literal = |pair: &[TokenTree]| match pair {
        [TokenTree::Punct(equals), TokenTree::Literal(text)] if equals.as_char() == '=' => {
            syn::parse2::<syn::LitStr>(TokenTree::Literal(text.clone()).into()).ok()
        }
        _ => None,
    };
    tokens
        .windows(2)
        .filter_map(literal)
        .map(|text| text.value())
        .collect()
}

impl<'ast> Visit<'ast> for Codes {
    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        if let syn::Type::Path(path) = &*block.self_ty {
            self.owner = path.path.segments.last().unwrap().ident.to_string();
        }
        visit::visit_item_impl(self, block);
    }

    /// `codes! { Variant = "code", …; }` makes an enum with its codes.
    fn visit_item_macro(&mut self, call: &'ast syn::ItemMacro) {
        if call.mac.path.is_ident("codes") {
            self.seen += 1;
            let line = call.mac.path.segments[0].ident.span().start().line;
            self.check(line, "codes!", assigned(&call.mac.tokens));
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if function.sig.ident != "code" || !answers_static_str(&function.sig) {
            return;
        }
        self.seen += 1;
        let (line, owner) = (function.sig.ident.span().start().line, self.owner.clone());
        let mut literals = Literals::default();
        literals.visit_block(&function.block);
        self.check(line, &owner, literals.codes);
        if literals.wildcard {
            self.wrong
                .push((line, format!("{owner}: a `_ =>` arm hides variants")));
        }
    }
}

fn answers_static_str(signature: &syn::Signature) -> bool {
    let syn::ReturnType::Type(_, ty) = &signature.output else {
        return false;
    };
    let syn::Type::Reference(reference) = &**ty else {
        return false;
    };
    reference
        .lifetime
        .as_ref()
        .is_some_and(|lifetime| lifetime.ident == "static")
}

#[derive(Default)]
struct Literals {
    codes: Vec<String>,
    wildcard: bool,
}

impl<'ast> Visit<'ast> for Literals {
    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        self.codes.push(literal.value());
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        self.wildcard |= matches!(arm.pat, syn::Pat::Wild(_));
        visit::visit_arm(self, arm);
    }
}

fn snake_case(code: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    code.starts_with(|c: char| c.is_ascii_lowercase())
        && code.chars().all(allowed)
        && !code.contains("__")
        && !code.ends_with('_')
}

#[test]
fn codes_are_unique_and_in_snake_case() {
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for file in source::production() {
        let found = &file.facts.codes;
        wrong.extend(
            found
                .wrong
                .iter()
                .map(|(line, what)| format!("{}:{line}: {what}", file.path)),
        );
        seen += found.seen;
    }
    println!("{seen} error enums with codes");
    none("error codes", &wrong);
    assert!(seen > 10, "the check sees only {seen} of them");
}

#[test]
fn the_check_sees_a_code_that_stands_for_two() {
    let text = "impl E { fn code(&self) -> &'static str { match self { A => \"one\", B => \"one\", C => \"Two\", _ => \"x\" } } }";
    let found = codes(&syn::parse_file(text).unwrap());
    let made = codes(&syn::parse_file("codes! { A = \"a_b\", X; B = \"a_b\", X; C = \"c\", Y; }").unwrap());
    assert_eq!((made.seen, made.wrong.len()), (1, 1), "{:?}", made.wrong);
    assert_eq!(found.wrong.len(), 3, "{:?}", found.wrong);
}
