//! A linear look at the raw bytes before the parser sees them.
//!
//! The parser compares every attribute of a tag with every other (15 s for one tag of 1 MiB), and the engines walk
//! recursively. So size, tag size, attributes, depth and node count are bounded here, in one pass without allocation.
//! The parser stays the judge of what is well-formed; [`crate::saml::profile`] checks the tree again.

use super::refusal::{Refusal, RefusalCode, shown};

/// Most bytes of XML that are looked at, decoded.
pub const MAX_XML_BYTES: usize = 256 * 1024;
/// Most bytes of one start tag.
pub const MAX_TAG_BYTES: usize = 16 * 1024;
/// Most attributes of one start tag, namespace declarations included.
pub const MAX_ATTRIBUTES: usize = 64;
/// Deepest nesting of elements.
pub const MAX_DEPTH: usize = 64;
/// Most namespace declarations in scope at once: the parser looks a prefix up by walking all of them.
pub const MAX_NAMESPACES: usize = 128;
/// Most elements and text runs.
pub const MAX_NODES: usize = 16_384;

/// Checks `xml` and returns what follows a byte order mark and the XML declaration.
///
/// # Errors
/// The refusal of the first limit that is broken, in document order.
pub fn prescan(xml: &str) -> Result<&str, Refusal> {
    if xml.len() > MAX_XML_BYTES {
        return Err(Refusal::new(
            RefusalCode::MessageTooLarge,
            format!("{} bytes", xml.len()),
        ));
    }
    let body = declaration(xml.strip_prefix('\u{feff}').unwrap_or(xml))?;
    let mut scan = Scan {
        rest: body.as_bytes(),
        nodes: 0,
        in_scope: Vec::with_capacity(MAX_DEPTH),
    };
    while scan.step()? {}
    Ok(body)
}

/// Takes the XML declaration off, if there is one (XML 1.0, 2.8: version, then encoding, then standalone).
fn declaration(xml: &str) -> Result<&str, Refusal> {
    let Some(rest) = xml
        .strip_prefix("<?xml")
        .filter(|rest| rest.starts_with([' ', '\t', '\r', '\n']))
    else {
        return Ok(xml);
    };
    let Some((declared, body)) = rest.split_once("?>") else {
        return Err(Refusal::new(
            RefusalCode::XmlMalformed,
            "an XML declaration without an end",
        ));
    };
    let mut allowed = ["version", "encoding", "standalone"].into_iter();
    let mut pseudo = declared.trim();
    let mut first = true;
    while !pseudo.is_empty() {
        let Some((name, value, rest)) = pseudo_attribute(pseudo) else {
            return Err(Refusal::new(
                RefusalCode::XmlDeclaration,
                shown(declared).to_string(),
            ));
        };
        let good = match name {
            "version" => value == "1.0",
            "encoding" => value.eq_ignore_ascii_case("utf-8"),
            "standalone" => matches!(value, "yes" | "no"),
            _ => false,
        };
        if !good || !allowed.any(|known| known == name) || (first && name != "version") {
            return Err(Refusal::new(
                RefusalCode::XmlDeclaration,
                shown(declared).to_string(),
            ));
        }
        first = false;
        pseudo = rest.trim_start();
    }
    if first {
        return Err(Refusal::new(
            RefusalCode::XmlDeclaration,
            "an empty XML declaration",
        ));
    }
    Ok(body)
}

/// Reads `name = "value"`; returns name, value and what follows.
fn pseudo_attribute(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.split_once('=')?;
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, after) = rest.strip_prefix(quote)?.split_once(quote)?;
    Some((name.trim(), value, after))
}

/// Where the scan stands.
struct Scan<'a> {
    rest: &'a [u8],
    nodes: usize,
    /// For each open element, the namespace declarations in scope.
    in_scope: Vec<usize>,
}

