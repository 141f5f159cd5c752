"""Names of the fields of a row, and what each means."""

import re

IMAGE_FIELDS = ("image", "file_name", "filename", "file", "path")  # the first that is there wins
TEXT_FIELDS = {  # name -> kind of text
    **dict.fromkeys(("caption", "captions", "text", "texts", "sentence", "sentences", "content", "body"), "caption"),
    **dict.fromkeys(("description", "alt"), "description"),
    **dict.fromkeys(("keywords", "tags"), "keywords"),
}
CREDIT_FIELDS = {  # name -> field of Credit
    "author": "author",
    "artist": "author",
    "photographer": "author",
    "creator": "author",
    "licence": "licence",
    "license": "licence",
    "licence_url": "licence_url",
    "license_url": "licence_url",
    "source": "source",
}
KNOWN_FIELDS = frozenset((*IMAGE_FIELDS, *TEXT_FIELDS, *CREDIT_FIELDS, "title"))

# ISO 639-1, as the Library of Congress lists it.
# A space stands between any two, so that two letters are found in it only if they are a code.
_CODES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz "
    "ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik "
    "io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml "
    "mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd "
    "se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi "
    "vo wa wo xh yi yo za zh zu"
)
_AMBIGUOUS = frozenset({"id", "no"})  # an identifier or a number as often as Indonesian or Norwegian
_FIELD = re.compile(r"(?:(?:captions?|text)[_-])?([a-z]{2})(?:[_-](?:[a-z]{2}|[a-z]{4}))?\Z", re.IGNORECASE)


def language_of_field(name: str, value: object) -> str | None:
    """Return the two-letter language that a field such as "zh", "zh-CN" or "caption_en" is in, else None.

    "id" and "no" are languages only where they hold a list.
    """
    found = _FIELD.match(name)
    code = found.group(1).lower() if found else "?"
    if code not in _CODES or (name.lower() in _AMBIGUOUS and not isinstance(value, list)):
        return None
    return code
