"""firn report: a page that stands alone, is right about the numbers, and can be read by everybody.

Some tests look at it in a real browser: Chromium, headless. They are skipped where there is none."""

import datetime
import html.parser
import json
import re
import shutil
import struct
import subprocess
import xml.etree.ElementTree
import zlib

import duckdb
import pytest

import conftest
import firn_sim
import views_store

NOW = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
DAY = datetime.timedelta(days=1)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium")
EVIL = ['<script>document.title="hacked"</script>', '"><img src=x onerror=alert(1)>', "a&b 'c'",
        "\u202eright to left", "\u65e5\u672c\u8a9e" * 30, "bell\x07\x1b[31m", "]]>--></svg>",
        "x" * 500]
FIGURES = ["Conversations and interactions a day", "Active users a day",
           "Interactions by platform", "Conversations by domain", "Plugins: served and used",
           "Knowledge success", "Top articles", "Feedback", "Adoption rate", "New users a day",
           "Rows loaded a day", "Run times"]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A month, loaded whole; each test gets a copy."""
    firn = conftest.Firn(tmp_path_factory.mktemp("loaded"))
    with firn_sim.start("--interactions", "1500", "--until", "now") as sim:
        firn.write("firn.yaml", firn.moveworks(sim))
        done = firn("initial-load", "--from", (NOW - 28 * DAY).date(), "--to", NOW.date())
        assert done.code == 0, done
    return firn


class Page(html.parser.HTMLParser):
    """Figures by heading: their tables' rows, their texts, whether there is an SVG."""

    VOID = {"meta", "br", "img", "link", "input"}

    def __init__(self, text):
        super().__init__()
        self.text = text
        self.stack, self.figures, self.current = [], {}, None
        self.tags, self.tables, self.words = [], [], []
        self.feed(text)
        assert self.stack == [], self.stack
        self.svgs = re.findall(r'<svg class="chart".*?</svg>', text, re.S)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.stack.append(tag)
        if tag == "tr":
            self.tables[-1].append([])
        if tag == "table":
            self.tables.append([])
            self.figures.setdefault(self.current, {})["table"] = self.tables[-1]
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag):
        assert self.stack and self.stack[-1] == tag, (tag, self.stack, self.getpos())
        self.stack.pop()

    def handle_data(self, data):
        if "h3" in self.stack or "h2" in self.stack:
            self.current = data
            self.figures.setdefault(data, {})
        if {"td", "th"} & set(self.stack):
            self.tables[-1][-1][-1] += data
        if "style" not in self.stack:
            self.words.append(data)

    def table(self, title):
        """Without its heading."""
        return self.figures[title]["table"][1:]


class Store:
    def __init__(self, firn):
        self.firn = firn
        self.file = str(firn.path("moveworks.duckdb"))

    def change(self, *statements):
        with duckdb.connect(self.file) as it:
            for statement in statements:
                result = it.execute(*([statement] if isinstance(statement, str) else statement))
            return result.fetchall()

    def page(self, *options):
        done = self.firn("report", "-o", "report.html", *options)
        assert done.code == 0, done
        text = self.firn.path("report.html").read_text(encoding="utf-8")
        page = Page(text)
        stands_alone(page)
        return page


@pytest.fixture
def store(loaded, firn):
    shutil.copytree(loaded.folder, firn.folder, dirs_exist_ok=True)
    return Store(firn)


def stands_alone(page):
    """Nothing is asked of the network, nothing runs, and every picture is whole and explained."""
    for tag, attributes in page.tags:
        assert tag not in ("script", "img", "link", "iframe", "object", "image", "use"), tag
        for name, value in attributes.items():
            assert name not in ("href", "src", "xlink:href", "srcset", "style"), (tag, name)
            assert not name.startswith("on"), (tag, name, value)
    assert not re.search(r"url\(|@import|https?:", page.text)
    assert "default-src 'none'" in page.text
    for svg in page.svgs:
        tree = xml.etree.ElementTree.fromstring(svg)
        assert tree.get("role") == "img"
        names = {node.get("id"): node for node in tree}
        title, description = (names[i] for i in tree.get("aria-labelledby").split())
        assert title.tag == "title" and title.text and description.tag == "desc"
        assert len(description.text) > 20
        for node in tree.iter():
            for name in ("x", "y", "cx", "cy", "x1", "x2", "y1", "y2", "width", "height"):
                assert "n" not in (node.get(name) or ""), node.attrib  # nan, inf
            assert "nan" not in (node.get("d") or "")
    ids = re.findall(r' id="([^"]+)"', page.text)
    assert len(ids) == len(set(ids))


