//! The source tree as the compiler sees it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use syn::visit::{self, Visit};

use super::facts::Facts;

/// One file of a crate.
pub(crate) struct SourceFile {
    /// From the root of the repository, such as `shared/src/saml/keys.rs`.
    pub(crate) path: String,
    /// The package's folder, such as `shared` or `functions/sign_in`.
    pub(crate) package: String,
    /// Where the file is mounted, such as `["saml", "keys"]`; empty for a crate's root.
    pub(crate) module: Vec<String>,
    /// Compiled in tests only.
    pub(crate) test: bool,
    /// The text.
    pub(crate) text: String,
    /// What the checks need to know of it.
    pub(crate) facts: Facts,
}

impl SourceFile {
    /// The first segment of the module path; empty for a crate's root.
    pub(crate) fn room(&self) -> &str {
        self.module.first().map_or("", String::as_str)
    }
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// The folders of all functions, sorted.
pub(crate) fn functions() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(root().join("functions"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Every package's folder.
pub(crate) fn packages() -> Vec<String> {
    let mut packages: Vec<String> = functions()
        .iter()
        .map(|name| format!("functions/{name}"))
        .collect();
    let others = [
        "shared",
        "infra/cli",
        "infra/local",
        "tests",
        "tests/benches/hello_world",
    ];
    packages.extend(others.map(str::to_owned));
    packages
}

static ALL: LazyLock<Vec<SourceFile>> = LazyLock::new(read_all);

/// Every file of every crate.
pub(crate) fn all() -> &'static [SourceFile] {
    &ALL
}

fn read_all() -> Vec<SourceFile> {
    let mut files = Vec::new();
    for package in packages() {
        for (path, test) in crate_roots(&package) {
            let mut walk = Walk {
                package: &package,
                files: &mut files,
            };
            walk.file(&path, &[], path.parent().unwrap(), test);
        }
    }
    assert!(files.len() > 50, "only {} source files were found", files.len());
    files
}

/// What is compiled into a function or into the embedded default.
pub(crate) fn production() -> impl Iterator<Item = &'static SourceFile> {
    all().iter().filter(|file| !file.test)
}

/// What is compiled into the functions: the common crate and the functions themselves.
pub(crate) fn deployed() -> impl Iterator<Item = &'static SourceFile> {
    let is_deployed = |package: &str| package == "shared" || package.starts_with("functions/");
    production().filter(move |file| is_deployed(&file.package))
}

/// The root files of a package, and whether all that they hold is test code.
fn crate_roots(package: &str) -> Vec<(PathBuf, bool)> {
    let folder = root().join(package);
    let mut roots: Vec<(PathBuf, bool)> = match package {
        "tests" => vec![
            (folder.join("support/lib.rs"), true),
            (folder.join("main.rs"), true),
        ],
        _ => vec![
            (folder.join("src/lib.rs"), false),
            (folder.join("src/main.rs"), false),
        ],
    };
    for tests in ["tests", "benches", "examples"].map(|name| folder.join(name)) {
        let files = fs::read_dir(tests)
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().path());
        // A file is a target, and a folder with a `main.rs` in it.
        let files = files.map(|path| if path.is_dir() { path.join("main.rs") } else { path });
        roots.extend(
            files
                .filter(|path| path.extension().is_some_and(|end| end == "rs"))
                .map(|path| (path, true)),
        );
    }
    roots.retain(|(path, _)| path.is_file());
    roots
}

struct Walk<'a> {
    package: &'a str,
    files: &'a mut Vec<SourceFile>,
}

