"""Values against the shapes of AWS's service models, as botocore carries them.

botocore's own ParamValidator knows no enum, no pattern, no maximum and no answers; this walks the shapes itself. A value
comes as JSON (json and rest-json), as text (headers, query strings, forms) or as an XML element; each of the three has its
entry here, and all of them report through the same function:

    tell(path, what)        path: "ProductionVariants[].VariantName"; what: "unknown member", "missing", ...

`what` never holds the value itself, so that equal faults of many exchanges are one fault.
"""
import base64
import binascii
import datetime
import email.utils
import re

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$")

# What Java's patterns may name and Python's may not, within [...]. \p{L} and \p{N} become \w and \d: a little wider.
CLASSES = {
    "ASCII": r"\x00-\x7f", "Print": r"\x20-\x7e", "Graph": r"\x21-\x7e", "Alnum": "A-Za-z0-9", "Alpha": "A-Za-z",
    "Upper": "A-Z", "Lower": "a-z", "Digit": "0-9", "Punct": r"!-/:-@\[-`{-~", "L": r"\w", "N": r"\d", "M": "\u0300-\u036f",
    "Z": " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000", "Zs": " \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000",
    "S": r"$+<=>^`|~", "P": r"!-#%-*,-/:;?@\[-\]_{}", "IsLetter": r"\w", "IsDigit": r"\d", "IsPunctuation": r"!-#%-*,-/:;?@\[-\]_{}",
    "Space": r"\s", "Cntrl": r"\x00-\x1f\x7f", "XDigit": "0-9A-Fa-f", "Blank": r" \t",
}


def pattern_of(java):
    """A compiled pattern; None when it cannot be said in Python's terms."""
    # Java reads two escaped surrogates as the one character they stand for.
    java = java.replace(r"\uD800\uDC00-\uDBFF\uDFFF", "\U00010000-\U0010ffff")
    out, within, at = [], False, 0
    while at < len(java):
        char, pair = java[at], java[at:at + 2]
        named = re.match(r"\\p\{(\w+)\}|\\p([LNZPSM])", java[at:])
        if named:
            inside = CLASSES.get(named.group(1) or named.group(2))
            if inside is None:
                return None
            out.append(inside if within else "[%s]" % inside)
            at += named.end()
            continue
        if pair == "\\z":
            out.append("\\Z")
        elif pair in ("\\Q", "\\E", "\\P") or (within and pair == "&&"):
            return None
        elif char == "\\":
            out.append(pair)
        else:
            if char == "[" and within:
                char = "\\["
            elif char in "[]":
                within = char == "["
            out.append(char)
            at += 1
            continue
        at += 2
    try:
        return re.compile("".join(out))
    except re.error:
        return None


