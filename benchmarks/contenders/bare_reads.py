"""Reads as a plain aiohttp handler makes them: one call to DynamoDB, what it says as JSON.

The client is made once, with aiobotocore's own settings. There is no sign-in, nothing is signed,
logged, traced or counted. Arguments are a table and a user; prints the port it listens on.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import aioboto3
from aiohttp import web

from benchmarks.contenders.announced import serve

_DYNAMODB: web.AppKey[Any] = web.AppKey("dynamodb", object)
_TABLE, _USER = web.AppKey("table", str), web.AppKey("user", str)
_TEXTS = ("image_id", "status", "timestamp", "concise_caption", "creative_caption", "alt_text")


async def page(request: web.Request) -> web.Response:
    """The newest twenty: texts, and where the pictures are stored."""
    answer = await request.app[_DYNAMODB].query(
        TableName=request.app[_TABLE],
        KeyConditionExpression="PK = :user AND begins_with(SK, :image)",
        ExpressionAttributeValues={
            ":user": {"S": f"USER#{request.app[_USER]}"},
            ":image": {"S": "IMAGE#"},
        },
        ScanIndexForward=False,
        ConsistentRead=True,
        Limit=20,
    )
    return web.json_response({"items": [_shown(item) for item in answer["Items"]]})


async def status(request: web.Request) -> web.Response:
    """How far one is."""
    answer = await request.app[_DYNAMODB].get_item(
        TableName=request.app[_TABLE],
        Key={
            "PK": {"S": f"USER#{request.app[_USER]}"},
            "SK": {"S": f"IMAGE#{request.match_info['image_id']}"},
        },
        ConsistentRead=True,
    )
    item = answer["Item"]
    return web.json_response({"status": item["status"]["S"], "version": int(item["version"]["N"])})


def _shown(item: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: item[name]["S"] for name in _TEXTS if name in item},
        "original": item["original"]["M"]["key"]["S"],
        "thumbnail": item["thumbnail"]["M"]["key"]["S"],
    }


async def _client(app: web.Application) -> AsyncIterator[None]:
    async with aioboto3.Session().client("dynamodb") as dynamodb:
        app[_DYNAMODB] = dynamodb
        yield


def application(table: str, user: str) -> web.Application:
    """Both handlers, on this user's photos in this table."""
    app = web.Application()
    app[_TABLE], app[_USER] = table, user
    app.cleanup_ctx.append(_client)
    app.router.add_get("/v1/images", page)
    app.router.add_get("/v1/images/{image_id}", status)
    return app


if __name__ == "__main__":
    asyncio.run(serve(application(*sys.argv[1:])))
