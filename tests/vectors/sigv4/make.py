#!/usr/bin/env python3
"""Writes cases.json: requests with the three stages of their signatures, as botocore computes them.

The file is committed, so the tests need no Python; run this to add a case, and read the diff.
"""
import datetime
import json
import pathlib
import sys

import botocore
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEY = 'AKIAIOSFODNN7EXAMPLE'
SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
S3 = 'https://examplebucket.s3.amazonaws.com'
JSON = 'application/x-amz-json-1.1'

# name, service, region, time, token, method, url, headers, body
CASES = [
    ('json call', 'sagemaker', 'eu-central-1', '20261123T054900Z', None, 'POST',
     'https://api.sagemaker.eu-central-1.amazonaws.com/',
     [('content-type', JSON), ('x-amz-target', 'SageMaker.DescribeEndpoint')], '{"EndpointName":"mme"}'),
    ('session token', 'sts', 'us-east-1', '20261123T054900Z', 'FwoGZXIvYXdzEXAMPLE//token==', 'POST',
     'https://sts.us-east-1.amazonaws.com/',
     [('content-type', 'application/x-www-form-urlencoded; charset=utf-8')],
     'Action=GetCallerIdentity&Version=2011-06-15'),
    ('invoke', 'sagemaker', 'us-west-2', '20261231T235959Z', None, 'POST',
     'https://runtime.sagemaker.us-west-2.amazonaws.com/endpoints/my-mme/invocations',
     [('content-type', 'text/csv'), ('x-amzn-sagemaker-target-model', 'model_fast.tar.gz')], '1,2,3\n'),
    ('port of a stand-in', 's3', 'us-east-1', '20261123T054900Z', None, 'PUT',
     'http://127.0.0.1:4566/bucket/a/b.csv', [('if-none-match', '*')], '1,0.5\n'),
    ('default port written out', 'sagemaker', 'us-east-1', '20261123T054900Z', None, 'POST',
     'http://localhost:80/', [('content-type', JSON)], '{}'),
    ('dot segments and double slashes go', 'sagemaker', 'us-east-1', '20261123T054900Z', None, 'GET',
     'https://example.amazonaws.com/./a//b/../c/', [], ''),
    ('climbing above the root', 'sagemaker', 'us-east-1', '20261123T054900Z', None, 'GET',
     'https://example.amazonaws.com/a/../..', [], ''),
    ('an encoded path is encoded again', 'sagemaker', 'us-east-1', '20261123T054900Z', None, 'GET',
     'https://example.amazonaws.com/a%20b/c%2Fd/%E1%88%B4', [], ''),
    ('s3 keeps dots and slashes', 's3', 'us-east-1', '20130524T000000Z', None, 'GET',
     S3 + '/a//b/../c/./d', [], ''),
    ('s3 key with blanks and signs', 's3', 'us-east-1', '20130524T000000Z', None, 'PUT',
     S3 + '/data/a%20b%2Bc%3D%26%E1%88%B4~_-.csv', [('x-amz-meta-name', 'a b')], 'x'),
    ('query is sorted', 's3', 'us-east-1', '20130524T000000Z', None, 'GET',
     S3 + '/?prefix=models%2F&list-type=2&encoding-type=url&delimiter=%2F&A=1&a=2&a=1', [], ''),
    ('query without values', 's3', 'us-east-1', '20130524T000000Z', None, 'POST',
     S3 + '/key?uploads', [], ''),
    ('header values are trimmed', 's3', 'us-east-1', '20130524T000000Z', None, 'PUT', S3 + '/k',
     [('x-amz-meta-a', '   much    room  \t here '), ('Content-Type', 'text/csv'), ('X-AMZ-META-B', '')], ''),
    ('headers that are not signed', 's3', 'us-east-1', '20130524T000000Z', None, 'GET', S3 + '/k',
     [('user-agent', 'mmectl/1'), ('expect', '100-continue'), ('x-amzn-trace-id', 'Root=1'), ('range', 'bytes=0-9')],
     ''),
    ('china', 's3', 'cn-north-1', '20261123T054900Z', None, 'HEAD',
     'https://bucket.s3.cn-north-1.amazonaws.com.cn/', [('x-amz-expected-bucket-owner', '123456789012')], ''),
    ('body beyond ASCII', 's3', 'us-east-1', '20260228T000000Z', None, 'PUT', S3 + '/utf8', [], 'caf\u00e9\n'),
]


def sign(name, service, region, when, token, method, url, headers, body):
    moment = datetime.datetime.strptime(when, '%Y%m%dT%H%M%SZ')
    botocore.auth.get_current_datetime = lambda *args, **kwargs: moment
    cls = botocore.auth.S3SigV4Auth if service == 's3' else botocore.auth.SigV4Auth
    auth = cls(Credentials(KEY, SECRET, token), service, region)
    request = AWSRequest(method=method, url=url, data=body.encode(), headers=dict(headers))
    # An S3 body over https is left unsigned unless this is set.
    request.context['client_config'] = None
    request.context['payload_signing_enabled'] = True
    seen = {}
    for stage in ('canonical_request', 'string_to_sign', 'signature'):
        def wrap(inner, stage):
            def call(*args):
                seen[stage] = inner(*args)
                return seen[stage]
            return call
        setattr(auth, stage, wrap(getattr(auth, stage), stage))
    auth._should_sha256_sign_payload = lambda request: True
    auth.add_auth(request)
    return {'name': name, 'service': service, 'region': region, 'time': when, 'token': token, 'method': method,
            'url': url, 'headers': [list(pair) for pair in headers], 'body': body,
            'canonical_request': seen['canonical_request'], 'string_to_sign': seen['string_to_sign'],
            'signature': seen['signature'], 'authorization': request.headers['Authorization']}


def main():
    out = {'source': f'botocore {botocore.__version__}, by make.py', 'access_key_id': KEY, 'secret_key': SECRET,
           'cases': [sign(*case) for case in CASES]}
    path = pathlib.Path(__file__).with_name('cases.json')
    path.write_text(json.dumps(out, indent=1) + '\n')
    print(f'{len(CASES)} cases', file=sys.stderr)


main()
