int nobody_uses(void);
int nobody_uses(void)
{
    return 1;
}
