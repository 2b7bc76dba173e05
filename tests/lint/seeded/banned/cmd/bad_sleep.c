void f(void) { sleep(1); }
