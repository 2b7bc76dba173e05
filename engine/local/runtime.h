/* engine/local/runtime.h - SageMaker Runtime: POST /endpoints/NAME/invocations.
 *
 * Answers as the service in front of the container does: its own ValidationError, ModelError with
 * the container's status and words, x-Amzn-Invoked-Production-Variant. Multi-model variants answer
 * with the multi-model container's payload forms, single-model ones with the Flask container's.
 *
 * The stand-in alone adds, for `mmectl test`:
 *   reply headers    x-mmectl-model-loaded: hit | miss    the call found it loaded, or loaded it
 *                    x-mmectl-load-us, x-mmectl-predict-us
 *   signed requests for the service "mmectl", in the region of the endpoint:
 *     GET  /_mmectl/models?endpoint=E           {"models": [{variant, model, loaded}]}, what the
 *                                               fleet has on disk, and in memory
 *     POST /_mmectl/unload?endpoint=E[&model=M][&keepDisk=true]   forgets one model, or all
 * Both answer 404 NotFound for an endpoint that does not serve.
 */
#ifndef ENGINE_LOCAL_RUNTIME_H
#define ENGINE_LOCAL_RUNTIME_H

#include "engine/local/call.h"

local_op_fn runtime_invoke_endpoint, runtime_models, runtime_unload;

#endif
