"""The stand-in's tables of request shapes (engine/local/shapes_*.c), written from botocore's service models.

Which operations are covered is read from the X lists of engine/local, so an operation that is added there and not here is
a difference that tests/interop/validation.py reports. Shapes with equal constraints are one.
"""
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
LOCAL = os.path.join(ROOT, "engine", "local")
SERVICES = {
    "LOCAL_SAGEMAKER": "sagemaker", "LOCAL_LOGS": "logs", "LOCAL_SCALING": "application-autoscaling",
    "LOCAL_CLOUDWATCH": "cloudwatch", "LOCAL_STS": "sts", "LOCAL_IAM": "iam",
}
# File: which operations. SageMaker's fill two.
FILES = {
    "training": lambda service, name: service == "LOCAL_SAGEMAKER" and ("TrainingJob" in name or name == "Search"),
    "hosting": lambda service, name: service == "LOCAL_SAGEMAKER" and "TrainingJob" not in name and name != "Search",
    "logs": lambda service, name: service == "LOCAL_LOGS",
    "scaling": lambda service, name: service == "LOCAL_SCALING",
    "alarms": lambda service, name: service == "LOCAL_CLOUDWATCH",
    "identity": lambda service, name: service in ("LOCAL_STS", "LOCAL_IAM"),
}
# AWS adds instance types with every month: whatever looks like one is taken.
INSTANCE_TYPES = {"ProductionVariantInstanceType", "TrainingInstanceType", "TransformInstanceType", "ProcessingInstanceType"}
KINDS = {
    "string": "SM_STRING", "integer": "SM_INT", "long": "SM_INT", "float": "SM_NUM", "double": "SM_NUM", "boolean": "SM_BOOL",
    "timestamp": "SM_TIME", "list": "SM_LIST", "map": "SM_MAP", "structure": "SM_STRUCT", "blob": "SM_STRING",
}


def operations():
    """[(service, name)] of the X lists, as they stand."""
    out = []
    for name in sorted(os.listdir(LOCAL)):
        if name.endswith(".h"):
            with open(os.path.join(LOCAL, name)) as file:
                out += re.findall(r"X\((LOCAL_\w+), *\\?\s*\"(\w+)\"", file.read())
    return out


def literal(text):
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"')


def packed(items, indent="    ", first=""):
    """Items in lines of at most 100 characters."""
    lines, line = [], first or indent
    for item in items:
        if len(line) + len(item) + 1 > 100 and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += item + " "
    return "\n".join(lines + [line.rstrip()])


class Writer:
    def __init__(self):
        self.lines, self.names, self.keys, self.open = [], {}, {}, set()

    def bounds(self, shape):
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        counted = shape.type_name in ("string", "list", "map", "blob")
        return (0 if counted else None) if low is None else int(low), None if high is None else int(high)

    def put(self, name, key, text):
        if key in self.keys:
            self.names[name] = self.keys[key]
            return
        self.keys[key] = self.names[name] = "s_" + name
        self.lines.append(text)

    def scalar(self, shape):
        low, high = self.bounds(shape)
        kind = KINDS[shape.type_name]
        parts = ["SM_MIN" if low is None else str(low), "SM_MAX" if high is None else str(high)]
        pattern = shape.metadata.get("pattern")
        values = shape.metadata.get("enum")
        if values:
            opened = shape.name in INSTANCE_TYPES
            body = packed([literal(value) + "," for value in values] + ["NULL"])
            text = "static const char *const s_%s_values[] = {\n%s};\n" % (shape.name, body)
            text += "static const struct sm_shape s_%s = %s(s_%s_values);" % (shape.name, "ENUM_OF" if not opened else "OPEN_ENUM_OF", shape.name)
            self.put(shape.name, ("enum", opened, tuple(values)), text)
            return
        text = "static const struct sm_shape s_%s = SCALAR(%s, %s, %s, %s);" % (
            shape.name, kind, parts[0], parts[1], literal(pattern) if pattern else "NULL")
        if len(text) > 100:
            text = text.replace(" = SCALAR(", " =\n    SCALAR(")
        if max(map(len, text.split("\n"))) > 100:
            text = text.replace(", \"", ",\n        \"", 1)
        self.put(shape.name, (kind, low, high, pattern), text)

    def visit(self, shape):
        name = shape.name
        if name in self.names:
            return
        if name in self.open:  # within itself: declared before it is defined
            self.names[name] = "s_" + name
            self.lines.append("static const struct sm_shape s_%s;" % name)
            return
        self.open.add(name)
        if shape.type_name == "structure":
            for member in shape.members.values():
                self.visit(member)
            self.structure(shape)
        elif shape.type_name == "list":
            self.visit(shape.member)
            low, high = self.bounds(shape)
            item = self.names[shape.member.name]
            self.put(name, ("list", low, high, item), "static const struct sm_shape s_%s = LIST_OF(%s, %s, &%s);" % (
                name, low, "SM_MAX" if high is None else high, item))
        elif shape.type_name == "map":
            self.visit(shape.key)
            self.visit(shape.value)
            low, high = self.bounds(shape)
            key, value = self.names[shape.key.name], self.names[shape.value.name]
            text = "static const struct sm_shape s_%s = MAP_OF(%s, %s, &%s, &%s);" % (name, low, "SM_MAX" if high is None else high, key, value)
            self.put(name, ("map", low, high, key, value), text.replace(" = MAP", " =\n    MAP") if len(text) > 100 else text)
        else:
            self.scalar(shape)

    def structure(self, shape):
        required = set(shape.required_members)
        members = [
            "{%s, %s, &%s}," % (literal(name), "REQUIRED" if name in required else "OPTIONAL", self.names[member.name])
            for name, member in shape.members.items()]
        body = packed(members + ["END"])
        name = shape.name
        text = "static const struct sm_member s_%s_members[] = {\n%s};\n" % (name, body)
        text += "static const struct sm_shape s_%s = STRUCT_OF(s_%s_members);" % (name, name)
        self.put(name, ("structure", tuple(members)), text)


