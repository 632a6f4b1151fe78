#!/usr/bin/env python3
"""The laws of the code. Called by tools/tidy.sh; each law is a function below, and its name
stands in LAWS or TEXT_LAWS at the end. A law looks at one file and yields (line, message).

C files are looked at in three forms: `raw` lines; `code`, where comments and the insides of
strings and characters are blank; and `includes`. Patterns that must not find this file are put
together from parts."""

import argparse
import fnmatch
import os
import re
import subprocess
import sys

# Which folders of src/ a folder may include; single headers where only those are allowed.
BELOW_RUN = {"base", "config", "connector", "fetch", "shape", "spool", "source", "deliver",
             "warehouse"}
MAY_INCLUDE = {
    "base": set(),
    "config": {"base"},
    "connector": {"base", "config/yaml.h", "config/keys.h"},
    "fetch": {"base"},
    "shape": {"base"},
    "spool": {"base"},
    "source": {"base", "config", "connector", "shape", "fetch/exchange.h"},
    "deliver": {"base", "config", "fetch", "shape", "spool"},
    "warehouse": {"base", "config", "fetch", "shape", "spool"},
    "run": BELOW_RUN,
    "report": {"base", "config", "warehouse", "spool"},
    "cli": BELOW_RUN | {"run", "report"},
}

# One door per library: who may include its headers. None: any one file, but only one.
DOORS = [
    (re.compile(r"yyjson\.h$"), {"src/base/json.c"}),
    (re.compile(r"openssl/"), {"src/base/digest.c", "src/base/private_key.c"}),
    (re.compile(r"yaml\.h$"), {"src/config/yaml.c"}),
    (re.compile(r"curl/"), {"src/fetch/http.c", "src/fetch/asked_host.c"}),
    (re.compile(r"(.*/)?adbc(_driver_manager)?\.h$"), {"src/warehouse/adbc.c"}),
    (re.compile(r"nanoarrow/"), {"src/shape/batch.c", "src/shape/arrow_read.c",
                                 "one of src/warehouse/"}),
    (re.compile(r"zlib\.h$"), None),
    (re.compile(r"zstd\.h$"), None),
    (re.compile(r"duckdb\.h$"), set()),
]

# What one kind of system has and another has not is behind the names of base/.
POSIX = re.compile(r"(unistd|fcntl|pthread|dirent|poll|termios|pwd|grp|netdb|dlfcn|spawn|glob|"
                   r"syslog|sched|semaphore|strings|langinfo|ifaddrs|windows|winsock2|io|direct|"
                   r"sys/(?!types\.h)\w+|net/\w+|netinet/\w+|arpa/\w+)(\.h)?$")

BANNED = re.compile(r"(?<![\w.>])(strcpy|strcat|sprintf|vsprintf|atoi|atol|atoll|strtok|gets|"
                    r"localtime|gmtime|system|popen)\s*\(")
ENVIRONMENT = re.compile(r"(?<![\w.>])(getenv|secure_getenv|setenv|putenv|unsetenv)\s*\(")
PRINTING = re.compile(r"(?<![\w.>])(printf|vprintf|puts|putchar|perror)\s*\(|\b(stderr|stdout)\b")
TYPEDEF = re.compile(r"\btypedef\s+(struct|union)\b")

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 500
COLUMNS_MAX = 100


class File:
    """One C file in its three forms."""

    def __init__(self, path, text):
        self.path = path
        self.folder = path.split("/")[1] if path.startswith("src/") else None
        self.raw = text.split("\n")
        self.code = blanked(text).split("\n")
        self.includes = []  # (line, name, quoted)
        for number, line in enumerate(self.raw, 1):
            found = re.match(r'\s*#\s*include\s*(["<])([^">]+)', line)
            if found:
                self.includes.append((number, found[2], found[1] == '"'))


NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|' r"'(?:\\.|[^'\\\n])*'", re.S)


def blanked(text):
    """Comments become \\x01 and the insides of strings \\x02, line by line."""
    def replace(match):
        mark = "\x01" if match[0].startswith("/") else "\x02"
        return re.sub(r"[^\n]", mark, match[0])
    return NOT_CODE.sub(replace, text)


# --- laws of src/ ---
def include_direction(file):
    if file.folder is None:
        return
    for line, name, quoted in file.includes:
        if not quoted:
            continue
        target = name.split("/")[0]
        if "/" not in name or target not in MAY_INCLUDE:
            yield line, f'"{name}" names no folder of src/'
        elif target != file.folder and not {target, name} & MAY_INCLUDE[file.folder]:
            yield line, f"{file.folder} may not include {name}"


def one_door(file):
    if file.folder is None:
        return
    for line, name, quoted in file.includes:
        for pattern, doors in DOORS:
            if quoted or not pattern.match(name) or doors is None or file.path in doors:
                continue
            if f"one of src/{file.folder}/" not in doors:
                yield line, f"{name} has its door elsewhere: {', '.join(sorted(doors)) or 'none'}"


def posix_in_base(file):
    if file.folder in (None, "base"):
        return
    for line, name, quoted in file.includes:
        if not quoted and POSIX.match(name):
            yield line, f"{name}: POSIX and Windows calls belong into src/base"


def log_above(file):
    if file.folder is None or file.folder in ("run", "report", "cli"):
        return
    for line, name, quoted in file.includes:
        if name == "base/log.h" and file.path != "src/base/log.c":
            yield line, "base/log.h is for run, report and cli; return the error instead"


def environment(file):
    """A library that is loaded later reads it: process.c changes it, and nobody else."""
    if file.folder in (None, "cli", "config"):
        return
    for line, found in matches(file, ENVIRONMENT):
        if found[1] != "setenv" or file.path != "src/base/process.c":
            yield line, "the environment is read in src/cli and src/config only"


def printing(file):
    if file.folder not in BELOW_RUN:
        return
    for line, found in matches(file, PRINTING):
        yield line, f"{found[1] or found[2]}: nobody below run prints"


# A name after one or more words, and then nothing or a value: no function. What a signal handler
# leaves behind can be nowhere else.
MUTABLE = re.compile(r"(?:[a-z_]\w*[\s*]+)+\w+\s*(?:\[[^\]]*\]\s*)*(?:=|;)")
NOT_MUTABLE = re.compile(r"^(?:extern|typedef|return|goto|(?:struct|enum|union)\s+\w+\s*;)"
                         r"|\bconst\b|\binline\b|\bvolatile sig_atomic_t\b")


def global_state(file):
    if file.folder is None:
        return
    for number, line in enumerate(file.code, 1):
        candidate = line if line[:1].strip() else ""
        if re.match(r"\t+static\b", line):
            candidate = line.strip()
        if MUTABLE.match(candidate) and not NOT_MUTABLE.search(candidate):
            yield number, "no global mutable state"


# --- laws of all C ---
def matches(file, pattern):
    for number, line in enumerate(file.code, 1):
        for found in pattern.finditer(line):
            yield number, found


def banned_calls(file):
    for line, found in matches(file, BANNED):
        yield line, f"{found[1]} is banned"


def typedef_struct(file):
    for line, _ in matches(file, TYPEDEF):
        yield line, "no typedef of a struct"


def returning_macro(file):
    inside = False
    for number, line in enumerate(file.code, 1):
        inside = inside or bool(re.match(r"\s*#\s*define\b", line))
        if inside and re.search(r"\breturn\b", line):
            yield number, "no macro that returns"
        inside = inside and line.endswith("\\")


def function_length(file):
    start = None
    for number, line in enumerate(file.code, 1):
        if start is None:
            if line == "{" or (re.match(r"\w.*\)\s*\{$", line)):
                start = number
        elif line.startswith("}"):
            if number - start + 1 > FUNCTION_LINES_MAX:
                yield start, (f"a function of {number - start + 1} lines; "
                              f"at most {FUNCTION_LINES_MAX}")
            start = None


def file_length(file):
    lines = len(file.raw) - 1
    if lines > FILE_LINES_MAX:
        yield FILE_LINES_MAX + 1, f"a file of {lines} lines; at most {FILE_LINES_MAX}"


def line_width(file):
    for number, line in enumerate(file.raw, 1):
        columns = len(line.expandtabs(8))
        if columns > COLUMNS_MAX:
            yield number, f"{columns} columns; at most {COLUMNS_MAX}"


def tabs(file):
    for number, line in enumerate(file.code, 1):
        if re.match(r"\t*(?: {8}| +\t)", line):
            yield number, "indent with tabs"


def guard_names(path):
    """FIRN_FOLDER_FILE_H; outside src/ the folder is the first, the last or all of them."""
    parts = [re.sub(r"\W", "_", part).upper() for part in path[:-2].split("/")]
    folders, file = parts[parts[0] == "SRC":-1], parts[-1]
    choices = [folders] if path.startswith("src/") else [folders[:1], folders[-1:], folders]
    return ["_".join(["FIRN", *choice, file, "H"]) for choice in choices]


def include_guard(file):
    if not file.path.endswith(".h"):
        return
    directives = [(number, line.split()) for number, line in enumerate(file.code, 1)
                  if line.startswith("#")]
    names = guard_names(file.path)
    good = (len(directives) >= 3 and directives[0][1][0] == "#ifndef" and
            directives[1][1][0] == "#define" and directives[-1][1][0] == "#endif" and
            directives[0][1][1:] == directives[1][1][1:2] and directives[0][1][1] in names)
    if not good:
        line = directives[0][0] if directives else 1
        yield line, f"no include guard {names[0]}"


# --- laws of all text ---
WORDS = re.compile(r"\b(" + "TO" + "DO|FIX" + "ME|X" + "XX)" + r"\b")
HOSTS = re.compile(r"(py" + r"pi\.org|python" + r"hosted\.org|np" + r"mjs\.(?:org|com)|"
                   r"proxy\.go" + r"lang\.org|sum\.go" + r"lang\.org|crates" + r"\.io|"
                   r"(?:deb|security|ftp)\.deb" + r"ian\.org|archive\.ub" + r"untu\.com|"
                   r"ruby" + r"gems\.org|registry-1\.doc" + r"ker\.io)", re.I)
MACHINE = re.compile(r"(?<![\w.~$}/-])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me/\w+|Us" + r"ers/\w+)"
                     r"(?=/)")


def left_overs(path, line):
    found = WORDS.search(line)
    if found:
        yield f"{found[1]}: do it or leave it out"


def hosts(path, line):
    found = HOSTS.search(line)
    if found:
        yield f"{found[1]}: registries are named by their clients, not here"


def machine_paths(path, line):
    found = MACHINE.search(line)
    if found:
        yield f"{found[0]}/: a path of one machine"


def trailing_blanks(path, line):
    if line != line.rstrip() and not path.endswith(".md"):
        yield "blanks at the end of the line"


# --- laws of the whole ---
def unused_headers(files):
    included = {}
    for file in files:
        for _, name, _ in file.includes:
            base = os.path.dirname(file.path)
            for place in ("src/" + name, "sim/" + name, "tests/" + name,
                          os.path.normpath(os.path.join(base, name))):
                if place != file.path:
                    included[place] = True
    for file in files:
        if file.path.endswith(".h") and file.path not in included:
            yield file.path, 1, "nobody includes this header"


def second_doors(files):
    for pattern, doors in DOORS:
        wanted = doors is None or any(door.startswith("one of ") for door in doors)
        if not wanted:
            continue
        users = {}
        for file in files:
            if file.folder is None or (doors is not None and (
                    file.path in doors or f"one of src/{file.folder}/" not in doors)):
                continue
            for line, name, quoted in file.includes:
                if not quoted and pattern.match(name):
                    users.setdefault(file.path, (line, name))
        for path in sorted(users)[1:]:
            line, name = users[path]
            yield path, line, f"{name} has its door elsewhere: {min(users)}"


# --- laws of documents ---
# What the tour for maintainers names is there.
TOURS = {"docs/INTERNALS.md"}
NAMED = re.compile(r"`([\w./*-]+)`")
OF_FILES = re.compile(r"\.(?:c|h|py|sh|sql|md)$|^(?:src|sim|tests|tools|docs|bench|connectors|"
                      r"views|report)/")
OF_CODE = re.compile(r"[a-z]\w*_\w+$")
ANY_NAME = re.compile(r"(?<![A-Z])(?:NAME|CONNECTOR)(?![A-Z])")


def places(paths):
    """Every file, and every folder that one is in."""
    there = set(paths)
    for path in paths:
        while "/" in path:
            path = path.rpartition("/")[0]
            there.add(path)
    return there


def named_files(path, text, there, words):
    if path not in TOURS:
        return
    for number, line in enumerate(text.split("\n"), 1):
        for name in NAMED.findall(line):
            if OF_FILES.search(name):
                pattern = ANY_NAME.sub("*", name.rstrip("/"))
                looked = re.compile("(?:src/|)" + fnmatch.translate(pattern) if "/" in pattern
                                    else "(?:.*/|)" + fnmatch.translate(pattern))
                if not any(looked.match(place) for place in there):
                    yield path, number, f"{name}: no such file"
            elif OF_CODE.match(name) and name not in words:
                yield path, number, f"{name}: no such name in the code"


LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)(?:#[^)]*)?\)")


def dead_links(path, text, there):
    for number, line in enumerate(text.split("\n"), 1):
        for name in LINK.findall(re.sub(r"`[^`]*`", "", line)):
            if os.path.normpath(os.path.join(os.path.dirname(path), name)) not in there:
                yield path, number, f"{name}: no such file"


# The table of messages in the README: what stands between … of each is a text of the program's.
MESSAGES = "## When something is wrong"
LITERAL = re.compile(r'"(?:\\.|[^"\\\n])*"(?:\s*"(?:\\.|[^"\\\n])*")*')


def program_texts(files, connectors):
    """All literals of src/, those that are written in parts put together; and the connectors."""
    texts = list(connectors)
    for file in files:
        if file.folder is not None:
            texts += [re.sub(r'"\s*"', "", text) for text in LITERAL.findall("\n".join(file.raw))]
    return "\n".join(texts)


def unknown_messages(path, text, texts):
    if path != "README.md" or MESSAGES not in text:
        return
    start = text.index(MESSAGES)
    number = text.count("\n", 0, start)
    for line in text[start:].split("\n"):
        number += 1
        found = re.match(r"\| `([^`]*)` \|", line)
        for part in re.split("…|[0-9]+", found[1].replace("%", "%%") if found else ""):
            part = part.strip(" ';:()")
            if len(part) > 3 and part not in texts:
                yield path, number, f"no message has the words: {part}"


LAWS = [include_direction, one_door, posix_in_base, log_above, environment, printing,
        global_state, banned_calls, typedef_struct, returning_macro, function_length,
        file_length, line_width, tabs, include_guard]
TEXT_LAWS = [left_overs, hosts, machine_paths, trailing_blanks]
WHOLE_LAWS = [unused_headers, second_doors]

C_FOLDERS = ("src/", "sim/", "tests/", "tools/", "bench/")


def paths(root):
    """All files that git tracks or would; without git, all that are there."""
    if os.path.exists(os.path.join(root, ".git")):
        out = subprocess.run(["git", "-C", root, "ls-files", "-z", "-co", "--exclude-standard"],
                             check=True, capture_output=True).stdout
        return [path for path in out.decode().split("\0") if path]
    return [os.path.relpath(os.path.join(folder, name), root)
            for folder, _, names in os.walk(root) for name in names]


def read(path):
    """The text; None where it is no text or just gone."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return None
    return None if b"\0" in data else data.decode("utf-8", "replace")


def main():
    parser = argparse.ArgumentParser(description="the laws of the code")
    parser.add_argument("--root", default=os.path.join(os.path.dirname(__file__), ".."))
    root = parser.parse_args().root
    breaches, files, count = [], [], 0
    there, documents, connectors = sorted(set(paths(root))), {}, []
    for path in there:
        text = read(os.path.join(root, path))
        if text is None:
            continue
        count += 1
        if path.endswith(".md"):
            documents[path] = text
        if path.startswith("connectors/"):
            connectors.append(text)
        for number, line in enumerate(text.split("\n"), 1):
            for law in TEXT_LAWS:
                breaches += [(path, number, said) for said in law(path, line)]
        if path.endswith((".c", ".h")) and path.startswith(C_FOLDERS):
            file = File(path, text)
            files.append(file)
            for law in LAWS:
                breaches += [(path, number, said) for number, said in law(file)]
    for law in WHOLE_LAWS:
        breaches += law(files)
    words = {word for file in files for line in file.raw for word in re.findall(r"\w+", line)}
    texts, everywhere = program_texts(files, connectors), places(there)
    for path, text in documents.items():
        breaches += named_files(path, text, everywhere, words)
        breaches += dead_links(path, text, everywhere)
        breaches += unknown_messages(path, text, texts)
    for path, number, said in sorted(set(breaches)):
        print(f"{path}:{number}: {said}")
    print(f"tidy: {count} files read, {len(files)} of them C; {len(set(breaches))} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
