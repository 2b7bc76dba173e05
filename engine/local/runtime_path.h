/* engine/local/runtime_path.h - the containers that one call goes through.
 *
 * An endpoint's one container, the one that a call to a multi-container endpoint names, or a
 * pipeline. A container that serves one model answers as the Flask server of AWS's XGBoost image
 * does, one that serves many as its model server does. Threads: any, one call each.
 */
#ifndef ENGINE_LOCAL_RUNTIME_PATH_H
#define ENGINE_LOCAL_RUNTIME_PATH_H

#include "engine/local/fleet.h"

struct runtime_path {
    const struct fleet_container *items[FLEET_CONTAINERS_MAX];
    size_t len;
    size_t at; /* which of them answered last */
};

/* target: TargetModel, for the one that serves many. ERR_NOT_FOUND: the model data of path->at is
 * not there; what a container answers is a response, and one that is no success is the last. */
enum err_code runtime_walk(
    struct local_call *call,
    struct runtime_path *path,
    struct str target,
    struct serve_response *answer,
    struct err *err) MUST_USE;

#endif