def empty(store):
    tables = [row[0] for row in store.change("SELECT table_name FROM duckdb_tables()")]
    store.change(*[f'DELETE FROM "{table}"' for table in tables])


# --- numbers ---

def test_every_chart_is_there_with_its_table(store):
    page = store.page()
    for title in FIGURES:
        assert page.table(title), title
    assert len(page.svgs) == len(FIGURES)
    assert "All is well." in page.words


def test_tables_say_what_the_views_say(store):
    page = store.page()
    expected = store.change("SELECT ACTIVITY_DATE::VARCHAR, TOTAL_CONVERSATIONS, "
                            "TOTAL_INTERACTIONS FROM V_DAILY_SUMMARY ORDER BY 1")
    found = page.table("Conversations and interactions a day")
    assert [(row[0], int(row[1].replace(",", "")), int(row[2].replace(",", "")))
            for row in found] == expected
    expected = store.change("SELECT PLATFORM, SUM(TOTAL_INTERACTIONS) FROM V_TOTAL_INTERACTIONS "
                            "GROUP BY 1 ORDER BY 2 DESC, 1")
    assert [(row[0], int(row[1].replace(",", "")))
            for row in page.table("Interactions by platform")] == expected
    expected = store.change("SELECT STREAM, SUM(ROWS_INSERTED + ROWS_UPDATED) FROM FIRN_RUNS "
                            "GROUP BY 1 ORDER BY 1")
    assert [(row[1], int(row[2].replace(",", "")))
            for row in page.table("Rows loaded a day")] == expected


def test_the_drawing_agrees_with_the_table(store):
    """Heights of dots, back from pixels, are the day's active users."""
    page = store.page()
    values = [int(row[3]) for row in page.table("Active users a day")]
    svg = xml.etree.ElementTree.fromstring(next(s for s in page.svgs if "Active users" in s))
    ticks = {float(t.get("y")) - 4: float(t.text) for t in svg.iter("text")
             if t.get("text-anchor") == "end" and t.text.isdigit()}
    zero = next(y for y, value in ticks.items() if value == 0)
    top, most = min(ticks.items())
    drawn = [(zero - float(dot.get("cy"))) / (zero - top) * most for dot in svg.iter("circle")]
    assert drawn == pytest.approx(values, abs=most / 200)


def test_days_cuts_what_is_older(store):
    page = store.page("--days", "7")
    first = (NOW - 6 * DAY).date().isoformat()
    days = [row[0] for row in page.table("Conversations and interactions a day")]
    assert days and min(days) >= first and len(days) <= 7
    for wrong in ("0", "1101"):
        assert store.firn("report", "-o", "x", "--days", wrong).code == 2


# --- what can be odd ---

def test_no_rows(store):
    empty(store)
    page = store.page()
    assert page.svgs == [] and page.text.count("There is nothing yet.") == len(FIGURES)


def test_one_row(store):
    empty(store)
    at = (NOW - DAY).isoformat()
    store.change(f"INSERT INTO MOVEWORKS_CONVERSATIONS (ID, CREATED_AT) VALUES ('c', '{at}')",
                 "INSERT INTO MOVEWORKS_INTERACTIONS (ID, CONVERSATION_ID, USER_ID, CREATED_AT) "
                 f"VALUES ('i', 'c', 'u', '{at}')")
    page = store.page()
    [row] = page.table("Conversations and interactions a day")
    assert row[1:4] == ["1", "1", "1"]
    svg = next(s for s in page.svgs if "Active users" in s)
    assert svg.count("<circle") == 1 and "<path" not in svg


