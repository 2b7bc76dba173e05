long f(int x);
long f(int x)
{
    long product = x * x;
    if (x == 1);
        return product;
    return 0;
}
