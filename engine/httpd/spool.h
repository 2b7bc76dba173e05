/* engine/httpd/spool.h - bodies that are too large for memory: a file without a name. */
#ifndef ENGINE_HTTPD_SPOOL_H
#define ENGINE_HTTPD_SPOOL_H

#include "engine/base/str.h"

/* A new file in the folder that no name leads to; -1 and errno when there is none. */
int spool_open(const char *folder);
/* All of it; 0, or the errno (ENOSPC where the disk says nothing). */
int spool_write(int fd, struct str data);

#endif
