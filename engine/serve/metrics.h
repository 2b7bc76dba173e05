/* engine/serve/metrics.h - what a container has done, as Prometheus reads it, and the machine's
 * memory.
 *
 * Names are SageMaker's own metrics of multi-model endpoints where there is one
 * (ModelLoadingTime, ModelUnloadingTime, ModelCacheHit, LoadedModelCount), in Prometheus' spelling:
 * https://prometheus.io/docs/instrumenting/exposition_formats/. Per model, too, which SageMaker
 * has not. To add one: a line in metrics.c. Threads: any.
 */
#ifndef ENGINE_SERVE_METRICS_H
#define ENGINE_SERVE_METRICS_H

#include "engine/serve/registry.h"

/* hits, misses: calls that found their model loaded, and not. */
struct str
metrics_text(struct arena *arena, struct registry *registry, uint64_t hits, uint64_t misses);
/* Bytes that this process may use: the machine's, or its control group's when that is less. */
size_t memory_of_machine(void);

#endif
