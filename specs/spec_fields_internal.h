/* specs/spec_fields_internal.h - what the files of the field tables share; nobody else includes it.
 */
#ifndef SPECS_SPEC_FIELDS_INTERNAL_H
#define SPECS_SPEC_FIELDS_INTERNAL_H

#include "engine/base/arena.h"
#include "specs/spec.h"
#include "specs/spec_fields.h"

#define TAG_PATTERN "^([A-Za-z0-9 _.:/=+@-]|[^ -~])*$"
#define TAG_NOTE "letters, digits, spaces and _ . : / = + - @"
#define NAME_63 "^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$"
#define INSTANCE_TYPE "^ml\\.[a-z0-9-]+\\.[a-z0-9]+$"
#define KMS_PATTERN "^[a-zA-Z0-9:/_-]+$"
#define KMS_NOTE "a key's id or ARN, or alias/NAME"
#define IMAGE_PATTERN "^[^ ]+$"
#define REGION_PATTERN "^[a-z]{2,4}(-[a-z]+){1,3}-[0-9]{1,2}$"
#define REGION_NOTE "an AWS region, such as us-east-1"

/* Of models; routes share it, because both are names to call. */
#define MODEL_NAME "^[A-Za-z0-9](-?[A-Za-z0-9._])*-?$"
#define MODEL_NAME_NOTE "letters, digits, '.', '_' and single '-', first a letter or digit"
/* spec_fields_gates.c: of the whole spec, and of one model. */
extern const struct spec_block spec_gate_block, spec_model_gate_block, spec_check_block;
#define MODEL_NAME_MAX 101

extern const struct spec_block spec_training_block;
extern const struct spec_block spec_endpoint_block;
extern const struct spec_block spec_container_block;
extern const struct spec_block spec_capture_block, spec_vpc_block, spec_startup_block,
    spec_logs_block;                              /* endpoint.dataCapture, .vpc, .startup, .logs */
extern const struct spec_block spec_update_block; /* endpoint.update */
extern const struct spec_block spec_channel_block;
extern const struct spec_block spec_model_set_block;
extern const struct spec_block spec_route_block;

#endif
