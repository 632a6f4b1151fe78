"""A stand-in for any API that a connector file can describe: every kind of paging, sign-in, time
format, record shape and count; and one for Open-Meteo, whose answers are matched by position."""

import datetime
import json
import math
import threading
import time

from standin_server import Open, Reply, StandIn, put, with_query

UTC = datetime.timezone.utc


def iso(when):
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"


def parse_time(text, style="iso"):
    """style: iso, unix, unix_ms, or a strptime pattern in UTC."""
    if style == "unix":
        return datetime.datetime.fromtimestamp(float(text), UTC)
    if style == "unix_ms":
        return datetime.datetime.fromtimestamp(int(text) / 1000, UTC)
    if style == "iso":
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return datetime.datetime.strptime(text, style).replace(tzinfo=UTC)


def make_records(n, start="2026-03-01T00:00:00Z", step=3600, name="record"):
    """n records an hour apart, each with id, name, updated_at and a nested value."""
    first = parse_time(start)
    return [{"id": f"{name}-{i}", "number": i, "name": f"{name} № {i}",
             "updated_at": iso(first + datetime.timedelta(seconds=step * i)),
             "nested": {"tags": [i, str(i), None], "even": i % 2 == 0}} for i in range(n)]


class Generic(StandIn):
    """One list of records at `path`.

    paging: none, next_url, relative (a link without host), link_header, token (in the answer),
        token_header, last (the last record's id), offset, page.
    ends: how the end is told beside that: a set of more, done, total, pages.
    shape: list, one (the whole place is a record), columns (an object of equally long arrays).
    at: where the records stand, as a pointer; "" is the whole answer.
    since, until: names of the parameters that ask by time, `style` how they are written;
        `closed`: records at `until` belong to it.
    in_body: the parameters come in a JSON body (POST), else in the query.
    first: the number of the first page or record.
    """

    def __init__(self, records, path="/items", paging="none", ends=(), size=3, size_max=100,
                 size_name="limit", token_name="cursor", first=None, auth=None, shape="list",
                 at="/data", since=None, until=None, style="iso", closed=False, in_body=False,
                 count_path=None, count_at="/count", missing_when_empty=False, key="id",
                 time_field="updated_at"):
        super().__init__()
        self.records, self.path, self.paging, self.ends = list(records), path, paging, set(ends)
        self.size, self.size_max, self.size_name = size, size_max, size_name
        self.token_name, self.auth, self.shape, self.at = token_name, auth or Open(), shape, at
        self.first = (1 if paging == "page" else 0) if first is None else first
        self.since, self.until, self.style, self.closed = since, until, style, closed
        self.in_body, self.count_path, self.count_at = in_body, count_path, count_at
        self.missing_when_empty, self.key, self.time_field = missing_when_empty, key, time_field
        self.overlap = 0  # so many records of the page before come once more

    def truth(self, since=None, until=None):
        """The records of a range of time, by key."""
        return {r[self.key]: r for r in self._between(since, until)}

    def answer(self, asked):
        for path, give in self.auth.paths().items():
            if asked.path == path:
                return give(asked, self)
        if asked.path not in (self.path, self.count_path):
            return Reply({"message": f"no {asked.path} here"}, 404)
        refusal = self.auth.refusal(asked, self)
        if refusal is not None:
            return refusal
        if self.in_body and (asked.method != "POST" or not isinstance(asked.body, dict)):
            return Reply({"message": "a JSON body is expected"}, 400)
        try:
            found = self._between(self._given(asked, self.since), self._given(asked, self.until))
        except ValueError as wrong:
            return Reply({"message": f"not a time: {wrong}"}, 400)
        if asked.path == self.count_path:
            return Reply(put({}, self.count_at, len(found)))
        return self._page(asked, found)

    def _given(self, asked, name):
        if name is None:
            return None
        return asked.body.get(name) if self.in_body else asked.one(name)

    def _between(self, since, until):
        low = parse_time(str(since), self.style) if since is not None else None
        high = parse_time(str(until), self.style) if until is not None else None
        def inside(record):
            if low is None and high is None:
                return True
            when = parse_time(record[self.time_field])
            if high is not None and (when > high if self.closed else when >= high):
                return False
            return low is None or when >= low
        return [record for record in self.records if inside(record)]

    def _start(self, asked, found, size):
        """The index of the page's first record; None: the token is not known."""
        given = self._given(asked, self.token_name)
        if given is None or self.paging == "none":
            return 0
        if self.paging == "offset":
            return int(given) - self.first
        if self.paging == "page":
            return (int(given) - self.first) * size
        if self.paging == "last":
            return next((i + 1 for i, r in enumerate(found) if str(r[self.key]) == str(given)),
                        None)
        prefix, _, at = str(given).partition("~")
        return int(at) if prefix == "t" and at.isdigit() else None

    def _page(self, asked, found):
        size = min(int(self._given(asked, self.size_name) or self.size), self.size_max)
        if self.paging == "none":
            size = max(len(found), 1)
        start = self._start(asked, found, size)
        if start is None or start < 0:
            return Reply({"message": f"{self.token_name} is not known"}, 400)
        page = found[max(start - self.overlap, 0):start + size]
        more = start + size < len(found)
        headers = {}
        answer = self._shaped(page)
        if not isinstance(answer, list):
            self._add_ends(answer, found, size, more)
        self._add_next(asked, answer, headers, page, start + size, more)
        return Reply(answer, headers=headers)

    def _shaped(self, page):
        if self.shape == "one":
            return put({}, self.at, page[0] if page else None)
        value = page
        if self.shape == "columns":
            value = {name: [record.get(name) for record in page] for name in self.records[0]}
        elif not page and self.missing_when_empty:
            return {}
        return put({}, self.at, value)

    def _add_ends(self, answer, found, size, more):
        values = {"more": more, "done": not more, "total": len(found),
                  "pages": math.ceil(len(found) / size)}
        for name in self.ends:
            answer[name] = values[name]

    def _add_next(self, asked, answer, headers, page, at, more):
        token = f"t~{at}"
        link = with_query(self.url + asked.target, **{self.token_name: token})
        if self.paging == "next_url":
            answer["next"] = link if more else None
        elif self.paging == "relative":
            answer["next"] = link[len(self.url):] if more else ""
        elif self.paging == "link_header" and more:
            headers["Link"] = f'<{self.url}/first>; rel="first", <{link}>; rel="next"'
        elif self.paging == "token":
            answer["next"] = token if more else None
        elif self.paging == "token_header" and more:
            headers["X-Next"] = token


