"""firn service: what it prints is taken by the platform's own verifier, and runs."""

import os
import re
import shutil
import subprocess
import xml.etree.ElementTree

import pytest

import conftest
import firn_sim
from loading import Pipe

CONFIG = ("version: 1\npipeline: moveworks\n"
          "source: { connector: moveworks, auth: { bearer: abcdefgh } }\n"
          "destination: { duckdb: data/it.duckdb }\n")
DAILY = 'schedule: { at: ["22:00", "06:30"], timezone: US/Pacific, jitter: 90s }\n'


def configure(firn, schedule=DAILY, name="firn.yaml", more=""):
    return firn.write(name, CONFIG + schedule + more)


def unit(text):
    """[(section, key, value)]; every other line is a comment."""
    found, section = [], None
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, value = line.split("=", 1)
            found.append((section, key, value))
    return found


def values(text, key):
    return [value for _, found, value in unit(text) if found == key]


@pytest.fixture
def analyze():
    """systemd's own verifier; installed by `make test`."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed: tools/deps.sh test brings it")
    return lambda *args: subprocess.run(["systemd-analyze", *map(str, args)],
                                        capture_output=True, text=True)


def verified(analyze, *paths):
    done = analyze("verify", "--man=no", *paths)
    ours = [line for line in done.stderr.splitlines() if "firn" in line]
    assert done.returncode == 0 and not ours, done.stderr


# --- systemd ---

def test_reload_needs_no_program_that_a_small_system_lacks(firn):
    """/bin/kill is in procps, which a minimal Debian has not."""
    configure(firn)
    done = firn("service", "systemd")
    assert values(done.out, "ExecReload") == ['/bin/sh -c "kill -HUP $MAINPID"'], done


def test_the_unit_is_verified_and_hardened(firn, analyze, tmp_path):
    configure(firn)
    done = firn("service", "systemd", "--user", "root")
    assert done.code == 0 and done.err == "", done
    path = tmp_path / "firn-moveworks.service"
    path.write_text(done.out)
    verified(analyze, path)
    report = analyze("security", "--offline=true", "--threshold=30", path)
    assert report.returncode == 0, report.stdout # 3.0 of 10: "OK"


def test_the_unit_says_what_start_needs(firn):
    configure(firn)
    text = firn("service", "systemd").out
    assert ("Service", "Type", "notify") in unit(text)
    assert values(text, "WatchdogSec") == ["60s"] and values(text, "User") == ["firn"]
    assert values(text, "ProtectSystem") == ["strict"]
    assert values(text, "RestartPreventExitStatus") == ["2"]
    assert values(text, "KillMode") == ["mixed"]
    folder = str(firn.folder)
    assert values(text, "ReadWritePaths") == [f'"{folder}/.firn/moveworks"', f'"{folder}/logs"',
                                              f'"{folder}/data"']
    assert values(text, "ExecStart") == [f'"{conftest.PROGRAM}" -c "{folder}/firn.yaml" start']


def test_folders_that_lie_in_another_are_not_named_twice(firn):
    configure(firn, more="state_dir: data/state\nlog: { dir: data }\n")
    assert values(firn("service", "systemd").out, "ReadWritePaths") == [f'"{firn.folder}/data"']
    assert 'abcdefgh' not in firn("service", "systemd").out


def given_to_nobody(firn):
    """Does what the unit says is to be done once, but for systemd's part; ({path: owner}, steps)."""
    head = firn("service", "systemd", "--user", "nobody").out.split("[Unit]")[0]
    assert "runuser -u nobody" in head
    steps = [line[4:] for line in head.splitlines() if line.startswith("#   ")]
    subprocess.run(["sh", "-ec", "\n".join(step for step in steps if "systemctl" not in step
                                           and ">/etc" not in step)], check=True)
    return {path.relative_to(firn.folder).as_posix(): path.owner()
            for path in firn.folder.rglob("*")}, steps


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_what_the_unit_says_first_gives_its_user_all_that_is_there(firn, sim):
    """A person's way: setup, the first load as root, then the service."""
    done = firn("setup", "--base-url", sim.base, "--token-file", "-", "--streams", "users",
                "--destination", "duckdb", "--duckdb", "it.duckdb", "--every", "1h",
                input=firn_sim.TOKEN)
    assert done.code == 0 and firn("run").code == 0, done
    firn.write("mine.txt", "somebody's")
    firn.write("public", "x").chmod(0o644)
    proved = firn.path("firn.yaml").read_text()
    firn.path("firn.yaml").write_text(proved + "http: { proxy: \"${file:public}\" }\n")
    owners, steps = given_to_nobody(firn)
    firn.path("firn.yaml").write_text(proved)
    for name in ("firn.yaml", "firn.token", "it.duckdb", ".firn", ".firn/moveworks", "logs"):
        assert owners.pop(name) == "nobody", (name, steps)
    assert owners.pop("mine.txt") == owners.pop("public") == "root", steps
    assert set(owners.values()) == {"nobody"}, owners
    done = firn("run")  # which would leave root's files there again
    assert done.code == 0 and "runuser -u nobody -- firn" in done.err, done


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_a_collectors_user_is_given_what_root_collected(firn):
    with firn_sim.start("--interactions", "10", "--until", "now") as sim:
        done = firn("setup", "--connector", "openmeteo", "--base-url", sim.root + "/v1", "--set",
                    "customer_id=acme", "--set", "locations=[{name: A, latitude: 1, longitude: 1}]",
                    "--destination", "folder", "--folder", "out/of/it", "--every", "1h")
        assert done.code == 0 and firn("run").code == 0, done
    owners, _ = given_to_nobody(firn)
    assert {"spool", "out", "out/of/it", "spool/openmeteo/LOCK"} <= set(owners), owners
    assert set(owners.values()) == {"nobody"}, owners


