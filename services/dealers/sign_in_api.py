"""Requests and answers of signing in by code."""

from typing import Annotated

from pydantic import Field

from kernel.http.models import Answer, Body, Username


class RequestSignInCode(Body):
    """User name of the person who wants a code by SMS."""

    username: Username


class SignInCodeAnswer(Answer):
    """The same answer for every user name: a code comes only to a user with a mobile phone who may sign in.

    `valid_seconds`: how long a code is valid. `next_code_seconds`: wait this long before you ask for another.
    """

    valid_seconds: int
    next_code_seconds: int


class SignInByCode(Body):
    """User name, and the six digits that the user got by SMS."""

    username: Username
    code: Annotated[str, Field(min_length=6, max_length=20)]
