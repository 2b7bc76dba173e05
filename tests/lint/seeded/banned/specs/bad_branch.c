#ifdef TEST
#endif
