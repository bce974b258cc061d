"""scim-sanity as it is, but for one made-up id: it adds `fake-member-id` to a group and wants 200, which would be an
operation that is ignored. The id of a real user (SCIM_MEMBER) stands in its place; group_scim checks the refusal."""

import os

from scim_sanity.cli import main
from scim_sanity.probe import tests

FAKE = "fake-member-id"
make_patch = tests.make_patch


def with_a_real_member(operations):
    for operation in operations:
        for value in operation.get("value") if isinstance(operation.get("value"), list) else ():
            if value == {"value": FAKE}:
                value["value"] = os.environ["SCIM_MEMBER"]
    return make_patch(operations)


tests.make_patch = with_a_real_member
main()
