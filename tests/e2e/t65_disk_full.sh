#!/bin/sh
# The disk of the stand-in is full: what does not fit is refused, nothing half is kept, and with room again it goes on.
if [ -z "${DISK_FULL_INSIDE:-}" ]; then
    # A mount of our own that nobody else sees and that goes away with us.
    for how in "unshare -m" "unshare -rm"; do
        if $how mount -t tmpfs -o size=64k none /mnt 2>/dev/null; then
            DISK_FULL_INSIDE=yes
            export DISK_FULL_INSIDE
            exec $how sh "$0"
        fi
    done
    echo "1..0 # SKIP a small disk needs root, or a user namespace, to mount it"
    exit 0
fi
. tests/e2e/lib.sh
. tests/e2e/bad.sh

mount -t tmpfs -o size=12m none "$MMECTL_HOME" || bail "mounting a tmpfs failed"

# fill BYTES: leaves so much room.
fill() {
    rm -f "$MMECTL_HOME/ballast"
    free=$(df -k "$MMECTL_HOME" | awk 'END { print $4 }')
    head -c $((free * 1024 - $1)) /dev/zero >"$MMECTL_HOME/ballast" 2>/dev/null
}

make_room() {
    rm -f "$MMECTL_HOME/ballast"
}

# Every file of the world that is not the database's or the test's own.
files() {
    find "$MMECTL_HOME" -type f ! -name 'world.db*' ! -name ballast ! -name server.log | sort
}

# ---- an object that does not fit ----

fast_local
bucket=sagemaker-us-east-1-123456789012
call s3 mb $bucket
call s3 mb shop
printf 'old content\n' >"$T/old"
call s3 put shop/thing "$T/old"
head -c 3000000 /dev/urandom >"$T/large"
fill 300000
before=$(things)
kept=$(files)
run call s3 put shop/thing "$T/large"
is_exit 1 "an object larger than the room is refused"
has_err '<Code>InternalError</Code><Message>.*No space left on device' "with the reason"
run call s3 put shop/other "$T/large"
is_exit 1 "a new one as well"
same_things "neither half of it is there" "$before"
is "$(files)" "$kept" "nor are its bytes on the disk"
call s3 get shop/thing >"$T/got"
ok "what was there is still read" cmp "$T/got" "$T/old"
call s3 put shop/little "$T/old"
call s3 get shop/little >"$T/got"
ok "what fits is still taken" cmp "$T/got" "$T/old"
call s3 rm shop/little
same_things "and deleted" "$before"

# ---- mmectl meets it ----

spec=$(copy_demo full)
drop_model "$spec" model_balanced
drop_model "$spec" model_aggressive
drop_model "$spec" model_deep
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    cat examples/data/breast-cancer-train.csv
done >"$T/full/data/breast-cancer-train.csv"
mme apply "$spec"
is_exit 3 "an upload that does not fit: the smaller one was done"
has_err "^Error: aws_s3_object.data\[\"train\"\]: uploading 'data/breast-cancer-train.csv': .*No space left on device" "it is named, with the reason"
has_err '^hint: .*try again' "and what to do"
is "$(count_things 's3://[^ ]*breast-cancer-train')" 0 "there is no half object"
is "$(count_things '^(endpoint|endpoint-config|model|training-job) ')" 0 "and nothing was made of it"

# ---- not even room for a line in the database ----

fill 0
before=$(things)
run call s3 mb another
is_exit 1 "no room at all: a new bucket is refused"
run call s3 rm shop/nosuch
things >/dev/null
run call sm CreateModel "{\"ModelName\": \"m\", \"ExecutionRoleArn\": \"arn:aws:iam::123456789012:role/r\", \"PrimaryContainer\": {\"Image\": \"683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1\"}}"
is_exit 1 "no room at all: a new model as well"
has_err '^500 .*full' "with the reason"
same_things "nothing changed" "$before"
mme apply "$spec"
is_exit 1 "apply fails"
has_err '^Error: .*full' "with the reason"
same_things "and changes nothing" "$before"
run "$MMECTL" init "$MMECTL_HOME/new.yaml"
is_exit 1 "init on that disk fails"
has_err "^Error: .*No space left on device" "with the reason"
has_err '^hint: free some space on that disk' "and what to do"
is "$(ls "$MMECTL_HOME" | grep -c new)" 0 "and leaves no half file"

# ---- starting on it ----

stop_local
run "$MMECTL" local start
is_exit 1 "a stand-in does not start on a full disk"
has_err "^Error: cannot start the stand-in: .*(full|No space left on device)" "and says why"
has_err '^hint: .' "and what to do"
run "$MMECTL" local status
is_exit 1 "none is running then"

# ---- room again ----

make_room
start_local --delay all=0
same_things "with room again the world is the same" "$before"
mme apply "$spec"
is_exit 0 "the same apply ends well"
mme plan "$spec" -detailed-exitcode
is_exit 0 "and nothing is left to do"
mme destroy "$spec"
is_exit 0 "destroy"
call s3 rm shop/thing
is "$(files | grep -c /objects/)" 0 "no bytes of the failed attempts are left"
stop_local
umount -l "$MMECTL_HOME"
done_testing
