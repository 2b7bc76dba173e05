/* free(x); printf() // in a comment */
const char *s = "malloc(1) // http://x printf(";
void map_free(void *x);
void f(struct ops *ops) { ops->free(1); map_free(0); xfree(0); }
