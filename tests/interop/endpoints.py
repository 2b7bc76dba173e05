#!/usr/bin/python3
"""Compares where mmectl's client would send with botocore's own resolver: every service it uses, every region botocore
knows, with and without FIPS and dual-stack endpoints, and the region each is signed for. TAP.

    tests/interop/endpoints.py [--write]    --write: tests/vectors/endpoints/endpoints.tsv, from botocore's side

MMECTL_BOTOCORE=FOLDER takes another botocore than the installed one. Where an older one says otherwise than 1.43, whose
rules mmectl follows, the difference is in OLDER below, with what changed.
"""
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
if os.environ.get("MMECTL_BOTOCORE"):
    sys.path.insert(0, os.environ["MMECTL_BOTOCORE"])

import botocore
import botocore.session
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError

SERVICES = ("s3", "sagemaker", "sagemaker-runtime", "sts", "logs", "iam", "application-autoscaling", "cloudwatch")
VERSION = tuple(int(part) for part in botocore.__version__.split(".")[:3])
VECTORS = "tests/vectors/endpoints/endpoints.tsv"

# (below this version, service, region, FIPS, dual-stack): patterns of what an older botocore had otherwise, and why.
OLDER = [
    ((1, 43), "iam", ".*", ".", "1", "IAM had a dual-stack host per region before it got global ones"),
    ((1, 43), "iam", "us-iso.*", "1", ".", "FIPS hosts of IAM got the region into their names later"),
    ((1, 43), ".*", "us-iso.*", ".", "1", "the isolated partitions had no dual-stack names"),
    ((1, 43), "application-autoscaling", "us-gov-.*", "1", "0", "GovCloud's usual host serves FIPS"),
    ((1, 43), "cloudwatch", "us-gov-.*", "1", "1", "GovCloud's usual host serves FIPS"),
]


def older(service, region, fips, dual):
    return any(
        VERSION < below and re.fullmatch(s, service) and re.fullmatch(r, region) and re.fullmatch(f, str(int(fips)))
        and re.fullmatch(d, str(int(dual))) for below, s, r, f, d, _ in OLDER)


def cases(loader):
    partitions = loader.load_data("partitions")
    for service in SERVICES:
        provider = EndpointProvider(loader.load_service_model(service, "endpoint-rule-set-1"), partitions)
        for partition in partitions["partitions"]:
            for region in sorted(partition["regions"]):
                if "global" in region:
                    continue
                for fips in (False, True):
                    for dual in (False, True):
                        yield service, region, fips, dual, resolve(provider, service, region, fips, dual)


def resolve(provider, service, region, fips, dual):
    more = {"s3": {"Bucket": "bkt"}, "sts": {"UseGlobalEndpoint": False}}.get(service, {})
    # S3 has no FIPS endpoints in China, and a stack is nothing without S3: mmectl refuses the switch for all services.
    if fips and region.startswith("cn-"):
        return "error"
    try:
        found = provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual, **more)
    except EndpointProviderError:
        return "error"
    schemes = found.properties.get("authSchemes") or [{}]
    return "%s %s" % (found.url, schemes[0].get("signingRegion", region))


def main():
    wanted = list(cases(botocore.session.Session().get_component("data_loader")))
    if sys.argv[1:] == ["--write"]:
        with open(VECTORS, "w", encoding="ascii") as out:
            out.write("# botocore %s, by tests/interop/endpoints.py --write\n" % botocore.__version__)
            for service, region, fips, dual, text in wanted:
                out.write("\t".join((service, region, str(int(fips)), str(int(dual)), *text.split())) + "\n")
        return 0
    program = os.path.join(os.environ.get("BUILD", "build"), "tests/interop/endpoints")
    asked = "".join("%s %s %d %d\n" % case[:4] for case in wanted)
    told = subprocess.run([program], input=asked, capture_output=True, text=True, check=True).stdout.splitlines()
    wrong, left = [], 0
    for (service, region, fips, dual, text), ours in zip(wanted, told):
        if (ours.split()[0] if ours.startswith("error") else ours) == text:
            continue
        if older(service, region, fips, dual):
            left += 1
        else:
            wrong.append("%s %s fips=%d dual=%d: %s, not %s" % (service, region, fips, dual, ours, text))
    print("1..2")
    whole = len(told) == len(wanted) and len(wanted) > 500
    print("%sok 1 - every case is answered" % ("" if whole else "not "))
    print("# botocore %s: %d cases, %d of them different in this older botocore" % (botocore.__version__, len(wanted), left))
    for line in wrong[:20]:
        print("# " + line)
    print("%sok 2 - mmectl sends where botocore would" % ("" if not wrong else "not "))
    return 0 if whole and not wrong else 1


sys.exit(main())
