/* engine/httpd/workers.h - a few threads for what takes long: requests that must not hold up the
 * others of their pool's thread.
 *
 * Threads start with the first job. Jobs are begun in the order in which they came. Threads:
 * workers_submit() from any.
 */
#ifndef ENGINE_HTTPD_WORKERS_H
#define ENGINE_HTTPD_WORKERS_H

struct workers;

typedef void workers_fn(void *arg);

struct workers *workers_new(unsigned threads);
void workers_submit(struct workers *workers, workers_fn *fn, void *arg);
/* Runs what was submitted to its end, and ends the threads; accepts NULL. */
void workers_free(struct workers *workers);

#endif
