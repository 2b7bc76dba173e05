/* engine/reconcile/fingerprint.h - what makes two things the same: hashes of what we send.
 *
 * A model's fingerprint covers the algorithm, the spec's hyperparameters, each channel's digest and
 * content type, and the packer's format; not the region, instance, tags, description or the order
 * of keys. Pure functions.
 */
#ifndef ENGINE_RECONCILE_FINGERPRINT_H
#define ENGINE_RECONCILE_FINGERPRINT_H

#include "engine/resource/want.h"

/* Raise it when the packed bytes of a trained model change meaning. */
#define FINGERPRINT_PACKER 1

/* 64 hex digits. The channels' digests, or the artifact's, must be known. */
struct str
fingerprint_model(struct arena *arena, const struct want *want, const struct want_model *model);
/* Of what may be changed to try a failed job again under the same fingerprint. */
struct str fingerprint_settings(struct arena *arena, const struct want *want);
/* Of a request body: canonical JSON, hashed. */
struct str fingerprint_json(struct arena *arena, const struct json *node);
/* Name of a generation: of the (name, fingerprint) pairs of the models not left out, and a salt
 * (may be null). */
struct str fingerprint_generation(struct arena *arena, const struct want *want, struct str salt);

#endif
