void f(void) { free(malloc(1)); }
