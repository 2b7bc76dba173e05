#!/bin/sh
# Every source of credentials, alone and before the ones behind it: who a command runs as, and from where it knows.
. tests/e2e/lib.sh
. tests/e2e/identity.sh

spec=$(copy_demo whose)
role=arn:aws:iam::123456789012:role
jwt=$("$PYTHON" -I -S -c '
import base64, json, time
part = lambda o: base64.urlsafe_b64encode(json.dumps(o).encode()).decode().rstrip("=")
print(".".join([part({"alg": "RS256"}), part({"iss": "https://token.actions.githubusercontent.com", "aud": "sts.amazonaws.com",
    "sub": "repo:us/models:ref:refs/heads/main", "exp": int(time.time()) + 600}), "c2lnbmF0dXJl"]))')
printf '%s' "$jwt" >"$T/jwt"

# Each source has keys of its own, of an account that says which.
new_key AKIAENV canary-env-secret "" 111111111111
new_key AKIAFILE canary-file-secret canary-file-token 222222222222
new_key AKIAPROC canary-process-secret canary-process-token 333333333333
new_key AKIACONF canary-config-secret "" 444444444444
new_key ASIABOX canary-container-secret canary-container-token 555555555555
new_key ASIAIMDS canary-imds-secret canary-imds-token 666666666666
new_key ASIASSO canary-sso-secret canary-sso-token 777777777777
printf 'bearer-canary' >"$T/side/bearer"
cat >"$T/process.sh" <<'END'
#!/bin/sh
printf '{"Version": 1, "AccessKeyId": "AKIAPROC", "SecretAccessKey": "canary-process-secret", "SessionToken": "canary-process-token"}'
END
chmod +x "$T/process.sh"
cat >"$T/sign_in.py" <<'END'
import hashlib, json, os, sys, time
home, name, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3])
iso = lambda s: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + s))
folder = os.path.join(home, ".aws", "sso", "cache")
os.makedirs(folder, exist_ok=True)
token = {"accessToken": "bearer-canary" if seconds > 0 else "bearer-old", "expiresAt": iso(seconds), "region": "eu-west-1", "startUrl": "https://x"}
token.update(json.loads(sys.argv[4]) if len(sys.argv) > 4 else {})
token = {k: iso(int(v)) if k == "registrationExpiresAt" else v for k, v in token.items()}
with open(os.path.join(folder, hashlib.sha1(name.encode()).hexdigest() + ".json"), "w") as file:
    json.dump(token, file)
END
sign_in() { "$PYTHON" -I -S "$T/sign_in.py" "$home" "$@"; }

config() { cat >"$home/.aws/config"; }
credentials() { cat >"$home/.aws/credentials"; }
nothing() { rm -rf "$home/.aws" && mkdir "$home/.aws"; }

# from NAME TEXT: the last `who` was of that source.
from() { case $source in *"$2"*) pass "$1" ;; *) fail "$1" "wanted: $2
got:    $source" ;; esac; }

# ---- one after the other, from the last to the first: each wins over all behind it ----

gives ASIAIMDS canary-imds-secret canary-imds-token 3600
imds="AWS_EC2_METADATA_DISABLED=false AWS_EC2_METADATA_SERVICE_ENDPOINT=$side"
who $imds
from "the instance's role" "account 666666666666, from the instance's role 'instance-role'"
box="AWS_CONTAINER_CREDENTIALS_FULL_URI=$side/container"
gives ASIABOX canary-container-secret canary-container-token 3600
who $imds $box
from "the container's agent comes before the instance" "account 555555555555, from the container's agent"
config <<END
[default]
region = us-east-1
aws_access_key_id = AKIACONF
aws_secret_access_key = canary-config-secret
END
who $imds $box
from "keys in the config file come before the container" "account 444444444444, from keys of profile 'default' in the config file"
config <<END
[default]
credential_process = "$T/process.sh" 'an argument' \$HOME;touch\ $T/shell
aws_access_key_id = AKIACONF
aws_secret_access_key = canary-config-secret
END
who $imds $box
from "a process comes before keys in the config file" "account 333333333333, from credential_process of profile 'default'"
ok "no shell read its line" test ! -e "$T/shell"
credentials <<END
[default]
aws_access_key_id = AKIAFILE
aws_secret_access_key = canary-file-secret
aws_session_token = canary-file-token
END
who $imds $box
from "keys in the credentials file come before a process" "account 222222222222, from keys of profile 'default' in the credentials file"
config <<END
[default]
sso_session = corp
sso_account_id = 777777777777
sso_role_name = Deploy
[sso-session corp]
sso_region = eu-west-1
sso_start_url = https://corp.example/start
END
sign_in corp 3600
gives ASIASSO canary-sso-secret canary-sso-token 3600
who $imds $box
from "SSO comes before keys in a file" "account 777777777777, from SSO, profile 'default', role 'Deploy'"
web="AWS_WEB_IDENTITY_TOKEN_FILE=$T/jwt AWS_ROLE_ARN=arn:aws:iam::888888888888:role/Ci"
who $imds $box $web
from "web identity comes before SSO" "arn:aws:sts::888888888888:assumed-role/Ci/mmectl-"
credentials <<END
[default]
role_arn = arn:aws:iam::999999999999:role/Base
credential_source = EcsContainer
role_session_name = laptop
END
gives ASIABOX canary-container-secret canary-container-token 3600
who $imds $box $web
from "a profile's role comes before web identity" "arn:aws:sts::999999999999:assumed-role/Base/laptop, account 999999999999"
env="AWS_ACCESS_KEY_ID=AKIAENV AWS_SECRET_ACCESS_KEY=canary-env-secret"
who $imds $box $web $env
from "the environment comes first" "account 111111111111, from the environment"
who $imds $box $web $env AWS_PROFILE=default
from "AWS_PROFILE does not change that" "account 111111111111, from the environment"
as $imds $box $web $env "$MMECTL" doctor "$spec" -json --profile default
ok "--profile does" grep -q "account 999999999999, from role" "$T/out"

