"""make deb: packages that install, work, and go without a trace.

They are installed into a folder by dpkg itself, which needs root; what the programs in them need of
the system is tools/symbols.sh's to say."""

import os
import re
import shutil
import subprocess

import pytest

import firn_sim

pytestmark = [pytest.mark.slow,
              pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="there is no dpkg"),
              pytest.mark.skipif(os.geteuid() != 0, reason="dpkg --root wants root")]


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, **more)


@pytest.fixture(scope="module")
def packages():
    """{name: path}"""
    done = run("make", "deb", cwd=firn_sim.ROOT, timeout=1800)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    found = sorted((firn_sim.ROOT / "build/deb/packages").glob("*.deb"))
    return {path.name.split("_")[0]: path for path in found}


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    for name in ("info", "updates"):
        (folder / "var/lib/dpkg" / name).mkdir(parents=True)
    (folder / "var/lib/dpkg/status").touch()
    return folder


def dpkg(root, *words):
    done = run("dpkg", f"--root={root}", "--force-depends", "--force-not-root",
               f"--log={root}/dpkg.log", *map(str, words))
    assert done.returncode == 0, done
    return done


def files(root):
    return sorted(str(path.relative_to(root)) for path in (root / "usr").rglob("*")
                  if path.is_file())


def test_there_are_three(packages):
    assert sorted(packages) == ["firn", "firn-duckdb", "firn-snowflake"]


def test_the_program_comes_without_a_library_and_libraries_without_it(packages, root):
    dpkg(root, "-i", packages["firn"])
    assert not [name for name in files(root) if ".so" in name]
    for name in ("bin/firn", "share/man/man1/firn.1.gz", "share/man/man5/firn.yaml.5.gz",
                 "share/firn/firn.schema.json", "share/bash-completion/completions/firn",
                 "share/zsh/vendor-completions/_firn", "share/fish/vendor_completions.d/firn.fish",
                 "share/doc/firn/copyright", "share/doc/firn/changelog.gz"):
        assert f"usr/{name}" in files(root), name
    assert not [name for name in files(root) if "local" in name]
    before = files(root)
    dpkg(root, "-i", packages["firn-duckdb"], packages["firn-snowflake"])
    assert sorted(name for name in set(files(root)) - set(before) if "/doc/" not in name) == [
        "usr/lib/firn/libadbc_driver_snowflake.so", "usr/lib/firn/libduckdb.so"]


def test_what_is_installed_loads_and_what_is_removed_leaves_nothing(packages, root, firn, sim):
    dpkg(root, "-i", *packages.values())
    firn.write("firn.yaml", firn.moveworks(sim))
    program = str(root / "usr/bin/firn")
    environment = {key: value for key, value in firn.environment().items()
                   if key != "FIRN_DRIVER_PATH"}
    done = run(program, "run", cwd=firn.folder, env=environment)
    assert done.returncode == 0 and "users" in done.stdout, done
    done = run(program, "query", "SELECT COUNT(*) FROM MOVEWORKS_USERS", cwd=firn.folder,
               env=environment)
    assert done.returncode == 0, done
    # Without the library it says where it was looked for and what brings it.
    dpkg(root, "-r", "firn-duckdb")
    done = run(program, "query", "SELECT 1", cwd=firn.folder, env=environment)
    assert done.returncode == 2 and "libduckdb.so was not found" in done.stderr, done
    dpkg(root, "-P", "firn-snowflake", "firn-duckdb", "firn")
    assert not (root / "usr").exists() or files(root) == []


def test_dependencies_are_named_as_each_system_names_them(packages):
    def field(name, which):
        return run("dpkg-deb", "-f", packages[name], which).stdout.strip()
    depends = field("firn", "Depends")
    for part in ("libc6 (>= 2.35)", "libcurl4t64 (>= 7.81) | libcurl4 (>= 7.81)",
                 "libssl3t64 | libssl3", "libyaml-0-2"):
        assert part in depends.split(", "), depends
    version = (firn_sim.ROOT / "VERSION").read_text().strip()
    for name in ("firn-duckdb", "firn-snowflake"):
        assert f"firn (>= {version})" in field(name, "Depends")
    assert field("firn", "Version") == version


def test_nothing_newer_than_the_oldest_system_is_asked_for(packages):
    program = firn_sim.ROOT / "build/deb/firn"
    done = run(firn_sim.ROOT / "tools/symbols.sh", program)
    assert done.returncode == 0 and re.match(r"firn: glibc 2\.\d+, OpenSSL 3", done.stdout), done


def test_the_check_of_symbols_bites(tmp_path):
    """A program that needs a glibc from the future."""
    (tmp_path / "objdump").write_text(
        "#!/bin/sh\necho '0 DF *UND* 0 (GLIBC_2.38) strlcpy'\n"
        "echo '0 DF *UND* 0 (CURL_OPENSSL_4) curl_ws_send'\n")
    (tmp_path / "objdump").chmod(0o755)
    done = run(firn_sim.ROOT / "tools/symbols.sh", "x",
               env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert done.returncode == 1 and "GLIBC_2.38" in done.stderr, done
    assert "curl_ws_send" in done.stdout, done
