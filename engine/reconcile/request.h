/* engine/reconcile/request.h - the bodies of the create calls, and Terraform's view of them.
 *
 * Names of SageMaker models and endpoint configs are hashes of these bodies, so they hold only what
 * the spec decides. Pure. API_CreateModel, API_CreateEndpointConfig, API_CreateTrainingJob of the
 * SageMaker API reference.
 */
#ifndef ENGINE_RECONCILE_REQUEST_H
#define ENGINE_RECONCILE_REQUEST_H

#include "engine/plan/artifact.h"

struct json *request_model(struct arena *arena, const struct want *want, struct str model_data_url);
struct json *request_config(struct arena *arena, const struct want *want, struct str model_name);
/* Parts of the two above: what the spec says of networks, disks, records and timeouts. */
void request_add_network(struct arena *arena, const struct want *want, struct json *body);
void request_add_variant(struct arena *arena, const struct want *want, struct json *variant);
void request_add_hosting(struct arena *arena, const struct want *want, struct json *body);
/* The same of their Terraform attributes. */
void attributes_add_network(struct arena *arena, const struct json *body, struct json *out);
void attributes_add_variant(struct arena *arena, const struct json *variant, struct json *out);
void attributes_add_hosting(struct arena *arena, const struct json *body, struct json *out);

/* UpdateEndpoint's DeploymentConfig; NULL when the spec says nothing. */
struct json *request_deployment(struct arena *arena, const struct want *want);
/* The same for people: "a canary of 10 % first, the rest 10m later"; STR_NULL for the usual way. */
struct str deployment_words(struct arena *arena, const struct want *want);
/* RegisterScalableTarget and PutScalingPolicy; without a want->scaling, what names them. */
struct json *request_scalable_target(struct arena *arena, const struct want *want);
struct json *
request_scaling_policy(struct arena *arena, const struct want *want, struct str policy_name);
/* checkpoints: the job under whose output a job on spot instances keeps its checkpoints. */
struct json *request_job(
    struct arena *arena,
    const struct want *want,
    const struct want_model *model,
    struct str checkpoints);

/* An answer of Describe* or a body of the above in Terraform's attributes; NULL gives NULL. */
struct json *attributes_model(struct arena *arena, struct str name, const struct json *body);
struct json *attributes_config(struct arena *arena, struct str name, const struct json *body);
struct json *attributes_scalable_target(struct arena *arena, const struct json *body);
struct json *attributes_scaling_policy(struct arena *arena, const struct json *body);
struct json *attributes_job(struct arena *arena, struct str name, const struct json *body);

#endif
