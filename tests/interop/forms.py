#!/usr/bin/python3
"""S3 of the stand-in in every form that clients use it: hosts, bodies, keys, listings, conditions, ranges, versions, parts.

boto3 with its defaults where it can say it; where it cannot, requests of this file's own, signed by botocore or, for bodies
signed in pieces, by the dozen lines below. TAP; needs MMECTL and MMECTL_HOME as from tests/run.sh.
"""
import base64
import hashlib
import hmac
import http.client
import os
import re
import socket
import subprocess
import sys
import urllib.parse
import zlib

import boto3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

MMECTL = os.environ.get("MMECTL", "build/mmectl")
count = failed = 0


def check(good, name, *notes):
    global count, failed
    count += 1
    failed += not good
    print(("ok" if good else "not ok"), count, "-", name)
    if not good:
        for note in notes:
            print("#", note)
    return good


def same(got, wanted, name):
    return check(got == wanted, name, "got    %r" % (got,), "wanted %r" % (wanted,))


out = subprocess.run([MMECTL, "local", "env"], capture_output=True, check=True).stdout.decode()
WHERE = dict(re.findall(r"^export (\w+)='?([^'\n]*)'?$", out, re.M))
URL, REGION = WHERE["AWS_ENDPOINT_URL"], "us-east-1"
KEYS = Credentials(WHERE["AWS_ACCESS_KEY_ID"], WHERE["AWS_SECRET_ACCESS_KEY"])
NETLOC = urllib.parse.urlparse(URL).netloc
HOST, PORT = NETLOC.split(":")
s3 = boto3.client(
    "s3", endpoint_url=URL, region_name=REGION, aws_access_key_id=KEYS.access_key, aws_secret_access_key=KEYS.secret_key,
    config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}, signature_version="s3v4"))


def refusal(call, **arguments):
    """(status, code) of the error, or None."""
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
    return None


def signed(method, path, body=b"", headers=None, host=None, payload=None):
    """The headers of one request; path still encoded."""
    request = AWSRequest(method, "http://%s%s" % (host or NETLOC, path), data=body, headers=dict(headers or {}))
    request.headers["Host"] = host or NETLOC
    if payload:
        request.headers["X-Amz-Content-SHA256"] = payload

        class Named(S3SigV4Auth):
            def payload(self, request):
                return payload

            def _should_sha256_sign_payload(self, request):
                return True
        Named(KEYS, "s3", REGION).add_auth(request)
        request.headers.replace_header("X-Amz-Content-SHA256", payload)
    else:
        S3SigV4Auth(KEYS, "s3", REGION).add_auth(request)
    return dict(request.headers.items())


def send(method, path, body=b"", headers=None, host=None, payload=None, **more):
    """(status, headers, body), with a body sent as it is."""
    link = http.client.HTTPConnection(HOST, int(PORT))
    link.request(method, path, body=body, headers=signed(method, path, body, headers, host, payload), **more)
    answer = link.getresponse()
    text = answer.read()
    link.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, text


def crc32(data):
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


# ---------------------------------------------------------------- hosts


