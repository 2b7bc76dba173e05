/* tests/fuzz/fuzz.h - what the fuzz targets share.
 *
 * A target is a function that takes any bytes and never fails: it calls the product as its callers
 * do and says with FUZZ_HOLDS() what must be true of the outcome. Everything else (reads beyond the
 * end, leaks, undefined behaviour, hangs, memory) the sanitizers and libFuzzer see. The same bytes
 * must always do the same: no clock, no randomness but fuzz_rng(), nothing kept between calls but
 * what each call finds as it was.
 *
 * To add a target: 1. a line in FUZZ_TARGETS; 2. targets/<name>.c with fuzz_<name>(); 3. a few
 * inputs, each below 4 KiB, in corpus/<name>/; 4. dict/<name>.dict when the format has words.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/base/rng.h"

/* name, longest input, what is read */
#define FUZZ_TARGETS(X) \
    X(artifact, 8192, "model.tar.gz") \
    X(chunked, 4096, "aws-chunked bodies, in one piece and in random ones") \
    X(csv, 4096, "CSV as training data and as a request") \
    X(http, 4096, "requests on a connection, in one piece and in random ones") \
    X(hyper, 1024, "hyperparameters") \
    X(ini, 4096, "AWS's shared config and credentials files") \
    X(json, 4096, "JSON, parsed, written and parsed again") \
    X(libsvm, 4096, "libsvm as training data and as a request") \
    X(model, 4096, "a model's bytes, before and in libxgboost") \
    X(policy, 2048, "IAM policies of the stand-in") \
    X(record, 4096, "a stack's record and its lease") \
    X(replies, 4096, "what AWS answers, in XML and JSON") \
    X(saved, 4096, "a plan's file") \
    X(serve, 2048, "calls to mmectl serve") \
    X(sigv4, 2048, "signatures: what is signed is verified, and nothing else") \
    X(spec, 4096, "a spec, from YAML to a stack in each region") \
    X(split, 2048, "one CSV parted by a column") \
    X(standin, 4096, "requests to the stand-in") \
    X(url, 2048, "URLs, queries, S3 URIs, image names, ARNs, times") \
    X(xml, 4096, "XML as a tree and element by element")

typedef void fuzz_fn(struct str input);

#define FUZZ_DECLARE(name, max, what) void fuzz_##name(struct str input);
FUZZ_TARGETS(FUZZ_DECLARE)
#undef FUZZ_DECLARE

struct fuzz_target {
    const char *name;
    fuzz_fn *fn;
    size_t max_bytes;
    const char *what;
};
extern const struct fuzz_target fuzz_targets[];
extern const size_t fuzz_n_targets;
const struct fuzz_target *fuzz_find(struct str name); /* NULL: there is none */

/* Ends the program, as a crash does, when it is not so. */
#define FUZZ_HOLDS(what) ((what) ? (void) 0 : fuzz_broken(#what, __FILE__, __LINE__))
NORETURN void fuzz_broken(const char *what, const char *file, int line);
/* An error has a code and says why, as the header of err.h promises. */
void fuzz_check_err(enum err_code code, const struct err *err);

/* Randomness that the input decides alone. */
struct rng fuzz_rng(struct str input);
/* The first line without its end; *rest is what comes behind it. */
struct str fuzz_line(struct str *rest);
/* One byte; 0 at the end. */
unsigned fuzz_byte(struct str *rest);

#endif
