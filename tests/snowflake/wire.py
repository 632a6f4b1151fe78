"""Small things of the wire: requests and answers of Snowflake's drivers, bindings, uploaded files,
and answers that break off."""

import asyncio
import gzip
import json
import os

import pyarrow.parquet
from fakesnow.converter import from_binding
from starlette.responses import JSONResponse, Response


def refusal(code, sqlstate, message, status=200):
    data = None if sqlstate is None else {"errorCode": code, "sqlState": sqlstate}
    return JSONResponse({"data": data, "code": code, "message": message, "success": False,
                         "headers": None}, status_code=status)


def done(data=None):
    return JSONResponse({"data": data, "code": None, "message": None, "success": True})


async def body_of(request):
    body = await request.body()
    if request.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    return json.loads(body) if body else {}


class Broken(Exception):
    """The connection is to be cut now."""


class Cut(Response):
    """A part of an answer, or nothing, and then the connection breaks."""

    def __init__(self, part):
        super().__init__()
        self.part = part

    async def __call__(self, scope, receive, send):
        if self.part is not None:
            head = [(b"content-type", b"application/json"), (b"content-length", b"999999")]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            await send({"type": "http.response.body", "body": self.part, "more_body": True})
            await asyncio.sleep(0.1)
        receive.__self__.transport.abort()


def bindings_of(bindings):
    """Parameters of one row, or rows of them."""
    if not bindings:
        return None, None
    columns = [bindings[str(at)] for at in range(1, len(bindings) + 1)]
    if any(isinstance(column["value"], list) for column in columns):
        cells = [[from_binding({**column, "value": value}) for value in column["value"]]
                 for column in columns]
        return None, list(zip(*cells, strict=True))
    return [None if column["value"] is None else from_binding(column) for column in columns], None


def store(target, body):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "wb") as file:
        file.write(body)


def lose_rows(target, rows):
    table = pyarrow.parquet.read_table(target)
    pyarrow.parquet.write_table(table.slice(0, max(table.num_rows - rows, 0)), target)
