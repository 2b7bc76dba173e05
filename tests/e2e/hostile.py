"""Requests that nobody should send: what each is called, and its bytes. serve.py sends them to `mmectl serve`.

Where framing is doubtful the body is a good row, so that a server that believes it would answer 200.
"""
import json
import os
import pickle

import artifacts

# What the server may only wait for: the rest never comes, or it has cut the link already.
MAY_CLOSE = "\0"


def request(headers=(), body=b"", path="/models/m/invoke", method="POST", host="Host: x\r\n", version="HTTP/1.1"):
    lines = "".join(header + "\r\n" for header in headers)
    head = "%s %s %s\r\n%sConnection: close\r\n%s\r\n" % (method, path, version, host, lines)
    return head.encode("latin-1") + body


def sized(body, *headers, **more):
    return request(["Content-Length: %d" % len(body), *headers], body, **more)


def framing(row):
    length = "Content-Length: %d" % len(row)
    chunked = "Transfer-Encoding: chunked"
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(row), row)
    cases = {
        "Content-Length and Transfer-Encoding": request([length, chunked], chunks),
        "Transfer-Encoding and Content-Length": request([chunked, length], chunks),
        "two Content-Lengths": request([length, "Content-Length: 6"], row),
        "one Content-Length twice": request([length, length], row),
        "Transfer-Encoding twice": request([chunked, chunked], chunks),
        "a folded Transfer-Encoding": request(["Transfer-Encoding:\r\n chunked", length], chunks),
        "a blank before a Content-Length's colon": request(["Content-Length : %d" % len(row)], row),
        "a blank before Transfer-Encoding": request([length, " Transfer-Encoding: chunked"], chunks),
        "a folded Content-Length": request(["Content-Length: 1\r\n 0", chunked], chunks),
        "a tab in Transfer-Encoding's name": request(["Transfer-Encoding\t: chunked"], chunks),
    }
    for value in ("", "x", "-5", "-0", "0x10", "5x", "5 5", "%d, %d" % (len(row), len(row)), "1e3", "99999999999999999999",
                  "18446744073709551617", "\xb2", "20971520", "5;"):
        cases["Content-Length: %r" % value] = request(["Content-Length: " + value], row)
    for value in ("gzip, chunked", "chunked, chunked", "identity", "xchunked", "chunked;q=1", '"chunked"', "chunked, identity"):
        cases["Transfer-Encoding: %r" % value] = request(["Transfer-Encoding: " + value], chunks)
    for name, text in (("no number", b"zz\r\nhello\r\n"), ("below zero", b"-5\r\nhello\r\n"), ("hexadecimal", b"0x5\r\nhello\r\n"),
                       ("of 2^64", b"ffffffffffffffffff\r\n"), ("with no line end", b"5\r\nhelloworld\r\n")):
        cases[MAY_CLOSE + "a chunk's size: " + name] = request([chunked], text + b"0\r\n\r\n")
    cases[MAY_CLOSE + "a chunked body above the limit"] = request(
        [chunked], b"700000\r\n" + b"1" * 0x700000 + b"\r\n0\r\n\r\n")
    return cases


def heads(row):
    cases = {
        "a header of 100 KiB": sized(row, "X-Long: " + "y" * 100000),
        "a thousand headers": sized(row, *("X-%d: y" % i for i in range(1000))),
        "two hosts": sized(row, "Host: y"),
        "no host": sized(row, host=""),
        "a header without a colon": sized(row, "nothing"),
        "brackets in a header's name": sized(row, "X(y): z"),
        "a name of 8-bit letters": sized(row, "X-\xe4: z"),
        "a path of 100 KiB": sized(b"", path="/models/" + "a" * 100000 + "/invoke"),
        "no version": b"GET /ping\r\n\r\n",
        MAY_CLOSE + "version 9.9": request(path="/nothing", method="GET", version="HTTP/9.9"),
        MAY_CLOSE + "version 0.9": request(path="/nothing", method="GET", version="HTTP/0.9"),
        MAY_CLOSE + "a method of 10 KiB": request(path="/ping", method="G" * 10240),
        "a method nobody knows": request(path="/ping", method="BREW"),
        MAY_CLOSE + "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
        MAY_CLOSE + "HTTP/2's preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        MAY_CLOSE + "nothing": b"",
        MAY_CLOSE + "zeros": bytes(5000),
        MAY_CLOSE + "half a request": b"POST /models HTTP/1.1\r\nHost: x\r\nContent-Le",
        MAY_CLOSE + "less than was said": request(["Content-Length: 100"], b"1,2"),
    }
    for path in ("/models/%4/invoke", "/models/%zz/invoke", "/models/a/b/invoke", "/models//invoke", "/models/m/invoke/",
                 "/models/m%2Finvoke", "/models/../ping", "/models/%2e%2e/invoke", "/models/m%00/invoke", "//ping", "*",
                 "/models/" + "x" * 1025 + "/invoke", "/models/\xff/invoke", "/invocations?model_name=%zz",
                 "/invocations?" + "&".join("a%d=b" % i for i in range(20))):
        cases["the path %r" % path[:40]] = sized(row, path=path)
    for query in ("limit=0", "limit=-1", "limit=1e2", "limit=99999999999999999999", "limit=%zz", "&".join("x=y" for i in range(20))):
        cases["GET /models?" + query[:30]] = request(method="GET", path="/models?" + query)
    return cases


