//! From bytes to text that the parser may see: encoding, limits, and bare ampersands.
//!
//! The parser compares every attribute of a tag with every other and looks a prefix up in every scope, so tags, depth
//! and element count are bounded here, in one linear pass.

use std::borrow::Cow;

use super::MetadataError;

/// Most bytes of metadata.
pub const MAX_METADATA_BYTES: usize = 2 * 1024 * 1024;
/// Deepest nesting of elements.
pub const MAX_DEPTH: usize = 24;
/// Most elements.
pub const MAX_ELEMENTS: usize = 50_000;
/// Most attributes of a tag, namespace declarations included.
pub const MAX_ATTRIBUTES: usize = 48;
/// Most bytes of a tag.
pub const MAX_TAG_BYTES: usize = 16 * 1024;
/// Most bare ampersands that are mended.
const MAX_REPAIRS: usize = 1_000;

/// Decodes UTF-8, or UTF-16 where a byte order mark says so (PowerShell writes it), and drops the mark.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, MetadataError> {
    if bytes.len() > MAX_METADATA_BYTES {
        return Err(MetadataError::TooLarge { bytes: bytes.len() });
    }
    let utf16 = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, odd) = rest.as_chunks::<2>();
        if !odd.is_empty() {
            return Err(MetadataError::Encoding);
        }
        let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
        String::from_utf16(&units)
            .map(Cow::Owned)
            .map_err(|_| MetadataError::Encoding)
    };
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => utf8(bytes),
    }
}

/// Plain UTF-8.
fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, MetadataError> {
    std::str::from_utf8(bytes)
        .map(Cow::Borrowed)
        .map_err(|_| MetadataError::Encoding)
}

/// Takes off white space around the document, a byte order mark that was pasted along, and the XML declaration, whose
/// encoding no longer says anything.
pub(super) fn body(text: &str) -> Result<&str, MetadataError> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if text.is_empty() {
        return Err(MetadataError::Empty);
    }
    let declared = text
        .strip_prefix("<?xml")
        .filter(|rest| rest.starts_with([' ', '\t', '\r', '\n']));
    match declared {
        None => Ok(text),
        Some(rest) => rest
            .split_once("?>")
            .map(|(_, body)| body)
            .ok_or_else(|| malformed("an XML declaration without an end")),
    }
}

/// Checks the limits in one pass.
pub(super) fn check_limits(text: &str) -> Result<(), MetadataError> {
    let mut scan = Scan {
        depth: 0,
        elements: 0,
    };
    let mut rest = text.as_bytes();
    while let Some(start) = rest.iter().position(|byte| *byte == b'<') {
        rest = scan.markup(rest.get(start..).unwrap_or_default())?;
    }
    Ok(())
}

/// Where the scan stands.
struct Scan {
    depth: usize,
    elements: usize,
}

impl Scan {
    /// Walks over one piece of markup; returns what follows.
    fn markup<'b>(&mut self, markup: &'b [u8]) -> Result<&'b [u8], MetadataError> {
        if let Some(comment) = markup.strip_prefix(b"<!--") {
            return after(comment, b"-->");
        }
        if let Some(cdata) = markup.strip_prefix(b"<![CDATA[") {
            return after(cdata, b"]]>");
        }
        if markup.starts_with(b"<!") {
            return Err(MetadataError::Dtd);
        }
        if markup.starts_with(b"<?") {
            return after(markup, b"?>");
        }
        if markup.starts_with(b"</") {
            self.depth = self.depth.saturating_sub(1);
            return after(markup, b">");
        }
        self.start_tag(markup)
    }

    /// Walks over a start tag.
    fn start_tag<'b>(&mut self, markup: &'b [u8]) -> Result<&'b [u8], MetadataError> {
        let (mut quote, mut attributes, mut previous) = (None, 0, b'<');
        for (at, byte) in markup.iter().copied().enumerate() {
            if at >= MAX_TAG_BYTES || attributes > MAX_ATTRIBUTES {
                return Err(MetadataError::TagTooLarge);
            }
            match (quote, byte) {
                (Some(open), byte) if byte == open => quote = None,
                (Some(_), _) => {}
                (None, b'"' | b'\'') => {
                    attributes += 1;
                    quote = Some(byte);
                }
                (None, b'>') => {
                    self.open(previous == b'/')?;
                    return Ok(markup.get(at + 1..).unwrap_or_default());
                }
                (None, _) => {}
            }
            previous = byte;
        }
        Err(malformed("a tag without an end"))
    }

    /// Counts an element, and enters it when it is not empty.
    fn open(&mut self, empty: bool) -> Result<(), MetadataError> {
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(MetadataError::TooManyElements);
        }
        if self.depth >= MAX_DEPTH {
            return Err(MetadataError::TooDeep);
        }
        if !empty {
            self.depth += 1;
        }
        Ok(())
    }
}

/// What follows the first `end`.
fn after<'b>(bytes: &'b [u8], end: &[u8]) -> Result<&'b [u8], MetadataError> {
    bytes
        .windows(end.len())
        .position(|window| window == end)
        .and_then(|at| bytes.get(at + end.len()..))
        .ok_or_else(|| malformed("markup without an end"))
}

/// Writes `&amp;` for every `&` that begins no reference of XML; returns how many it mended. Comments and CDATA sections
/// stay as they are. Without a DTD there are no other entities, so nothing well-formed changes its meaning.
pub(super) fn mend_ampersands(text: &str) -> Result<(Cow<'_, str>, usize), MetadataError> {
    let mut out = String::new();
    let (mut copied, mut count, mut at) = (0, 0, 0);
    while let Some(found) = text.get(at..).and_then(|rest| rest.find(['&', '<'])) {
        at += found;
        let rest = text.get(at..).unwrap_or_default();
        if let Some(opaque) = opaque_length(rest) {
            at += opaque;
            continue;
        }
        at += 1;
        if rest.starts_with('&') && !begins_reference(rest) {
            count += 1;
            if count > MAX_REPAIRS {
                return Err(malformed("more than 1000 bare '&'"));
            }
            out.push_str(text.get(copied..at).unwrap_or_default());
            out.push_str("amp;");
            copied = at;
        }
    }
    if count == 0 {
        return Ok((Cow::Borrowed(text), 0));
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Ok((Cow::Owned(out), count))
}

/// The length of the comment or CDATA section that `text` begins with.
fn opaque_length(text: &str) -> Option<usize> {
    [("<!--", "-->"), ("<![CDATA[", "]]>")]
        .into_iter()
        .find(|(open, _)| text.starts_with(open))
        .map(|(open, close)| {
            let body = text.get(open.len()..).unwrap_or_default();
            body.find(close)
                .map_or(text.len(), |end| open.len() + end + close.len())
        })
}

/// Whether `text` begins with a character reference or one of the five entities of XML (XML 1.0, sections 4.1 and 4.6).
fn begins_reference(text: &str) -> bool {
    let name: String = text.chars().skip(1).take(10).take_while(|c| *c != ';').collect();
    if text.chars().nth(name.chars().count() + 1) != Some(';') {
        return false;
    }
    if let Some(digits) = name.strip_prefix("#x") {
        return !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    }
    if let Some(digits) = name.strip_prefix('#') {
        return !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    }
    matches!(name.as_str(), "amp" | "lt" | "gt" | "quot" | "apos")
}

/// A refusal as malformed, with a short reason.
pub(super) fn malformed(reason: &str) -> MetadataError {
    MetadataError::Malformed {
        reason: reason.chars().take(200).collect(),
    }
}
