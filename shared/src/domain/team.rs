//! Teams and how people came to be in them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::TeamId;

/// Where a record came from (AQ-33, AQ-35).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Made by hand, in the app or by import.
    Manual,
    /// Made at a sign-in.
    SignIn,
    /// Made by SCIM.
    Scim,
}

/// What the app knows as a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// Its identifier.
    pub id: TeamId,
    /// Its name, unique in the tenant without regard to case.
    pub name: String,
    /// How it came to be.
    pub source: Source,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A person's place in a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamMembership {
    /// The team.
    pub team: TeamId,
    /// The team's name when the membership was made (shown in claims).
    pub team_name: String,
    /// The role in it, of the operator's catalogue.
    pub role: String,
    /// How the membership came to be.
    pub source: Source,
}
