int x; // says nothing