def hosts():
    s3.create_bucket(Bucket="hosts.of-mine")
    s3.put_object(Bucket="hosts.of-mine", Key="a/b", Body=b"here")
    bucket = "hosts.of-mine"
    for host in ("%s.localhost:" + PORT, "%s.s3.localhost:" + PORT, "%s.s3.us-east-1.localhost", "%s.s3.amazonaws.com",
                 "%s.s3.us-east-1.amazonaws.com", "%s.s3-us-east-1.amazonaws.com", "%s.s3.dualstack.us-east-1.amazonaws.com"):
        same(send("GET", "/a/b", host=host % bucket)[::2], (200, b"here"), "host %s" % host % bucket)
    for host in ("localhost:" + PORT, "s3.localhost:" + PORT, "s3.us-east-1.localhost:" + PORT, "s3.amazonaws.com",
                 "s3.us-east-1.amazonaws.com", NETLOC):
        same(send("GET", "/%s/a/b" % bucket, host=host)[::2], (200, b"here"), "path style at host %s" % host)
    status, _, text = send("GET", "/?list-type=2", host=bucket + ".localhost")
    check(status == 200 and b"<Key>a/b</Key>" in text, "the root of a bucket's host is its listing", text)
    status, _, text = send("GET", "/%s/?list-type=2" % bucket)
    check(status == 200 and b"<Key>a/b</Key>" in text, "a slash behind the bucket changes nothing", text)
    status, headers, text = send("HEAD", "/" + bucket)
    same((status, headers.get("x-amz-bucket-region"), text), (200, REGION, b""), "HEAD of a bucket has no body")
    status, headers, text = send("HEAD", "/%s/none" % bucket)
    same((status, text, headers.get("content-type")), (404, b"", "application/xml"), "nor has that of a missing object")


# ---------------------------------------------------------------- bodies


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def in_pieces(path, pieces, trailer, spoil=""):
    """A body signed piece by piece."""
    kind = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailer else "")
    data = b"".join(pieces)
    headers = {"Content-Encoding": "aws-chunked", "X-Amz-Decoded-Content-Length": str(len(data))}
    if trailer:
        headers["X-Amz-Trailer"] = "x-amz-checksum-crc32"
    headers = signed("PUT", path, headers=headers, payload=kind)
    date = headers["X-Amz-Date"]
    scope = "%s/%s/s3/aws4_request" % (date[:8], REGION)
    key = ("AWS4" + KEYS.secret_key).encode()
    for part in (date[:8], REGION, "s3", "aws4_request"):
        key = mac(key, part)
    previous = re.search("Signature=(.*)", headers["Authorization"])[1]
    body = b""
    for piece in list(pieces) + [b""]:
        text = "\n".join(["AWS4-HMAC-SHA256-PAYLOAD", date, scope, previous, hashlib.sha256(b"").hexdigest(),
                          hashlib.sha256(piece).hexdigest()])
        previous = mac(key, text).hex()
        sent = piece[:-1] + b"!" if spoil == "piece" and piece else piece
        body += b"%x;chunk-signature=%s\r\n%s%s" % (len(piece), previous.encode(), sent, b"\r\n" if piece else b"")
    if trailer:
        line = "x-amz-checksum-crc32:%s" % crc32(data)
        text = "\n".join(["AWS4-HMAC-SHA256-TRAILER", date, scope, previous, hashlib.sha256((line + "\n").encode()).hexdigest()])
        signature = mac(key, text).hex()
        body += ("%s\r\nx-amz-trailer-signature:%s\r\n" % (line, "0" * 64 if spoil == "trailer" else signature)).encode()
    body += b"\r\n"
    headers["Content-Length"] = str(len(body))
    link = http.client.HTTPConnection(HOST, int(PORT))
    link.request("PUT", path, body=body, headers=headers)
    answer = link.getresponse()
    return answer.status, answer.read()