def fill(store, days, names):
    """Days of conversations, with these names wherever a name can be."""
    empty(store)
    quote = lambda text: "'" + text.replace("'", "''") + "'"
    listed = "[" + ", ".join(map(quote, names)) + "]"
    n = len(names)
    start = f"TIMESTAMP '{(NOW - (days - 1) * DAY).date()} 10:00:00'"
    at = f"{start} + INTERVAL (i) DAY"
    pick = f"({listed})[1 + i % {n}]"
    source = f"FROM range({days}) t(i)"
    store.change(
        "INSERT INTO MOVEWORKS_CONVERSATIONS (ID, CREATED_AT, PRIMARY_DOMAIN, ROUTE) "
        f"SELECT 'c' || i, {at}, {pick}, 'DM' {source}",
        "INSERT INTO MOVEWORKS_INTERACTIONS (ID, CONVERSATION_ID, USER_ID, PLATFORM, CREATED_AT) "
        f"SELECT 'i' || i, 'c' || i, 'u' || i % 7, {pick}, {at} {source}",
        "INSERT INTO MOVEWORKS_PLUGIN_CALLS (ID, CONVERSATION_ID, PLUGIN_NAME, SERVED, USED, "
        f"CREATED_AT) SELECT 'p' || i, 'c' || i, {pick}, TRUE, i % 2 = 0, {at} {source}",
        "INSERT INTO MOVEWORKS_PLUGIN_RESOURCES (ID, CONVERSATION_ID, INTERACTION_ID, TYPE, "
        "RESOURCE_ID, CITED, CREATED_AT) SELECT 'r' || i, 'c' || i, 'i' || i, "
        f"'RESOURCE_TYPE_KNOWLEDGE', {pick}, TRUE, {at} {source}",
        "INSERT INTO MOVEWORKS_USERS (ID, HAS_ACCESS_TO_BOT, FIRST_INTERACTION_AT) "
        f"SELECT 'u' || i, TRUE, {start} FROM range(9) t(i)",
        "INSERT INTO FIRN_RUNS (RUN_ID, PIPELINE, STREAM, COMMAND, STARTED_AT, ENDED_AT, "
        "ROWS_INSERTED, ROWS_UPDATED, OUTCOME, ERROR) SELECT 'r' || i, 'moveworks', "
        f"{pick}, 'run', {at}, {at} + INTERVAL (1 + i % 50) SECOND, 10 + i % 90, 1, "
        f"CASE WHEN i % 20 = 0 THEN 'failed' ELSE 'done' END, {pick} {source}")


@pytest.mark.parametrize("days", [8, 400])
def test_names_full_of_markup_stay_names(store, days):
    fill(store, days, EVIL)
    page = store.page("--days", "1100")
    assert len(page.table("Conversations and interactions a day")) == days
    shown = [row[0] for row in page.table("Interactions by platform")]
    expected = [re.sub("[\x00-\x1f]", "\ufffd", name) for name in EVIL]
    assert sorted(shown) == sorted(expected)
    assert page.figures["Failures"]["table"]
    assert "<script" not in page.text and "\x1b" not in page.text


def test_more_streams_than_colours_are_added_up(store):
    fill(store, 30, [f"stream-{i:02}" for i in range(15)])
    page = store.page()
    svg = next(s for s in page.svgs if "Rows loaded" in s)
    tree = xml.etree.ElementTree.fromstring(svg)
    drawn = sum(int(re.search(r": ([\d,]+)$", t.text)[1].replace(",", ""))
                for rect in tree.iter("rect") for t in rect)
    assert drawn == store.change("SELECT SUM(ROWS_INSERTED + ROWS_UPDATED) FROM FIRN_RUNS")[0][0]
    assert "others" in svg and "f8" not in svg


def test_a_view_that_is_missing_costs_its_chart_only(store):
    store.change('DROP VIEW "V_ADOPTION"')
    page = store.page()
    assert re.search("V_ADOPTION cannot be read; <code>firn views</code> makes", page.text)
    assert "Adoption rate" not in page.figures and page.table("Active users a day")


