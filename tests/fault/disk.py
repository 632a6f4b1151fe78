"""What a disk may hold after a power cut, given what a program did (FAULT_RECORD of faults.c).

The rules are the weakest that POSIX leaves:
- What was written to a file since its last sync is there or not: each write up to any one of
  them, cut in the middle, or with its length grown and zeros in place of the data.
- After a sync that failed the kernel takes the data for written: no later sync of that file brings
  it to disk.
- A name that was made in or removed from a folder since the folder's last sync is so or not, each
  for itself; a link in another folder says nothing of the one here. A rename inside one folder is
  one step.
"""

import itertools
import json


class File:
    def __init__(self):
        self.versions = [b""]  # the first is on disk for certain; the last is what readers see
        self.doubted = None    # after a failed sync: what a later sync would bring to disk

    @property
    def data(self):
        return self.versions[-1]

    def write(self, at, data):
        self.versions.append(put(self.data, at, data))
        if self.doubted is not None:
            self.doubted = put(self.doubted, at, data)

    def cut(self, size):
        self.versions.append(self.data[:size].ljust(size, b"\0"))
        if self.doubted is not None:
            self.doubted = self.doubted[:size]

    def sync(self):
        self.versions = [self.data] if self.doubted is None else [self.doubted, self.data]

    def unsynced(self):
        if self.doubted is None:
            self.doubted = self.versions[0]

    def variants(self):
        seen = dict.fromkeys(reversed(self.versions[-5:] + self.versions[:1]))
        old, new = self.versions[0], self.data
        if len(new) > len(old):
            half = (len(old) + len(new)) // 2
            seen[new[:half]] = None
            seen[new[:half] + bytes(len(new) - half)] = None
            seen[old + bytes(len(new) - len(old))] = None
        return list(seen)


def put(old, at, data):
    return old[:at].ljust(at, b"\0") + data + old[at + len(data):]


class Folder:
    def __init__(self):
        self.names = {}    # on disk for certain
        self.pending = []  # steps since: each {name: node or None}

    @property
    def now(self):
        return self.with_steps(self.pending)

    def with_steps(self, steps):
        names = dict(self.names)
        for step in steps:
            for name, node in step.items():
                names.pop(name, None)
                if node is not None:
                    names[name] = node
        return names

    def sync(self):
        self.names, self.pending = self.now, []

    def variants(self):
        n = len(self.pending)
        if n <= 3:
            picks = itertools.product((True, False), repeat=n)
        else:
            picks = [[True] * n, [False] * n]
            picks += [[k == i for k in range(n)] for i in range(n)]
            picks += [[k != i for k in range(n)] for i in range(n)]
        return [self.with_steps(itertools.compress(self.pending, pick)) for pick in picks]


class Disk:
    def __init__(self, root):
        self.root = root.rstrip("/")
        self.top = Folder()
        self.nodes = {}
        self.marks = []

    def folder(self, path):
        """The folder that holds `path`, and the name in it."""
        inside = path[len(self.root) + 1:].split("/")
        node = self.top
        for name in inside[:-1]:
            node = node.now[name]
        return node, inside[-1]

    def node(self, path):
        folder, name = self.folder(path)
        return folder.now[name]

    def do(self, op):
        kind = op["op"]
        if kind == "mark":
            self.marks.append(bytes.fromhex(op["data"]).decode())
        elif kind in ("create", "mkdir"):
            folder, name = self.folder(op["path"])
            node = File() if kind == "create" else Folder()
            self.nodes[op["ino"]] = node
            folder.pending.append({name: node})
        elif kind == "write":
            self.nodes[op["ino"]].write(op["at"], bytes.fromhex(op["data"]))
        elif kind == "cut":
            self.nodes[op["ino"]].cut(op["size"])
        elif kind == "sync":
            (self.top if op["path"] == self.root else self.nodes[op["ino"]]).sync()
        elif kind == "unsynced":
            node = self.nodes.get(op["ino"])
            if isinstance(node, File):
                node.unsynced()
        elif kind == "link":
            folder, name = self.folder(op["to"])
            folder.pending.append({name: self.node(op["from"])})
        elif kind == "unlink":
            folder, name = self.folder(op["path"])
            folder.pending.append({name: None})
        elif kind == "rename":
            node = self.node(op["from"])
            source, old = self.folder(op["from"])
            target, new = self.folder(op["to"])
            if source is target:
                source.pending.append({old: None, new: node})
            else:
                target.pending.append({new: node})
                source.pending.append({old: None})
        else:
            raise ValueError(kind)

    # --- what may be left ---
    def dirty(self):
        """Everything that may be in more than one state, as (node, variants)."""
        found, seen, queue = [], set(), [self.top]
        while queue:
            node = queue.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            variants = node.variants()
            if len(variants) > 1:
                found.append((node, variants))
            if isinstance(node, Folder):
                for names in variants:
                    queue.extend(names.values())
        return found

    def states(self, random, at_most):
        """Trees {path: bytes, or None for a folder}: all combinations, or at_most of them: each
        thing alone in each of its states, with the rest written or not, and some by chance."""
        dirty = self.dirty()
        sizes = [len(variants) for _, variants in dirty]
        total = 1
        for size in sizes:
            total *= size
        if total <= at_most:
            picks = itertools.product(*(range(size) for size in sizes))
        else:
            # variant 0 is "all of it"; the last folder's variant and a file's oldest: "nothing"
            nothing = [variants.index(node.versions[0]) if isinstance(node, File)
                       else len(variants) - 1 for node, variants in dirty]
            picks = {tuple([0] * len(dirty)), tuple(nothing)}
            for rest in ([0] * len(dirty), nothing):
                for i, size in enumerate(sizes):
                    picks.update(tuple(rest[:i] + [k] + rest[i + 1:]) for k in range(size))
            while len(picks) < at_most:
                picks.add(tuple(random.randrange(size) for size in sizes))
            picks = sorted(picks)
        for pick in picks:
            chosen = {id(node): variants[k] for (node, variants), k in zip(dirty, pick)}
            tree = {}
            self.collect(self.top, "", chosen, tree)
            yield tree

    def collect(self, folder, path, chosen, tree):
        for name, node in chosen.get(id(folder), folder.names).items():
            if isinstance(node, Folder):
                tree[path + name] = None
                self.collect(node, path + name + "/", chosen, tree)
            else:
                tree[path + name] = chosen.get(id(node), node.data)


def replay(root, records):
    """Yields the disk after each step of the records, in turn."""
    disk = Disk(root)
    for record in records:
        for line in record.splitlines():
            op = json.loads(line)
            disk.do(op)
            if op.get("quiet"):  # one step with what follows
                continue
            yield disk, op
