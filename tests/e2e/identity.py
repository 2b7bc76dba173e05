#!/usr/bin/env python3
"""The services beside AWS that give credentials, on one port of 127.0.0.1, for tests of who a command runs as.

    identity.py FOLDER      writes its port to FOLDER/port, one line per request to FOLDER/asked, until it is killed

FOLDER/keys is the set that is given: {"id", "secret", "token", "seconds"}; it is read anew for each request, and "seconds"
is how long it lives from then; of several lines each is given once, and the last from then on. FOLDER/mode, when it is there, is a list of words, for what goes wrong; each is a function
of this file. Paths:

    PUT  /latest/api/token, GET /latest/meta-data/iam/security-credentials/[ROLE]   IMDSv2 (a GET without a token: 401)
    GET  /container                              with the Authorization of FOLDER/authorization, when there is one
    GET  /federation/credentials                 SSO's portal: x-amz-sso_bearer_token is FOLDER/bearer
    POST /token                                  SSO's OIDC: {"accessToken": FOLDER/bearer, "expiresIn": 3600}
"""
import http.server
import json
import os
import sys
import threading
import time

FOLDER = sys.argv[1]
LOCK = threading.Lock()


def read(name, absent=""):
    try:
        with open(os.path.join(FOLDER, name)) as file:
            return file.read().strip()
    except FileNotFoundError:
        return absent


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def keys():
    """The first line; it goes once it was given, unless it is the last."""
    with LOCK:
        lines = read("keys").split("\n")
        if len(lines) > 1:
            with open(os.path.join(FOLDER, "keys"), "w") as file:
                file.write("\n".join(lines[1:]))
        return json.loads(lines[0])


def agent_keys():
    given = keys()
    return {
        "Code": "Success", "AccessKeyId": given["id"], "SecretAccessKey": given["secret"], "Token": given["token"],
        "Expiration": iso(given["seconds"])}


# What an answer may be instead: words of FOLDER/mode. Bytes, or (status, headers, bytes).
MODES = {
    "html": b"<html>log in to the wifi</html>",
    "empty": b"",
    "list": b"[]",
    "deep": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "huge": b'{"AccessKeyId": "' + b"A" * 200000 + b'"}',
    "half": b'{"AccessKeyId": "AKIA", "Secret',
    "nul": b'{"AccessKeyId": "AK\x00IA", "SecretAccessKey": "s"}',
    "numbers": b'{"AccessKeyId": 1, "SecretAccessKey": 2, "Token": 3}',
    "nokey": b'{"AccessKeyId": "AKIA"}',
    "crlf": b'{"AccessKeyId": "AKIA\\r\\nX-Evil: 1", "SecretAccessKey": "s", "Token": "t"}',
    "notime": b'{"AccessKeyId": "AKIA", "SecretAccessKey": "s", "Token": "t", "Expiration": "soon"}',
    "past": b'{"AccessKeyId": "AKIA", "SecretAccessKey": "s", "Token": "t", "Expiration": "2001-01-01T00:00:00Z"}',
    "refusal": b'{"Code": "AssumeRoleUnauthorizedAccess", "Message": "no"}',
    "redirect": (302, {"Location": "/elsewhere"}, b""),
    "denied": (403, {}, b"{}"),
    "unauthorized": (401, {}, b'{"message": "Session token not found or invalid"}'),
    "broken": (500, {}, b"<html>500</html>"),
    "gone": (404, {}, b""),
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def give(self, status, body, headers=None):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer(self):
        path = self.path.split("?")[0]
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length)
        with open(os.path.join(FOLDER, "asked"), "a") as file:
            file.write("%s %s\n" % (self.command, self.path))
        mode = read("mode")
        if mode == "silent":  # until the other side gives up
            self.rfile.read(1)
            self.close_connection = True
            return None
        if path == "/latest/api/token":
            if mode.startswith("v1"):
                return self.give(int(mode[3:] or 404), b"")
            return self.give(200, b"imds-token") if self.command == "PUT" else self.give(405, b"")
        if mode:
            given = MODES[mode]
            return self.give(*((given[0], given[2], given[1]) if isinstance(given, tuple) else (200, given)))
        if path.startswith("/latest/meta-data/iam/security-credentials/"):
            if self.headers.get("x-aws-ec2-metadata-token") != "imds-token":
                return self.give(401, b"")
            return self.give(200, b"instance-role") if path.endswith("/") else self.give(200, agent_keys())
        if path == "/container":
            if self.headers.get("authorization", "") != read("authorization"):
                return self.give(401, {"message": "who are you"})
            return self.give(200, agent_keys())
        if path == "/federation/credentials":
            if self.headers.get("x-amz-sso_bearer_token") != read("bearer"):
                return self.give(401, {"message": "Session token not found or invalid"})
            given = keys()
            return self.give(200, {"roleCredentials": {
                "accessKeyId": given["id"], "secretAccessKey": given["secret"], "sessionToken": given["token"],
                "expiration": int((time.time() + given["seconds"]) * 1000)}})
        if path == "/token":
            if json.loads(sent).get("refreshToken") != "refresh-canary":
                return self.give(400, {"error": "invalid_grant"})
            return self.give(200, {"accessToken": read("bearer"), "expiresIn": 3600, "refreshToken": "refresh-next"})
        return self.give(404, b"")

    do_GET = do_PUT = do_POST = answer


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):  # whoever asked has hung up
        pass


server = Server(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(os.path.join(FOLDER, "port.new"), "w") as file:
    file.write(str(server.server_address[1]))
os.rename(os.path.join(FOLDER, "port.new"), os.path.join(FOLDER, "port"))
server.serve_forever()
