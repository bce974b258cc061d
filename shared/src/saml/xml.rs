//! A view of the parsed tree that cannot mix up namespaced and plain attributes.
//!
//! The parser's own `get_attribute` looks up by local name alone, so that `evil:ID` answers for `ID`. Everything in
//! the receiving half reads through [`El`].

use std::borrow::Cow;

use uppsala::{Document, Element, NodeId, NodeKind};

/// An element of a parsed document.
#[derive(Clone, Copy)]
pub struct El<'d> {
    doc: &'d Document<'d>,
    id: NodeId,
    element: &'d Element<'d>,
}

impl<'d> El<'d> {
    /// The element at `id`, if there is one.
    pub fn at(doc: &'d Document<'d>, id: NodeId) -> Option<Self> {
        doc.element(id).map(|element| Self { doc, id, element })
    }

    /// The document element.
    pub fn root(doc: &'d Document<'d>) -> Option<Self> {
        doc.document_element().and_then(|id| Self::at(doc, id))
    }

    /// The node in its document.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// The element around this one.
    pub fn parent(self) -> Option<Self> {
        self.doc.parent(self.id).and_then(|id| Self::at(self.doc, id))
    }

    /// The local name.
    pub fn local_name(self) -> &'d str {
        &self.element.name.local_name
    }

    /// The parser's element, for its declarations.
    pub fn raw(self) -> &'d Element<'d> {
        self.element
    }

    /// Whether the expanded name is `{namespace}local`.
    pub fn is(self, namespace: &str, local: &str) -> bool {
        self.element.name.matches(Some(namespace), local)
    }

    /// The attribute `name` in no namespace.
    pub fn attr(self, name: &str) -> Option<&'d str> {
        self.attr_in(None, name)
    }

    /// The attribute `{namespace}name`.
    pub fn attr_in(self, namespace: Option<&str>, name: &str) -> Option<&'d str> {
        let found = self
            .element
            .attributes
            .iter()
            .find(|attribute| attribute.name.matches(namespace, name));
        found.map(|attribute| &*attribute.value)
    }

    /// The child elements in document order.
    pub fn children(self) -> impl Iterator<Item = El<'d>> {
        self.doc
            .children_iter(self.id)
            .filter_map(move |id| Self::at(self.doc, id))
    }

    /// The child elements `{namespace}local`.
    pub fn children_named<'n>(
        self,
        namespace: &'n str,
        local: &'n str,
    ) -> impl Iterator<Item = El<'d>> + use<'d, 'n> {
        self.children().filter(move |child| child.is(namespace, local))
    }

    /// The first child element `{namespace}local`.
    pub fn child(self, namespace: &str, local: &str) -> Option<El<'d>> {
        self.children().find(|child| child.is(namespace, local))
    }

    /// The whole text, trimmed of XML white space; none when there is a child element or nothing but white space.
    pub fn text(self) -> Option<Cow<'d, str>> {
        let text = self.raw_text()?;
        let trimmed = match text {
            Cow::Borrowed(text) => Cow::Borrowed(trim(text)),
            Cow::Owned(text) => Cow::Owned(trim(&text).to_owned()),
        };
        Some(trimmed).filter(|text| !text.is_empty())
    }

    /// The whole text as it stands; none when there is a child element.
    pub fn raw_text(self) -> Option<Cow<'d, str>> {
        let mut whole = Cow::Borrowed("");
        for id in self.doc.children_iter(self.id) {
            match self.doc.node_kind(id) {
                Some(NodeKind::Text(text) | NodeKind::CData(text)) if whole.is_empty() => {
                    whole = Cow::Borrowed(&**text);
                }
                Some(NodeKind::Text(text) | NodeKind::CData(text)) => whole.to_mut().push_str(text),
                _ => return None,
            }
        }
        Some(whole)
    }

    /// Whether there is text between the child elements that is not white space.
    pub fn has_loose_text(self) -> bool {
        self.doc
            .children_iter(self.id)
            .any(|id| match self.doc.node_kind(id) {
                Some(NodeKind::Text(text) | NodeKind::CData(text)) => !trim(text).is_empty(),
                _ => false,
            })
    }

    /// The text of an element whose only child is one text node, as the engines read it.
    pub fn single_text(self) -> Option<&'d str> {
        let mut children = self.doc.children_iter(self.id);
        match (
            children.next().and_then(|id| self.doc.node_kind(id)),
            children.next(),
        ) {
            (Some(NodeKind::Text(text)), None) => Some(&**text),
            _ => None,
        }
    }

    /// This element and the elements below it, in document order, without recursion.
    pub fn subtree(self) -> impl Iterator<Item = El<'d>> {
        let mut open = vec![self.id];
        std::iter::from_fn(move || {
            while let Some(id) = open.pop() {
                open.extend(self.doc.children_iter(id).rev());
                if let Some(element) = Self::at(self.doc, id) {
                    return Some(element);
                }
            }
            None
        })
    }

    /// The namespaces in scope, the innermost declaration of each prefix.
    pub fn namespaces_in_scope(self) -> Vec<(&'d str, &'d str)> {
        let mut scope: Vec<(&str, &str)> = Vec::new();
        let mut at = Some(self);
        while let Some(element) = at {
            for (prefix, uri) in &element.element.namespace_declarations {
                if !scope.iter().any(|(known, _)| *known == &**prefix) {
                    scope.push((prefix, uri));
                }
            }
            at = element.parent();
        }
        scope
    }
}

/// Trims XML white space only (XML 1.0, production 3).
pub fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}