class OpenMeteo(StandIn):
    """One element for each place, in the order asked; a bare element for one place.

    bad: index of a place -> what stands in its stead. off: so many elements too many or few.
    wait_s: before each answer; may be set while it runs.
    gate: clear() it, and nothing is answered until it is set() again.
    """

    def __init__(self, now="2026-03-10T12:00:00Z", key=None, bad=None, off=0):
        super().__init__()
        self.wait_s = 0
        self.gate = threading.Event()
        self.gate.set()
        self.now, self.key, self.bad, self.off = parse_time(now), key, bad or {}, off

    def limit(self, reason="Minutely API request limit exceeded. Please try again in one minute.",
              times=1):
        self.fail(429, {"error": True, "reason": reason}, times)

    @staticmethod
    def temperature(latitude, when):
        return round(20 - abs(float(latitude)) / 4 + when.hour / 10, 1)

    def answer(self, asked):
        time.sleep(self.wait_s)
        self.gate.wait(60)
        if not asked.path.endswith("/forecast"):
            return Reply({"error": True, "reason": "Not Found"}, 404)
        if self.key is not None and asked.one("apikey") != self.key:
            return Reply({"error": True, "reason": "The supplied API key is invalid."}, 400)
        latitudes = (asked.one("latitude") or "").split(",")
        longitudes = (asked.one("longitude") or "").split(",")
        if latitudes == [""] or len(latitudes) != len(longitudes):
            return Reply({"error": True, "reason": "Parameter 'latitude' and 'longitude' must "
                          "have the same number of elements"}, 400)
        try:
            places = [self._place(asked, i, *pair)
                      for i, pair in enumerate(zip(latitudes, longitudes))]
        except ValueError as wrong:
            return Reply({"error": True, "reason": str(wrong)}, 400)
        if self.off < 0:
            places = places[:self.off]
        places += places[:max(self.off, 0)]
        return Reply(places if len(places) != 1 else places[0])

    def _place(self, asked, index, latitude, longitude):
        if index in self.bad:
            return self.bad[index]
        if not -90 <= float(latitude) <= 90:
            raise ValueError(f"Latitude must be in range of -90 to 90°. Given: {latitude}.")
        place = {"latitude": round(float(latitude) * 8) / 8,
                 "longitude": round(float(longitude) * 8) / 8, "generationtime_ms": 0.0417,
                 "utc_offset_seconds": 0, "timezone": "GMT", "timezone_abbreviation": "GMT"}
        if index != 1:  # not finite there: the real one leaves it out
            place["elevation"] = 44.812 + index
        if index > 0:
            place["location_id"] = index
        if asked.one("current_weather") == "true":
            quarter = self.now.replace(minute=self.now.minute // 15 * 15, second=0)
            place["current_weather_units"] = {"time": "unixtime", "temperature": "°C"}
            place["current_weather"] = {
                "time": self._when(asked, quarter), "interval": 900,
                "temperature": self.temperature(latitude, quarter), "windspeed": 7.4,
                "winddirection": 211, "is_day": 1, "weathercode": 3}
        if asked.one("current"):
            place["current_units"] = {"time": "unixtime"}
            place["current"] = {"time": self._when(asked, self.now), "interval": 900,
                                **{name: 1.5 for name in asked.one("current").split(",")}}
        if asked.one("hourly"):
            place["hourly"] = self._hourly(asked, latitude)
        return place

    def _when(self, asked, when):
        if asked.one("timeformat") == "unixtime":
            return int(when.timestamp())
        return when.strftime("%Y-%m-%dT%H:%M")

    def _hourly(self, asked, latitude):
        """Both days belong to it."""
        start = parse_time(asked.one("start_date") or "", "%Y-%m-%d")
        end = parse_time(asked.one("end_date") or "", "%Y-%m-%d")
        hours = [start + datetime.timedelta(hours=h)
                 for h in range(((end - start).days + 1) * 24)]
        return {"time": [self._when(asked, hour) for hour in hours],
                **{name: [self.temperature(latitude, hour) for hour in hours]
                   for name in asked.one("hourly").split(",")}}


def same(records, expected):
    """For assertions on lists of records whatever their order."""
    def key(record):
        return json.dumps(record, sort_keys=True)
    return sorted(records, key=key) == sorted(expected, key=key)
