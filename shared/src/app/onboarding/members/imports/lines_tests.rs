#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use serde_json::json;

use super::{Line, MOST_LINES, list, table};

/// Each line as its number and the address, or the code.
fn shown(lines: &[Line]) -> Vec<(u64, String)> {
    let one = |line: &Line| match &line.member {
        Ok(member) => member.email.clone(),
        Err(error) => error.code().to_owned(),
    };
    lines.iter().map(|line| (line.number, one(line))).collect()
}

#[test]
fn a_table_as_spreadsheets_write_it() {
    let text =
        "\u{feff}Email;given_name;ROLE\r\nada@acme.com;Ada;ADMIN\r\n\r\n\"bob@acme.com\";\"O;Bob\";\r\n";
    let lines = table(text.as_bytes()).unwrap();
    assert_eq!(
        shown(&lines),
        [(2, "ada@acme.com".to_owned()), (4, "bob@acme.com".to_owned())]
    );
    let bob = lines[1].member.clone().unwrap();
    assert_eq!((bob.given_name.as_deref(), bob.role), (Some("O;Bob"), None));
}

#[test]
fn bad_lines_are_named_and_the_others_kept() {
    let mut bytes = b"email,family_name\nada@acme.com,Lovelace\nbob@acme.com\ncy@acme.com,a,b\n".to_vec();
    bytes.extend(b"\xff@acme.com,x\n\"two\nlines@acme.com\",y\neve@acme.com,\n");
    let found = shown(&table(&bytes).unwrap());
    let wanted = [
        (2, "ada@acme.com"),
        (3, "line_fields"),
        (4, "line_fields"),
        (5, "line_encoding"),
        (6, "two\nlines@acme.com"),
        (8, "eve@acme.com"),
    ];
    assert_eq!(found, wanted.map(|(line, text)| (line, text.to_owned())));
}

#[test]
fn a_header_names_known_columns_once_and_the_address() {
    for header in [
        "",
        "\n",
        "given_name",
        "email,email",
        "email,password",
        "email,",
        "ada@acme.com",
    ] {
        let refused = table(format!("{header}\nada@acme.com\n").as_bytes()).unwrap_err();
        assert_eq!(refused.code(), "import_header", "{header:?}");
    }
    assert!(table(b"email").unwrap().is_empty());
}

#[test]
fn a_list_is_read_item_by_item() {
    let items = json!([
        { "email": "ada@acme.com", "position": "Countess" },
        { "email": 5 },
        { "email": "bob@acme.com", "admin": true },
        "cy@acme.com",
        null,
        { "email": "eve@acme.com", "given_name": null },
    ]);
    let lines = list(items.as_array().unwrap().clone()).unwrap();
    let wanted = [
        (1, "ada@acme.com"),
        (2, "line_malformed"),
        (3, "line_malformed"),
        (4, "line_malformed"),
        (5, "line_malformed"),
        (6, "eve@acme.com"),
    ];
    assert_eq!(shown(&lines), wanted.map(|(line, text)| (line, text.to_owned())));
}

#[test]
fn a_part_has_a_most() {
    let line = "a@acme.com\n";
    let most = format!("email\n{}", line.repeat(MOST_LINES));
    assert_eq!(table(most.as_bytes()).unwrap().len(), MOST_LINES);
    assert_eq!(
        table(format!("{most}{line}").as_bytes()).unwrap_err().code(),
        "limit_reached"
    );
    let items = vec![json!({ "email": "a@acme.com" }); MOST_LINES + 1];
    assert_eq!(list(items).unwrap_err().code(), "limit_reached");
}
