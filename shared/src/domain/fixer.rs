//! Who can mend what made a sign-in fail (GH-04).

/// Who can mend what a refusal names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fixer {
    /// The administrator of the customer's identity provider.
    IdpAdmin,
    /// The owner of the connection in Gatehouse's portal.
    Owner,
    /// The person who signs in: starting again is enough.
    Person,
    /// Whoever operates Gatehouse.
    Operator,
}

impl Fixer {
    /// Stable name, as stored in the owner's record.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IdpAdmin => "idp_admin",
            Self::Owner => "owner",
            Self::Person => "person",
            Self::Operator => "operator",
        }
    }
}
