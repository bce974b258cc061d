//! Tests that are named after a row, found in the source by their attribute: also inside `proptest!`.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use crate::architecture::source;

/// What ids begin with.
const KINDS: [&str; 5] = ["il", "ch", "se", "aq", "gh"];

/// A test whose name begins with the id of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FeatureTest {
    /// The rows, such as `["IL-21"]`.
    pub(super) ids: Vec<String>,
    /// The function.
    pub(super) name: String,
    /// Where.
    pub(super) path: String,
    /// Where.
    pub(super) line: usize,
    /// The first paragraph of its documentation comment.
    pub(super) asserts: String,
    /// It does not run.
    pub(super) ignored: bool,
}

impl FeatureTest {
    /// It runs, says what it asserts, and lies where tests go through the HTTP surface.
    pub(super) fn proves(&self) -> bool {
        self.path.starts_with("tests/end_to_end/") && !self.asserts.is_empty() && !self.ignored
    }
}

/// All of them, in the order of their files.
pub(super) fn feature_tests() -> Vec<FeatureTest> {
    let mut found = Vec::new();
    let mut files: Vec<&source::SourceFile> = source::all().iter().collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    for file in files {
        // Parsing is slow, and most files hold none.
        if KINDS
            .iter()
            .any(|kind| file.text.contains(&format!("fn {kind}_")))
        {
            collect(file.text.parse().unwrap(), &file.path, &mut found);
        }
    }
    found
}

/// Attributes that stand before an item.
#[derive(Default)]
struct Attributes {
    test: bool,
    ignored: bool,
    documentation: Vec<String>,
}

impl Attributes {
    fn take(&mut self, group: &Group) {
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        match tokens.as_slice() {
            [
                TokenTree::Ident(doc),
                TokenTree::Punct(_),
                TokenTree::Literal(text),
            ] if doc == "doc" => {
                let text: syn::LitStr = syn::parse2(TokenTree::Literal(text.clone()).into()).unwrap();
                self.documentation.push(text.value().trim().to_owned());
            }
            [TokenTree::Ident(ignore), ..] if ignore == "ignore" => self.ignored = true,
            // `#[test]`, `#[tokio::test]`, `#[tokio::test(…)]`
            other => {
                let mut name = other.iter().filter_map(|token| match token {
                    TokenTree::Ident(ident) => Some(ident.to_string()),
                    TokenTree::Group(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => None,
                });
                self.test |= name.next_back().is_some_and(|last| last == "test");
            }
        }
    }

    fn asserts(&self) -> String {
        let paragraph = self.documentation.iter().take_while(|line| !line.is_empty());
        paragraph.cloned().collect::<Vec<_>>().join(" ")
    }
}

fn collect(tokens: TokenStream, path: &str, found: &mut Vec<FeatureTest>) {
    let mut attributes = Attributes::default();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(hash) if hash.as_char() == '#' => {
                if let Some(TokenTree::Group(group)) = tokens.peek()
                    && group.delimiter() == Delimiter::Bracket
                {
                    attributes.take(group);
                    tokens.next();
                }
            }
            TokenTree::Ident(keyword) if keyword == "fn" => {
                if let Some(TokenTree::Ident(name)) = tokens.peek()
                    && attributes.test
                {
                    note(name, path, &attributes, found);
                }
                attributes = Attributes::default();
            }
            // Words before `fn`, such as `async`.
            TokenTree::Ident(_) => {}
            TokenTree::Group(group) => {
                collect(group.stream(), path, found);
                attributes = Attributes::default();
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => attributes = Attributes::default(),
        }
    }
}

fn note(name: &proc_macro2::Ident, path: &str, attributes: &Attributes, found: &mut Vec<FeatureTest>) {
    let line = name.span().start().line;
    let name = name.to_string();
    let ids = ids(&name);
    if !ids.is_empty() {
        let (path, asserts) = (path.to_owned(), attributes.asserts());
        found.push(FeatureTest {
            ids,
            name,
            path,
            line,
            asserts,
            ignored: attributes.ignored,
        });
    }
}

/// `ch_05_gh_05_only_in_proven_domains` proves CH-05 and GH-05.
fn ids(name: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut words = name.split('_');
    while let (Some(kind), Some(number)) = (words.next(), words.next()) {
        let digits = number.len() == 2 && number.bytes().all(|digit| digit.is_ascii_digit());
        if !KINDS.contains(&kind) || !digits {
            break;
        }
        ids.push(format!("{}-{number}", kind.to_uppercase()));
    }
    ids
}

#[test]
fn ids_are_read_from_names() {
    assert_eq!(ids("il_21_malformed_role_falls_back"), ["IL-21"]);
    assert_eq!(ids("ch_05_gh_05_only_in_proven_domains"), ["CH-05", "GH-05"]);
    assert_eq!(ids("il_21"), ["IL-21"]);
    assert!(ids("il_2_x").is_empty() && ids("a_role_falls_back").is_empty());
}

#[test]
fn tests_are_found_with_what_they_assert() {
    let text = "/// One.\n/// Two.\n///\n/// Three.\n#[tokio::test(flavor = \"x\")]\nasync fn il_01_a() { fn il_02_no() {} }\n\
                fn il_03_helper() {}\n#[test]\n#[ignore]\nfn il_04_b() {}\n\
                proptest! { /// P.\n #[test] fn il_05_c(x in 0..1) { } }";
    let mut found = Vec::new();
    collect(text.parse().unwrap(), "tests/end_to_end/x.rs", &mut found);
    let found: Vec<(&str, &str, bool)> = found
        .iter()
        .map(|test| (test.name.as_str(), test.asserts.as_str(), test.proves()))
        .collect();
    assert_eq!(
        found,
        [
            ("il_01_a", "One. Two.", true),
            ("il_04_b", "", false),
            ("il_05_c", "P.", true)
        ]
    );
}
