#!/usr/bin/env python3
"""Clients that the HTTPS proxy must outlive. TAP; the proxy is HTTPS_PROXY, its authority AWS_CA_BUNDLE."""
import os
import random
import socket
import ssl
import urllib.parse

PROXY = urllib.parse.urlsplit(os.environ["HTTPS_PROXY"])
HOST = "sts.us-east-1.amazonaws.com"
seed = int(os.environ.get("MMECTL_TEST_SEED", random.randrange(10**9)))
print("# seed", seed)
dice = random.Random(seed)
count = 0


def check(good, name, note=""):
    global count
    count += 1
    print("ok" if good else "not ok", count, "-", name, flush=True)
    if not good:
        print("#", note)


def dial():
    return socket.create_connection((PROXY.hostname, PROXY.port), timeout=30)


def hear(sock):
    out = b""
    try:
        while chunk := sock.recv(65536):
            out += chunk
    except ConnectionResetError:
        pass
    sock.close()
    return out


def ask(text):
    sock = dial()
    try:
        sock.sendall(text)
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    return hear(sock)


def connect(host=HOST, port=443):
    sock = dial()
    sock.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += sock.recv(1)
    return sock, answer


def context():
    return ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])


def request(tls, host=HOST):
    tls.sendall(f"GET /_mmectl/identity HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    out = b""
    while chunk := tls.recv(65536):
        out += chunk
    return out


def alive(name):
    for _ in range(1000):  # what was closed just now may count a moment longer
        sock, answer = connect()
        if answer.split()[1] != b"503":
            break
        sock.close()
    with context().wrap_socket(sock, server_hostname=HOST) as tls:
        check(b'"mmectl":"local"' in request(tls), name + ": the next client is served")


# ---- the CONNECT ----
for host, port, status in [("192.0.2.1", 443, b"403"), ("[::1]", 443, b"403"), ("localhost", 443, b"403"),
                           (HOST, 80, b"403"), (HOST, 65536, b"403"), ("amazonaws.com", 443, b"403"),
                           (HOST + ".evil.org", 443, b"403"), ("x" * 300 + ".amazonaws.com", 443, b"400")]:
    sock, answer = connect(host, port)
    check(answer.split()[1] == status, f"CONNECT {host[:40]}:{port}", answer)
    sock.close()
flood = b"CONNECT %s:443 HTTP/1.1\r\n" % HOST.encode()
check(ask(flood + b"a: b\r\n" * 5000 + b"\r\n").split(b" ")[1:2] == [b"431"], "a flood of headers")
check(ask(flood + b"a: " + b"b" * 100000 + b"\r\n\r\n").split(b" ")[1:2] == [b"431"], "one endless header")
check(ask(b"CONNECT " + b"a" * 100000).split(b" ")[1:2] == [b"431"], "an endless host")
for i in range(200):
    ask(bytes(dice.randrange(256) for _ in range(dice.randrange(1, 400))))
alive("200 times garbage")

# ---- TLS ----
sock, _ = connect()
sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
hear(sock)
alive("plain HTTP after CONNECT")
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
hello = context().wrap_bio(incoming, outgoing, server_hostname=HOST)
try:
    hello.do_handshake()
except ssl.SSLWantReadError:
    pass
hello = outgoing.read()
for cut in [1, 3, 5, 6, len(hello) // 2, len(hello) - 1]:
    sock, _ = connect()
    sock.sendall(hello[:cut])
    sock.shutdown(socket.SHUT_WR)
    hear(sock)
alive("a greeting cut in six ways")
for i in range(100):
    broken = bytearray(hello)
    for _ in range(dice.randrange(1, 8)):
        broken[dice.randrange(len(broken))] = dice.randrange(256)
    sock, _ = connect()
    sock.sendall(broken)
    sock.shutdown(socket.SHUT_WR)
    hear(sock)
alive("100 greetings with bytes changed")
sock, _ = connect()
try:
    context().wrap_socket(sock, server_hostname="s3.amazonaws.com")
    check(False, "another server name than the CONNECT's")
except ssl.SSLError as error:
    check("UNRECOGNIZED_NAME" in str(error).upper(), "another server name is refused by an alert", error)
sock, _ = connect()
old = context()
old.minimum_version = ssl.TLSVersion.TLSv1
old.maximum_version = ssl.TLSVersion.TLSv1_1
old.set_ciphers("ALL:@SECLEVEL=0")
try:
    old.wrap_socket(sock, server_hostname=HOST)
    check(False, "TLS 1.1")
except ssl.SSLError:
    check(True, "TLS 1.1 is refused")
two = context()
two.maximum_version = ssl.TLSVersion.TLSv1_2
sock, _ = connect()
with two.wrap_socket(sock, server_hostname=HOST) as tls:
    check(b'"mmectl":"local"' in request(tls), "TLS 1.2 is served")

# ---- many, and halves ----
held = [dial() for _ in range(300)]
alive("300 that say nothing")
for sock in held:
    sock.close()
held = []
for i in range(560):
    try:
        sock = dial()
        sock.sendall(flood + b"\r\n")
        held.append(sock)
    except OSError:
        break
statuses = []
for sock in held:
    try:
        statuses.append(sock.recv(12).split(b" ")[-1])
    except OSError:
        statuses.append(b"")
check(statuses.count(b"200") <= 512 and b"503" in statuses, "more than there may be are told so",
      {status: statuses.count(status) for status in set(statuses)})
for sock in held:
    sock.close()
alive("560 at once")

# ---- large answers to a client that reads late ----
sock, _ = connect()
with context().wrap_socket(sock, server_hostname=HOST) as tls:
    tls.sendall(b"".join(b"GET /_mmectl/identity HTTP/1.1\r\nHost: %s\r\n\r\n" % HOST.encode() for _ in range(2000)))
    got = b""
    while got.count(b'"mmectl":"local"') < 2000:
        chunk = tls.recv(65536)
        if not chunk:
            break
        got += chunk
    check(got.count(b'"mmectl":"local"') == 2000, "2000 requests in one go are all answered", got.count(b"HTTP/1.1 200"))
print(f"1..{count}")
