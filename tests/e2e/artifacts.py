"""Makes artifacts that nobody should be able to deploy, and one that is in order, in the folder given."""
import gzip
import io
import os
import pickle
import sys
import tarfile

BINARY = b"binf" + bytes(200)  # looks like XGBoost's binary format; is checked no further before it is sent
UBJSON = b"{L\x00\x00\x00\x00\x00\x00\x00\x07learner{}}"


def member(name, data=BINARY, kind=tarfile.REGTYPE, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, target, len(data) if kind == tarfile.REGTYPE else 0
    return info, data


def pack(*members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


GOOD = pack(member("xgboost-model"))
ARTIFACTS = {
    "plain_model": BINARY,
    "gzip_alone": gzip.compress(b"no tar at all"),
    "zip": b"PK\x03\x04" + bytes(100),
    "empty": b"",
    "cut": GOOD[: len(GOOD) // 2],
    "damaged": GOOD[:-8] + bytes(4) + GOOD[-4:],
    "two_files": pack(member("xgboost-model"), member("other-model")),
    "no_file": pack(member("folder", kind=tarfile.DIRTYPE)),
    "in_folder": pack(member("model/xgboost-model")),
    "above": pack(member("../xgboost-model")),
    "absolute": pack(member("/etc/cron.d/x")),
    "symlink": pack(member("xgboost-model", kind=tarfile.SYMTYPE, target="/etc/passwd")),
    "hardlink": pack(member("xgboost-model"), member("again", kind=tarfile.LNKTYPE, target="xgboost-model")),
    "device": pack(member("xgboost-model", kind=tarfile.FIFOTYPE)),
    "bomb": pack(member("xgboost-model", BINARY + bytes(64 << 20))),
    "pickle": pack(member("xgboost-model", pickle.dumps({"a": 1}))),
    "text": pack(member("xgboost-model", b"hello")),
    "ubjson": pack(member("xgboost-model", UBJSON)),
    "binary": GOOD,
}
if __name__ == "__main__":
    for name, data in ARTIFACTS.items():
        with open(os.path.join(sys.argv[1], name + ".tar.gz"), "wb") as file:
            file.write(data)
