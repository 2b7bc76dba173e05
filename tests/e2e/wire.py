#!/usr/bin/env python3
"""A proxy that keeps what clients send: the bytes of each connection in a file of its own.

    wire.py FOLDER URL                 forwards to URL's port; writes its own port to FOLDER/port, then serves until killed
    wire.py FOLDER --find TEXT         the operation of every request that holds TEXT, one per line: "SageMaker.CreateModel",
                                       or "PUT /path"; "header NAME" when TEXT stands in a header
"""
import os
import re
import socket
import sys
import threading
import urllib.parse

folder = sys.argv[1]


def pump(source, target, keep):
    try:
        while data := source.recv(65536):
            if keep:
                keep.write(data)
                keep.flush()
            target.sendall(data)
    except OSError:
        pass
    finally:
        try:
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def serve(url):
    upstream = (urllib.parse.urlsplit(url).hostname, urllib.parse.urlsplit(url).port)
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    with open(f"{folder}/port.new", "w") as file:
        file.write(str(listener.getsockname()[1]))
    os.rename(f"{folder}/port.new", f"{folder}/port")
    number = 0
    while True:
        client, _ = listener.accept()
        server = socket.create_connection(upstream)
        number += 1
        keep = open(f"{folder}/{number}.sent", "wb")
        threading.Thread(target=pump, args=(client, server, keep), daemon=True).start()
        threading.Thread(target=pump, args=(server, client, None), daemon=True).start()


def find(text):
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".sent"):
            continue
        sent = open(f"{folder}/{name}", "rb").read()
        starts = [m.start() for m in re.finditer(rb"(?:GET|PUT|POST|HEAD|DELETE) \S+ HTTP/1\.1\r\n", sent)]
        for hit in re.finditer(re.escape(text.encode()), sent):
            start = max(at for at in starts if at <= hit.start())
            head_end = sent.index(b"\r\n\r\n", start)
            if hit.start() < head_end:
                line = sent[sent.rindex(b"\n", 0, hit.start()) + 1:hit.start()]
                print("header", line.split(b":")[0].decode())
                continue
            head = sent[start:head_end].decode()
            target = re.search(r"(?im)^x-amz-target: *(\S+)", head)
            print(target.group(1) if target else " ".join(head.split()[:2]))


if sys.argv[2] == "--find":
    find(sys.argv[3])
else:
    serve(sys.argv[2])
