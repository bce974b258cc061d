//! Letters from templates: subject, text and HTML. Values are escaped by the HTML templates.
//!
//! To add one: a variant of [`Letter`], two templates in `shared/templates/mail`, and an arm here.

use askama::Template;

use super::MailError;
use super::expiry::{Digest, Expiry};
use crate::domain::letter::Letter;
use crate::redacted::Secret;

/// Longest subject that is made, in characters.
const MAX_SUBJECT: usize = 150;

/// A letter, ready to be sent. No `Debug`: it may hold a code.
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// For programs that show no HTML.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// Writes a letter. `secret` is the code of a [`Letter::LinkCode`].
///
/// # Errors
/// [`MailError::Secret`] when the letter needs a secret and has none; [`MailError::Compose`] when a template fails.
pub fn render(letter: &Letter, secret: Option<&Secret>, product: &str) -> Result<Rendered, MailError> {
    match &tidied(letter) {
        Letter::LinkCode {
            organization,
            minutes,
        } => {
            let code = secret.ok_or(MailError::Secret)?.expose();
            let subject = one_line(&format!("Your code for {organization}"));
            let html = LinkCodeHtml {
                subject: &subject,
                product,
                organization,
                code,
                minutes: *minutes,
            };
            let text = LinkCodeText {
                product,
                organization,
                code,
                minutes: *minutes,
            };
            written(&subject, &html, &text)
        }
        Letter::Expiring(expiring) => {
            let shown = Expiry::of(expiring);
            let subject = one_line(&shown.title);
            let html = ExpiringHtml {
                subject: &subject,
                product,
                shown: &shown,
            };
            let text = ExpiringText {
                product,
                shown: &shown,
            };
            written(&subject, &html, &text)
        }
        Letter::ExpiryDigest(digest) => {
            let shown = Digest::of(digest);
            let subject = one_line(&shown.title);
            let html = DigestHtml {
                subject: &subject,
                product,
                shown: &shown,
            };
            let text = DigestText {
                product,
                shown: &shown,
            };
            written(&subject, &html, &text)
        }
        Letter::Notice {
            title,
            paragraphs,
            link,
            ..
        } => {
            let subject = one_line(title);
            let html = NoticeHtml {
                subject: &subject,
                product,
                paragraphs,
                link: link.as_ref(),
            };
            let text = NoticeText {
                product,
                title: &subject,
                paragraphs,
                link: link.as_ref(),
            };
            written(&subject, &html, &text)
        }
    }
}

fn written(subject: &str, html: &impl Template, text: &impl Template) -> Result<Rendered, MailError> {
    let failed = |_| MailError::Compose;
    Ok(Rendered {
        subject: subject.to_owned(),
        html: html.render().map_err(failed)?,
        text: text.render().map_err(failed)?,
    })
}

/// Names come from people: a line break or an endless name must not cost somebody the mail.
fn one_line(text: &str) -> String {
    let text: String = plain(text).chars().take(MAX_SUBJECT).collect();
    text.trim().to_owned()
}

/// Without what breaks a line or turns the direction of reading: a name must not write lines of its own into the text.
fn plain(text: &str) -> String {
    const TURNS: [char; 12] = [
        '\u{2028}', '\u{2029}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}',
        '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}',
    ];
    let breaks = |c: char| c.is_control() || TURNS.contains(&c) || c == '\u{2069}';
    text.chars().map(|c| if breaks(c) { ' ' } else { c }).collect()
}

/// The letter with its names in plain.
fn tidied(letter: &Letter) -> Letter {
    let mut letter = letter.clone();
    let texts: Vec<&mut String> = match &mut letter {
        Letter::LinkCode { organization, .. } => vec![organization],
        Letter::Expiring(expiring) => vec![&mut expiring.name, &mut expiring.organization],
        Letter::ExpiryDigest(digest) => {
            let entries = digest.entries.iter_mut();
            entries
                .flat_map(|entry| [&mut entry.name, &mut entry.organization])
                .collect()
        }
        Letter::Notice {
            title, paragraphs, ..
        } => std::iter::once(title).chain(paragraphs).collect(),
    };
    for text in texts {
        *text = plain(text);
    }
    letter
}

#[derive(Template)]
#[template(path = "mail/link_code.html")]
struct LinkCodeHtml<'a> {
    subject: &'a str,
    product: &'a str,
    organization: &'a str,
    code: &'a str,
    minutes: i64,
}

#[derive(Template)]
#[template(path = "mail/link_code.txt")]
struct LinkCodeText<'a> {
    product: &'a str,
    organization: &'a str,
    code: &'a str,
    minutes: i64,
}

#[derive(Template)]
#[template(path = "mail/expiring.html")]
struct ExpiringHtml<'a> {
    subject: &'a str,
    product: &'a str,
    shown: &'a Expiry<'a>,
}

#[derive(Template)]
#[template(path = "mail/expiring.txt")]
struct ExpiringText<'a> {
    product: &'a str,
    shown: &'a Expiry<'a>,
}

#[derive(Template)]
#[template(path = "mail/digest.html")]
struct DigestHtml<'a> {
    subject: &'a str,
    product: &'a str,
    shown: &'a Digest,
}

#[derive(Template)]
#[template(path = "mail/digest.txt")]
struct DigestText<'a> {
    product: &'a str,
    shown: &'a Digest,
}

#[derive(Template)]
#[template(path = "mail/notice.html")]
struct NoticeHtml<'a> {
    subject: &'a str,
    product: &'a str,
    paragraphs: &'a [String],
    link: Option<&'a (String, String)>,
}

#[derive(Template)]
#[template(path = "mail/notice.txt")]
struct NoticeText<'a> {
    product: &'a str,
    title: &'a str,
    paragraphs: &'a [String],
    link: Option<&'a (String, String)>,
}

#[cfg(test)]
#[path = "letters_tests.rs"]
mod tests;