impl Scan<'_> {
    /// Takes one text run and one piece of markup; false at the end of the input.
    fn step(&mut self) -> Result<bool, Refusal> {
        let Some(start) = self.rest.iter().position(|b| *b == b'<') else {
            return Ok(false);
        };
        if start > 0 {
            self.count()?;
        }
        let markup = self.rest.get(start..).unwrap_or_default();
        self.rest = if let Some(cdata) = markup.strip_prefix(b"<![CDATA[") {
            self.count()?;
            after(cdata, b"]]>")?
        } else if markup.starts_with(b"<!--") {
            return Err(Refusal::new(RefusalCode::XmlComment, "a comment"));
        } else if markup.starts_with(b"<!") {
            return Err(Refusal::new(RefusalCode::XmlDtd, "a markup declaration"));
        } else if markup.starts_with(b"<?") {
            return Err(Refusal::new(
                RefusalCode::XmlProcessingInstruction,
                "a processing instruction",
            ));
        } else if markup.starts_with(b"</") {
            self.in_scope.pop();
            after(markup, b">")?
        } else {
            self.count()?;
            self.start_tag(markup)?
        };
        Ok(true)
    }

    /// Counts a node.
    fn count(&mut self) -> Result<(), Refusal> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(Refusal::new(
                RefusalCode::XmlTooManyNodes,
                format!("more than {MAX_NODES}"),
            ));
        }
        Ok(())
    }

    /// Walks a start tag to its `>`; returns what follows.
    fn start_tag<'b>(&mut self, markup: &'b [u8]) -> Result<&'b [u8], Refusal> {
        let mut quote = None;
        let mut attributes = 0;
        let mut namespaces = 0;
        for (at, byte) in markup.iter().enumerate() {
            if at >= MAX_TAG_BYTES {
                return Err(Refusal::new(
                    RefusalCode::XmlTagTooLarge,
                    format!("more than {MAX_TAG_BYTES} bytes"),
                ));
            }
            match (quote, *byte) {
                (Some(open), byte) if byte == open => quote = None,
                (Some(_), b'\n' | b'\r' | b'\t') => {
                    return Err(Refusal::new(
                        RefusalCode::XmlAttributeWhitespace,
                        "a literal line break or tab",
                    ));
                }
                (Some(_), _) => {}
                (None, b'"' | b'\'') => {
                    attributes += 1;
                    if attributes > MAX_ATTRIBUTES {
                        return Err(Refusal::new(
                            RefusalCode::XmlTooManyAttributes,
                            format!("more than {MAX_ATTRIBUTES}"),
                        ));
                    }
                    quote = Some(*byte);
                }
                (None, b'>') => {
                    self.enter(namespaces)?;
                    if markup.get(..at).is_some_and(|tag| tag.ends_with(b"/")) {
                        self.in_scope.pop();
                    }
                    return Ok(markup.get(at + 1..).unwrap_or_default());
                }
                (None, b'x') if markup.get(at..).is_some_and(|rest| rest.starts_with(b"xmlns")) => {
                    namespaces += 1
                }
                (None, _) => {}
            }
        }
        Err(Refusal::new(RefusalCode::XmlMalformed, "a tag without an end"))
    }

    /// Enters an element that declares `namespaces`.
    fn enter(&mut self, namespaces: usize) -> Result<(), Refusal> {
        if self.in_scope.len() >= MAX_DEPTH {
            return Err(Refusal::new(
                RefusalCode::XmlTooDeep,
                format!("more than {MAX_DEPTH} levels"),
            ));
        }
        let in_scope = self.in_scope.last().copied().unwrap_or_default() + namespaces;
        if in_scope > MAX_NAMESPACES {
            let got = format!("more than {MAX_NAMESPACES}");
            return Err(Refusal::new(RefusalCode::XmlTooManyNamespaces, got));
        }
        self.in_scope.push(in_scope);
        Ok(())
    }
}

/// What follows the first `end` in `bytes`.
fn after<'b>(bytes: &'b [u8], end: &[u8]) -> Result<&'b [u8], Refusal> {
    bytes
        .windows(end.len())
        .position(|window| window == end)
        .and_then(|at| bytes.get(at + end.len()..))
        .ok_or_else(|| Refusal::new(RefusalCode::XmlMalformed, "markup without an end"))
}

#[cfg(test)]
#[path = "prescan_tests.rs"]
mod tests;
