#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# migrate-client.py ADDRESS: one connection to port 7 that is spoken over again and again, and one to port 80 for each
# request, until standard input ends. A line for each: KIND START MILLISECONDS, or KIND START failed WHY.
import select
import socket
import sys
import threading
import time

address = sys.argv[1]
ended = threading.Event()


def say(kind, start, what):
    sys.stdout.write("%s %d %s\n" % (kind, start * 1000, what))
    sys.stdout.flush()


def request():
    with socket.create_connection((address, 80)) as s:
        s.sendall(b"GET /page HTTP/1.0\r\n\r\n")
        text = b""
        while True:
            more = s.recv(65536)
            if not more:
                break
            text += more
    if not text.endswith(b"the whole page\n"):
        raise OSError("cut off after %d bytes" % len(text))


def talk(s):
    line = b"%f\n" % time.monotonic()
    s.sendall(line)
    answer = b""
    while not answer.endswith(b"\n"):
        more = s.recv(65536)
        if not more:
            raise OSError("the connection ended")
        answer += more
    if answer != line:
        raise OSError("another answer")


def repeat(kind, work, rest):
    while not ended.is_set():
        start = time.monotonic()
        try:
            work()
            say(kind, start, "%d" % ((time.monotonic() - start) * 1000))
        except OSError as e:
            say(kind, start, "failed %s after %d ms" % (e, (time.monotonic() - start) * 1000))
            if kind == "talk":
                return
        time.sleep(rest)


line = socket.create_connection((address, 7))
threads = [threading.Thread(target=repeat, args=a) for a in
           (("talk", lambda: talk(line), 0.02), ("request", request, 0.1))]
for t in threads:
    t.start()
sys.stdin.read()
ended.set()
for t in threads:
    t.join()
