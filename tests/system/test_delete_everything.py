"""Deleting everything while uploads are on their way, looked at behind the API."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.deadlines import wait_until
from tests.photos import real_photo
from tests.stack import Stack, whole_stack
from tests.system.test_one_photo import User

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

IN_FLIGHT = 20
STORED = 4


@pytest.fixture
def roomy(tmp_path: Path) -> Iterator[Stack]:
    """A stack that takes twenty uploads of one user at a time."""
    with whole_stack(tmp_path / "state", GATEWAY_UPLOADS_PER_USER=str(IN_FLIGHT)) as running:
        yield running


class Behind:
    """What lies in the emulated AWS of a stack."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._s3 = stack.client("s3")
        self._dynamodb = stack.client("dynamodb")
        self._sqs = stack.client("sqs")

    def objects(self, user_id: str) -> list[str]:
        """The keys of every version and marker of the user's."""
        listing = self._s3.list_object_versions(Bucket=self._stack["IMAGES_BUCKET"])
        entries = [*listing.get("Versions", []), *listing.get("DeleteMarkers", [])]
        return [entry["Key"] for entry in entries if f"/{user_id}/" in entry["Key"]]

    def items(self, user_id: str) -> list[str]:
        """The sort keys in the user's partition."""
        answer = self._dynamodb.query(
            TableName=self._stack["RECORDS_TABLE"],
            KeyConditionExpression="PK = :user",
            ExpressionAttributeValues={":user": {"S": f"USER#{user_id}"}},
            ConsistentRead=True,
        )
        return [item["SK"]["S"] for item in answer["Items"]]

    def waiting(self) -> int:
        """Messages on the two queues, delivered ones included."""
        names = (
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        )
        total = 0
        for queue in ("INGEST_QUEUE_URL", "CAPTION_QUEUE_URL"):
            answer = self._sqs.get_queue_attributes(
                QueueUrl=self._stack[queue], AttributeNames=list(names)
            )
            total += sum(int(answer["Attributes"][name]) for name in names)
        return total


def address_of(stack: Stack) -> tuple[str, int]:
    parts = urlsplit(stack["GATEWAY_URL"])
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def test_nothing_is_left_of_a_user_who_deleted_everything_during_twenty_uploads(
    roomy: Stack,
) -> None:
    behind, ana, bob = Behind(roomy), User(roomy), User(roomy)
    for user in (ana, bob):
        for accepted in [user.upload(real_photo()) for _ in range(STORED)]:
            assert user.finished(accepted)["status"] == "completed"
    before = ana.get("/v1/me").json()["quota"]["remaining"]
    taken_in, go_on = threading.Barrier(IN_FLIGHT + 1, timeout=30), threading.Event()

    def slow_upload() -> int:
        photo = real_photo()
        with socket.create_connection(address_of(roomy), timeout=60) as connection:
            connection.sendall(
                "POST /v1/images HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n"
                f"Authorization: Bearer {ana.token}\r\nContent-Type: image/jpeg\r\n"
                f"Content-Length: {len(photo)}\r\nExpect: 100-continue\r\n\r\n".encode()
            )
            # Now the gateway has begun: before that nobody could say which came first.
            assert connection.recv(1024).startswith(b"HTTP/1.1 100")
            taken_in.wait()
            assert go_on.wait(30)
            connection.sendall(photo)
            return int(connection.recv(1024).split()[1])

    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        uploads: list[Future[int]] = [pool.submit(slow_upload) for _ in range(IN_FLIGHT)]
        taken_in.wait()
        receipt = ana.delete("/v1/me/data", json={"confirm": "delete my data"})
        hidden_at_once = ana.get("/v1/images").json()["items"] == []
        go_on.set()
        statuses = [upload.result() for upload in uploads]
    while receipt.status_code == 202:
        receipt = ana.get(receipt.headers["Location"])

    assert hidden_at_once
    assert receipt.json()["status"] == "completed"
    deleted = receipt.json()["deleted"]
    # Three objects of each stored photo; each upload that ingest deleted may be counted or not.
    assert deleted["records"] == STORED
    assert deleted["objects"] >= 3 * STORED
    assert set(statuses) == {202}
    wait_until(lambda: behind.waiting() == 0, within=60)
    assert behind.objects(ana.id) == []
    assert behind.items(ana.id) == []
    assert len(bob.get("/v1/images").json()["items"]) == STORED
    assert len(behind.objects(bob.id)) == 3 * STORED

    again = ana.finished(ana.upload(real_photo()))
    assert again["status"] == "completed"
    assert len(ana.get("/v1/images").json()["items"]) == 1
    assert ana.get("/v1/me").json()["quota"]["remaining"] <= before
