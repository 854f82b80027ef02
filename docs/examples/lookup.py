#!/usr/bin/env python3
"""Ask before lending: lookup with retry, verdict, batch, feedback, proof. Python 3.11, standard library only.

    GATE=https://HOST:PORT CA=ca.pem CERT=bank.pem KEY=bank.key python3 lookup.py CODE…

The first code is asked alone; on what it shows a feedback is given and the proof of the answer is checked. Then all are
asked in one batch.
"""
import base64
import hashlib
import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

DOMAIN, PURPOSE = "lending", "credit-review"
GATE = os.environ["GATE"]
TLS = ssl.create_default_context(cafile=os.environ.get("CA", "ca.pem"))
TLS.load_cert_chain(os.environ.get("CERT", "bank.pem"), os.environ.get("KEY", "bank.key"))
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=TLS))
TRIES = 6


class Problem(Exception):
    """An RFC 9457 problem: `rule` is stable, to be programmed against; the texts are for people."""

    def __init__(self, status, body):
        self.status, self.problem = status, body
        super().__init__(f"{status} {body.get('rule', '')}: {body.get('detail_zh', '')} {body.get('detail', '')}")


def call(path, body=None, headers=None):
    """One request. Again after 429 and 503 (as long as Retry-After says) and after a broken connection: a lookup may be
    repeated at will, a feedback because its Idempotency-Key stays the same."""
    data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json", **(headers or {})} if data else {}
    for attempt in range(TRIES):
        wait = min(2**attempt, 30)
        try:
            with OPENER.open(urllib.request.Request(GATE + path, data, headers), timeout=20) as reply:
                return reply.read()
        except urllib.error.HTTPError as refused:
            problem = json.loads(refused.read() or b"{}")
            if refused.code not in (429, 503) or attempt == TRIES - 1:
                raise Problem(refused.code, problem) from None
            wait = int(refused.headers.get("Retry-After", wait))
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if attempt == TRIES - 1:
                raise
        time.sleep(wait)


def tell(result):
    """What a credit officer is told. `unknown` is not a kind of `not-listed`: nobody may decide on it."""
    verdict = result["verdict"]
    if verdict == "listed":
        # In a single answer measures are whole, in a batch they are ids.
        measures = [m if isinstance(m, str) else m["id"] for m in result["measures"]]
        shown = [r["record"] for r in result["records"]]
        print(result["uscc"], "listed", *measures, *shown)
    elif verdict == "not-listed":
        print(result["uscc"], "not-listed")
    else:
        print(result["uscc"], "unknown", result["reason"]["code"], "- do not decide, have it looked at")


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaf, index, size, path):
    """RFC 9162 section 2.1.3.2: the root that an inclusion path leads to."""
    first, last, root = index, size - 1, leaf
    for hash_ in path:
        if last == 0:
            raise ValueError("the path is too long")
        if first & 1 or first == last:
            root = node(hash_, root)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            root = node(root, hash_)
        first, last = first >> 1, last >> 1
    if last:
        raise ValueError("the path is too short")
    return root


def check_proof(answer, proof):
    """The answer is the one in the entry, and the entry is in the tree of the checkpoint. That the checkpoint is signed
    needs Ed25519, which Python does not have: creditgate verify proof.json --answer answer.json --keys keys.json"""
    entry = proof["entry"].encode()
    if json.loads(entry)["answer_sha256"] != hashlib.sha256(answer).hexdigest():
        raise ValueError("the proof is of another answer")
    head, checkpoint = proof["proof"].split("\n\n", 1)
    lines = head.split("\n")
    index = int(lines[1].removeprefix("index "))
    size, root = int(checkpoint.split("\n")[1]), base64.b64decode(checkpoint.split("\n")[2])
    path = [base64.b64decode(line) for line in lines[2:]]
    if root_of(hashlib.sha256(b"\x00" + entry).digest(), index, size, path) != root:
        raise ValueError("the entry is not in the log")


def main(codes):
    asked = {"purpose": PURPOSE, "operator": "zhangsan", "department": "XD-01"}
    answer = call(f"/v1/lookups/{DOMAIN}/{codes[0]}?{urllib.parse.urlencode(asked)}")
    single = json.loads(answer)
    tell(single)

    if single["verdict"] == "listed":
        # Owed for every record shown, quoting the receipt; the key makes a repeat harmless.
        feedback = {"receipt": single["receipt"], "details": [
            {"id": record["record"], "result": "other", "action": "转人工审查"} for record in single["records"]]}
        given = json.loads(call("/v1/feedback", feedback, {"Idempotency-Key": f'"{uuid.uuid4()}"'}))
        print("feedback given,", given["left"], "left")

    check_proof(answer, json.loads(call(f"/v1/receipts/{single['receipt']}")))
    print("proof good")

    batch = json.loads(call(f"/v1/lookups/{DOMAIN}", {**asked, "subjects": [{"uscc": code} for code in codes]}))
    for code, result in zip(codes, batch["results"], strict=True):
        if "verdict" in result:
            tell(result)
        else:  # one that could not be answered does not spoil the others
            print(code, "problem", result["rule"])


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Problem as problem:
        sys.exit(str(problem))
