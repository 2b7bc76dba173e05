#!/bin/sh
# A bucket of the spec's own is made private and encrypted, and removed by destroy only when it is empty and ours.
. tests/e2e/lib.sh

fast_local
empty=$(things)
spec=$(copy_demo bucket)
edit "$spec" 's/backend: sagemaker/backend: local/'
life='^(bucket|object|upload|training-job|model|endpoint-config|endpoint|log-group)'

mme apply "$spec" --set bucket=of-my-own
is_exit 0 "apply"
is "$(count_things '^bucket ')" 1 "one bucket"
is "$(count_things '^bucket of-my-own$')" 1 "with the name of the spec"
mme destroy "$spec" --set bucket=of-my-own
is_exit 0 "destroy"
same_things "nothing at all is left" "$empty" "$life"

mme apply "$spec" --set bucket=of-my-own
is_exit 0 "apply again"
echo foreign >"$T/foreign"
call s3 put of-my-own/something "$T/foreign"
mme destroy "$spec" --set bucket=of-my-own
is_exit 0 "destroy with something foreign in the bucket"
is "$(things | grep -v ^log-group)" "bucket of-my-own
object s3://of-my-own/something 8 $(things | sed -n 's/^object .* 8 //p')" "the bucket stays, with the foreign object alone"

call s3 rm of-my-own/something
call s3 rb of-my-own
call s3 mb somebodys
mme apply "$spec" --set bucket=somebodys
is_exit 0 "apply into somebody's bucket"
mme destroy "$spec" --set bucket=somebodys
is_exit 0 "destroy"
is "$(things | grep -v ^log-group)" "bucket somebodys" "a bucket that is not ours stays, empty as it was"
done_testing