def write(session, which, version):
    """The text of shapes_<which>.c."""
    writer, rows = Writer(), []
    models = {}
    for service, name in operations():
        if service not in SERVICES or not FILES[which](service, name):
            continue
        model = models.setdefault(service, session.get_service_model(SERVICES[service]))
        shape = model.operation_model(name).input_shape
        if shape is None:
            continue
        writer.visit(shape)
        rows.append("    {%s, %s, &%s}," % (service, literal(name), writer.names[shape.name]))
    head = """\
/* Written from botocore %s's service models by tests/interop/validation.py --write; not to be
 * edited. */
#include "engine/local/sm_forms.h"
#include "engine/local/sm_tables.h"

/* clang-format off */
""" % version
    return "%s\n%s\n\nconst struct sm_input sm_inputs_%s[] = {\n%s\n    {LOCAL_N_SERVICES, NULL, NULL}};\n" % (
        head, "\n".join(writer.lines), which, "\n".join(rows))


def path_of(which):
    return os.path.join(LOCAL, "shapes_%s.c" % which)


# ---------------------------------------------------------------- read back


class Shape:
    """What a table says of one shape, in botocore's terms."""

    def __init__(self, name, kind, low=None, high=None, pattern=None, enum=None):
        self.name, self.type_name, self.enum = name, kind, enum or []
        self.metadata = {key: value for key, value in (("min", low), ("max", high), ("pattern", pattern)) if value is not None}
        self.members, self.required_members = {}, []
        self.member = self.key = self.value = None


NAMES = {"SM_STRING": "string", "SM_INT": "integer", "SM_NUM": "float", "SM_BOOL": "boolean", "SM_TIME": "timestamp"}


def unquoted(text):
    return re.sub(r"\\(.)", r"\1", text.strip()[1:-1])


def bound(text):
    return None if text in ("SM_MIN", "SM_MAX") else int(text)


def read(which):
    """{(service, operation): Shape} of a shapes_<which>.c."""
    with open(path_of(which)) as file:
        text = file.read()
    shapes, links = {}, []
    values = {
        name: [unquoted(value) for value in re.findall(r'"(?:[^"\\]|\\.)*"', body)]
        for name, body in re.findall(r"s_(\w+)_values\[\] = \{(.*?)\};", text, re.S)}
    members = {
        name: re.findall(r'\{"(\w+)", (\w+), &s_(\w+)\}', body)
        for name, body in re.findall(r"s_(\w+)_members\[\] = \{(.*?)\};", text, re.S)}
    for name, form, inside in re.findall(r"struct sm_shape s_(\w+) =\s*(\w+)\((.*?)\);\n", text, re.S):
        parts = [part.strip() for part in inside.split(",", 3)]
        if form == "SCALAR":
            shapes[name] = Shape(name, NAMES[parts[0]], bound(parts[1]), bound(parts[2]), None if parts[3] == "NULL" else unquoted(parts[3]))
        elif form in ("ENUM_OF", "OPEN_ENUM_OF"):
            shapes[name] = Shape(name, "string", enum=values[name])
        elif form in ("LIST_OF", "MAP_OF"):
            shapes[name] = Shape(name, "list" if form == "LIST_OF" else "map", bound(parts[0]), bound(parts[1]))
            links.append((name, re.findall(r"&s_(\w+)", inside)))
        else:
            shapes[name] = Shape(name, "structure")
    for name, others in links:
        if len(others) == 1:
            shapes[name].member = shapes[others[0]]
        else:
            shapes[name].key, shapes[name].value = shapes[others[0]], shapes[others[1]]
    for name, rows in members.items():
        shapes[name].members = {member: shapes[other] for member, _, other in rows}
        shapes[name].required_members = [member for member, needed, _ in rows if needed == "REQUIRED"]
    return {
        (service, operation): shapes[shape]
        for service, operation, shape in re.findall(r'\{(LOCAL_\w+), "(\w+)", &s_(\w+)\},', text)}
