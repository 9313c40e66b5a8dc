"""The stub as a process: ``python -m benchmarks.stub.server [--certificate FILE] [--workers]``.

It prints the port it listens on, on 127.0.0.1, and answers as AWS does in what our services look
at: DynamoDB (``tables``; every expression that we write), S3 (``objects``) and SQS. Nothing is
signed, throttled or kept. For a measurement, ``benchmarks.gateways.stub()`` starts it and
``benchmarks.gateways.gateway_on()`` a gateway with its ordinary settings. It has besides:

- ``POST /_items``: a JSON list of items in DynamoDB's form, as ``shared.items.to_item`` makes
  them, to be there before anything is measured (``Stub.load()``); 204
- ``GET /_calls``: how often each call came since the last time this was asked, by its name
- ``GET /_token/{user}``: an access token of that user's, as text (``Stub.token()``)
- ``GET /jwks.json``: the keys that it is signed with

With ``--workers`` each message that is sent is taken up in the same moment, as by an idle worker:
its record says so, and so nothing waits long enough to be marked as sent.
"""

import argparse
import asyncio
import json
import ssl
import uuid
import zlib
from collections import Counter
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web

from benchmarks.stub import queue, queues
from benchmarks.stub.objects import Objects
from benchmarks.stub.signin import SignIn
from benchmarks.stub.tables import Refused, Tables

QUEUES = ("ingest", "ingest-dlq", "caption", "caption-dlq")
_BODY_MAX = 64 * 1024 * 1024
_DYNAMODB = "DynamoDB_20120810."
_JSON = "application/x-amz-json-1.0"


class Stub:
    """Answers every request, whichever service it is for."""

    def __init__(self, *, workers: bool) -> None:
        self._tables = Tables()
        self._objects = Objects()
        self._queues = queues.Queues()
        for name in QUEUES:
            self._queues.create(name)
        self._sign_in = SignIn()
        self._workers = workers
        self._counts: Counter[str] = Counter()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """The answer to a call of AWS's, or to one of the stub's own."""
        target = request.headers.get("X-Amz-Target")
        if target is not None:
            self._counts[target.partition(".")[2]] += 1
            body = json.loads(await request.read())
            if target.startswith(queues.TARGET):
                return await self._of_queues(target.removeprefix(queues.TARGET), body)
            return self._of_tables(target.removeprefix(_DYNAMODB), body)
        if request.path.startswith("/_") or request.path == "/jwks.json":
            return await self._own(request)
        self._counts[f"{request.method} object"] += 1
        return await self._objects.answer(request)

    def _of_tables(self, operation: str, body: dict[str, Any]) -> web.Response:
        try:
            return _answer(self._tables.calls[operation](body))
        except Refused as refusal:
            return _answer(refusal.body, HTTPStatus.BAD_REQUEST)

    async def _of_queues(self, operation: str, body: dict[str, Any]) -> web.Response:
        try:
            answer = await self._queues.answer(operation, body)
        except queue.Refused as refusal:
            fault = {"__type": f"com.amazonaws.sqs#{refusal.code}", "message": refusal.code}
            return _answer(fault, HTTPStatus.BAD_REQUEST)
        if self._workers and operation == "SendMessageBatch":
            await self._queues.answer("PurgeQueue", body)
            for entry in body["Entries"]:
                self._take_up(json.loads(entry["MessageBody"]))
        return _answer(answer)

    async def _own(self, request: web.BaseRequest) -> web.Response:
        if request.path == "/_items":
            self._tables.load(json.loads(await request.read()))
            return web.Response(status=HTTPStatus.NO_CONTENT)
        if request.path == "/_calls":
            counts, self._counts = self._counts, Counter()
            return web.json_response(counts)
        if request.path == "/jwks.json":
            return web.json_response(self._sign_in.keys)
        return web.Response(text=self._sign_in.token(request.path.rpartition("/")[2]))

    def _take_up(self, message: dict[str, Any]) -> None:
        user, image = message["user_id"], message["image_id"]
        found = self._tables.find({"PK": {"S": f"USER#{user}"}, "SK": {"S": f"IMAGE#{image}"}})
        if found is not None:
            now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            self._tables.load([{**found, "status": {"S": "ingesting"}, "claimed_at": {"S": now}}])


def _answer(content: Any, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    body = json.dumps(content, separators=(",", ":")).encode()
    headers = {
        "Content-Type": _JSON,
        "x-amzn-RequestId": str(uuid.uuid4()),
        "x-amz-crc32": str(zlib.crc32(body)),
    }
    return web.Response(body=body, status=status, headers=headers)


async def serve(stub: Stub, tls: ssl.SSLContext | None) -> None:
    """Serve until the process is ended."""
    loop = asyncio.get_running_loop()

    def request_of(*parts: Any) -> web.BaseRequest:
        return web.BaseRequest(*parts, loop=loop, client_max_size=_BODY_MAX)  # type: ignore[misc]

    runner = web.ServerRunner(web.Server(stub.answer, request_factory=request_of))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--certificate", help="a file with a certificate and its key: speak TLS")
    parser.add_argument("--workers", action="store_true", help="take messages up as workers do")
    given = parser.parse_args()
    tls = None
    if given.certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(given.certificate)
    asyncio.run(serve(Stub(workers=given.workers), tls))


if __name__ == "__main__":
    _main()