def test_a_collector_may_write_its_spool_and_landing(firn):
    firn.write("firn.yaml", CONFIG.replace("duckdb: data/it.duckdb", "folder: landing")
               + "spool: { dir: waiting }\nschedule: { every: 10m }\n")
    written = values(firn("service", "systemd").out, "ReadWritePaths")
    assert {f'"{firn.folder}/landing"', f'"{firn.folder}/waiting"'} <= set(written)


def test_paths_with_blanks_and_signs_are_quoted(firn, analyze, tmp_path):
    name = 'a b/50% "$HOME" o\'clock/firn.yaml'
    configure(firn, name=name)
    done = firn("-c", name, "service", "systemd", "--user", "root")
    assert done.code == 0, done
    path = tmp_path / "firn-moveworks.service"
    path.write_text(done.out)
    verified(analyze, path)
    assert values(done.out, "ExecStart")[0].endswith(
        '/a b/50%% \\"$$HOME\\" o\'clock/firn.yaml" start')
    # The commands of the comments are a shell's.
    install = next(line for line in done.out.splitlines() if "install -d" in line)
    split = subprocess.run(["sh", "-c", 'printf "%s\\n" ' + install[1:]], capture_output=True,
                           text=True).stdout.splitlines()
    assert split[-1] == str(firn.folder / 'a b/50% "$HOME" o\'clock/.firn/moveworks')


def test_a_pipelines_name_is_made_fit(firn):
    firn.write("firn.yaml", CONFIG.replace("pipeline: moveworks", 'pipeline: "../é x\\\\"')
               + DAILY)
    text = firn("service", "systemd").out
    assert re.fullmatch(r"firn-[-_0-9A-Za-z]*", values(text, "Description")[0]), text
    assert f"/etc/systemd/system/{values(text, 'Description')[0]}.service" in text


