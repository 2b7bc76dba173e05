/* engine/xgb/artifact.h - model.tar.gz: packed with deterministic bytes, read without touching the
 * disk.
 *
 * An artifact holds exactly one regular file, `xgboost-model` (the container loads every other file
 * as an ensemble member). Packing: ustar, mtime 0, uid/gid 0, mode 0644, gzip level 6 without name
 * and time. Reading takes any name for the file, as the container does, and like it skips files
 * with a leading dot and folder entries. It refuses links, devices, absolute paths, "..", a second
 * file, a file in a folder, a wrong checksum, a ratio above 200:1 with more than 1 MiB, and more
 * than 512 MiB (which fits an arena of the default size together with the archive). libarchive and
 * libdeflate are used here only.
 */
#ifndef ENGINE_XGB_ARTIFACT_H
#define ENGINE_XGB_ARTIFACT_H

#include "engine/base/buf.h"
#include "engine/xgb/booster.h"

/* Part of a model's fingerprint; raise it when packed bytes change meaning. */
#define ARTIFACT_PACKER_VERSION 1

struct artifact {
    struct str member; /* the file's name inside */
    struct str model;  /* its bytes, on the arena */
    enum model_format format;
};

/* Of libdeflate, "1.14". */
const char *artifact_unpacker_version(void);
enum err_code artifact_pack(struct str model, struct buf *out, struct err *err) MUST_USE;
/* ERR_PROTOCOL with what is wrong ("holds two files: 'a' and 'b'"). */
enum err_code
artifact_read(struct arena *arena, struct str tar_gz, struct artifact *out, struct err *err)
    MUST_USE;
/* What can serve it: image_version is "1.7-1" or STR_NULL (unknown image: everything but pickle).
 * Checks pickle against allow_pickle and that the format loads in that version (UBJSON needs 1.6 or
 * later, binary 3.0 or earlier). */
enum err_code artifact_check(
    const struct artifact *artifact, struct str image_version, bool allow_pickle, struct err *err)
    MUST_USE;

#endif
