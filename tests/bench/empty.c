/* What a program costs before it does anything: its libraries. Linked to those of mmectl, used or
 * not. */
int main(void)
{
    return 0;
}
