//! A store method never takes a tenant id: `store.tenant(id)` gives a handle that sees one tenant only.

use syn::visit::{self, Visit};

use super::none;
use super::source::{self, is_test};

/// The one place where a tenant id becomes a handle.
const DOOR: (&str, &str) = ("Store", "tenant");
/// Where a tenant id is a place in the list of all tenants, and opens none.
const CURSORS: &[(&str, &str)] = &[("FrontDoor", "tenants"), ("FrontDoor", "tenant_records")];

/// Public methods that take a tenant id.
#[derive(Default)]
pub(crate) struct Handles {
    /// Line and name.
    taking: Vec<(usize, String)>,
    /// How often [`DOOR`] was seen.
    doors: usize,
}

/// Those of a file.
pub(crate) fn handles(tree: &syn::File) -> Handles {
    let mut found = PublicMethods::default();
    found.visit_file(tree);
    found.handles
}

#[derive(Default)]
struct PublicMethods {
    owner: String,
    handles: Handles,
}

impl PublicMethods {
    fn check(&mut self, visibility: &syn::Visibility, signature: &syn::Signature) {
        if !matches!(visibility, syn::Visibility::Public(_)) {
            return;
        }
        let takes = signature.inputs.iter().any(|input| match input {
            syn::FnArg::Receiver(_) => false,
            syn::FnArg::Typed(typed) => names_tenant_id(&typed.ty),
        });
        if !takes {
            return;
        }
        let name = signature.ident.to_string();
        let method = (self.owner.as_str(), name.as_str());
        if method == DOOR {
            self.handles.doors += 1;
            return;
        }
        if CURSORS.contains(&method) {
            return;
        }
        let line = signature.ident.span().start().line;
        self.handles
            .taking
            .push((line, format!("{}::{}", self.owner, signature.ident)));
    }
}

fn names_tenant_id(ty: &syn::Type) -> bool {
    let mut names = Names(false);
    names.visit_type(ty);
    names.0
}

struct Names(bool);

impl<'ast> Visit<'ast> for Names {
    fn visit_path_segment(&mut self, segment: &'ast syn::PathSegment) {
        self.0 |= segment.ident == "TenantId";
        visit::visit_path_segment(self, segment);
    }
}

impl<'ast> Visit<'ast> for PublicMethods {
    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        if is_test(&block.attrs) {
            return;
        }
        self.owner = match &*block.self_ty {
            syn::Type::Path(path) => path.path.segments.last().unwrap().ident.to_string(),
            _ => String::new(),
        };
        visit::visit_item_impl(self, block);
    }

    fn visit_impl_item_fn(&mut self, method: &'ast syn::ImplItemFn) {
        self.check(&method.vis, &method.sig);
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.owner = String::new();
        self.check(&function.vis, &function.sig);
    }
}

#[test]
fn store_methods_take_no_tenant_id() {
    let (mut wrong, mut doors) = (Vec::new(), 0);
    for file in source::production() {
        if file.package != "shared" || file.room() != "store" {
            continue;
        }
        let Handles {
            taking,
            doors: of_file,
        } = &file.facts.handles;
        wrong.extend(
            taking
                .iter()
                .map(|(line, name)| format!("{}:{line}: {name}", file.path)),
        );
        doors += of_file;
    }
    none("store methods that take a tenant id", &wrong);
    assert_eq!(doors, 1, "Store::tenant is the door, and the check sees it");
}

/// Keys are made in one file, so that no other can reach into a tenant's partition.
#[test]
fn keys_are_made_in_one_file() {
    let mut wrong = Vec::new();
    for file in source::production() {
        if file.package != "shared" || file.room() == "store" {
            continue;
        }
        for named in &file.facts.named {
            if named.segment(0) == "store" && named.segment(1) == "keys" {
                wrong.push(format!("{}:{}", file.path, named.line));
            }
        }
    }
    none("keys named outside the store", &wrong);
}