# ---- the forms of each ----

nothing
credentials <<END
[base]
aws_access_key_id = AKIAFILE
aws_secret_access_key = canary-file-secret
aws_session_token = canary-file-token
[self]
aws_access_key_id = AKIAENV
aws_secret_access_key = canary-env-secret
role_arn = $role/Self
source_profile = self
END
config <<END
[profile one]
role_arn = $role/One
source_profile = base
external_id = 42
duration_seconds = 900
[profile two]
role_arn = arn:aws:iam::121212121212:role/path/Two
source_profile = one
role_session_name = chained@work
[profile env]
role_arn = $role/Env
credential_source = Environment
[profile imds]
role_arn = $role/Imds
credential_source = Ec2InstanceMetadata
[profile process]
credential_process = $T/process.sh
[profile of-process]
role_arn = $role/OfProcess
source_profile = process
[profile web]
role_arn = $role/Web
web_identity_token_file = $T/jwt
role_session_name = irsa
[profile of-web]
role_arn = $role/OfWeb
source_profile = web
[profile old-sso]
sso_account_id = 777777777777
sso_role_name = Deploy
sso_region = eu-west-1
sso_start_url = https://old.example/start
END
who AWS_PROFILE=one
from "source_profile" "assumed-role/One/mmectl-"
who AWS_PROFILE=two
from "a role by way of a role" "arn:aws:sts::121212121212:assumed-role/Two/chained@work"
who AWS_PROFILE=self
from "a profile that is its own source" "assumed-role/Self/"
who AWS_PROFILE=of-process
from "a role by way of a process" "assumed-role/OfProcess/"
who AWS_PROFILE=web
from "the profile's web identity" "assumed-role/Web/irsa"
who AWS_PROFILE=of-web
from "a role by way of a web identity" "assumed-role/OfWeb/"
as $env "$MMECTL" doctor "$spec" -json --profile env
ok "credential_source = Environment" grep -q "assumed-role/Env/" "$T/out"
gives ASIAIMDS canary-imds-secret canary-imds-token 3600
who $imds AWS_PROFILE=imds
from "credential_source = Ec2InstanceMetadata" "assumed-role/Imds/"
sign_in https://old.example/start 3600
gives ASIASSO canary-sso-secret canary-sso-token 3600
who AWS_PROFILE=old-sso
from "SSO without a session" "account 777777777777, from SSO"
who AWS_PROFILE=base AWS_ACCESS_KEY_ID= AWS_SECRET_ACCESS_KEY=
from "a variable that is empty is not set" "account 222222222222"
who AWS_DEFAULT_PROFILE=base
from "the AWS CLI's name for AWS_PROFILE" "account 222222222222"
gives ASIABOX canary-container-secret canary-container-token 3600
printf 'Bearer box' >"$T/side/authorization"
printf 'Bearer box\n' >"$T/authorization"
who $box AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="$T/authorization" AWS_CONTAINER_AUTHORIZATION_TOKEN=old
from "the agent's token, from its file" "account 555555555555"
who $box AWS_CONTAINER_AUTHORIZATION_TOKEN="Bearer box"
from "the agent's token, from the variable" "account 555555555555"
rm "$T/side/authorization"

# ---- a sign-in that is over is renewed where it can be, and kept for the AWS CLI ----

nothing
config <<END
[default]
sso_session = corp
sso_account_id = 777777777777
sso_role_name = Deploy
[sso-session corp]
sso_region = eu-west-1
sso_start_url = https://corp.example/start
END
gives ASIASSO canary-sso-secret canary-sso-token 3600
sign_in corp -60 '{"refreshToken": "refresh-canary", "clientId": "c", "clientSecret": "s", "registrationExpiresAt": 86400}'
who
from "a refresh token makes a new one" "account 777777777777, from SSO"
cache=$(ls "$home"/.aws/sso/cache/*.json)
is "$(jq -r '.accessToken + " " + .refreshToken + " " + .clientId' "$cache")" "bearer-canary refresh-next c" "which is kept"
is "$(stat -c %a "$cache")" 600 "for the user alone"
: >"$T/side/asked"
who
is "$(grep -c '^POST' "$T/side/asked")" 0 "and used the next time"
sign_in corp -60
as "$MMECTL" plan "$spec"
is_exit 1 "without one the user has to sign in"
has_err "^Error: the sign-in of SSO for profile 'default' is over\$"
has_err '^hint: run: aws sso login --sso-session corp$'

# ---- nobody: each source says why ----

nothing
as "$MMECTL" plan "$spec"
is_exit 1 "no credentials at all"
is "$(sed -n 's/^      \([^:]*\): .*/\1/p' "$T/err" | tr '\n' ',')" \
    "environment,assumed role,web identity,SSO,credentials file,process,config file,container,instance metadata," \
    "each source is named, in the order in which it was asked"
has_err "^      instance metadata: AWS_EC2_METADATA_DISABLED is true\$"
grep -rlF -e canary-env-secret -e canary-file-secret -e canary-process-secret "$T/out" "$T/err" >"$T/leaks"
is "$(cat "$T/leaks")" "" "no secret was said"
done_testing
