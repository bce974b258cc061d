//! Groups as they are answered.

use serde_json::{Map, Value};

use crate::app::scim::groups::{Shown, render};
use crate::scim::ResourceKind;
use crate::scim::list::Projection;

/// A group, as far as it was read and is asked for; `base` is the SCIM base URL.
#[must_use]
pub fn group_view(base: &str, projection: &Projection, shown: &Shown) -> Map<String, Value> {
    projection.apply(ResourceKind::Group, render(base, shown))
}
