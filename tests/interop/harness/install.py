"""The clients of versions.txt, installed once into a cache outside the tree. What cannot be had is told why, never failed."""
import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT_S = 300


def rows():
    with open(os.path.join(HERE, "..", "versions.txt")) as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                yield line.split()


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "mmectl-interop")


def last_words(done):
    lines = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"(?i)error", line) and "WARNING" not in line]
    return (telling or lines or ["exit status %d" % done.returncode])[0][:160]


def in_cache(name, packages, steps):
    """The folder where `steps` (functions of the folder that give a finished process) put `packages`, or None and why."""
    key = hashlib.sha256(" ".join(packages).encode()).hexdigest()[:12]
    folder = os.path.join(cache(), "%s-%s" % (name, key))
    mark = os.path.join(folder, ".complete")
    try:
        os.makedirs(cache(), exist_ok=True)
        with open(os.path.join(cache(), name + ".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two test files may want it at once
            if os.path.exists(mark):
                return folder, None
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)
            for step in steps:
                done = step(folder)
                if done.returncode != 0:
                    shutil.rmtree(folder, ignore_errors=True)
                    return None, "cannot be installed: %s" % last_words(done)
            open(mark, "w").close()
        return folder, None
    except (OSError, subprocess.TimeoutExpired) as error:
        shutil.rmtree(folder, ignore_errors=True)
        return None, "cannot be installed: %s" % error


def command(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, timeout=LIMIT_S, stdin=subprocess.DEVNULL, **more)


def python():
    """(folder of a venv, None) or (None, why there is none)."""
    packages = ["%s==%s" % (row[1], row[2]) for row in rows() if row[0] == "python"]
    return in_cache("python%d.%d" % sys.version_info[:2], packages, [
        lambda folder: command(sys.executable, "-m", "venv", folder),
        lambda folder: command(
            os.path.join(folder, "bin", "pip"), "install", "--quiet", "--no-compile", "--disable-pip-version-check",
            "--retries", "1", "--timeout", "20", *packages),
    ])


def node():
    """(folder with node_modules, None) or (None, why there is none)."""
    if not shutil.which("node"):
        return None, "there is no node"
    major = int(command("node", "--version").stdout.strip().lstrip("v").split(".")[0])
    kinds = sorted({int(row[0][4:]) for row in rows() if row[0].startswith("node")})
    fitting = [kind for kind in kinds if kind <= major]
    if not fitting:
        return None, "Node.js %d is older than %d" % (major, kinds[0])
    if not shutil.which("npm"):
        return None, "there is no npm"
    packages = ["%s@%s" % (row[1], row[2]) for row in rows() if row[0] == "node%d" % fitting[-1]]

    def install(folder):
        with open(os.path.join(folder, "package.json"), "w") as file:
            file.write('{"private": true}\n')
        return command(
            "npm", "install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts",
            "--fetch-retries=0", "--fetch-timeout=20000", "--loglevel=error", *packages, cwd=folder)

    return in_cache("node", packages + [platform.machine()], [install])


def version(package):
    return next(row[2] for row in rows() if row[1].split("[")[0] == package)


if __name__ == "__main__":
    # For the benchmarks: prints the folder, or the reason on stderr.
    found, reason = {"python": python, "node": node}[sys.argv[1]]()
    print(found or reason, file=sys.stdout if found else sys.stderr)
    sys.exit(0 if found else 1)
