"""Dealers, their people, and who may sign in."""

from __future__ import annotations

from tests.mutation.planting import Bug, Kind

BUGS = (
    Bug(
        "the file of dealers lets a suspended dealer order again",
        Kind.WRONG_SOURCE,
        "services/dealers/commands/import_people.py",
        old="        status=before.status if before else Status.ACTIVE,\n",
        new="        status=Status.ACTIVE,\n",
        caught_by="tests/dealers/test_imports.py::test_a_file_does_not_let_a_suspended_dealer_order_again",
    ),
    Bug(
        "two administrators step down at once and nobody is left to let people in",
        Kind.REMOVED_CONDITION,
        "services/dealers/commands/import_people.py",
        old='            transaction.check(UserItem, key, unchanged(self.witness), f"{key[0]} {key[1]}")\n',
        new="            del key\n",
        caught_by="tests/dealers/test_imports.py::test_two_administrators_who_step_down_at_once_do_not_both",
    ),
    Bug(
        "a user name is given to a second dealer, whose orders its bearer then sees",
        Kind.REMOVED_CONDITION,
        "services/dealers/commands/import_people.py",
        old="        puts.append(Put(username_item(user), unchanged(None)))\n",
        new="        puts.append(Put(username_item(user), Item.sk.does_not_exist() | Item.sk.exists()))\n",
        caught_by="tests/dealers/test_imports.py::test_a_user_name_claimed_meanwhile_is_refused",
    ),
    Bug(
        "somebody is registered and no account is opened, because nobody is told",
        Kind.LOST_ANNOUNCEMENT,
        "services/dealers/commands/import_people.py",
        old="    puts = [Put(user_item(user, version), unchanged(stored)), Put(event, unchanged(None))]\n",
        new="    puts = [Put(user_item(user, version), unchanged(stored))]\n    del event\n",
        caught_by="tests/dealers/test_imports.py::test_every_user_is_announced_once_with_its_version_as_sequence",
    ),
    Bug(
        "an account follows an older change that was under way for longer",
        Kind.LOST_UPDATE,
        "services/dealers/commands/accounts.py",
        old="    while (user := _present(event)).version != done:\n",
        new="    if (user := _present(event)).version != done:\n",
        caught_by=(
            "tests/dealers/test_accounts.py::test_a_change_carried_out_while_an_older_one_is_under_way_is_not_undone"
        ),
    ),
)
