"""One form for phone numbers: E.164, from all that people write."""

from __future__ import annotations

from kernel.base.codes import fold

_SIGNS = str.maketrans("", "", "-().")
_CHINA = "+86"
#: Digits with which mobile numbers begin, by country code: these get text messages.
_MOBILE_PREFIXES = {"+852": ("4", "5", "6", "7", "9"), "+853": ("6",), "+886": ("9",)}
_EXAMPLES = "13800138000、0755-88888888、400-820-8820、+852 9123 4567"


def phone_in_one_form(text: str) -> str:
    """Return a phone number in E.164, without blanks and signs. Without a country code it is a mainland number.

    Mainland mobiles, landlines with their area code and 400 or 800 numbers are accepted, and numbers of other countries
    with `+` or `00` and their country code.

    Raises:
        ValueError: the text is no such number.
    """
    digits = fold(text).translate(_SIGNS) if len(text) <= 40 else ""
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    elif digits.startswith("86") and len(digits) == 13:
        digits = f"+{digits}"
    abroad = digits.startswith("+") and not digits.startswith(_CHINA)
    number = digits.removeprefix("+") if abroad else digits.removeprefix(_CHINA)
    if not (number.isascii() and number.isdigit()):
        raise _malformed()
    if abroad:
        if not 8 <= len(number) <= 15 or number[0] == "0":
            raise _malformed()
        return f"+{number}"
    area = number.removeprefix("0")
    if _is_mainland_mobile(area):
        return f"{_CHINA}{area}"
    if number[:3] in ("400", "800") and len(number) == 10:
        return f"{_CHINA}{number}"
    # With the country code, the 0 of the area code is often left out.
    if (number[0] == "0" or digits.startswith(_CHINA)) and _is_landline(area):
        return f"{_CHINA}{area}"
    raise _malformed()


def is_mobile(phone: str) -> bool:
    """Return True for a number in E.164 that gets text messages: a mobile of the mainland or of HK, Macau or Taiwan."""
    if phone.startswith(_CHINA):
        return _is_mainland_mobile(phone.removeprefix(_CHINA))
    return phone[4:].startswith(_MOBILE_PREFIXES.get(phone[:4], ()))


def _is_mainland_mobile(number: str) -> bool:
    return len(number) == 11 and number[0] == "1" and "3" <= number[1] <= "9"


def _is_landline(number: str) -> bool:
    """Return True for area code and number without the leading 0: 10 and 2x take 8 digits, the others 7 or 8."""
    if number.startswith("10") or number.startswith("2"):
        return len(number) == 10
    return "3" <= number[:1] <= "9" and len(number) in (10, 11)


def _malformed() -> ValueError:
    return ValueError(
        f"不是电话号码;固定电话请加区号,境外号码请加国家代码,如 {_EXAMPLES} / "
        f"not a phone number; a landline needs its area code, a number abroad its country code, such as {_EXAMPLES}"
    )
