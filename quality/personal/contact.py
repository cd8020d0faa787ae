"""Telephone numbers and e-mail addresses: a person's own, an office's, and what is neither."""

import re

#: Mobile prefixes of Indonesia's operators behind 0 or 62.
_OPERATOR = r"8(?:1[1-9]|2[1-38]|3[1-38]|5[1-9]|6[1-9]|7[7-9]|8[1-9]|9[5-9])"
_REST = r"(?:[ .\-]?\d){6,9}"
MOBILE = re.compile(rf"\s*['`]?(?:\+?\s?62[ .\-]?\(?0?\)?|\(?0){_OPERATOR}\)?{_REST}\s*")
#: A leading zero is lost where a spreadsheet took the number for an amount; only a header says then what it is.
MOBILE_CUT = re.compile(rf"\s*{_OPERATOR}{_REST}(?:\.0)?\s*")
MOBILE_WITHIN = re.compile(rf"(?<![\w.,\-/=+])(?:\+62[ .\-]?|62|0){_OPERATOR}{_REST}(?![\w/]|[.,\-]\d)")
FIXED = re.compile(r"\s*(?:\(?0[2-79]\d{1,2}\)?|\+62[ .\-]?[2-79]\d{1,2})(?:[ .\-]?\d){5,8}\s*")
#: Words before a number in a sentence that say it is somebody's telephone.
CALLED = re.compile(r"\b(?:hp|telp|telpon|telepon|tlp|wa|whatsapp|hubungi|kontak|call|ponsel|cp)\b", re.IGNORECASE)
EMAIL = re.compile(r"(?<![\w.+%\-])[\w.+%\-]+@[a-z0-9\-]+(?:\.[a-z0-9\-]+)*\.[a-z]{2,}", re.IGNORECASE)
_PROVIDERS = frozenset({
    "gmail.com", "googlemail.com", "yahoo.com", "yahoo.co.id", "ymail.com", "rocketmail.com", "hotmail.com",
    "outlook.com", "outlook.co.id", "live.com", "msn.com", "icloud.com", "me.com", "proton.me", "protonmail.com",
    "aol.com", "mail.com", "plasa.com", "telkom.net",
})  # fmt: skip


def private_address(address: str) -> bool:
    """Whether an e-mail address is with a provider for private persons, not an office's or a firm's own."""
    return address.rpartition("@")[2].lower() in _PROVIDERS