impl Walk<'_> {
    /// Reads one file, and what it mounts; `folder` is where its children lie.
    fn file(&mut self, path: &Path, module: &[String], folder: &Path, test: bool) {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        let (facts, tree) = Facts::read(&name, &text, module, self.package == "shared");
        self.children(&tree.items, module, folder, path.parent().unwrap(), test);
        let (package, module) = (self.package.to_owned(), module.to_vec());
        self.files.push(SourceFile {
            path: name,
            package,
            module,
            test,
            text,
            facts,
        });
    }

    fn children(&mut self, items: &[syn::Item], module: &[String], folder: &Path, beside: &Path, test: bool) {
        for item in items {
            let syn::Item::Mod(child) = item else { continue };
            let name = child.ident.to_string();
            let module: Vec<String> = module.iter().cloned().chain([name.clone()]).collect();
            let test = test || is_test(&child.attrs);
            if let Some((_, items)) = &child.content {
                self.children(items, &module, &folder.join(&name), beside, test);
            } else if let Some(path) = path_attribute(&child.attrs) {
                let file = beside.join(path);
                let folder = file.parent().unwrap().to_path_buf();
                self.file(&file, &module, &folder, test);
            } else {
                let flat = folder.join(format!("{name}.rs"));
                let file = if flat.is_file() {
                    flat
                } else {
                    folder.join(&name).join("mod.rs")
                };
                self.file(&file, &module, &folder.join(&name), test);
            }
        }
    }
}

/// Whether an item is compiled in tests only.
pub(crate) fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        let word = |list: &syn::MetaList| list.tokens.to_string() == "test";
        path.segments.last().is_some_and(|last| last.ident == "test")
            || (path.is_ident("cfg") && attribute.meta.require_list().is_ok_and(word))
    })
}

fn path_attribute(attributes: &[syn::Attribute]) -> Option<String> {
    attributes
        .iter()
        .find(|attribute| attribute.path().is_ident("path"))
        .map(|attribute| {
            let syn::Meta::NameValue(syn::MetaNameValue {
                value: syn::Expr::Lit(literal),
                ..
            }) = &attribute.meta
            else {
                panic!("#[path] without a value");
            };
            let syn::Lit::Str(text) = &literal.lit else {
                panic!("#[path] without a string")
            };
            text.value()
        })
}

/// A function with a body.
pub(crate) struct Function {
    /// Its name.
    pub(crate) name: String,
    /// The line of `fn`.
    pub(crate) line: usize,
    /// From `fn` to the closing brace.
    pub(crate) lines: usize,
}

/// The functions of a file that are not tests; nested ones count on their own and in what holds them.
pub(crate) fn functions_of(tree: &syn::File) -> Vec<Function> {
    let mut found = Functions(Vec::new());
    found.visit_file(tree);
    found.0
}

struct Functions(Vec<Function>);

impl Functions {
    fn note(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let line = signature.fn_token.span.start().line;
        let end = block.brace_token.span.close().end().line;
        self.0.push(Function {
            name: signature.ident.to_string(),
            line,
            lines: end - line + 1,
        });
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        if !is_test(&function.attrs) {
            self.note(&function.sig, &function.block);
            visit::visit_item_fn(self, function);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !is_test(&function.attrs) {
            self.note(&function.sig, &function.block);
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.note(&function.sig, block);
            visit::visit_trait_item_fn(self, function);
        }
    }
}

/// Every `.rs` file is mounted somewhere: what no crate holds is neither compiled nor checked.
#[test]
fn every_source_file_belongs_to_a_crate() {
    let mounted: Vec<&str> = all().iter().map(|file| file.path.as_str()).collect();
    let mut lost = Vec::new();
    for package in packages() {
        for file in rust_files(&root().join(&package)) {
            let path = file.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            if !mounted.contains(&path.as_str()) {
                lost.push(path);
            }
        }
    }
    super::none("files that no `mod` mounts", &lost);
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if !super::text::UNTRACKED.contains(&name) && !name.starts_with('.') {
                found.extend(rust_files(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The reader itself: test code is told from production code, and lengths are counted in lines.
#[test]
fn the_reader_tells_tests_and_counts_lines() {
    let tree = syn::parse_file(
        "fn one() {}\n#[test]\nfn no() {}\n#[tokio::test]\nasync fn nor() {}\n#[cfg(test)]\nmod tests { fn no() {} }\n\
         impl X {\n    fn three(\n    ) {\n    }\n}\n",
    );
    let found: Vec<(String, usize)> = functions_of(&tree.unwrap())
        .into_iter()
        .map(|function| (function.name, function.lines))
        .collect();
    assert_eq!(found, [("one".to_owned(), 1), ("three".to_owned(), 3)]);
}