def bodies(row):
    cases = {}
    kinds = {
        "text/csv": {
            "no row": b"\n", "blanks": b" \t ", "too few columns": b"1,2", "too many columns": row.strip() + b",1", "text": b"a" * 9,
            "hexadecimal": b"0x1p3" + row, "an underscore": b"1_0" + row, "infinity": b"inf" + row[row.index(b","):],
            "a number too large": b"1e39" + row[row.index(b","):], "quotes": b'"1",' + row, "a NUL": b"1,\x002,",
            "invalid UTF-8": b"\xff\xfe\xfd\xfc", "UTF-16": row.decode().encode("utf-16"), "rows of two lengths": row.strip() + b"\n1,2",
            "ten thousand digits": b"1" * 10000 + row[row.index(b","):], "a million columns": b"1," * 999999 + b"1",
            "a million empty lines": b"\n" * 1000000, "commas": b"," * 100000, "a lone return": b"\r"},
        "text/libsvm": {
            "an index of 2^40": b"0 1099511627776:1", "an index below zero": b"0 -1:1", "an index of 1.5": b"0 1.5:1",
            "no index": b"0 :1", "no value": b"0 1:", "two colons": b"0 1:2:3", "an index twice": b"0 1:2 1:3", "text": b"0 a:b"},
    }
    for kind, texts in kinds.items():
        for name, text in texts.items():
            cases["%s: %s" % (kind, name)] = sized(text, "Content-Type: " + kind)
    for kind in ("application/json", "text/plain", "application/x-parquet", "text/csv; label_size=2", "x" * 1000, "\xff"):
        cases["Content-Type: %s" % kind[:30]] = sized(row, "Content-Type: " + kind)
    for accept in ("image/png", "text/html, application/xml", "x" * 1000):
        cases["Accept: %s" % accept[:30]] = sized(row, "Content-Type: text/csv", "Accept: " + accept)
    return cases


def orders(folder):
    """Loads: of no order at all, of paths that lead elsewhere, of archives that are bombs and traps."""
    cases = {}
    texts = {
        "as deep as it goes": b"[" * 60000, "no JSON": b"{", "null": b"null", "an array": b"[]", "a text": b'"x"', "nothing": b"",
        "invalid UTF-8": b'{"model_name": "\xff\xfe", "url": "/x"}', "100 KiB": b" " * 100000,
        "a name that is a number": b'{"model_name": 1, "url": "/x"}', "two objects": b'{"url": "/x"}{"url": "/x"}'}
    cases[MAY_CLOSE + "an order: 20 MiB"] = sized(b" " * 20971520, path="/models")
    for name, text in texts.items():
        cases["an order: " + name] = sized(text, path="/models")
    paths = ["../../etc/passwd", "/opt/ml/models/../../../etc/passwd", "/opt/..", "models/x", "file:///etc/passwd", "", "/no/such",
             "/x" * 3000, "/etc/passwd\0.tar.gz", "/dev/zero", "/proc/self/mem", "/proc/self/environ", "/etc", "/etc/passwd"]
    for name, data in artifacts.ARTIFACTS.items():
        paths.append(os.path.join(folder, name + ".bad"))
        with open(paths[-1], "wb") as file:
            file.write(data)
    paths.append(os.path.join(folder, "pickle.bad"))
    with open(paths[-1], "wb") as file:
        file.write(pickle.dumps({"handle": bytearray(b"binf")}, protocol=4))
    for path in paths:
        order = json.dumps({"model_name": "bad", "url": path}).encode()
        cases["the model %s" % os.path.basename(path)[-40:]] = sized(order, path="/models")
    return cases