def plain(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


class Checker:
    """One shape, prepared. check_json, check_text and check_xml judge a value of it."""

    def __init__(self, shape, all_checkers):
        self.kind = shape.type_name
        self.name = shape.name
        self.shape = shape
        self.all = all_checkers
        self.low, self.high = shape.metadata.get("min"), shape.metadata.get("max")
        self.enum = frozenset(getattr(shape, "enum", None) or shape.metadata.get("enum") or ())
        self.pattern_text = shape.metadata.get("pattern")
        self.pattern = False  # not yet compiled
        self.good = set()  # strings that were judged and are fine
        self.union = bool(getattr(shape, "is_tagged_union", False))
        self.document = bool(getattr(shape, "is_document_type", False))
        if self.kind == "structure":
            self.members = {name: (member, all_checkers.of(member)) for name, member in shape.members.items()}
            self.required = tuple(shape.required_members)
            self.by_tag = None
        elif self.kind == "list":
            self.member = all_checkers.of(shape.member)
        elif self.kind == "map":
            self.key, self.value = all_checkers.of(shape.key), all_checkers.of(shape.value)

    # ---- scalars ----

    def bounds(self, size, path, tell, noun):
        if self.low is not None and size < self.low:
            tell(path, "%s below the least, %s" % (noun, self.low))
        if self.high is not None and size > self.high:
            tell(path, "%s above the greatest, %s" % (noun, self.high))

    def string(self, value, path, tell):
        if value in self.good:
            return
        faults = []
        self.bounds(len(value), path, lambda *fault: faults.append(fault), "length")
        if self.enum and value not in self.enum:
            faults.append((path, "not one of the enum's values: '%s'" % value[:60]))
        if self.pattern_text is not None:
            if self.pattern is False:
                self.pattern = pattern_of(self.pattern_text)
            if self.pattern is None:
                faults.append((path, "pattern not understood: %s" % self.pattern_text))
            elif not self.pattern.fullmatch(value):
                faults.append((path, "does not match %s" % self.pattern_text))
        if not faults and len(self.good) < 10000:
            self.good.add(value)
        for fault in faults:
            tell(*fault)

    def blob(self, value, path, tell):
        try:
            self.bounds(len(base64.b64decode(value, validate=True)), path, tell, "length")
        except (binascii.Error, ValueError):
            tell(path, "is not base64")

    def check_text(self, value, path, tell, stamp="iso8601"):
        """Text that means a scalar: a header, a query parameter, a form's field, an element."""
        kind = self.kind
        if kind in ("string", "character"):
            self.string(value, path, tell)
        elif kind in ("integer", "long"):
            if not re.fullmatch(r"-?\d+", value):
                return tell(path, "is no %s" % kind)
            self.bounds(int(value), path, tell, "value")
        elif kind in ("float", "double"):
            try:
                self.bounds(float(value), path, tell, "value")
            except ValueError:
                tell(path, "is no %s" % kind)
        elif kind == "boolean":
            if value not in ("true", "false"):
                tell(path, "is no boolean")
        elif kind == "timestamp":
            stamp = self.shape.serialization.get("timestampFormat", stamp)
            if not is_stamp(value, stamp):
                tell(path, "is no timestamp (%s)" % stamp)
        elif kind == "blob":
            self.blob(value, path, tell)
        else:
            tell(path, "is text, not a %s" % kind)

    # ---- JSON ----

    def check_json(self, value, path, tell):
        kind = self.kind
        if self.document:
            return
        if kind == "structure":
            self.json_structure(value, path, tell)
        elif kind == "list":
            if not isinstance(value, list):
                return tell(path, "is no list")
            self.bounds(len(value), path, tell, "length")
            for item in value:
                self.member.check_json(item, path + "[]", tell)
        elif kind == "map":
            if not isinstance(value, dict):
                return tell(path, "is no map")
            self.bounds(len(value), path, tell, "length")
            for key, item in value.items():
                self.key.check_text(key, path + "{key}", tell)
                self.value.check_json(item, path + "{}", tell)
        elif kind in ("string", "character", "blob"):
            if not isinstance(value, str):
                return tell(path, "is no string")
            (self.blob if kind == "blob" else self.string)(value, path, tell)
        elif kind == "boolean":
            if not isinstance(value, bool):
                tell(path, "is no boolean")
        elif kind in ("integer", "long"):
            if not plain(value) or value != int(value):
                return tell(path, "is no %s" % kind)
            self.bounds(value, path, tell, "value")
        elif kind in ("float", "double"):
            if not plain(value):
                return tell(path, "is no %s" % kind)
            self.bounds(value, path, tell, "value")
        elif kind == "timestamp":
            if not plain(value) or not 0 <= value < 1e11:
                tell(path, "is no timestamp (seconds since 1970)")

    def json_structure(self, value, path, tell):
        if not isinstance(value, dict):
            return tell(path, "is no structure")
        prefix = path + "." if path else ""
        for name in self.required:
            if name not in value:
                tell(prefix + name, "missing")
        members = self.members
        for name, item in value.items():
            found = members.get(name)
            if found is None:
                tell(prefix + name, "unknown member")
            elif item is None:
                tell(prefix + name, "is null")
            else:
                found[1].check_json(item, prefix + name, tell)
        if self.union and len(value) != 1:
            tell(path, "a union with %d members" % len(value))

    # ---- XML ----

    def tags(self):
        """What each child element means: tag -> (name, member, checker); as botocore's parser does it."""
        if self.by_tag is None:
            self.by_tag = {}
            for name, (member, checker) in self.members.items():
                tag = member.serialization.get("name", name)
                if checker.kind == "list" and member.serialization.get("flattened"):
                    tag = member.member.serialization.get("name") or tag
                if member.serialization.get("location") is None:
                    self.by_tag[tag] = (name, member, checker)
        return self.by_tag

    def check_xml(self, node, path, tell):
        if self.kind == "structure":
            self.xml_structure(node, path, tell)
        elif self.kind == "list":
            wanted = self.shape.member.serialization.get("name", "member")
            for child in node:
                if tag_of(child) != wanted:
                    tell(path, "<%s> in a list of <%s>" % (tag_of(child), wanted))
            self.xml_items(list(node), path, tell)
        elif self.kind == "map":
            for entry in node:
                for child in entry:
                    key = tag_of(child) == self.shape.key.serialization.get("name", "key")
                    (self.key if key else self.value).check_xml(child, path + ("{key}" if key else "{}"), tell)
        elif len(node):
            tell(path, "holds elements, not a %s" % self.kind)
        else:
            self.check_text(node.text or "", path, tell)

    def xml_items(self, nodes, path, tell):
        self.bounds(len(nodes), path, tell, "length")
        for node in nodes:
            self.member.check_xml(node, path + "[]", tell)

    def xml_structure(self, node, path, tell, skip=()):
        prefix = path + "." if path else ""
        groups = {}
        for child in node:
            if tag_of(child) not in skip:
                groups.setdefault(tag_of(child), []).append(child)
        if (node.text or "").strip() and not groups and self.members:
            tell(path, "holds text, not a structure")
        tags = self.tags()
        there = set()
        for tag, nodes in groups.items():
            if tag not in tags:
                tell(prefix + tag, "unknown member")
                continue
            name, member, checker = tags[tag]
            there.add(name)
            if checker.kind == "list" and member.serialization.get("flattened"):
                checker.xml_items(nodes, prefix + name, tell)
            elif len(nodes) > 1:
                tell(prefix + name, "more than once")
            else:
                checker.check_xml(nodes[0], prefix + name, tell)
        for name, (member, _) in self.members.items():
            if member.serialization.get("xmlAttribute") and any(
                    key.split("}")[-1] == member.serialization["name"].split(":")[-1] for key in node.attrib):
                there.add(name)
        for name in self.required:
            if name not in there and self.members[name][0].serialization.get("location") is None:
                tell(prefix + name, "missing")

    # ---- forms of the query protocol ----

    def check_form(self, fields, path, tell):
        """fields: {"A.member.1.B": "text"} without this value's own prefix; "" is the value itself."""
        if self.kind not in ("structure", "list", "map"):
            for rest in fields:
                if rest:
                    tell(path, "has fields, and is a %s" % self.kind)
            if "" in fields:
                self.check_text(fields[""], path, tell)
            return
        groups = {}
        for key, value in fields.items():
            first, _, rest = key.partition(".")
            groups.setdefault(first, {})[rest] = value
        if self.kind == "structure":
            self.form_structure(groups, path, tell)
            return
        if self.kind == "list" and not self.shape.serialization.get("flattened"):
            name = self.shape.member.serialization.get("name", "member")
            items = {}
            for first, rest in groups.items():
                if first != name:
                    tell(path, "field '%s' in a list of '%s'" % (first, name))
                for key, value in rest.items():
                    number, _, more = key.partition(".")
                    items.setdefault(number, {})[more] = value
            groups = items
        if self.kind == "map":
            return tell(path, "a map in a form is not judged here")
        if sorted(groups, key=lambda n: int(n) if n.isdigit() else 0) != [str(i + 1) for i in range(len(groups))]:
            if groups != {"": {"": ""}}:  # the empty list is sent as an empty field
                tell(path, "is not numbered from 1")
        self.bounds(len(groups), path, tell, "length")
        for fields in groups.values():
            self.member.check_form(fields, path + "[]", tell)

    def form_structure(self, groups, path, tell):
        prefix = path + "." if path else ""
        names = {member.serialization.get("name", name): name for name, (member, _) in self.members.items()}
        for first, fields in groups.items():
            if first not in names:
                tell(prefix + first, "unknown member")
            else:
                self.members[names[first]][1].check_form(fields, prefix + names[first], tell)
        for name in self.required:
            if self.members[name][0].serialization.get("name", name) not in groups:
                tell(prefix + name, "missing")


class Checkers:
    """Prepared shapes of one service, by name and what a member adds; recursive ones meet themselves here."""

    def __init__(self):
        self.known = {}

    def of(self, shape):
        key = (shape.name, repr(sorted(shape.serialization.items(), key=str)))
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = Checker.__new__(Checker)
            found.__init__(shape, self)
        return found


def tag_of(node):
    return node.tag.rsplit("}", 1)[-1]


def is_stamp(text, form):
    if form == "rfc822":
        return text.endswith(" GMT") and email.utils.parsedate(text) is not None
    if form == "unixTimestamp":
        return re.fullmatch(r"\d+(\.\d+)?", text) is not None
    if not ISO.match(text):
        return False
    try:
        datetime.datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")
        return True
    except ValueError:
        return False