@pytest.mark.parametrize("schedule, calendar", [
    (DAILY, ["*-*-* 06:30:00 US/Pacific", "*-*-* 22:00:00 US/Pacific"]),
    ("schedule: { every: 10m }\n", ["*-*-* *:00/10:00 UTC"]),
    ("schedule: { every: 6h }\n", ["*-*-* 00/6:00:00 UTC"]),
    ("schedule: { every: 1d }\n", ["*-*-* 00:00:00 UTC"]),
    ("schedule: { every: 7m }\n", []),
])
def test_the_timer_is_verified(firn, analyze, tmp_path, schedule, calendar):
    configure(firn, schedule)
    service, timer = (tmp_path / f"firn-moveworks.{kind}" for kind in ("service", "timer"))
    service.write_text(firn("service", "timer", "--part", "service", "--user", "root").out)
    timer.write_text(firn("service", "timer", "--part", "timer").out)
    verified(analyze, service, timer)
    assert values(timer.read_text(), "OnCalendar") == calendar
    if calendar:
        assert values(timer.read_text(), "Persistent") == ["true"]
        assert analyze("calendar", *calendar).returncode == 0
    else:
        assert values(timer.read_text(), "OnUnitActiveSec") == ["420s"]
    both = firn("service", "timer", "--user", "root").out
    assert service.read_text() in both and timer.read_text() in both


# --- Windows ---

TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
# The schema of [MS-TSCH], as far as we use it: a list where the order counts, a set where not.
TRIGGER = ["Enabled", "StartBoundary", "EndBoundary", "Repetition", "ExecutionTimeLimit",
           "RandomDelay"]
SHAPES = {
    "Task": {"RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"},
    "RegistrationInfo": {"Description", "Author", "URI"},
    "Triggers": {"CalendarTrigger", "TimeTrigger", "BootTrigger"},
    "CalendarTrigger": [*TRIGGER, "ScheduleByDay"],
    "TimeTrigger": TRIGGER,
    "Repetition": {"Interval", "Duration", "StopAtDurationEnd"},
    "ScheduleByDay": {"DaysInterval"},
    "Principals": {"Principal"},
    "Principal": {"UserId", "LogonType", "GroupId", "RunLevel", "DisplayName"},
    "Settings": {"AllowStartOnDemand", "RestartOnFailure", "MultipleInstancesPolicy",
                 "DisallowStartIfOnBatteries", "StopIfGoingOnBatteries", "AllowHardTerminate",
                 "StartWhenAvailable", "RunOnlyIfNetworkAvailable", "WakeToRun", "Enabled",
                 "Hidden", "DeleteExpiredTaskAfter", "ExecutionTimeLimit", "Priority",
                 "RunOnlyIfIdle", "IdleSettings", "NetworkSettings"},
    "RestartOnFailure": {"Interval", "Count"},
    "Actions": {"Exec"},
    "Exec": ["Command", "Arguments", "WorkingDirectory"],
}
DURATION = re.compile(r"P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?$")
TEXTS = {"Interval": DURATION, "ExecutionTimeLimit": DURATION, "RandomDelay": DURATION,
         "StartBoundary": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ?$"),
         "RunLevel": re.compile("LeastPrivilege$"), "Count": re.compile(r"\d+$"),
         "MultipleInstancesPolicy": re.compile("(Parallel|Queue|IgnoreNew|StopExisting)$")}


def fits(element):
    name = element.tag.removeprefix(TASK)
    assert element.tag.startswith(TASK)
    inside = [child.tag.removeprefix(TASK) for child in element]
    if name in SHAPES:
        shape = SHAPES[name]
        assert set(inside) <= set(shape), (name, inside)
        if isinstance(shape, list):
            assert inside == sorted(inside, key=shape.index), (name, inside)
        if name != "Triggers":
            assert len(set(inside)) == len(inside), (name, inside)
    else:
        assert not inside, name
        if name in TEXTS:
            assert TEXTS[name].match(element.text), (name, element.text)
    for child in element:
        fits(child)


def task(text):
    root = xml.etree.ElementTree.fromstring(text.encode())
    assert root.tag == TASK + "Task" and root.get("version") == "1.2"
    fits(root)
    principal = root.find(f".//{TASK}Principal").get("id")
    assert root.find(f"{TASK}Actions").get("Context") == principal
    return root


