"""What the interop tests share: TAP, mmectl's commands, and the clients that a package registry has."""