def bodies():
    s3.create_bucket(Bucket="bodies")
    pieces = [b"a" * 65536, b"b" * 1024]
    for trailer in (False, True):
        name = "signed pieces with a trailer" if trailer else "signed pieces"
        status, text = in_pieces("/bodies/k", pieces, trailer)
        check(status == 200, name, text)
        same(s3.get_object(Bucket="bodies", Key="k")["Body"].read(), b"".join(pieces), name + ": what is kept")
        for spoil in ["piece"] + ["trailer"] * trailer:
            status, text = in_pieces("/bodies/k2", pieces, trailer, spoil)
            check(status == 403 and b"SignatureDoesNotMatch" in text, "%s: a %s that is not what was signed" % (name, spoil), text)
    check(refusal(s3.head_object, Bucket="bodies", Key="k2") is not None, "of a refused body nothing is kept")

    data = b"x" * 70000
    framed = b"%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n" % (len(data), data, crc32(data).encode())
    headers = {"Content-Encoding": "gzip,aws-chunked", "X-Amz-Decoded-Content-Length": str(len(data)), "X-Amz-Trailer": "x-amz-checksum-crc32"}
    status, answer, text = send("PUT", "/bodies/u", framed, headers, payload="STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    same((status, answer.get("x-amz-checksum-crc32")), (200, crc32(data)), "an unsigned body with a trailer")
    got = s3.get_object(Bucket="bodies", Key="u")
    same((got["Body"].read(), got.get("ContentEncoding")), (data, "gzip"), "how it came is no part of what it is")
    made = signed("PUT", "/bodies/c", headers=headers, payload="STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    link = http.client.HTTPConnection(HOST, int(PORT))
    link.request("PUT", "/bodies/c", body=iter([framed[:1000], framed[1000:]]), headers=made, encode_chunked=True)
    same(link.getresponse().status, 200, "aws-chunked within Transfer-Encoding: chunked")
    wrong = framed.replace(crc32(data).encode(), b"AAAAAA==")
    status, _, text = send("PUT", "/bodies/w", wrong, headers, payload="STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    check(status == 400 and b"BadDigest" in text, "a trailer that does not fit the body", text)

    sums = {"crc32": crc32(b"123456789"), "crc32c": "4waSgw==", "crc64nvme": "rosUhgp5mIg=",
            "sha1": base64.b64encode(hashlib.sha1(b"123456789").digest()).decode(),
            "sha256": base64.b64encode(hashlib.sha256(b"123456789").digest()).decode()}
    for name, value in sums.items():
        header = "x-amz-checksum-" + name
        status, answer, text = send("PUT", "/bodies/s", b"123456789", {header: value})
        again = send("GET", "/bodies/s", headers={"x-amz-checksum-mode": "ENABLED"})[1]
        same((status, answer.get(header), again.get(header), again.get("x-amz-checksum-type")), (200, value, value, "FULL_OBJECT"),
             name + " is verified, kept and given back")
        flipped = ("B" if value[0] == "A" else "A") + value[1:]
        status, _, text = send("PUT", "/bodies/s2", b"123456789", {header: flipped})
        check(status == 400 and b"BadDigest" in text, name + " that is wrong is refused", text)

    head = "PUT /bodies/e HTTP/1.1\r\n%s\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n" % "\r\n".join(
        "%s: %s" % pair for pair in signed("PUT", "/bodies/e", b"body").items() if pair[0].lower() != "content-length")
    with socket.create_connection((HOST, int(PORT)), 20) as link:
        link.sendall(head.encode())
        first = link.recv(4096)
        check(first.startswith(b"HTTP/1.1 100"), "Expect: 100-continue is answered before the body", first)
        link.sendall(b"body")
        check(b" 200 " in link.recv(4096), "and then the request")
    one = "GET /bodies/e HTTP/1.1\r\n%s\r\n\r\n" % "\r\n".join("%s: %s" % pair for pair in signed("GET", "/bodies/e").items())
    with socket.create_connection((HOST, int(PORT)), 20) as link:
        link.sendall((one * 3).encode())
        got = b""
        while got.count(b"\r\n\r\nbody") < 3:
            more = link.recv(65536)
            if not more:
                break
            got += more
        same(got.count(b"HTTP/1.1 200"), 3, "three requests at once over one link")


# ---------------------------------------------------------------- presigned URLs


def fetch(method, url, body=None):
    parts = urllib.parse.urlsplit(url)
    link = http.client.HTTPConnection(HOST, int(PORT))
    link.request(method, parts.path + "?" + parts.query, body=body, headers={"Host": NETLOC})
    answer = link.getresponse()
    return answer.status, answer.read()


def presigned():
    s3.create_bucket(Bucket="presigned")
    key = "a b/ü+%.csv"
    put = s3.generate_presigned_url("put_object", Params={"Bucket": "presigned", "Key": key})
    get = s3.generate_presigned_url("get_object", Params={"Bucket": "presigned", "Key": key, "ResponseContentType": "text/csv"})
    same(fetch("PUT", put, b"1,2")[0], 200, "a presigned PUT")
    same(fetch("GET", get), (200, b"1,2"), "a presigned GET")
    same(s3.list_objects_v2(Bucket="presigned")["Contents"][0]["Key"], key, "under the key that was signed")
    check(fetch("PUT", get, b"x")[0] == 403, "for another method it is none")
    check(fetch("GET", get.replace("text%2Fcsv", "text%2Fhtml"))[0] == 403, "nor with another parameter")
    status, text = fetch("GET", get.replace("X-Amz-Expires=3600", "X-Amz-Expires=604801"))
    check(status in (400, 403), "a week is the most", status, text)


# ---------------------------------------------------------------- keys and listings

NAMES = ["a b", "a+b", "a%2Fb", "a&b=c", "a//b", "//x", "a/./b", "a/../b", "é/ü", "<&>'\"", "%", "?q=1#f", "~a-_.", "日本/本", "z\u0301",
         "tab\there", "dir/", "dir/one", "dir/two/three"]


def pages(version, **arguments):
    contents, groups = [], []
    name = "list_objects_v2" if version == 2 else "list_objects"
    for page in s3.get_paginator(name).paginate(Bucket="listed", **arguments):
        contents += [item["Key"] for item in page.get("Contents", [])]
        groups += [item["Prefix"] for item in page.get("CommonPrefixes", [])]
    return contents, groups


def listings():
    s3.create_bucket(Bucket="listed")
    for name in NAMES:
        s3.put_object(Bucket="listed", Key=name, Body=name.encode())
    order = sorted(NAMES, key=str.encode)
    same([s3.get_object(Bucket="listed", Key=name)["Body"].read().decode() for name in NAMES], NAMES, "keys come back as they went")
    for version in (1, 2):
        for size in (1, 3, 1000):
            same(pages(version, PaginationConfig={"PageSize": size}), (order, []), "version %d, pages of %d" % (version, size))
        for prefix, delimiter in (("", "/"), ("dir/", "/"), ("a", "b"), ("a/", "/"), ("d", "ir"), ("none", "/")):
            wanted, groups = [], []
            for name in order:
                if not name.startswith(prefix):
                    continue
                at = name.find(delimiter, len(prefix))
                if at < 0:
                    wanted.append(name)
                elif name[:at + len(delimiter)] not in groups:
                    groups.append(name[:at + len(delimiter)])
            for size in (1, 1000):
                got = pages(version, Prefix=prefix, Delimiter=delimiter, PaginationConfig={"PageSize": size})
                same(got, (wanted, groups), "version %d, prefix %r, delimiter %r, pages of %d" % (version, prefix, delimiter, size))
    same(pages(2, StartAfter="a/./b")[0], [name for name in order if name.encode() > b"a/./b"], "StartAfter")
    same(pages(1, Marker="dir/")[0] if False else [item["Key"] for item in s3.list_objects(Bucket="listed", Marker="dir/")["Contents"]],
         [name for name in order if name.encode() > b"dir/"], "Marker")
    first = s3.list_objects_v2(Bucket="listed", MaxKeys=1, FetchOwner=True)
    check(first["KeyCount"] == 1 and first["IsTruncated"] and "Owner" in first["Contents"][0], "FetchOwner, KeyCount", first)
    check("Owner" not in s3.list_objects_v2(Bucket="listed", MaxKeys=1)["Contents"][0], "without it version 2 says no owner")
    same(s3.list_objects_v2(Bucket="listed", MaxKeys=0)["KeyCount"], 0, "MaxKeys 0")
    same(refusal(s3.list_objects_v2, Bucket="listed", ContinuationToken="!"), (400, "InvalidArgument"), "a token that is none")
    _, _, plain = send("GET", "/listed?list-type=2&prefix=a")
    _, _, encoded = send("GET", "/listed?encoding-type=url&list-type=2&prefix=a")
    check(b"<Key>a b</Key>" in plain and b"<Key>a+b</Key>" in plain, "keys as they are", plain)
    check(b"<Key>a%20b</Key>" in encoded.replace(b"<Key>a+b<", b"<Key>a%20b<") and b"<Key>a%2Bb</Key>" in encoded
          and b"<Key>a%252Fb</Key>" in encoded, "keys in URL encoding", encoded)
    done = s3.delete_objects(Bucket="listed", Delete={"Objects": [{"Key": name} for name in NAMES]})
    same(sorted(item["Key"] for item in done["Deleted"]), sorted(NAMES), "DeleteObjects")
    same(pages(2), ([], []), "and they are gone")


# ---------------------------------------------------------------- conditions, ranges, copies


def conditions():
    s3.create_bucket(Bucket="conditions")
    etag = s3.put_object(Bucket="conditions", Key="k", Body=b"0123456789")["ETag"]
    named = {"Bucket": "conditions", "Key": "k"}
    body = lambda **more: (lambda got: (got["ResponseMetadata"]["HTTPStatusCode"], got["Body"].read(), got.get("ContentRange")))(
        s3.get_object(**named, **more))
    for text, wanted in (("bytes=0-3", b"0123"), ("bytes=7-", b"789"), ("bytes=-2", b"89"), ("bytes=8-100", b"89"), ("bytes=-100", b"0123456789")):
        got = body(Range=text)
        check(got[:2] == (206, wanted) and got[2].endswith("/10"), "range " + text, got)
    for text in ("bytes=0-1,3-4", "bytes=5-2", "lines=1-2", "bytes=x"):
        same(body(Range=text)[:2], (200, b"0123456789"), "range %s is none" % text)
    same(refusal(s3.get_object, Range="bytes=10-", **named), (416, "InvalidRange"), "a range behind the end")
    same(refusal(s3.get_object, IfMatch='"other"', **named), (412, "PreconditionFailed"), "If-Match, GET")
    same(refusal(s3.get_object, IfNoneMatch=etag, **named), (304, "304"), "If-None-Match, GET")
    same(refusal(s3.head_object, IfModifiedSince="2100-01-01", **named), (304, "304"), "If-Modified-Since, HEAD")
    same(refusal(s3.head_object, IfUnmodifiedSince="2000-01-01", **named), (412, "412"), "If-Unmodified-Since, HEAD")
    same(body(IfMatch=etag)[0], 200, "If-Match that holds")
    status = lambda method, path, **headers: send(method, path, b"", {name.replace("_", "-"): value for name, value in headers.items()})[0]
    same(status("PUT", "/conditions/k", If_None_Match="*"), 412, "If-None-Match: * on what is there")
    same(status("PUT", "/conditions/new", If_None_Match="*"), 200, "and on what is not")
    same(status("PUT", "/conditions/none", If_Match=etag), 404, "If-Match on what is not there")
    same(status("PUT", "/conditions/k", If_Match='"other"'), 412, "If-Match with another ETag")
    same(status("DELETE", "/conditions/k", If_Match='"other"'), 412, "DELETE If-Match with another ETag")
    same(status("DELETE", "/conditions/new", If_Match="*"), 204, "DELETE If-Match: *")
    source = {"Bucket": "conditions", "Key": "k"}
    target = {"Bucket": "conditions", "Key": "copy", "CopySource": source}
    for name, value in (("CopySourceIfMatch", '"other"'), ("CopySourceIfNoneMatch", etag), ("CopySourceIfModifiedSince", "2100-01-01"),
                        ("CopySourceIfUnmodifiedSince", "2000-01-01")):
        same(refusal(s3.copy_object, **target, **{name: value}), (412, "PreconditionFailed"), name)
    copied = s3.copy_object(**target, CopySourceIfMatch=etag)["CopyObjectResult"]
    same(copied["ETag"], etag, "a copy has the source's ETag")
    same(refusal(s3.copy_object, Bucket="conditions", Key="k", CopySource=source), (400, "InvalidRequest"), "onto itself, unchanged")
    s3.copy_object(Bucket="conditions", Key="k", CopySource=source, MetadataDirective="REPLACE", Metadata={"a": "b"})
    same(s3.head_object(**named)["Metadata"], {"a": "b"}, "onto itself, with other metadata")
    attributes = lambda path, wanted: send("GET", path + "?attributes", headers={"x-amz-object-attributes": wanted})
    got = attributes("/conditions/k", "ETag,ObjectSize,StorageClass")
    check(got[0] == 200 and b"<ObjectSize>10</ObjectSize>" in got[2] and etag.strip('"').encode() in got[2], "GetObjectAttributes", got)
    same(attributes("/conditions/k", "Nothing")[0], 400, "of an attribute that there is not")


# ---------------------------------------------------------------- versions


def versions():
    s3.create_bucket(Bucket="versioned")
    s3.put_object(Bucket="versioned", Key="old", Body=b"before")
    s3.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    ids = [s3.put_object(Bucket="versioned", Key="k", Body=str(i).encode())["VersionId"] for i in range(3)]
    marker = s3.delete_object(Bucket="versioned", Key="k")
    check(marker["DeleteMarker"] and marker["VersionId"] not in ids, "deleting makes a marker", marker)
    same(refusal(s3.get_object, Bucket="versioned", Key="k"), (404, "NoSuchKey"), "which hides the object")
    same(s3.get_object(Bucket="versioned", Key="k", VersionId=ids[1])["Body"].read(), b"1", "a version by its id")
    same(refusal(s3.get_object, Bucket="versioned", Key="k", VersionId=marker["VersionId"]), (405, "MethodNotAllowed"), "a marker by its id")
    listed = []
    for page in s3.get_paginator("list_object_versions").paginate(Bucket="versioned", PaginationConfig={"PageSize": 2}):
        listed += [item["VersionId"] for item in page.get("DeleteMarkers", []) + page.get("Versions", [])]
    same(sorted(listed), sorted(ids + [marker["VersionId"], "null"]), "ListObjectVersions, in pages")
    s3.delete_object(Bucket="versioned", Key="k", VersionId=marker["VersionId"])
    same(s3.get_object(Bucket="versioned", Key="k")["Body"].read(), b"2", "without its marker it is back")
    same(refusal(s3.delete_bucket, Bucket="versioned"), (409, "BucketNotEmpty"), "a bucket with versions stays")
    gone = s3.delete_objects(Bucket="versioned", Delete={"Objects": [{"Key": "k", "VersionId": one} for one in ids] + [{"Key": "old", "VersionId": "null"}]})
    same(len(gone["Deleted"]), 4, "DeleteObjects by version")
    same(refusal(s3.delete_bucket, Bucket="versioned"), None, "and then it goes")


# ---------------------------------------------------------------- parts


def parts():
    s3.create_bucket(Bucket="parts")
    size = 5 << 20
    data = [os.urandom(size), os.urandom(1000)]
    s3.put_object(Bucket="parts", Key="source", Body=data[0] + b"tail")
    for name in ("crc32", "crc32c", "crc64nvme", "sha1", "sha256"):
        types = {"crc64nvme": ["FULL_OBJECT"], "sha1": ["COMPOSITE"], "sha256": ["COMPOSITE"]}.get(name, ["COMPOSITE", "FULL_OBJECT"])
        for kind in types:
            key = "k-%s-%s" % (name, kind)
            _, _, text = send("POST", "/parts/%s?uploads=" % key, headers={"x-amz-checksum-algorithm": name.upper(), "x-amz-checksum-type": kind})
            upload = re.search(b"<UploadId>(.*)</UploadId>", text)[1].decode()
            tags = []
            for number, piece in enumerate(data, 1):
                answer = send("PUT", "/parts/%s?partNumber=%d&uploadId=%s" % (key, number, upload), piece)[1]
                tags.append((answer["etag"], answer.get("x-amz-checksum-" + name)))
            check(all(tag[1] for tag in tags), "%s %s: parts get the upload's checksum" % (name, kind), tags)
            done = "".join("<Part><ETag>%s</ETag><PartNumber>%d</PartNumber></Part>" % (tag[0].replace('"', "&quot;"), number)
                           for number, tag in enumerate(tags, 1))
            body = ('<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">%s</CompleteMultipartUpload>' % done).encode()
            path = "/parts/%s?uploadId=%s" % (key, upload)
            status, _, text = send("POST", path, body, {"x-amz-mp-object-size": "7"})
            check(status == 400, "%s %s: another size than it has" % (name, kind), text)
            status, _, text = send("POST", path, body, {"x-amz-mp-object-size": str(size + 1000)})
            md5 = hashlib.md5(b"".join(hashlib.md5(piece).digest() for piece in data)).hexdigest() + "-2"
            check(status == 200 and md5.encode() in text, "%s %s: completed" % (name, kind), text)
            _, answer, _ = send("HEAD", "/parts/" + key, headers={"x-amz-checksum-mode": "ENABLED"})
            value, said = answer.get("x-amz-checksum-" + name), answer.get("x-amz-checksum-type")
            check(value and said == kind and value.endswith("-2") == (kind == "COMPOSITE"), "%s %s: of the whole" % (name, kind), answer)
            if name == "crc32":
                whole = crc32(b"".join(data))
                parts_sum = crc32(b"".join(base64.b64decode(tag[1]) for tag in tags)) + "-2"
                same(value, whole if kind == "FULL_OBJECT" else parts_sum, "crc32 %s: as it is made" % kind)
    key = "k-sha256-COMPOSITE"
    status, answer, text = send("GET", "/parts/%s?partNumber=2" % key)
    same((status, text, answer.get("x-amz-mp-parts-count"), answer.get("content-range")),
         (206, data[1], "2", "bytes %d-%d/%d" % (size, size + 999, size + 1000)), "one part of it")
    same(send("GET", "/parts/%s?partNumber=3" % key)[0], 416, "a part that it has not")
    same(send("GET", "/parts/source?partNumber=1")[0], 206, "what came in one piece has one part")
    _, _, text = send("GET", "/parts/%s?attributes" % key, headers={"x-amz-object-attributes": "ObjectParts,Checksum"})
    check(b"<PartsCount>2</PartsCount>" in text and text.count(b"<ChecksumSHA256>") == 3, "its parts by GetObjectAttributes", text)

    upload = s3.create_multipart_upload(Bucket="parts", Key="dir/copy")["UploadId"]
    named = {"Bucket": "parts", "Key": "dir/copy", "UploadId": upload}
    source = {"Bucket": "parts", "Key": "source"}
    tags = [
        s3.upload_part_copy(PartNumber=1, CopySource=source, CopySourceRange="bytes=0-%d" % (size - 1), **named)["CopyPartResult"]["ETag"],
        s3.upload_part_copy(PartNumber=2, CopySource=source, CopySourceRange="bytes=%d-%d" % (size, size + 3), **named)["CopyPartResult"]["ETag"]]
    same(refusal(s3.upload_part_copy, PartNumber=3, CopySource=source, CopySourceIfMatch='"x"', **named), (412, "PreconditionFailed"),
         "UploadPartCopy with a condition")
    same([(part["PartNumber"], part["Size"]) for page in s3.get_paginator("list_parts").paginate(PaginationConfig={"PageSize": 1}, **named)
          for part in page["Parts"]], [(1, size), (2, 4)], "ListParts, in pages")
    s3.create_multipart_upload(Bucket="parts", Key="dir/other")
    s3.create_multipart_upload(Bucket="parts", Key="top")
    grouped = s3.list_multipart_uploads(Bucket="parts", Delimiter="/")
    same(([one["Key"] for one in grouped["Uploads"]], [one["Prefix"] for one in grouped["CommonPrefixes"]]), (["top"], ["dir/"]),
         "ListMultipartUploads by a delimiter")
    listed = []
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket="parts", PaginationConfig={"PageSize": 1}):
        listed += [one["Key"] for one in page.get("Uploads", [])]
    same(listed, ["dir/copy", "dir/other", "top"], "and in pages")
    chosen = lambda order: {"Parts": [{"PartNumber": number, "ETag": tags[number - 1]} for number in order]}
    same(refusal(s3.complete_multipart_upload, MultipartUpload=chosen([2, 1]), **named), (400, "InvalidPartOrder"), "parts out of order")
    same(refusal(s3.complete_multipart_upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": '"x"'}]}, **named), (400, "InvalidPart"),
         "another ETag than the part has")
    s3.complete_multipart_upload(MultipartUpload=chosen([1, 2]), **named)
    same(s3.get_object(Bucket="parts", Key="dir/copy")["Body"].read(), data[0] + b"tail", "joined")
    for one in s3.list_multipart_uploads(Bucket="parts")["Uploads"]:
        s3.abort_multipart_upload(Bucket="parts", Key=one["Key"], UploadId=one["UploadId"])
    same(s3.list_multipart_uploads(Bucket="parts").get("Uploads", []), [], "aborted")
    same(refusal(s3.abort_multipart_upload, **named), (404, "NoSuchUpload"), "an upload that is over")


# ---------------------------------------------------------------- buckets


def buckets():
    for number in range(3):
        s3.create_bucket(Bucket="many-%d" % number)
    got, token = [], ""
    while token is not None:
        _, _, text = send("GET", "/?max-buckets=1&prefix=many-" + ("&continuation-token=" + urllib.parse.quote(token, safe="") if token else ""))
        got += re.findall("<Name>(.*?)</Name>", text.decode())
        token = (re.findall("<ContinuationToken>(.*?)</ContinuationToken>", text.decode()) or [None])[0]
    same(got, ["many-0", "many-1", "many-2"], "ListBuckets, in pages of one, by prefix")
    name = {"Bucket": "many-0"}
    same(s3.get_bucket_location(**name)["LocationConstraint"], None, "us-east-1 has no name")
    tags = {"TagSet": [{"Key": "a", "Value": "b c"}]}
    s3.put_bucket_tagging(Tagging=tags, **name)
    same(s3.get_bucket_tagging(**name)["TagSet"], tags["TagSet"], "tags of a bucket")
    s3.put_object(Key="k", Body=b"", Tagging="x=1&y=%20", **name)
    same(s3.get_object_tagging(Key="k", **name)["TagSet"], [{"Key": "x", "Value": "1"}, {"Key": "y", "Value": " "}], "tags of an object")
    same(s3.get_public_access_block(**name)["PublicAccessBlockConfiguration"]["BlockPublicPolicy"], True, "public access is blocked")
    rule = s3.get_bucket_encryption(**name)["ServerSideEncryptionConfiguration"]["Rules"][0]
    same(rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256", "and it is encrypted")
    same(refusal(s3.get_bucket_policy, **name), (404, "NoSuchBucketPolicy"), "no policy")
    same(s3.get_bucket_acl(**name)["Grants"][0]["Permission"], "FULL_CONTROL", "an access control list")
    same(refusal(s3.put_object, Key="k", ACL="public-read", **name), (400, "AccessControlListNotSupported"), "which none may set")
    same(refusal(s3.put_bucket_policy, Policy="{}", **name), (501, "NotImplemented"), "what nothing would act by is not taken")


for part in (hosts, bodies, presigned, listings, conditions, versions, parts, buckets):
    try:
        part()
    except Exception as error:  # the rest is still worth asking
        check(False, "%s ran to its end" % part.__name__, repr(error))
print("1..%d" % count)
sys.exit(failed > 0)
