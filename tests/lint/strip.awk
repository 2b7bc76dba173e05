# Prints C source with comments removed and string and character literals emptied, line for line, so that a pattern
# finds code only. A // comment is kept as the word LINE_COMMENT, since it is itself a fault here.
{
    out = ""
    for (i = 1; i <= length($0); i++) {
        c = substr($0, i, 1)
        two = substr($0, i, 2)
        if (in_comment) {
            if (two == "*/") { in_comment = 0; i++ }
        } else if (quote != "") {
            if (c == "\\") i++
            else if (c == quote) { out = out c; quote = "" }
        } else if (two == "/*") { in_comment = 1; i++; out = out " " }
        else if (two == "//") { out = out " LINE_COMMENT"; break }
        else if (c == "\"" || c == "\047") { quote = c; out = out c }
        else out = out c
    }
    if (out ~ /^#[ ]*include/) out = $0
    quote = ""
    print out
}
