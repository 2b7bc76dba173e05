#include <string.h>
int f(char *p);
int f(char *p)
{
    memset(p, 0, sizeof(p));
    return 1;
}
