"""SQS as a small stub in memory: fast enough that the client beside it is what is measured.

It speaks the JSON protocol of today's clients. Queues keep their order, hide what is received and
show it again; long polls wait. Left out: FIFO queues, moving to dead letters by receive count,
retention, the MD5 of message attributes, signatures.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from aiohttp import web

from benchmarks.stub.queue import Message, Queue, Refused

TARGET = "AmazonSQS."  # what every operation's `X-Amz-Target` begins with
_BATCH_MAX = 10
_JSON = "application/x-amz-json-1.0"
_VISIBILITY_S = 30.0  # SQS's own default

Body = Mapping[str, Any]


class Queues:
    """All queues by name. Mount ``handle`` where an SQS client's requests arrive.

    ``url`` is the start of the queues' addresses; which queue is meant is what follows the last
    slash, so it need not be where the server is.
    """

    def __init__(
        self,
        url: str = "http://sqs.stub/000000000000",
        *,
        new_queue: Callable[[str], Queue] = Queue,
    ) -> None:
        self.by_name: dict[str, Queue] = {}
        self.calls: dict[str, int] = {}
        self._url = url
        self._new_queue = new_queue
        self._operations: dict[str, Callable[[Body], Mapping[str, Any]]] = {
            "CreateQueue": self._create_queue,
            "GetQueueUrl": self._get_queue_url,
            "ListQueues": self._list_queues,
            "GetQueueAttributes": self._get_queue_attributes,
            "PurgeQueue": self._purge_queue,
            "SendMessage": self._send_message,
            "SendMessageBatch": self._send_message_batch,
            "DeleteMessage": self._delete_message,
            "DeleteMessageBatch": self._delete_message_batch,
            "ChangeMessageVisibility": self._change_message_visibility,
            "ChangeMessageVisibilityBatch": self._change_message_visibility_batch,
        }

    def create(self, name: str) -> str:
        """The queue called ``name``, made if there is none; its address."""
        if name not in self.by_name:
            self.by_name[name] = self._new_queue(name)
        return f"{self._url}/{name}"

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one request of an SQS client."""
        operation = request.headers.get("X-Amz-Target", "").removeprefix(TARGET)
        body: Body = json.loads(await request.read() or b"{}")
        self.calls[operation] = self.calls.get(operation, 0) + 1
        try:
            answer = await self.answer(operation, body)
        except Refused as error:
            fault = {"__type": f"com.amazonaws.sqs#{error.code}", "message": error.code}
            return web.Response(status=400, body=json.dumps(fault).encode(), content_type=_JSON)
        return web.Response(body=json.dumps(answer).encode(), content_type=_JSON)

    async def answer(self, operation: str, body: Body) -> Mapping[str, Any]:
        """What ``operation`` gives; raises ``Refused``."""
        if operation == "ReceiveMessage":
            return await self._receive_message(body)
        if operation not in self._operations:
            raise Refused("UnsupportedOperation")
        return self._operations[operation](body)

    def _queue(self, body: Body) -> Queue:
        name = str(body.get("QueueUrl", "")).rsplit("/", 1)[-1]
        if name not in self.by_name:
            raise Refused("QueueDoesNotExist")
        return self.by_name[name]

    async def _receive_message(self, body: Body) -> Mapping[str, Any]:
        messages = await self._queue(body).receive(
            int(body.get("MaxNumberOfMessages", 1)),
            wait=float(body.get("WaitTimeSeconds", 0)),
            visibility=float(body.get("VisibilityTimeout", _VISIBILITY_S)),
        )
        system = {
            *body.get("MessageSystemAttributeNames", ()),
            *body.get("AttributeNames", ()),  # as older clients call it
        }
        named = body.get("MessageAttributeNames", ())
        return {"Messages": [_delivery(each, system, named) for each in messages]}

    def _create_queue(self, body: Body) -> Mapping[str, Any]:
        return {"QueueUrl": self.create(body["QueueName"])}

    def _get_queue_url(self, body: Body) -> Mapping[str, Any]:
        self._queue({"QueueUrl": body["QueueName"]})
        return {"QueueUrl": self.create(body["QueueName"])}

    def _list_queues(self, body: Body) -> Mapping[str, Any]:
        start = body.get("QueueNamePrefix", "")
        return {"QueueUrls": [self.create(each) for each in self.by_name if each.startswith(start)]}

    def _get_queue_attributes(self, body: Body) -> Mapping[str, Any]:
        queue = self._queue(body)
        visible, hidden = queue.depths()
        known = {
            "ApproximateNumberOfMessages": str(visible),
            "ApproximateNumberOfMessagesNotVisible": str(hidden),
            "ApproximateNumberOfMessagesDelayed": "0",
            "VisibilityTimeout": str(round(_VISIBILITY_S)),
            "QueueArn": f"arn:aws:sqs:us-east-1:000000000000:{queue.name}",
        }
        names = body.get("AttributeNames", ())
        asked = known if "All" in names else names
        return {"Attributes": {name: known[name] for name in asked if name in known}}

    def _purge_queue(self, body: Body) -> Mapping[str, Any]:
        self._queue(body).purge()
        return {}

    def _send_message(self, body: Body) -> Mapping[str, Any]:
        message = Message(
            body["MessageBody"],
            body.get("MessageAttributes", {}),
            {
                name: value["StringValue"]
                for name, value in body.get("MessageSystemAttributes", {}).items()
            },
            time.time(),
        )
        self._queue(body).put(message, delay=float(body.get("DelaySeconds", 0)))
        return {"MessageId": message.id, "MD5OfMessageBody": _md5(message.body)}

    def _delete_message(self, body: Body) -> Mapping[str, Any]:
        self._queue(body).delete(body["ReceiptHandle"])
        return {}

    def _change_message_visibility(self, body: Body) -> Mapping[str, Any]:
        self._queue(body).change_visibility(body["ReceiptHandle"], float(body["VisibilityTimeout"]))
        return {}

    def _send_message_batch(self, body: Body) -> Mapping[str, Any]:
        return self._each(body, self._send_message)

    def _delete_message_batch(self, body: Body) -> Mapping[str, Any]:
        return self._each(body, self._delete_message)

    def _change_message_visibility_batch(self, body: Body) -> Mapping[str, Any]:
        return self._each(body, self._change_message_visibility)

    def _each(
        self, body: Body, operation: Callable[[Body], Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        self._queue(body)
        if len(body["Entries"]) > _BATCH_MAX:
            raise Refused("TooManyEntriesInBatchRequest")
        done, failed = [], []
        for entry in body["Entries"]:
            try:
                answer = operation({"QueueUrl": body["QueueUrl"], **entry})
                done.append({"Id": entry["Id"], **answer})
            except Refused as error:
                failed.append({"Id": entry["Id"], "Code": error.code, "SenderFault": True})
        return {"Successful": done, "Failed": failed}


def _delivery(message: Message, system: set[str], named: list[str]) -> Mapping[str, Any]:
    known = {
        **message.system,
        "SentTimestamp": str(int(message.sent_at * 1000)),
        "ApproximateReceiveCount": str(message.receive_count),
        "ApproximateFirstReceiveTimestamp": str(int(message.first_received_at * 1000)),
        "SenderId": "stub",
    }
    delivery: dict[str, Any] = {
        "MessageId": message.id,
        "ReceiptHandle": message.receipt,
        "Body": message.body,
        "MD5OfBody": _md5(message.body),
    }
    if attributes := {k: v for k, v in known.items() if "All" in system or k in system}:
        delivery["Attributes"] = attributes
    if attributes := dict(_wanted(message.attributes, named)):
        delivery["MessageAttributes"] = attributes
    return delivery


def _wanted(attributes: Mapping[str, Any], named: list[str]) -> Iterator[tuple[str, Any]]:
    for name, value in attributes.items():
        for wanted in named:
            start = wanted.removesuffix(".*")
            if wanted in {"All", ".*", name} or (start != wanted and name.startswith(start)):
                yield name, value
                break


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
