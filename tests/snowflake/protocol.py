"""The wire protocol of Snowflake's drivers over the sessions of the emulator."""

import asyncio
import itertools
import os
import secrets
import traceback

from fakesnow.server import gcs_stage_info
from fakesnow.transforms import stage as fs_stage
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from answers import SnowflakeError, translated
from control import Control
from faults import PRESETS
from session import Job, Session
from signin import read
from wire import Broken, Cut, bindings_of, body_of, done, lose_rows, refusal, store

READER = "READER"   # the tests' own eyes: always let in
REMEMBERED_MAX = 200  # answers of a session that a repeated request gets again
TEXT_SHOWN = 80


class Entry:
    """A session with what the wire needs: tokens, and the answers given."""

    def __init__(self, session):
        self.session = session
        self.token, self.master = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self.expired = False
        self.renewable = True
        self.requests = {}  # request id: task

    def remember(self, request, task):
        self.requests[request] = task
        while len(self.requests) > REMEMBERED_MAX:
            del self.requests[next(iter(self.requests))]


class Protocol:
    def __init__(self, server):
        self.server = server
        self.control = Control(server, self)
        self.entries = []
        self.jobs = {}
        self.slow = {}  # query id: task, for answers that take longer than `patience`
        self._numbers = itertools.count(1)

    # --- faults ---
    async def struck(self, on, text=""):
        """Does what a fault does before anything else; returns it, or None."""
        fault = self.server.faults.take(on, text)
        if fault is None:
            return None
        self.server.journal.write("fault", struck=on, **fault.told())
        if fault.kind == "delay" and not fault.rest.get("after"):
            await asyncio.sleep(fault.rest.get("delay", 1))
        if fault.kind == "close" and fault.rest.get("when", "before") == "before":
            raise Broken
        return fault

    @staticmethod
    def status_of(fault):
        if fault is not None and fault.kind == "status":
            return Response("the launcher was told so", status_code=fault.rest.get("status", 500))
        return None

    async def after(self, fault, response):
        if fault is None:
            return response
        if fault.kind == "delay" and fault.rest.get("after"):
            await asyncio.sleep(fault.rest.get("delay", 1))
        if fault.kind == "close":
            if fault.rest.get("when") == "half":
                raise Broken(response.body[:len(response.body) // 2])
            raise Broken
        return response

    # --- sign-in ---
    async def login(self, request):
        data = (await body_of(request)).get("data", {})
        query = request.query_params
        namespace = {name: query.get(key) for name, key in (
            ("database", "databaseName"), ("schema", "schemaName"), ("warehouse", "warehouse"),
            ("role", "roleName")) if query.get(key)}
        record = {
            "account": data.get("ACCOUNT_NAME"), "user": data.get("LOGIN_NAME"),
            "authenticator": data.get("AUTHENTICATOR") or "SNOWFLAKE",
            "token": data.get("TOKEN"), "password": data.get("PASSWORD"),
            "provider": data.get("PROVIDER"), "namespace": namespace,
            "client": [data.get("CLIENT_APP_ID"), data.get("CLIENT_APP_VERSION")],
            "parameters": data.get("SESSION_PARAMETERS") or {},
            "environment": data.get("CLIENT_ENVIRONMENT") or {},
            "headers": {name: value for name, value in request.headers.items()
                        if name in ("user-agent", "host", "via", "x-forwarded-for")}}
        fault = None
        try:
            fault = await self.struck("login", str(record["user"]))
            refused = self.status_of(fault)
            if refused is not None:
                self.server.journal.write("login", **record, status=refused.status_code)
                return refused
            if fault is not None and fault.kind in ("refuse", "error"):
                raise SnowflakeError(*fault.error())
            entry = await run_in_threadpool(self._open, data, record, namespace)
        except Broken:
            self.server.journal.write("login", **record, broken=True)
            raise
        except SnowflakeError as error:
            self.server.journal.write("login", **record, error=error.told())
            return refusal(error.code, None, error.message)
        self.server.journal.write("login", **record, session=entry.session.number)
        return await self.after(fault, done(self._welcome(entry)))

    def _open(self, data, record, namespace):
        server = self.server
        user = (data.get("LOGIN_NAME") or self._owner(data) or "NOBODY").upper()
        if server.users and user != READER:
            known = server.users.get(user)
            why = (known.refuses(data.get("ACCOUNT_NAME", ""), data) if known else
                   ("jwt" if data.get("TOKEN") else "password", "no such user"))
            if why:
                record["why"] = why[1]
                raise SnowflakeError(*PRESETS[why[0]])
        server.check_namespace(namespace)
        parameters = {name: value for name, value in record["parameters"].items()
                      if not name.startswith("CLIENT_")}
        try:
            session = Session(next(self._numbers), server,
                              (namespace.get("database"), namespace.get("schema")), parameters)
        except Exception as error:
            raise translated(error) from error
        session.user = user
        session.role = namespace.get("role", server.default_role)
        session.warehouse = namespace.get("warehouse")
        entry = Entry(session)
        self.entries.append(entry)
        return entry

    def _owner(self, data):
        """The user whom a token names: with it the driver need not send another name."""
        token = data.get("TOKEN")
        if data.get("AUTHENTICATOR") == "SNOWFLAKE_JWT":
            try:
                return read(token)[1]["sub"].rpartition(".")[2]
            except (AttributeError, KeyError, ValueError):
                return None
        return next((name for name, user in self.server.users.items()
                     if token and token in (user.pat, user.oauth)), None)

    def _welcome(self, entry):
        session = entry.session
        return {"token": entry.token, "masterToken": entry.master, "validityInSeconds": 3600,
                "masterValidityInSeconds": 14400, "displayUserName": session.user,
                "serverVersion": "10.0.0", "sessionId": session.number,
                "parameters": self._parameters(session),
                "sessionInfo": {"databaseName": session.connection.database,
                                "schemaName": session.connection.schema,
                                "warehouseName": session.warehouse, "roleName": session.role}}

    @staticmethod
    def _parameters(session):
        return [{"name": "TIMEZONE", "value": session.parameters["TIMEZONE"]},
                {"name": "AUTOCOMMIT", "value": session.parameters["AUTOCOMMIT"]},
                {"name": "CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY", "value": 3600},
                {"name": "CLIENT_STAGE_ARRAY_BINDING_THRESHOLD", "value": 0}]

    # --- who asks ---
    @staticmethod
    def token_of(request):
        found = request.headers.get("Authorization", "")
        return found[len('Snowflake Token="'):-1]

    def entry_of(self, request, master=False):
        token = self.token_of(request)
        for entry in self.entries:
            if secrets.compare_digest(token, entry.master if master else entry.token):
                return entry
        raise SnowflakeError("390111", None, "Session no longer exists.  New login required to"
                             " access the service.")

    async def renew(self, request):
        fault = await self.struck("renew")
        refused = self.status_of(fault)
        if refused is not None:
            return refused
        try:
            entry = self.entry_of(request, master=True)
        except SnowflakeError as error:
            return refusal(error.code, None, error.message)
        if not entry.renewable or (fault is not None and fault.kind in ("error", "refuse")):
            self.server.journal.write("renew", session=entry.session.number, refused=True)
            return refusal("390114", None, "Authentication token has expired.  The user must"
                           " authenticate again.")
        entry.token, entry.expired = secrets.token_urlsafe(24), False
        self.server.journal.write("renew", session=entry.session.number)
        return done({"sessionToken": entry.token, "validityInSecondsST": 3600,
                     "masterToken": entry.master, "validityInSecondsMT": 14400,
                     "sessionId": entry.session.number})

    async def session_request(self, request):
        closing = request.query_params.get("delete") == "true"
        try:
            entry = self.entry_of(request)
        except SnowflakeError as error:
            return refusal(error.code, None, error.message)
        self.server.journal.write("close" if closing else "heartbeat",
                                  session=entry.session.number)
        if closing:
            refused = self.status_of(await self.struck("close"))
            if refused is not None:
                return refused
            await self.kill(entry)
        return done()

    async def kill(self, entry):
        if entry in self.entries:
            self.entries.remove(entry)
            await run_in_threadpool(entry.session.end)

    async def telemetry(self, request):
        self.server.journal.write("telemetry")
        return done("Log Received")

    # --- statements ---
    async def query(self, request):
        body = await body_of(request)
        text = body.get("sqlText", "")
        try:
            entry = self.entry_of(request)
            if entry.expired:
                return refusal("390112", None, "Your session has expired. Please login again.")
            request_id = request.query_params.get("requestId") or secrets.token_hex(8)
            task = entry.requests.get(request_id)
            if task is None:
                fault = await self.struck("query", text)
                early = await self._before(entry, fault)
                if early is not None:
                    self._note(entry, body, request, fault)
                    return early
                task = asyncio.ensure_future(self._run(entry, body, request, fault))
                entry.remember(request_id, task)
            else:
                fault = None
                self.server.journal.write("repeated", session=entry.session.number,
                                          request=request_id, retry=self._retry(request))
        except Broken:
            self._note(entry, body, request, broken=True)
            raise
        except SnowflakeError as error:
            self._note(None, body, request, error=error.told())
            return refusal(error.code, None, error.message)
        return await self.after(fault, await self._patiently(task))

    async def _before(self, entry, fault):
        """The answer of a fault that lets nothing run."""
        if fault is None:
            return None
        if fault.kind == "status":
            return self.status_of(fault)
        if fault.kind == "expire":
            entry.expired, entry.renewable = True, fault.rest.get("renew", True)
            return refusal("390112", None, "Your session has expired. Please login again.")
        if fault.kind == "kill":
            await self.kill(entry)
            raise SnowflakeError("390111", None, "Session no longer exists.  New login required"
                                 " to access the service.")
        return None

    @staticmethod
    def _retry(request):
        return int(request.query_params.get("retryCount", 0))

    def _note(self, entry, body, request, fault=None, **more):
        """A statement that never ran."""
        job = Job(body.get("sqlText", ""))
        self.server.journal.write(
            "statement", session=entry and entry.session.number,
            request=request.query_params.get("requestId"), retry=self._retry(request),
            kind=job.kind, text=job.text, ran=False, fault=fault and fault.kind, **more)

    async def _patiently(self, task):
        """Snowflake answers within 45 s: if only that it is not done yet."""
        ready, _ = await asyncio.wait([task], timeout=self.server.patience)
        if ready:
            return task.result()
        query = secrets.token_hex(8)
        self.slow[query] = task
        return JSONResponse({"data": {"getResultUrl": f"/queries/{query}/result",
                                      "queryId": query}, "code": "333333", "message": None,
                             "success": True})

    async def slow_result(self, request):
        task = self.slow.get(request.path_params["query"])
        if task is None:
            return refusal("000709", "02000", "Statement not found")
        return await self._patiently(task)

    async def _run(self, entry, body, request, fault):
        session, journal = entry.session, self.server.journal
        params, batch = bindings_of(body.get("bindings"))
        job = Job(body["sqlText"], params, batch, bool(body.get("describeOnly")))
        request_id = request.query_params.get("requestId")
        self.jobs[request_id] = (session, job)
        start = asyncio.get_running_loop().time()
        journal.write("arrived", session=session.number, request=request_id, kind=job.kind,
                      text=job.text[:TEXT_SHOWN])
        record = {"session": session.number, "request": request_id,
                  "retry": self._retry(request), "kind": job.kind, "text": job.text,
                  "bindings": body.get("bindings"),
                  "tag": (body.get("parameters") or {}).get("QUERY_TAG"),
                  "describe": job.describe,
                  # A driver that uploads to Google's store asks for each file's place again.
                  "presign": job.kind == "PUT" and not body.get("sequenceId"),
                  "fault": fault and fault.kind, "ran": True, "error": None}
        try:
            if fault is not None and fault.kind == "error":
                record["ran"] = False
                raise SnowflakeError(*fault.error())
            result = await run_in_threadpool(session.run, job)
            record |= {"rows": result.total, "result": result.shown()}
            return JSONResponse({"success": True, "code": None, "message": None,
                                 "data": self._data(request, session, job, result)})
        except Exception as raised:
            error = translated(raised)
            record["error"] = error.told()
            return refusal(error.code, error.sqlstate, error.message)
        finally:
            self.jobs.pop(request_id, None)
            journal.write("statement", **record, parsed=job.parsed(), autocommit=job.autocommit,
                          transaction=job.transaction, committed=job.committed,
                          seconds=round(asyncio.get_running_loop().time() - start, 6))

    def _data(self, request, session, job, result):
        if result.put is not None:
            tree, data = result.put
            if not job.params:
                data["stageInfo"] = gcs_stage_info(request, tree, data)
            return data
        return {"parameters": self._parameters(session), "rowtype": result.rowtype,
                "total": result.total, "returned": result.total, "queryId": result.query_id,
                "statementTypeId": result.type_id,
                "finalDatabaseName": session.connection.database,
                "finalSchemaName": session.connection.schema,
                "finalWarehouseName": session.warehouse, "finalRoleName": session.role,
                **result.data()}

    async def abort(self, request):
        wanted = (await body_of(request)).get("requestId")
        found = self.jobs.get(wanted)
        self.server.journal.write("abort", request=wanted, found=found is not None)
        if found:
            await run_in_threadpool(found[0].cancel, found[1])
        return done()

    # --- files ---
    async def upload(self, request):
        path = request.path_params["path"]
        fault = await self.struck("upload", path)
        body = await request.body()
        refused = self.status_of(fault)
        self.server.journal.write("upload", path=path, bytes=len(body),
                                  fault=fault and fault.kind)
        if refused is not None:
            return refused
        if fault is None or fault.kind != "drop_upload":
            target = os.path.normpath(os.path.join(fs_stage.LOCAL_BUCKET_PATH, path))
            if not target.startswith(fs_stage.LOCAL_BUCKET_PATH + os.sep):
                return Response(status_code=400)
            await run_in_threadpool(store, target, body)
            if fault is not None and fault.kind == "lose_rows":
                await run_in_threadpool(lose_rows, target, fault.rest.get("rows", 1))
        return await self.after(fault, Response())

    def application(self):
        routes = [("/session/v1/login-request", self.login), ("/session", self.session_request),
                  ("/session/token-request", self.renew),
                  ("/session/heartbeat", self.session_request),
                  ("/queries/v1/query-request", self.query),
                  ("/queries/v1/abort-request", self.abort),
                  ("/queries/{query}/result", self.slow_result),
                  ("/telemetry/send", self.telemetry), ("/fs_bucket/{path:path}", self.upload),
                  ("/launcher/{what}", self.control.answer)]
        inner = Starlette(routes=[Route(path, self._whole(handler),
                                        methods=["GET", "POST", "PUT", "DELETE"])
                                  for path, handler in routes])

        async def outer(scope, receive, send):
            # As a proxy would be asked: the whole address in place of the path.
            path = scope.get("path", "")
            if path.startswith("http://"):
                scope["path"] = "/" + path.split("/", 3)[3]
                self.server.journal.write("proxied", address=path)
            await inner(scope, receive, send)
        return outer

    def _whole(self, handler):
        async def answer(request):
            try:
                return await handler(request)
            except Broken as broken:
                return Cut(broken.args[0] if broken.args else None)
            except Exception:
                # A mistake of the launcher: emulator.py fails the test that met it.
                self.server.journal.write("mistake", path=request.url.path,
                                          trace=traceback.format_exc())
                raise
        return answer
