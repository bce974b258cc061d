#![allow(clippy::unwrap_used)]

use super::*;

fn link_code(organization: &str) -> Letter {
    Letter::LinkCode {
        organization: organization.to_owned(),
        minutes: 10,
    }
}

#[test]
fn a_code_stands_in_text_and_html_and_not_in_the_subject() {
    let code = Secret::new("01234567");
    let mail = render(&link_code("Acme"), Some(&code), "Example").unwrap();
    assert_eq!(mail.subject, "Your code for Acme");
    for part in [&mail.text, &mail.html] {
        for word in ["01234567", "Acme", "10 minutes", "Example"] {
            assert!(part.contains(word), "{word}: {part}");
        }
    }
}

#[test]
fn a_name_breaks_out_of_neither_html_nor_subject() {
    let code = Secret::new("1");
    let name = format!("<b>Acme</b>\r\nBcc: eve@evil.example{}", "x".repeat(500));
    let mail = render(&link_code(&name), Some(&code), "Example").unwrap();
    assert!(!mail.html.contains("<b>Acme"), "{}", mail.html);
    assert!(!mail.subject.contains(['\r', '\n']), "{}", mail.subject);
    assert!(mail.subject.chars().count() <= MAX_SUBJECT);
    assert!(
        mail.text.contains("<b>Acme</b>"),
        "text is not escaped: {}",
        mail.text
    );
}

#[test]
fn a_code_letter_without_its_code_is_refused() {
    let refused = render(&link_code("Acme"), None, "Example").err();
    assert_eq!(refused.map(|error| error.code()), Some("mail_secret_missing"));
}