def test_without_a_warehouse_the_page_has_the_local_state(store):
    store.firn.path("moveworks.duckdb").unlink()
    done = store.firn("report", "-o", "-")
    assert done.code == 0 and "the page has local state alone" in done.err, done
    page = Page(done.out)
    stands_alone(page)
    rows = {row[1]: int(row[2].replace(",", "")) for row in page.table("Rows loaded a day")}
    assert rows == {stream["stream"]: stream["rows"] for stream in
                    json.loads(store.firn("status", "--json").out)["streams"]}
    assert not store.firn.path("moveworks.duckdb").exists()


def test_failures_and_gaps_are_told(store):
    hole = (NOW - 10 * DAY).date()
    store.change(f"DELETE FROM FIRN_WINDOWS WHERE STREAM = 'interactions' AND WINDOW_FROM::DATE = '{hole}'",
                 "UPDATE FIRN_RUNS SET OUTCOME = 'failed', ERROR = 'no <way>' "
                 "WHERE STREAM = 'users'")
    page = store.page()
    assert [row[1:5] for row in page.table("Failures")] == [
        ["users", "initial-load", "failed", "no <way>"]]
    assert [row[:2] + [cell[:10] for cell in row[2:]] for row in page.table("Gaps")] == [
        ["interactions", "", str(hole), str(hole + DAY)]]


def test_secrets_do_not_reach_the_page(store):
    secret = store.firn.env["FIRN_TEST_TOKEN"]
    store.change(f"UPDATE FIRN_RUNS SET OUTCOME = 'failed', ERROR = 'refused {secret}'")
    page = store.page()
    assert secret not in page.text and "refused ***" in page.text


def test_days_are_those_of_the_configured_zone(store):
    text = store.firn.path("firn.yaml").read_text()
    store.firn.write("firn.yaml", text + "views: { timezone: Pacific/Kiritimati }\n")
    empty(store)
    store.change("INSERT INTO FIRN_RUNS (RUN_ID, PIPELINE, STREAM, COMMAND, STARTED_AT, ENDED_AT, "
                 "ROWS_INSERTED, ROWS_UPDATED, OUTCOME) VALUES ('r', 'moveworks', 'users', 'run', "
                 f"TIMESTAMP '{(NOW - 2 * DAY).date()} 12:00:00', TIMESTAMP "
                 f"'{(NOW - 2 * DAY).date()} 12:00:05', 3, 0, 'done')")
    assert [row[0] for row in store.page().table("Rows loaded a day")] == [
        str((NOW - DAY).date())]


def test_no_file_named_is_a_mistake(store):
    done = store.firn("report")
    assert done.code == 2 and "-o FILE" in done.err, done
    done = store.firn("report", "-o", "no/such/folder/x.html")
    assert done.code == 1 and "no/such/folder" in done.err, done


# --- SQL for the other warehouse ---

def test_queries_mean_the_same_in_snowflake(store):
    lists = {"pipeline": ["moveworks"], "since": ["2020-01-01"]}
    ours = views_store.translate("duckdb", lists=lists, report=True)
    theirs = views_store.translate("snowflake", lists=lists, report=True)
    weather = [name for name in ours if name.startswith("openmeteo/")]
    with duckdb.connect(store.file, read_only=True) as it:
        for name, (_, _, sql) in ours.items():
            rewritten = views_store.as_duckdb(theirs[name][2])
            if name not in weather:
                assert it.execute(sql).fetchall() == it.execute(rewritten).fetchall(), name


# --- colours ---

def colours(text, block):
    return dict(re.findall(r"--(\w+):(#[0-9a-f]{6})", block))


