"""One recorded exchange (engine/local/record_wire.h) against the operation it means in botocore's models.

    judge = Judge(botocore.session.Session())
    verdict = judge.exchange(line)     -> (operation, [(direction, path, what)])

A request is judged when it was answered with success, or when mmectl sent it: what tests send wrongly on purpose is for
the stand-in to refuse. Every answer is judged, an error by its code and the shape of that.
"""
import base64
import json
import re
import urllib.parse
import xml.etree.ElementTree as ET

from models.errors import COMMON, S3_CODES, UNMODELLED
from models.shapes import Checkers, tag_of

# Recorded service -> botocore's name of its model.
SERVICES = {
    "sagemaker": "sagemaker", "sagemaker-runtime": "sagemaker-runtime", "s3": "s3", "logs": "logs", "sts": "sts", "iam": "iam",
    "application-autoscaling": "application-autoscaling", "monitoring": "cloudwatch",
}
# Headers that every request or answer may carry, whatever the operation.
SENT_ALWAYS = re.compile(
    r"x-amz-(date|content-sha256|user-agent|target|decoded-content-length|trailer|sdk-checksum-algorithm"
    r"|checksum-\w+|acl|api-version)$|x-amz-meta-|x-amzn-trace-id$|x-amzn-query-mode$")
GIVEN_ALWAYS = re.compile(r"x-amz-(request-id|id-2|meta-.*|bucket-region)$|x-amzn-(requestid|errortype|query-error)$")
SIGNED_QUERY = re.compile(r"x-amz-(algorithm|date|expires|signedheaders|content-sha256)$|^expires$|^x-id$", re.I)
OURS = "mmectl/"


