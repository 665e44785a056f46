"""Applies bundles as the servers do, written from protocol.md sections 2 and 4 on tarfile alone; shares no code with the
client or with the emulators. Usage: apply_bundles.py GENERATION FOLDER BUNDLE... ; prints counts and seconds as JSON."""

import json
import os
import sys
import tarfile
import time


def first_ending(archive, ending):
    # Section 2, 1-3: the first member whose name ends so, and the list of names is made anew every time.
    for name in [member.name for member in archive.getmembers()]:
        if name.endswith(ending):
            return archive.extractfile(name).read()
    return None


def last_ending(archive, ending):
    found = [member for member in archive.getmembers() if member.name.endswith(ending)]
    return archive.extractfile(found[-1]).read() if found else None


def index_of(archive):
    # Section 2, 2 and 4: metadata names are never content; the text after the first files/created/ is looked for first.
    index = {}
    for member in archive.getmembers():
        if any(member.name.endswith("metadata/%s.json" % kind) for kind in ("operations", "hashes", "git_history")):
            continue
        for kind in ("created", "updated", "moved"):
            before, mark, path = member.name.partition("files/%s/" % kind)
            if mark:
                index[kind, path] = member
                break
    return index


class Server:
    def __init__(self, generation, folder):
        self.indexed = generation.startswith("A3")
        self.renames = generation in ("A1", "S2", "A3", "A3+")
        self.unlinks = generation == "Q"
        self.prunes = generation in ("Q", "A3", "A3+")
        self.folder = folder
        self.counts = {}
        self.histories = []

    def apply(self, bundle):
        with tarfile.open(bundle, "r:gz") as archive:
            manifest = json.loads(first_ending(archive, "manifest.json"))
            for key in ("version", "bundle_id", "workspace_path", "created_at", "sequence_number"):
                manifest[key]
            listed = (last_ending if self.indexed else first_ending)(archive, "metadata/operations.json")
            history = (last_ending if self.indexed else first_ending)(archive, "metadata/git_history.json")
            if history is not None:
                self.histories.append(json.loads(history))
            self.index = index_of(archive) if self.indexed else None
            for operation in json.loads(listed)["operations"]:
                try:
                    outcome = self.step(archive, operation)
                except OSError:
                    outcome = "failed"
                self.counts[outcome] = self.counts.get(outcome, 0) + 1

    def content(self, archive, kind, path):
        if self.index is None:
            return first_ending(archive, "files/%s/%s" % (kind, path))
        member = self.index.get((kind, path))
        return None if member is None else archive.extractfile(member).read()

    def step(self, archive, operation):
        kind, path = operation["operation"], operation["path"]
        target = os.path.join(self.folder, path)
        if kind == "deleted":
            if os.path.exists(target):
                os.unlink(target)
                self.prune(path)
            return kind
        if kind == "moved":
            source = os.path.join(self.folder, operation["source_path"])
            if self.renames and os.path.exists(source):
                os.makedirs(os.path.dirname(target), exist_ok=True)
                os.rename(source, target)
                self.prune(operation["source_path"])
                return kind
        content = self.content(archive, kind, path)
        if content is not None:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as file:
                file.write(content)
        if kind == "moved" and self.unlinks and os.path.exists(source):
            os.unlink(source)
            self.prune(operation["source_path"])
        return "failed" if content is None else kind

    def prune(self, path):
        folder = os.path.dirname(path)
        while self.prunes and folder and not os.listdir(os.path.join(self.folder, folder)):
            os.rmdir(os.path.join(self.folder, folder))
            folder = os.path.dirname(folder)


server = Server(sys.argv[1], sys.argv[2])
started = time.monotonic()
for bundle in sys.argv[3:]:
    server.apply(bundle)
print(json.dumps({"counts": server.counts, "histories": server.histories, "seconds": time.monotonic() - started}))
