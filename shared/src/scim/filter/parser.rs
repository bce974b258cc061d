//! Recursive descent over the tokens; depth and length are bounded, so a hostile filter ends in an error.

use super::lexer::{Lexer, Token};
use super::{Filter, FilterError, Literal, MAX_BYTES, MAX_DEPTH, Op};
use crate::scim::path::AttrPath;
use crate::scim::text::quote;

/// Reads filters, and the parts of paths that are filters.
pub struct Parser<'t> {
    lexer: Lexer<'t>,
    token: Token<'t>,
    start: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    /// Starts reading.
    ///
    /// # Errors
    /// [`FilterError::TooLong`], or a bad first token.
    pub fn new(text: &'t str) -> Result<Self, FilterError> {
        if text.len() > MAX_BYTES {
            return Err(FilterError::TooLong(text.len()));
        }
        let mut lexer = Lexer::new(text);
        let (start, token) = lexer.next()?;
        Ok(Self {
            lexer,
            token,
            start,
            depth: 0,
        })
    }

    /// An `or` of `and`s.
    pub fn filter(&mut self) -> Result<Filter, FilterError> {
        let mut terms = vec![self.conjunction()?];
        while self.take_word("or")? {
            terms.push(self.conjunction()?);
        }
        Ok(single_or(terms, Filter::Or))
    }

    fn conjunction(&mut self) -> Result<Filter, FilterError> {
        let mut terms = vec![self.term()?];
        while self.take_word("and")? {
            terms.push(self.term()?);
        }
        Ok(single_or(terms, Filter::And))
    }

    fn term(&mut self) -> Result<Filter, FilterError> {
        match self.token {
            Token::OpenParen => self.group(),
            Token::Word(word) if word.eq_ignore_ascii_case("not") => {
                self.advance()?;
                if self.token != Token::OpenParen {
                    return Err(self.unexpected("\"(\" after \"not\""));
                }
                Ok(Filter::Not(Box::new(self.group()?)))
            }
            Token::Word(word) => self.attribute_expression(word),
            Token::CloseParen | Token::OpenBracket | Token::CloseBracket | Token::Text(_) | Token::End => {
                Err(self.unexpected("an attribute, \"not\" or \"(\""))
            }
        }
    }

    fn group(&mut self) -> Result<Filter, FilterError> {
        self.enter()?;
        self.advance()?;
        let filter = self.filter()?;
        if self.token != Token::CloseParen {
            return Err(self.unexpected("\"and\", \"or\" or \")\""));
        }
        self.advance()?;
        self.depth -= 1;
        Ok(filter)
    }

    fn attribute_expression(&mut self, word: &str) -> Result<Filter, FilterError> {
        let path = self.attribute_path(word)?;
        if self.token == Token::OpenBracket {
            return self.selection(path);
        }
        self.test(path)
    }

    /// `path[filter]`, and what clients put behind it: `.sub op value`, or a comparison of the value itself (E-16).
    fn selection(&mut self, path: AttrPath) -> Result<Filter, FilterError> {
        let inner = self.bracketed()?;
        let behind = match self.word() {
            Some(word) if word.eq_ignore_ascii_case("pr") => {
                self.advance()?;
                None
            }
            Some(word) if Op::from_word(word).is_some() => Some(AttrPath::new("value")),
            Some(word) => match word.strip_prefix('.') {
                Some(name) => Some(self.attribute_path(name)?),
                None => None,
            },
            None => None,
        };
        let filter = match behind {
            Some(sub) => {
                let test = self.test(sub)?;
                let mut terms = match inner {
                    Filter::And(terms) => terms,
                    other => vec![other],
                };
                terms.push(test);
                Filter::And(terms)
            }
            None => inner,
        };
        Ok(Filter::Has {
            path,
            filter: Box::new(filter),
        })
    }

    /// A filter in brackets, on the sub-attributes of what stands before it; no brackets within.
    pub fn bracketed(&mut self) -> Result<Filter, FilterError> {
        self.enter()?;
        self.advance()?;
        let at = self.start;
        let inner = self.filter()?;
        if self.token != Token::CloseBracket {
            return Err(self.unexpected("\"and\", \"or\" or \"]\""));
        }
        if has_selection(&inner) {
            return Err(FilterError::Unexpected {
                at: self.lexer.place(at),
                wanted: "tests of sub-attributes within \"[\" and \"]\"",
                got: "further brackets".to_owned(),
            });
        }
        self.advance()?;
        self.depth -= 1;
        Ok(inner)
    }

    /// `pr`, or an operator and a value.
    fn test(&mut self, path: AttrPath) -> Result<Filter, FilterError> {
        let Token::Word(word) = self.token else {
            return Err(self.unexpected("an operator"));
        };
        if word.eq_ignore_ascii_case("pr") {
            self.advance()?;
            return Ok(Filter::Present(path));
        }
        let Some(op) = Op::from_word(word) else {
            return Err(FilterError::Unexpected {
                at: self.lexer.place(self.start),
                wanted: "an operator (eq, ne, co, sw, ew, gt, ge, lt, le or pr)",
                got: format!("\"{}\"", quote(word)),
            });
        };
        self.advance()?;
        let value = self.literal()?;
        Ok(Filter::Compare { path, op, value })
    }

    fn literal(&mut self) -> Result<Literal, FilterError> {
        let literal = match &mut self.token {
            Token::Text(text) => Literal::String(std::mem::take(text)),
            // JSON's keywords are lower-case; `True` and `False` come from Entra ID and are text (E-1, E-15).
            Token::Word("null") => Literal::Null,
            Token::Word("true") => Literal::Bool(true),
            Token::Word("false") => Literal::Bool(false),
            Token::Word(word) if is_number(word) => Literal::Number((*word).to_owned()),
            Token::Word(word) => Literal::String((*word).to_owned()),
            Token::OpenParen | Token::CloseParen | Token::OpenBracket | Token::CloseBracket | Token::End => {
                return Err(
                    self.unexpected("a value: a string in double quotes, a number, true, false or null")
                );
            }
        };
        self.advance()?;
        Ok(literal)
    }

    /// Takes the current word as a path.
    pub fn attribute_path(&mut self, word: &str) -> Result<AttrPath, FilterError> {
        let path = AttrPath::from_word(word).ok_or_else(|| FilterError::Unexpected {
            at: self.lexer.place(self.start),
            wanted: "an attribute such as userName, name.givenName or urn:…:User:department",
            got: format!("\"{}\"", quote(word)),
        })?;
        self.advance()?;
        Ok(path)
    }

    /// The current token, if it is a word.
    pub fn word(&self) -> Option<&'t str> {
        match self.token {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Whether a bracket follows.
    pub fn at_bracket(&self) -> bool {
        self.token == Token::OpenBracket
    }

    /// Checks that nothing follows.
    pub fn end(&self, wanted: &'static str) -> Result<(), FilterError> {
        if self.token == Token::End {
            Ok(())
        } else {
            Err(self.unexpected(wanted))
        }
    }

    /// An error at the current token.
    pub fn unexpected(&self, wanted: &'static str) -> FilterError {
        FilterError::Unexpected {
            at: self.lexer.place(self.start),
            wanted,
            got: self.token.kind().to_owned(),
        }
    }

    fn take_word(&mut self, keyword: &str) -> Result<bool, FilterError> {
        let found = self.word().is_some_and(|word| word.eq_ignore_ascii_case(keyword));
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn advance(&mut self) -> Result<(), FilterError> {
        (self.start, self.token) = self.lexer.next()?;
        Ok(())
    }

    fn enter(&mut self) -> Result<(), FilterError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(FilterError::TooDeep {
                at: self.lexer.place(self.start),
            });
        }
        Ok(())
    }
}

fn single_or(mut terms: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    if terms.len() == 1
        && let Some(only) = terms.pop()
    {
        return only;
    }
    many(terms)
}

fn has_selection(filter: &Filter) -> bool {
    match filter {
        Filter::Has { .. } => true,
        Filter::Compare { .. } | Filter::Present(_) => false,
        Filter::Not(inner) => has_selection(inner),
        Filter::And(terms) | Filter::Or(terms) => terms.iter().any(has_selection),
    }
}

/// A number by JSON's grammar (RFC 8259, section 6); `007` and `+1` are text.
fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        && serde_json::from_str::<serde_json::Number>(word).is_ok()
}
