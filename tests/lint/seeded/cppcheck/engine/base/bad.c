int f(void);
int f(void)
{
    int a[2] = {0, 1};
    return a[2];
}
