int used_there(void);
int main(void)
{
    return used_there();
}
