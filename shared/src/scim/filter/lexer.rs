//! Cuts a filter or path into tokens.

use super::FilterError;

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token<'t> {
    /// `(`
    OpenParen,
    /// `)`
    CloseParen,
    /// `[`
    OpenBracket,
    /// `]`
    CloseBracket,
    /// Anything else without spaces, brackets and quotes: a path, an operator, a number, a bare value.
    Word(&'t str),
    /// A JSON string, decoded.
    Text(String),
    /// Nothing more.
    End,
}

impl Token<'_> {
    /// What the token is, for an error message; a word is not quoted, for it may be a value.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::OpenParen => "\"(\"",
            Self::CloseParen => "\")\"",
            Self::OpenBracket => "\"[\"",
            Self::CloseBracket => "\"]\"",
            Self::Word(_) => "a word",
            Self::Text(_) => "a string",
            Self::End => "the end",
        }
    }
}

/// Reads tokens one after the other.
pub struct Lexer<'t> {
    text: &'t str,
    /// Byte offset of what is not read yet; always at a character's boundary.
    at: usize,
}

impl<'t> Lexer<'t> {
    /// Starts at the beginning.
    pub fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// The place of a byte offset, in characters from 1.
    pub fn place(&self, offset: usize) -> usize {
        self.text.get(..offset).map_or(0, |head| head.chars().count()) + 1
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next token and the byte offset where it begins.
    pub fn next(&mut self) -> Result<(usize, Token<'t>), FilterError> {
        let rest = self.rest();
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        let start = self.at;
        let Some(first) = trimmed.chars().next() else {
            return Ok((start, Token::End));
        };
        let single = match first {
            '(' => Some(Token::OpenParen),
            ')' => Some(Token::CloseParen),
            '[' => Some(Token::OpenBracket),
            ']' => Some(Token::CloseBracket),
            _ => None,
        };
        if let Some(token) = single {
            self.at += 1;
            return Ok((start, token));
        }
        if first == '"' {
            return self.string(trimmed).map(|text| (start, Token::Text(text)));
        }
        let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '"');
        let length = trimmed.find(ends).unwrap_or(trimmed.len());
        self.at += length;
        Ok((start, Token::Word(trimmed.get(..length).unwrap_or_default())))
    }

    /// A JSON string (RFC 8259, section 7) at the beginning of `rest`.
    fn string(&mut self, rest: &str) -> Result<String, FilterError> {
        let at = self.place(self.at);
        let mut escaped = false;
        let close = rest.char_indices().skip(1).find_map(|(index, c)| match c {
            _ if escaped => {
                escaped = false;
                None
            }
            '\\' => {
                escaped = true;
                None
            }
            '"' => Some(index + 1),
            _ => None,
        });
        let Some(length) = close else {
            return Err(FilterError::BadString {
                at,
                got: "no closing quote",
            });
        };
        let quoted = rest.get(..length).unwrap_or_default();
        let text = serde_json::from_str(quoted).map_err(|_| FilterError::BadString {
            at,
            got: "a bad escape or a control character",
        })?;
        self.at += length;
        Ok(text)
    }
}