def contrast(a, b):
    def light(colour):
        parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
        parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    high, low = sorted((light(a), light(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_colours_stand_out_light_and_dark(store):
    text = store.page().text
    blocks = re.findall(r":root\{[^}]*\}", text)
    assert len(blocks) == 3 and colours(text, blocks[0]) == colours(text, blocks[2])
    for block in blocks[:2]:
        found = colours(text, block)
        for page in ("page", "panel"):
            for name in ("ink", "soft", "bad", "good"):
                assert contrast(found[name], found[page]) >= 4.5, (name, page, found)
            for i in range(8):
                assert contrast(found[f"c{i}"], found[page]) >= 3, (i, page, found)


# --- in a browser ---

def chromium(store, *options, file="report.html"):
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--user-data-dir={store.firn.home}/chromium", *options,
         f"file://{store.firn.path(file)}"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done
    return done.stdout


def top_left(path):
    """The first pixel of a PNG of 8 bits a channel."""
    data = path.read_bytes()
    depth, kind = data[24], data[25]
    assert depth == 8 and kind in (2, 6)
    at, body = 8, b""
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at:at + 8])
        body += data[at + 8:at + 8 + size] if name == b"IDAT" else b""
        at += 12 + size
    return "#" + zlib.decompress(body)[1:4].hex()  # of the first line, whatever its filter


MEASURE = """<script>
const wrong = [], check = (ok, text) => { if (!ok) wrong.push(text); };
check(document.documentElement.scrollWidth <= innerWidth, "the page scrolls sideways");
for (const svg of document.querySelectorAll("svg.chart")) {
  const frame = svg.getBoundingClientRect(), name = svg.querySelector("title").textContent;
  const boxes = [...svg.querySelectorAll("text")].map(t => [t.textContent,
                                                            t.getBoundingClientRect()]);
  for (const [text, box] of boxes)
    check(box.left >= frame.left - 1 && box.right <= frame.right + 1 && box.top >= frame.top - 1 &&
          box.bottom <= frame.bottom + 1, name + ": outside: " + text);
  for (let i = 0; i < boxes.length; i++)
    for (let k = i + 1; k < boxes.length; k++) {
      const a = boxes[i][1], b = boxes[k][1];
      check(a.right <= b.left + 1 || b.right <= a.left + 1 || a.bottom <= b.top + 4 ||
            b.bottom <= a.top + 4, name + ": overlap: " + boxes[i][0] + " / " + boxes[k][0]);
    }
}
document.body.innerHTML = "<pre>MEASURED" + JSON.stringify(wrong) + "</pre>";
</script>"""


@browser
@pytest.mark.parametrize("width", [1280, 500])
@pytest.mark.parametrize("days", [1, 45, 400])
def test_labels_lie_inside_and_apart(store, days, width):
    fill(store, days, EVIL + [f"another name {i}" for i in range(9)])
    page = store.page("--days", "1100")
    text = re.sub("<meta http-equiv[^>]*>", "", page.text)
    store.firn.write("measured.html", text.replace("</body>", MEASURE + "</body>"))
    seen = chromium(store, f"--window-size={width},2000", "--dump-dom", file="measured.html")
    assert "MEASURED[]" in seen, re.search("MEASURED.*", seen)


@browser
def test_it_is_light_or_dark_as_the_reader_likes(store):
    store.page()
    for scheme, colour in (("1", "#ffffff"), ("0", "#14171b")):
        picture = store.firn.path(f"{scheme}.png")
        chromium(store, f"--blink-settings=preferredColorScheme={scheme}",
                 f"--screenshot={picture}", "--window-size=1000,800")
        assert top_left(picture) == colour


@browser
def test_nothing_in_it_runs(store):
    fill(store, 8, EVIL)
    store.page()
    seen = chromium(store, "--dump-dom")
    assert "<title>moveworks: firn report</title>" in seen and "hacked" in seen


@browser
def test_it_prints(store):
    fill(store, 60, EVIL)
    store.page()
    paper = store.firn.path("report.pdf")
    chromium(store, f"--print-to-pdf={paper}", "--blink-settings=preferredColorScheme=0")
    data = paper.read_bytes()
    assert data.startswith(b"%PDF") and 2 <= len(re.findall(rb"/Type ?/Page\b", data)) <= 12
