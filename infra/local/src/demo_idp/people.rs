//! Who can log in.

use std::collections::BTreeMap;

/// A person in the identity provider's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Opaque and stable: `sub`, and the persistent NameID.
    pub id: String,
    /// E-mail address.
    pub email: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// One line for the log-in page.
    pub about: String,
    /// What goes into the assertion beside e-mail and names, by exact attribute name.
    pub attributes: BTreeMap<String, Vec<String>>,
}

impl Person {
    /// The people that the log-in page offers.
    #[must_use]
    pub fn demo_people() -> Vec<Self> {
        vec![
            person(
                "ada",
                "ada@acme.example",
                "Ada",
                "Lovelace",
                "Owner of Acme's organization",
                &[("position", "Head of Engineering")],
            ),
            person(
                "grace",
                "grace@acme.example",
                "Grace",
                "Hopper",
                "Provisioned at her first sign-in",
                &[
                    ("department", "Operations"),
                    ("role", "MEMBER"),
                    ("teamName", "Night shift"),
                    ("teamRole", "ADMINISTRATOR"),
                    ("mobileRegionCode", "DE"),
                    ("mobileNumber", "0221 123 123"),
                ],
            ),
            person(
                "alan",
                "alan@acme.example",
                "Alan",
                "Turing",
                "Sends a role that does not exist",
                &[("role", "WIZARD")],
            ),
            person(
                "eve",
                "eve@elsewhere.example",
                "Eve",
                "Outsider",
                "Her address is outside Acme's domains",
                &[],
            ),
        ]
    }

    /// A person typed into the free form; the id follows from the address, so the same address is the same person.
    #[must_use]
    pub fn typed(email: &str, first_name: &str, last_name: &str, attributes: &str) -> Self {
        let mut person = person(email, email, first_name, last_name, "", &[]);
        for line in attributes.lines() {
            if let Some((name, value)) = line.split_once('=') {
                person
                    .attributes
                    .entry(name.trim().to_owned())
                    .or_default()
                    .push(value.trim().to_owned());
            }
        }
        person
    }

    /// First and last name.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
            .trim()
            .to_owned()
    }
}

fn person(
    id: &str,
    email: &str,
    first: &str,
    last: &str,
    about: &str,
    attributes: &[(&str, &str)],
) -> Person {
    Person {
        id: format!("demo|{id}"),
        email: email.to_owned(),
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        about: about.to_owned(),
        attributes: attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()]))
            .collect(),
    }
}
