"""Mutations of the dealers service: dealers, their users and accounts."""

from __future__ import annotations

from tests.mutation.mutation import Kind, Mutation

MUTATIONS = (
    Mutation(
        "an import of dealers activates a suspended dealer",
        Kind.WRONG_SOURCE,
        "services.dealers:dealer_change",
        old="__before.status if __before else Status.ACTIVE",
        new="Status.ACTIVE",
        caught_by="test_a_file_does_not_let_a_suspended_dealer_order_again",
    ),
    Mutation(
        "two administrators leave at the same time and no administrator remains",
        Kind.REMOVED_CONDITION,
        "services.dealers:Group.write",
        old="__transaction.check(UserItem, _, unchanged(self.witness), _)",
        new="",
        caught_by="test_two_administrators_who_step_down_at_once_do_not_both",
    ),
    Mutation(
        "a user name in use is given to the user of another dealer",
        Kind.REMOVED_CONDITION,
        "services.dealers:_user_change",
        old="Put(username_item(__user), unchanged(None))",
        new="Put(username_item(__user), Item.sk.does_not_exist() | Item.sk.exists())",
        caught_by="test_a_user_name_claimed_meanwhile_is_refused",
    ),
    Mutation(
        "a user is registered without an event, so no account is opened",
        Kind.LOST_EVENT,
        "services.dealers:_user_change",
        old="[__put_user, Put(__event, unchanged(None))]",
        new="[__put_user]",
        caught_by="test_every_user_is_announced_once_with_its_version_as_sequence",
    ),
    Mutation(
        "an account gets the values of an older change that took longer",
        Kind.LOST_UPDATE,
        "services.dealers:open_account",
        old="""
            while __is_newer:
                __update
        """,
        new="""
            if __is_newer:
                __update
        """,
        caught_by="test_a_change_carried_out_while_an_older_one_is_under_way_is_not_undone",
    ),
)
