"""TAP for a test file, and for the programs that it runs: those print lines without numbers, and `adopt` counts them."""


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def check(self, good, name, *notes):
        self.count += 1
        self.failed += not good
        print("%s %d - %s" % ("ok" if good else "not ok", self.count, name), flush=True)
        if not good:
            self.note(*notes)
        return good

    def skip(self, name, reason):
        self.count += 1
        print("ok %d - %s # SKIP %s" % (self.count, name, reason), flush=True)

    def note(self, *notes):
        for note in notes:
            for line in str(note).splitlines():
                print("#", line, flush=True)

    def adopt(self, prefix, code, out, err):
        """The lines of a program that prints 'ok - NAME', 'not ok - NAME' and notes, and 'end' last."""
        ended = False
        for line in out.splitlines():
            if line.startswith(("ok - ", "not ok - ")):
                self.check(line.startswith("ok"), "%s: %s" % (prefix, line.split(" - ", 1)[1]))
            elif line == "end":
                ended = True
            elif line.startswith("#"):
                print(line, flush=True)
        if not ended or code != 0:
            self.check(False, "%s: runs to its end" % prefix, "exit status %d" % code, *err.splitlines()[-30:])

    def done(self):
        print("1..%d" % self.count, flush=True)
        return 1 if self.failed or self.count == 0 else 0


class Lines:
    """The other side of `adopt`."""

    @staticmethod
    def check(good, name, *notes):
        print(("ok - " if good else "not ok - ") + name, flush=True)
        if not good:
            for note in notes:
                for line in str(note).splitlines():
                    print("#", line, flush=True)
        return good