class Judge:
    def __init__(self, session):
        self.session = session
        self.by_service = {}
        self.models = {}
        self.rest = {}

    def model(self, service):
        if service not in self.models:
            self.models[service] = self.session.get_service_model(SERVICES[service])
        return self.models[service]

    def exchange(self, line):
        """What it is ("s3.PutObject", or "-" when AWS has none), and its faults; None in place of the list: not judged."""
        faults = []
        service = line.get("service")
        self.checkers = self.by_service.setdefault(service, Checkers())
        success = 200 <= line["status"] < 400
        ours = line["headers"].get("user-agent", "").startswith(OURS)
        if service is None:
            if success or ours:
                faults.append(("request", "", "the stand-in knows no such operation"))
            return "-", faults
        model, operation = self.model(service), None
        name = line["operation"]
        if service == "s3":
            operation = self.route(line)
            meant = operation.name if operation is not None else "no operation"
            if meant != name:
                return "s3." + name, [("request", "", "is %s in AWS's model" % meant)]
        elif name in model.operation_names:
            operation = model.operation_model(name)
        if operation is None:
            return "%s.%s" % (service, name), [("request", "", "is no operation of AWS's model")]

        def tell_of(direction):
            return lambda path, what: faults.append((direction, path, what))

        if success or ours:
            self.request(service, operation, line, tell_of("request"))
        if line["status"] == 0:
            pass  # a planted fault ended the connection without an answer
        elif line["status"] < 300:
            self.answer(service, operation, line, tell_of("answer"))
        else:
            self.error(service, operation, line, tell_of("error"))
        return "%s.%s" % (service, name), faults

    # ---- requests ----

    def request(self, service, operation, line, tell):
        headers, shape = line["headers"], operation.input_shape
        if service in ("s3", "sagemaker-runtime"):
            self.rest_request(operation, line, tell)
        elif "x-amz-target" in headers:
            if line["method"] != "POST" or line["path"] != "/":
                tell("", "is no POST of /")
            if not headers.get("content-type", "").startswith("application/x-amz-json-1."):
                tell("", "Content-Type is not application/x-amz-json-1.x")
            value = json_of(line["body"], tell)
            if value is not None and shape is not None:
                self.checkers.of(shape).check_json(value, "", tell)
            elif value:
                tell("", "takes no input")
        else:
            fields = dict(urllib.parse.parse_qsl(line["body"].get("text", ""), keep_blank_values=True))
            if fields.pop("Action", None) != operation.name:
                tell("", "Action is another")
            version = fields.pop("Version", None)
            if version != operation.service_model.api_version:
                tell("", "Version is not the model's")
            if shape is not None:
                self.checkers.of(shape).check_form(fields, "", tell)
            elif fields:
                tell("", "takes no input")

    def routes(self, service):
        """Every operation of a REST service: (method, segments, static query, required query, required headers)."""
        if service in self.rest:
            return self.rest[service]
        out, model = [], self.model(service)
        for name in model.operation_names:
            operation = model.operation_model(name)
            path, _, query = operation.http["requestUri"].partition("?")
            static = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
            static.pop("x-id", None)
            shape = operation.input_shape
            needs = {"querystring": [], "header": []}
            for member in shape.required_members if shape is not None else ():
                how = shape.members[member].serialization
                if how.get("location") in needs:
                    needs[how["location"]].append(how["name"])
            segments = [part for part in path.split("/") if part]
            if service == "s3" and segments and not segments[0].startswith("{Bucket"):
                continue  # WriteGetObjectResponse: another host
            out.append((operation, operation.http["method"], segments, static, needs["querystring"], needs["header"]))
        self.rest[service] = out
        return out

    def route(self, line):
        """The operation of a REST request: the most particular one whose address and needs are met."""
        parts = path_parts(line)
        query = query_of(line)
        best, best_score = None, -1
        for operation, method, segments, static, needs, headers in self.routes(line["service"]):
            if method != line["method"] or not same_level(segments, parts):
                continue
            if any(query.get(key) != value for key, value in static.items()) or any(key not in query for key in needs):
                continue
            if any(key.lower() not in line["headers"] for key in headers):
                continue
            score = 2 * (len(static) + len(needs) + len(headers)) + (operation.name == line.get("operation"))
            if score > best_score:
                best, best_score = operation, score
        return best

    def rest_request(self, operation, line, tell):
        shape, query, headers = operation.input_shape, query_of(line), line["headers"]
        path, _, static = operation.http["requestUri"].partition("?")
        static = dict(urllib.parse.parse_qsl(static, keep_blank_values=True))
        members = dict(shape.members) if shape is not None else {}
        there, asked, carried = set(), set(static), set()
        labels = labels_of(path, path_parts(line))
        for name, member in members.items():
            how = member.serialization
            where, wire = how.get("location"), how.get("name", name)
            checker = self.checkers.of(member)
            if where == "uri" and wire in labels:
                there.add(name)
                checker.check_text(labels[wire], name, tell)
            elif where == "querystring" and wire in query:
                there.add(name)
                asked.add(wire)
                checker.check_text(query[wire], name, tell)
            elif where == "header" and wire.lower() in headers:
                there.add(name)
                carried.add(wire.lower())
                self.check_header(checker, headers[wire.lower()], name, tell)
        for name in shape.required_members if shape is not None else ():
            if name not in there and members[name].serialization.get("location") is not None:
                tell(name, "missing")
        for key in query:
            if key not in asked and not SIGNED_QUERY.search(key):
                tell("?" + key, "unknown query parameter")
        unknown_headers(headers, carried, SENT_ALWAYS, tell)
        self.rest_body(shape, line["body"], tell)

    def check_header(self, checker, text, path, tell):
        if checker.kind == "list":
            for part in text.split(","):
                checker.member.check_text(part.strip(), path + "[]", tell, "rfc822")
        else:
            checker.check_text(text, path, tell, "rfc822")

    def rest_body(self, shape, body, tell):
        if shape is None or body.get("cut"):
            return
        payload = shape.serialization.get("payload")
        target = shape.members[payload] if payload else shape
        if payload and target.type_name in ("blob", "string"):
            self.checkers.of(target).bounds(body["bytes"], payload, tell, "length")
            return
        if body["bytes"] == 0:
            if payload and payload in shape.required_members:
                tell(payload, "missing")
            return
        if not payload and all(member.serialization.get("location") for member in shape.members.values()):
            return tell("", "takes no body")
        node = xml_of(body, tell)
        if node is None:
            return
        wanted = target.serialization.get("name", target.name)
        if payload and tag_of(node) != wanted:
            tell(payload, "root is <%s>, not <%s>" % (tag_of(node), wanted))
        self.checkers.of(target).check_xml(node, payload or "", tell)

    # ---- answers ----

    def answer(self, service, operation, line, tell):
        answer, shape = line["answer"], operation.output_shape
        body = answer.get("body")
        wanted = operation.http.get("responseCode")
        partial = line["status"] == 206 and "content-range" in answer["headers"]
        if wanted and line["status"] != wanted and not partial:
            tell("", "status %d, not %d" % (line["status"], wanted))
        if service in ("s3", "sagemaker-runtime"):
            self.rest_answer(service, operation, line, tell)
        elif "x-amz-target" in line["headers"]:
            if shape is None:
                if body["bytes"] and body.get("text") != "{}":
                    tell("", "has a body, and no output")
                return
            value = json_of(body, tell)
            if value is not None:
                self.checkers.of(shape).check_json(value, "", tell)
        else:
            self.query_answer(operation, body, tell)

    def query_answer(self, operation, body, tell):
        node, shape = xml_of(body, tell), operation.output_shape
        if node is None:
            return
        if tag_of(node) != operation.name + "Response":
            tell("", "root is <%s>" % tag_of(node))
        inner = {tag_of(child): child for child in node}
        meta = inner.pop("ResponseMetadata", None)
        if meta is None or [tag_of(child) for child in meta] != ["RequestId"]:
            tell("ResponseMetadata", "has no RequestId alone")
        wrapper = shape.serialization.get("resultWrapper") if shape is not None else None
        if wrapper in inner:
            self.checkers.of(shape).check_xml(inner.pop(wrapper), "", tell)
        elif wrapper is not None:
            tell("", "has no <%s>" % wrapper)
        for tag in inner:
            tell(tag, "unknown member")

    def rest_answer(self, service, operation, line, tell):
        headers, shape = line["answer"]["headers"], operation.output_shape
        body = line["answer"].get("body")
        carried = set()
        for name, member in (shape.members if shape is not None else {}).items():
            how = member.serialization
            wire = how.get("name", name).lower()
            if how.get("location") == "header" and wire in headers:
                carried.add(wire)
                self.check_header(self.checkers.of(member), headers[wire], name, tell)
            elif how.get("location") == "header" and name in shape.required_members:
                tell(name, "missing")
        unknown_headers(headers, carried, GIVEN_ALWAYS, tell)
        if body is None or body.get("cut"):
            return
        if shape is None:
            if body["bytes"]:
                tell("", "has a body, and no output")
            return
        if operation.name == "GetBucketLocation":  # a bare element: botocore, too, reads it by hand
            node = xml_of(body, tell)
            if node is not None and node.text:
                self.checkers.of(shape.members["LocationConstraint"]).check_text(node.text, "LocationConstraint", tell)
            return
        self.rest_body(shape, body, tell)

    # ---- errors ----

    def error(self, service, operation, line, tell):
        answer, status = line["answer"], line["status"]
        body, headers = answer.get("body"), answer["headers"]
        if body is None or (line["method"] == "HEAD" and body["bytes"] == 0):
            if status not in (304, 400, 403, 404, 405, 409, 412, 416, 429) and status < 500:
                tell("", "status %d of a HEAD" % status)
            return
        if status == 304:
            if body["bytes"]:
                tell("", "has a body with status 304")
            return
        if service == "s3" or not ("x-amz-target" in line["headers"] or service == "sagemaker-runtime"):
            code = self.xml_error(service, body, tell)
        else:
            code = self.json_error(service, operation, body, headers, tell)
        if code is None:
            return
        shapes = {shape.error_code: shape for shape in operation.error_shapes}
        shapes.update((shape.name, shape) for shape in operation.error_shapes)
        if code in shapes:
            wanted = shapes[code].metadata.get("error", {}).get("httpStatusCode")
            if wanted and wanted != status:
                tell(code, "status %d, not %d" % (status, wanted))
        elif code in COMMON.get(service, {}):
            if status not in COMMON[service][code]:
                tell(code, "status %d" % status)
        elif service == "s3" and code in S3_CODES:
            if status != S3_CODES[code]:
                tell(code, "status %d, not %d" % (status, S3_CODES[code]))
        else:
            tell(code, "unknown error")

    def xml_error(self, service, body, tell):
        node = xml_of(body, tell)
        if node is None:
            return None
        error = node
        if service == "s3":
            wanted = {"Code", "Message", "RequestId", "HostId"}
        else:
            if tag_of(node) != "ErrorResponse" or {tag_of(child) for child in node} != {"Error", "RequestId"}:
                tell("", "is no <ErrorResponse> of <Error> and <RequestId>")
            error = next((child for child in node if tag_of(child) == "Error"), node)
            wanted = {"Type", "Code", "Message"}
        there = {tag_of(child): child.text or "" for child in error}
        if tag_of(error) != "Error":
            tell("", "root is <%s>" % tag_of(error))
        for tag in sorted(wanted - set(there)):
            tell(tag, "missing")
        if service != "s3" and there.get("Type") not in ("Sender", "Receiver"):
            tell("Type", "is neither Sender nor Receiver")
        return there.get("Code")

    def json_error(self, service, operation, body, headers, tell):
        value = json_of(body, tell)
        if not isinstance(value, dict):
            return None
        kind = headers.get("x-amzn-errortype") if service == "sagemaker-runtime" else value.get("__type")
        if not isinstance(kind, str):
            tell("", "no code")
            return None
        code = kind.split(":")[0].split("#")[-1]
        named = [key for key in ("message", "Message") if key in value]
        if len(named) != 1 or not isinstance(value[named[0]], str):
            tell("message", "is not one text")
        shape = next((s for s in operation.error_shapes if code in (s.error_code, s.name)), None)
        members = {} if shape is None else shape.members
        for key, item in value.items():
            if key in ("__type", "message", "Message") or key in UNMODELLED.get(service, ()):
                continue
            if key not in members:
                tell(code + "." + key, "unknown member")
            else:
                self.checkers.of(members[key]).check_json(item, code + "." + key, tell)
        return code


