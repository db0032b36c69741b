"""What a change is called, from the name of the field. A field that nobody named here is a value, a list's item by its list."""

import re

_GROUPS = {
    "label": "type level usage role kind mode stance ironic sentiment labels plover cameo contexts status outlet_kind origin",
    "factuality": "certainty polarity time",
    "link": "kb_id contact_id entity_id event_id wikidata same_as reply_to reports derived_from",
    "split": "split split_by_time split_by_outlet",
    "page": "page",
    "text": "text",
}
_GROUP = {field: group for group, fields in _GROUPS.items() for field in fields.split()}
_ITEMS = {"aliases_de": "alias", "status_history": "status", "private": "private"}
_NAME = re.compile(r"[^\W\d]\w*")


def item(field: str) -> str:
    """What one item of a list is: ``mentions`` holds a ``mention``. A field that is no list is called by its name."""
    return _ITEMS.get(field) or (f"{field[:-3]}y" if field.endswith("ies") else field.removesuffix("s")).replace("_", " ")


def kind(where: str, old: object, new: object) -> str:
    """What happened at a path: the innermost field that has a group decides, unless a whole part came or went."""
    names = _NAME.findall(re.sub(r"\[[^]]*\]", "", where))
    is_part = where.endswith("]") or isinstance(new if old is None else old, dict)
    if is_part and (old is None or new is None) and names[-1] not in _GROUP:
        return f"{item(names[-1])} {'added' if old is None else 'removed'}"
    if names[0] == "rights":
        return "rights changed"
    return f"{next((_GROUP[name] for name in reversed(names) if name in _GROUP), 'value')} changed"
