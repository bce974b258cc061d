//! The paths that a file names, in `use` declarations, in code and inside macro calls.

use std::iter::Peekable;

use proc_macro2::{Delimiter, TokenStream, TokenTree, token_stream};
use syn::visit::{self, Visit};

/// A path into a crate of ours.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// From the crate's root; two segments at most are kept.
    pub(crate) segments: Vec<String>,
    /// Where.
    pub(crate) line: usize,
}

impl Named {
    /// A segment, or the empty string.
    pub(crate) fn segment(&self, index: usize) -> &str {
        self.segments.get(index).map_or("", String::as_str)
    }
}

/// Paths into the common crate. Inside it they begin with `crate` or `super`, elsewhere with `gatehouse`.
pub(crate) fn into_common(tokens: TokenStream, module: &[String], common: bool) -> Vec<Named> {
    let mut found = Vec::new();
    walk(
        tokens,
        module,
        &if common { Roots::Own } else { Roots::Foreign },
        &mut found,
    );
    found
}

/// Every identifier, with its line, comments left out.
pub(crate) fn identifiers(tokens: TokenStream) -> Vec<(String, usize)> {
    fn collect(tokens: TokenStream, found: &mut Vec<(String, usize)>) {
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => found.push((ident.to_string(), ident.span().start().line)),
                TokenTree::Group(group) => collect(group.stream(), found),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
    let mut found = Vec::new();
    collect(tokens, &mut found);
    found
}

/// The fields that are read of a `gatehouse`: what a use case works with.
pub(crate) fn fields(tree: &syn::File) -> Vec<(String, usize)> {
    struct Fields(Vec<(String, usize)>);
    impl<'ast> Visit<'ast> for Fields {
        fn visit_expr_field(&mut self, field: &'ast syn::ExprField) {
            let of_gatehouse = match &*field.base {
                syn::Expr::Path(path) => path.path.is_ident("gatehouse"),
                syn::Expr::Field(base) => {
                    matches!(&base.member, syn::Member::Named(name) if name == "gatehouse")
                }
                _ => false,
            };
            if let syn::Member::Named(name) = &field.member
                && of_gatehouse
            {
                self.0.push((name.to_string(), name.span().start().line));
            }
            visit::visit_expr_field(self, field);
        }
    }
    let mut found = Fields(Vec::new());
    found.visit_file(tree);
    found.0
}

enum Roots {
    /// `crate::`, `super::`
    Own,
    /// `gatehouse::`
    Foreign,
}

type Tokens = Peekable<token_stream::IntoIter>;

fn walk(tokens: TokenStream, module: &[String], roots: &Roots, found: &mut Vec<Named>) {
    let mut tokens: Tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(ident) if ident == "mod" => inline_module(&mut tokens, module, roots, found),
            TokenTree::Ident(ident) => {
                let base = match roots {
                    Roots::Own if ident == "crate" => Some(Vec::new()),
                    Roots::Own if ident == "super" => Some(parent(module)),
                    Roots::Foreign if ident == "gatehouse" => Some(Vec::new()),
                    Roots::Own | Roots::Foreign => None,
                };
                if let Some(base) = base
                    && colons(&mut tokens)
                {
                    follow(&mut tokens, base, ident.span().start().line, module, roots, found);
                }
            }
            TokenTree::Group(group) => walk(group.stream(), module, roots, found),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// `mod name { … }`: one deeper for `super`.
fn inline_module(tokens: &mut Tokens, module: &[String], roots: &Roots, found: &mut Vec<Named>) {
    let Some(TokenTree::Ident(name)) = tokens.next() else {
        return;
    };
    if let Some(TokenTree::Group(group)) = tokens.peek() {
        let inner: Vec<String> = module.iter().cloned().chain([name.to_string()]).collect();
        walk(group.stream(), &inner, roots, found);
        tokens.next();
    }
}

fn parent(module: &[String]) -> Vec<String> {
    module
        .split_last()
        .map(|(_, rest)| rest.to_vec())
        .unwrap_or_default()
}

/// Takes `::`.
fn colons(tokens: &mut Tokens) -> bool {
    let colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(p)) if p.as_char() == ':');
    if !colon(tokens.peek()) {
        return false;
    }
    tokens.next();
    if !colon(tokens.peek()) {
        return false;
    }
    tokens.next();
    true
}

/// What comes after `crate::`: a name, a list in braces, or `*`.
fn follow(
    tokens: &mut Tokens,
    mut base: Vec<String>,
    line: usize,
    module: &[String],
    roots: &Roots,
    found: &mut Vec<Named>,
) {
    loop {
        match tokens.peek() {
            Some(TokenTree::Ident(ident)) if ident == "super" => {
                base.pop();
            }
            Some(TokenTree::Ident(ident)) if ident == "self" => break,
            Some(TokenTree::Ident(ident)) => base.push(ident.to_string()),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let list = group.stream();
                tokens.next();
                branches(list, &base, line, module, roots, found);
                return;
            }
            _ => break,
        }
        tokens.next();
        if base.len() >= 2 || !colons(tokens) {
            break;
        }
    }
    base.truncate(2);
    found.push(Named { segments: base, line });
}

/// `{a::b, c, self}` after a path.
fn branches(
    list: TokenStream,
    base: &[String],
    line: usize,
    module: &[String],
    roots: &Roots,
    found: &mut Vec<Named>,
) {
    let mut tokens: Tokens = list.into_iter().peekable();
    while tokens.peek().is_some() {
        follow(&mut tokens, base.to_vec(), line, module, roots, found);
        // The rest of this branch is deeper than what is kept.
        for token in tokens.by_ref() {
            if matches!(&token, TokenTree::Punct(p) if p.as_char() == ',') {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Roots, walk};

    fn paths(text: &str, module: &[&str], roots: &Roots) -> Vec<String> {
        let module: Vec<String> = module.iter().map(|&name| name.to_owned()).collect();
        let mut found = Vec::new();
        walk(text.parse().unwrap(), &module, roots, &mut found);
        found.into_iter().map(|named| named.segments.join("::")).collect()
    }

    #[test]
    fn paths_are_found_wherever_they_stand() {
        let text = "use crate::{store::{keys, Store}, domain::*, clock}; use crate::saml::xml::a::B;\n\
                    fn f() { tracing::info!(x = crate::random::token()); let crate_ = a::crate_::b; }";
        let want = [
            "store::keys",
            "store::Store",
            "domain",
            "clock",
            "saml::xml",
            "random::token",
        ]
        .map(str::to_owned);
        assert_eq!(paths(text, &["app"], &Roots::Own), want);
    }

    #[test]
    fn super_is_resolved_from_where_the_file_is_mounted() {
        let text = "use super::super::store::Store; use super::b; pub(super) fn f() {} mod i { use super::super::c; }";
        assert_eq!(
            paths(text, &["app", "x"], &Roots::Own),
            ["store::Store", "app::b", "app::c"]
        );
    }

    #[test]
    fn other_crates_name_it_gatehouse() {
        let text = "use gatehouse::app::{self, Gatehouse}; use crate::pages;";
        assert_eq!(paths(text, &[], &Roots::Foreign), ["app", "app::Gatehouse"]);
    }
}