def text_of(body):
    if "text" in body:
        return body["text"]
    return base64.b64decode(body["base64"]).decode("utf-8", "replace")


def json_of(body, tell):
    """None when there is nothing to judge: it was cut off, or it is no JSON, which is told."""
    if body.get("cut"):
        return None
    if body["bytes"] == 0:
        return {}
    try:
        return json.loads(text_of(body))
    except ValueError:
        tell("", "the body is no JSON")
        return None


def xml_of(body, tell):
    if body.get("cut"):
        return None
    try:
        return ET.fromstring(text_of(body))
    except ET.ParseError:
        tell("", "the body is no XML")
        return None


def path_parts(line):
    """The bucket from the host's name, when it stands there."""
    parts = line["path"][1:].split("/", 1)
    host = line["headers"].get("host", "").split(":")[0]
    named = re.match(r"(.+?)\.(s3[.-]|localhost)", host)
    if line.get("service") == "s3":
        if named:
            parts = [named.group(1), line["path"][1:]]
        return [urllib.parse.unquote(part) for part in parts if part]
    return [urllib.parse.unquote(part) for part in line["path"].split("/") if part]


def same_level(segments, parts):
    if len(segments) != len(parts):
        return False
    return all(segment.startswith("{") or segment == part for segment, part in zip(segments, parts))


def labels_of(path, parts):
    segments = [part for part in path.split("/") if part]
    return {segment.strip("{}+"): part for segment, part in zip(segments, parts) if segment.startswith("{")}


def query_of(line):
    return dict(urllib.parse.parse_qsl(line["query"], keep_blank_values=True))


def unknown_headers(headers, carried, always, tell):
    for name in headers:
        if name.startswith(("x-amz-", "x-amzn-")) and name not in carried and not always.match(name):
            tell(name, "unknown header")
