/* Nothing is left open here; "/network/" and "a/root/b" are no machine's. */
