/* engine/local/scaling.h - Application Auto Scaling of the stand-in, for variants of endpoints.
 *
 * A scalable target is a row, its policies are others; nothing scales by load here, but what AWS
 * does to the endpoint is done: capacity moves into range when a target is registered, an update
 * that changes the instance type of a registered variant is refused, DeleteEndpoint deregisters.
 * Everything runs with the world entered.
 * Follows: the Application Auto Scaling API reference (2016-02-06); texts of errors as the service
 * sends them, where they are public.
 */
#ifndef ENGINE_LOCAL_SCALING_H
#define ENGINE_LOCAL_SCALING_H

#include "engine/local/call.h"

#define LOCAL_SCALING_OPS(X) \
    X(LOCAL_SCALING, "RegisterScalableTarget", "application-autoscaling:RegisterScalableTarget", \
      scaling_register, OP_MUTATING) \
    X(LOCAL_SCALING, "DeregisterScalableTarget", \
      "application-autoscaling:DeregisterScalableTarget", scaling_deregister, OP_MUTATING) \
    X(LOCAL_SCALING, "DescribeScalableTargets", "application-autoscaling:DescribeScalableTargets", \
      scaling_describe_targets, 0) \
    X(LOCAL_SCALING, "PutScalingPolicy", "application-autoscaling:PutScalingPolicy", \
      scaling_put_policy, OP_MUTATING) \
    X(LOCAL_SCALING, "DeleteScalingPolicy", "application-autoscaling:DeleteScalingPolicy", \
      scaling_delete_policy, OP_MUTATING) \
    X(LOCAL_SCALING, "DescribeScalingPolicies", "application-autoscaling:DescribeScalingPolicies", \
      scaling_describe_policies, 0)

extern const struct local_room local_scaling_room;

#define SCALING_DECLARE(service, name, action, handler, flags) local_op_fn handler;
LOCAL_SCALING_OPS(SCALING_DECLARE)
#undef SCALING_DECLARE

/* Whether a variant is a scalable target. */
bool scaling_is_registered(
    struct local *local,
    struct arena *arena,
    struct str region,
    struct str endpoint,
    struct str variant);
/* Forgets every target and policy of an endpoint's variants. */
void scaling_forget(
    struct local *local, struct arena *arena, struct str region, struct str endpoint);

#endif
