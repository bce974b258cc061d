"""Who signs in, and what the app must hear of them."""

from checks import want, want_equal
from world import DOMAIN


def person(name):
    return f"{name}@{DOMAIN}"


# By the exact, case-sensitive names that Gatehouse reads; the values are lists, as pysaml2 wants them.
ATTRIBUTES = {
    "firstName": ["Grace"],
    "lastName": ["Hopper"],
    "department": ["Operations"],
    "position": ["Rear admiral"],
    "role": ["ADMINISTRATOR"],
    "mobileRegionCode": ["DE"],
    "mobileNumber": ["0221 123 123"],
    "teamName": ["Night shift"],
    "teamRole": ["ADMINISTRATOR"],
}


def want_attributes(claims, email):
    """Every attribute arrived in the app's ID token."""
    expected = {
        "email": email,
        "email_verified": True,
        "given_name": "Grace",
        "family_name": "Hopper",
        "department": "Operations",
        "position": "Rear admiral",
        "role": "ADMINISTRATOR",
        "phone_number": "+49221123123",
    }
    for name, value in expected.items():
        want_equal(claims.get(name), value, f"claim {name}")
    teams = [(team["name"], team["role"]) for team in claims.get("teams", [])]
    want_equal(teams, [("Night shift", "ADMINISTRATOR")], "claim teams")
    want(claims.get("sub") and email not in claims["sub"], "sub is opaque")
