#!/bin/sh
# A warm call of `mmectl serve` allocates nothing and takes no lock of ours, one by one and pipelined.
. tests/e2e/lib.sh

# model NAME PARAMETERS: trains one with libxgboost alone.
model() {
    "$PYTHON" -B - "$T/$1" "$2" <<'P'
import random, sys
sys.path.insert(0, "tests/parity")
import xgb
rng = random.Random(7)
rows = [[rng.gauss(0, 1) for column in range(8)] for row in range(200)]
matrix = xgb.Matrix.dense(rows)
matrix.set("label", [float(rng.randrange(3) if "multi" in sys.argv[2] else sum(row) > 0) for row in rows])
booster = xgb.Booster([matrix])
booster.set(**dict(pair.split("=") for pair in sys.argv[2].split()))
for i in range(30):
    booster.update(i, matrix)
open(sys.argv[1], "wb").write(booster.save("deprecated"))
P
}

echo "0.5,1.25,-2,3,,1.75,0.1,2" >"$T/row.csv"
model logistic "objective=binary:logistic"
model softprob "objective=multi:softprob num_class=3"
model dart "objective=reg:squarederror booster=dart rate_drop=0.2"
model linear "objective=reg:squarederror booster=gblinear"
for name in logistic softprob dart; do
    run "$BUILD/tests/e2e/hot_path" "$T/$name" "$T/row.csv" 1000
    [ "$exit" != 77 ] || { skip "$name" "$(cat "$T/out")"; continue; }
    is_exit 0 "$name: 4,000 calls are answered"
    has_out '^0 allocations, 0 locks of mmectl, ' "$name: none allocates, none takes a lock of ours"
done
run "$BUILD/tests/e2e/hot_path" "$T/linear" "$T/row.csv" 100
[ "$exit" = 77 ] || has_out '^[1-9][0-9]* allocations, [1-9][0-9]* locks of mmectl' "what libxgboost answers does, and is counted"
done_testing
