/* engine/resource/kind.h - the kinds of things mmectl manages, and what their fields mean.
 *
 * Data only: the planner and the views read this table; how a kind is created, changed and removed
 * on AWS is in engine/kinds/ (struct kind_ops below, one file per kind). Type names are
 * Terraform's, so that rules written for its plans work on ours.
 *
 * To add a kind: an entry in enum kind_id, a row in s_schemas (schema.c), a file in engine/kinds/
 * and its row in kinds.c, what plans it in engine/reconcile/planner.c, and the stand-in's
 * operations.
 */
#ifndef ENGINE_RESOURCE_KIND_H
#define ENGINE_RESOURCE_KIND_H

#include "engine/base/json.h"

enum kind_id {
    KIND_BUCKET,
    KIND_DATA, /* aws_s3_object.data["train"] */
    KIND_TRAINING_JOB,
    KIND_LOCAL_TRAINING, /* training in this process; never counted, exists nowhere */
    KIND_ARTIFACT,       /* aws_s3_object.model["x"] */
    KIND_MODEL,
    KIND_ENDPOINT_CONFIG,
    KIND_ENDPOINT,
    KIND_OUTPUT, /* what training jobs wrote: removed by destroy, never counted alone */
    KIND_LOG_GROUP,
    KIND_SCALING_TARGET, /* of Application Auto Scaling */
    KIND_SCALING_POLICY,
    KIND_COUNT
};

enum field_flags {
    FIELD_REPLACES = 1 << 0, /* a difference means a new thing */
    FIELD_COMPUTED = 1 << 1, /* known after apply */
    FIELD_SECRET = 1 << 2,   /* shown as a digest */
    FIELD_QUIET = 1 << 3,    /* what rarely matters to a reader: shown by --full */
};

struct field {
    const char *name; /* Terraform's attribute name */
    unsigned flags;
};

enum kind_flags {
    KIND_FLAG_UNCOUNTED = 1 << 0, /* not in "N to add" */
    KIND_FLAG_BYPRODUCT = 1 << 1, /* never drift, never pruned by apply */
};

struct schema {
    enum kind_id id;
    const char *type; /* "aws_s3_object" */
    const char *name; /* "model"; "this" where there is only one */
    const char *what; /* for people: "artifact" */
    unsigned flags;
    const struct field *fields;
    size_t n_fields;
};

const struct schema *schema_of(enum kind_id id);
const struct field *
schema_field(const struct schema *schema, struct str name); /* NULL when unknown */
/* aws_s3_object.model["x"]; index STR_NULL: aws_sagemaker_model.this */
struct str address_of(struct arena *arena, enum kind_id id, struct str index);

#endif
