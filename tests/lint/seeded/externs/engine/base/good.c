int main(void);
static int used_here(void)
{
    return 1;
}
int used_there(void)
{
    return used_here();
}
