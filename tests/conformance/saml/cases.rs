//! For each refusal code: a genuine message, and the same with one change.

mod conditions;
mod encryption;
mod envelope;
mod signatures;
mod syntax;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatehouse_local::demo_idp::issue::Issue;

use super::world::{Connection, KEYS, genuine, xml};

/// What is posted, and to which connection.
#[derive(Clone)]
pub struct Sent {
    pub form: String,
    pub connection: Connection,
}

impl Sent {
    /// XML posted to the ordinary connection.
    pub fn xml(xml: &str) -> Self {
        Self {
            form: STANDARD.encode(xml),
            connection: Connection::default(),
        }
    }

    /// An issued response posted to the ordinary connection.
    pub fn issue(issue: &Issue) -> Self {
        Self::xml(&xml(issue))
    }

    /// The same to another connection.
    pub fn to(self, change: impl FnOnce(&mut Connection)) -> Self {
        let mut connection = self.connection;
        change(&mut connection);
        Self { connection, ..self }
    }
}

/// One refusal code with its genuine twin.
pub struct Case {
    pub code: &'static str,
    pub twin: Sent,
    pub changed: Sent,
}

/// A case whose twin is the ordinary genuine response, the change being made to its XML.
fn changed_xml(code: &'static str, change: impl FnOnce(&str) -> String) -> Case {
    let twin = xml(&genuine());
    let changed = Sent::xml(&change(&twin));
    Case {
        code,
        twin: Sent::xml(&twin),
        changed,
    }
}

/// A case of two XML texts.
fn pair(code: &'static str, twin: &str, changed: &str) -> Case {
    Case {
        code,
        twin: Sent::xml(twin),
        changed: Sent::xml(changed),
    }
}

/// A case whose change is made to the assertion before it is signed: the signature is good.
fn changed_assertion(code: &'static str, change: impl FnOnce(String) -> String) -> Case {
    let issue = genuine();
    let changed = issue.xml_with(&KEYS.rsa, change, |response| response).unwrap();
    pair(code, &xml(&issue), &changed)
}

/// A case whose change is made to the fields of the issued response.
fn changed_issue(code: &'static str, change: impl FnOnce(&mut Issue)) -> Case {
    let mut issue = genuine();
    let twin = Sent::issue(&issue);
    change(&mut issue);
    Case {
        code,
        twin,
        changed: Sent::issue(&issue),
    }
}

/// Every case.
pub fn all() -> Vec<Case> {
    [
        syntax::cases(),
        signatures::cases(),
        encryption::cases(),
        envelope::cases(),
        conditions::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