def test_the_task_fits_its_schema(firn):
    configure(firn)
    root = task(firn("service", "taskscheduler").out)
    begins = [one.text for one in root.iter(TASK + "StartBoundary")]
    assert begins == ["2026-01-01T06:30:00", "2026-01-01T22:00:00"]
    assert root.find(f".//{TASK}StartWhenAvailable").text == "true"
    assert root.find(f".//{TASK}RandomDelay").text == "PT90S"
    assert root.find(f".//{TASK}Arguments").text == f'-q -c "{firn.folder}/firn.yaml" run'
    configure(firn, "schedule: { every: 10m }\n")
    root = task(firn("service", "taskscheduler").out)
    assert root.find(f".//{TASK}Repetition/{TASK}Interval").text == "PT600S"


def test_names_full_of_markup_are_data(firn):
    name = "a<b>&--c/firn.yaml"
    firn.write(name, CONFIG.replace("pipeline: moveworks", 'pipeline: "<a> & -- b"') + DAILY)
    root = task(firn("-c", name, "service", "taskscheduler").out)
    assert root.find(f".//{TASK}WorkingDirectory").text == str(firn.folder / "a<b>&--c")
    assert "<a> & -- b" in root.find(f".//{TASK}Description").text


def test_what_windows_cannot_repeat_is_refused(firn):
    configure(firn, "schedule: { every: 30s }\n")
    done = firn("service", "taskscheduler")
    assert done.code == 2 and done.out == "" and "schedule.every" in done.err, done


# --- cron ---

def cron_lines(text):
    return [line for line in text.splitlines()
            if line and not line.startswith("#") and not re.match(r"\w+=", line)]


@pytest.mark.parametrize("schedule, times", [
    (DAILY, ["30 6 * * *", "0 22 * * *"]),
    ("schedule: { every: 1m }\n", ["* * * * *"]),
    ("schedule: { every: 10m }\n", ["*/10 * * * *"]),
    ("schedule: { every: 1h }\n", ["0 */1 * * *"]),
    ("schedule: { every: 8h }\n", ["0 */8 * * *"]),
    ("schedule: { every: 1d }\n", ["0 0 * * *"]),
])
def test_the_crontab_says_the_schedule(firn, schedule, times):
    configure(firn, schedule)
    done = firn("service", "cron")
    assert [" ".join(line.split()[:5]) for line in cron_lines(done.out)] == times, done
    assert ("CRON_TZ=US/Pacific" in done.out) == ("at:" in schedule)
    assert cron_lines(firn("service", "cron", "--user", "loader").out)[0].split()[5] == "loader"


@pytest.mark.parametrize("every", ["7m", "5h", "2d", "90s", "90m"])
def test_what_cron_cannot_say_is_refused(firn, every):
    configure(firn, f"schedule: {{ every: {every} }}\n")
    done = firn("service", "cron")
    assert done.code == 2 and "cron cannot say" in done.err and done.out == "", done


def test_the_line_runs_as_cron_runs_it(firn, sim):
    """By sh, with % undone, in an empty environment and another folder."""
    firn.write("token", "test-token")
    pipe = Pipe(firn, sim, streams=["users"], auth="{ bearer: '${file:token}' }",
                rest="schedule: { every: 10m }\n")
    target = firn.folder.parent / "50% o'clock"
    firn.folder.rename(target)
    firn.folder = target
    pipe.file = target / "moveworks.duckdb"
    line, = cron_lines(firn("service", "cron").out)
    command = line.split(None, 5)[5]
    assert not re.search(r"(?<!\\)%", command)
    done = subprocess.run(["/bin/sh", "-c", command.replace("\\%", "%")], cwd="/",
                          env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout + done.stderr == "", done
    pipe.check_truth(["users"])


# --- all ---

def test_a_schedule_is_needed_and_words_are_checked(firn):
    configure(firn, "")
    for kind in ("systemd", "timer", "taskscheduler", "cron"):
        done = firn("service", kind)
        assert done.code == 2 and "schedule is missing" in done.err, done
    configure(firn)
    assert "expected systemd, timer" in firn("service", "launchd").err
    assert firn("service").code == 2
    assert "no user's name" in firn("service", "systemd", "--user", "a b").err
    assert "--part is for timer" in firn("service", "cron", "--part", "timer").err
    configure(firn, name="bad\nname/firn.yaml")
    assert "no service can name this path" in firn("-c", "bad\nname/firn.yaml", "service",
                                                   "systemd").err
