"""/launcher/...: what a test tells the emulator while it runs, and what it asks. README.md has the
list."""

import re

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from signin import User
from wire import body_of

_WHAT = {"faults", "sessions", "locks", "users", "grants", "settings", "journal"}


class Control:
    def __init__(self, server, protocol):
        self.server, self.protocol = server, protocol

    async def answer(self, request):
        what = request.path_params["what"]
        handler = getattr(self, what, None) if what in _WHAT else None
        if handler is None:
            return JSONResponse({"error": f"no /launcher/{what}"}, status_code=404)
        try:
            body = await body_of(request) if request.method == "POST" else None
            return JSONResponse(await handler(request.method, body))
        except (KeyError, TypeError, ValueError, re.error) as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    def _whole(self, table):
        return table if "." in table else (f"{self.server.database}.{self.server.schemas[0]}"
                                           f".{table}")

    async def faults(self, method, body):
        if method == "POST":
            return self.server.faults.add(body).told()
        if method == "DELETE":
            self.server.faults.clear()
        return self.server.faults.told()

    async def sessions(self, method, body):
        if method == "DELETE":
            for entry in list(self.protocol.entries):
                await self.protocol.kill(entry)
        elif method == "POST":  # {"session": 3, "expire": true, "renew": false} or {"kill": true}
            for entry in list(self.protocol.entries):
                if body.get("session") not in (None, entry.session.number):
                    continue
                if body.get("kill"):
                    await self.protocol.kill(entry)
                elif body.get("expire"):
                    entry.expired, entry.renewable = True, body.get("renew", True)
        return [entry.session.told() for entry in self.protocol.entries]

    async def locks(self, method, body):
        if method == "POST":  # {"table": "NAME"} or DATABASE.SCHEMA.NAME
            await run_in_threadpool(self.server.locks.hold, self._whole(body["table"]))
        if method == "DELETE":
            self.server.locks.let_go()
        return self.server.locks.told()

    async def users(self, method, body):
        if method == "POST":
            user = User(**body)
            self.server.users[user.name] = user
        if method == "DELETE":
            self.server.users.clear()
        return {name: user.fingerprint for name, user in self.server.users.items()}

    async def grants(self, method, body):
        if method == "POST":
            self.server.grants = body
        return self.server.grants

    async def settings(self, method, body):
        if method == "POST":
            self.server.set(**body)
        return self.server.settings()

    async def journal(self, method, body):
        return self.server.journal.read()
