//! Mobile numbers as identity providers give them (IL-28).

/// Reads a national number of a region as E.164; `None` when it is no valid number there.
///
/// `region` is an ISO 3166-1 alpha-2 code such as `DE`; `national` may hold spaces and a trunk zero.
#[must_use]
pub fn to_e164(national: &str, region: &str) -> Option<String> {
    if national.len() > 32 || national.contains(|c: char| c.is_control()) {
        return None;
    }
    let region = region
        .trim()
        .to_ascii_uppercase()
        .parse::<phonenumber::country::Id>()
        .ok()?;
    let number = phonenumber::parse(Some(region), national.trim()).ok()?;
    // A number with its own country code must still be one of the region.
    let same_region = number.country().id() == Some(region);
    (same_region && phonenumber::is_valid(&number))
        .then(|| number.format().mode(phonenumber::Mode::E164).to_string())
}
