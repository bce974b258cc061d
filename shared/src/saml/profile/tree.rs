//! Checks on every node of the tree, without recursion.

use std::collections::HashSet;

use uppsala::{Document, NodeKind, QName};

use crate::saml::names::{ASSERTION, DSIG};
use crate::saml::prescan::{MAX_DEPTH, MAX_NODES};
use crate::saml::refusal::{Refusal, RefusalCode, shown};
use crate::saml::xml::El;

/// What a walk over all nodes found.
#[derive(Default)]
pub(super) struct Found<'d> {
    /// `saml:Assertion` and `saml:EncryptedAssertion`, anywhere.
    pub assertions: Vec<El<'d>>,
    /// `ds:Signature`, anywhere.
    pub signatures: Vec<El<'d>>,
    /// Every ID value.
    pub ids: HashSet<String>,
}

/// Walks the whole document. `known_ids` are those of a document around it.
pub(super) fn walk<'d>(doc: &'d Document<'d>, known_ids: &HashSet<String>) -> Result<Found<'d>, Refusal> {
    if doc.doctype.is_some() {
        return Err(Refusal::new(RefusalCode::XmlDtd, "a document type declaration"));
    }
    let mut found = Found::default();
    let mut open = vec![(doc.root(), 0)];
    let mut nodes = 0;
    while let Some((id, depth)) = open.pop() {
        nodes += 1;
        // The scan has bounded both already; the tree is what counts.
        if nodes > MAX_NODES + 2 {
            return Err(Refusal::new(
                RefusalCode::XmlTooManyNodes,
                format!("more than {MAX_NODES}"),
            ));
        }
        if depth > MAX_DEPTH + 2 {
            return Err(Refusal::new(
                RefusalCode::XmlTooDeep,
                format!("more than {MAX_DEPTH} levels"),
            ));
        }
        match doc.node_kind(id) {
            Some(NodeKind::Element(_)) => {
                if let Some(element) = El::at(doc, id) {
                    check_names(element)?;
                    note(element, known_ids, &mut found)?;
                }
            }
            Some(NodeKind::Comment(_)) => return Err(Refusal::new(RefusalCode::XmlComment, "a comment")),
            Some(NodeKind::ProcessingInstruction(_)) => {
                return Err(Refusal::new(
                    RefusalCode::XmlProcessingInstruction,
                    "a processing instruction",
                ));
            }
            Some(NodeKind::Document | NodeKind::Text(_) | NodeKind::CData(_)) => {}
            Some(NodeKind::Attribute(..)) | None => {
                return Err(Refusal::new(RefusalCode::XmlMalformed, "a node of no known kind"));
            }
        }
        open.extend(doc.children_iter(id).rev().map(|child| (child, depth + 1)));
    }
    Ok(found)
}

/// Names are NCNames, prefixes are bound to something.
fn check_names(element: El<'_>) -> Result<(), Refusal> {
    let raw = element.raw();
    let attributes = raw.attributes.iter().map(|attribute| &attribute.name);
    if let Some(bad) = std::iter::once(&raw.name)
        .chain(attributes)
        .find(|name| !is_qname(name))
    {
        return Err(Refusal::new(
            RefusalCode::XmlBadName,
            shown(&bad.prefixed_name()).to_string(),
        ));
    }
    for (prefix, uri) in &raw.namespace_declarations {
        if !prefix.is_empty() && !is_ncname(prefix) {
            return Err(Refusal::new(RefusalCode::XmlBadName, shown(prefix).to_string()));
        }
        if !prefix.is_empty() && uri.is_empty() {
            return Err(Refusal::new(
                RefusalCode::XmlEmptyPrefix,
                format!("the prefix {}", shown(prefix)),
            ));
        }
    }
    Ok(())
}

/// Both parts are NCNames.
fn is_qname(name: &QName<'_>) -> bool {
    is_ncname(&name.local_name) && name.prefix.as_deref().is_none_or(is_ncname)
}

/// Namespaces in XML 1.0, production 4. The parser has checked the characters of a Name; a colon and a start that a
/// Name may not have are what is left.
fn is_ncname(name: &str) -> bool {
    !name.contains(':')
        && name.chars().next().is_some_and(|c| {
            c.is_alphabetic() || c == '_' || (!c.is_ascii() && !matches!(c, '\u{b7}' | '\u{300}'..='\u{36f}'))
        })
}

/// Collects IDs, assertions and signatures.
fn note<'d>(element: El<'d>, known_ids: &HashSet<String>, found: &mut Found<'d>) -> Result<(), Refusal> {
    for attribute in &element.raw().attributes {
        // The spellings under which the engines look for IDs, in any namespace, `xml:id` included.
        if !matches!(&*attribute.name.local_name, "ID" | "Id" | "id" | "AssertionID") {
            continue;
        }
        if known_ids.contains(&*attribute.value) || !found.ids.insert(attribute.value.to_string()) {
            return Err(Refusal::new(
                RefusalCode::IdDuplicate,
                "an ID that two elements share",
            ));
        }
    }
    if element.is(ASSERTION, "Assertion") || element.is(ASSERTION, "EncryptedAssertion") {
        found.assertions.push(element);
    }
    if element.is(DSIG, "Signature") {
        found.signatures.push(element);
    }
    Ok(())
}
