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



def suite(name, method='GET', service='service', path='/', headers=(), body='', token=None, time='20261123T203000Z', url=None):
    return ('suite: ' + name, service, 'us-east-1', time, token, method, url or 'https://h.example' + path, list(headers), body)


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
    # What AWS's own test suites vary, one thing each (aws-sig-v4-test-suite; awslabs/aws-c-auth), with our own requests.
    suite('header given twice', headers=[('my-header', 'second'), ('my-header', 'first')]),
    suite('header given three times, empty once', headers=[('my-header', 'c'), ('My-Header', ''), ('MY-HEADER', 'a')]),
    suite('header values keep their order', headers=[('my-header', '4,1,3'), ('other', '2')]),
    suite('header with quoted blanks', headers=[('my-header', '  "a   b   c"  ')]),
    suite('header names in capitals', 'POST', headers=[('MY-HEADER', 'VALUE')]),
    suite('header values in capitals', 'POST', headers=[('my-header', 'VALUE')]),
    suite('header names out of order', 'POST', headers=[('zz', '1'), ('aa', '2'), ('mm', '3')]),
    suite('plain'),
    suite('plain post', 'POST'),
    suite('unreserved characters in the path', path='/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'),
    suite('path beyond ASCII', path='/%E1%88%B4'),
    suite('blank in the path', path='/ex%20ample/'),
    suite('slash', path='/'),
    suite('slashes', path='//example//'),
    suite('slash dot slash', path='/./'),
    suite('dot without a point', path='/./example'),
    suite('a step up', path='/example/..'),
    suite('two steps up', path='/example1/example2/../..'),
    suite('dots that are no segments', path='/...a/..b/.c'),
    suite('trailing slash after dots', path='/a/b/../'),
    suite('empty query', path='/?'),
    suite('a name alone', path='/?Param1'),
    suite('an empty value', 'POST', path='/?Param1='),
    suite('a value', 'POST', path='/?Param1=value1'),
    suite('names out of order', path='/?Param2=value2&Param1=value1'),
    suite('names that differ in case', path='/?Param1=value2&param1=value1'),
    suite('values out of order', path='/?Param1=value2&Param1=value1'),
    suite('names that begin alike', path='/?Param10=a&Param1=b&Param-1=c'),
    suite('unreserved characters in the query', path='/?-._~0189AZaz=-._~0189AZaz'),
    suite('query beyond ASCII', path='/?%E1%88%B4=bar'),
    suite('encoded separators in the query', path='/?a%26b=c%3Dd&e=%2Ff%2B'),
    suite('form', 'POST', headers=[('content-type', 'application/x-www-form-urlencoded')], body='Param1=value1'),
    suite('form with a character set', 'POST',
          headers=[('content-type', 'application/x-www-form-urlencoded; charset=utf8')], body='Param1=value1'),
    suite('session token', 'POST', token='AQoDYXdzEPTEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIe=='),
    suite('body', 'POST', headers=[('content-length', '13'), ('content-type', 'application/json')], body='{"a": "b c"}\n'),
    suite('midnight', time='20160229T000000Z'),
    suite('the last second of a day', time='20991231T235959Z'),
    suite('port of its own', url='https://h.example:8443/'),
    suite('usual port over http', url='http://h.example:80/a'),
    suite('another service of the global region', service='iam', url='https://iam.amazonaws.com/'),
    suite('s3 with a token', service='s3', token='t/o+k=', path='/key'),
    suite('s3 keeps an encoded slash', service='s3', path='/a%2Fb'),
    suite('s3 keeps an empty segment at the end', service='s3', path='/a//'),
    suite('s3 signs an empty body', 'PUT', service='s3', path='/key'),
]


def sign(name, service, region, when, token, method, url, headers, body):
    moment = datetime.datetime.strptime(when, '%Y%m%dT%H%M%SZ')
    botocore.auth.get_current_datetime = lambda *args, **kwargs: moment
    cls = botocore.auth.S3SigV4Auth if service == 's3' else botocore.auth.SigV4Auth
    auth = cls(Credentials(KEY, SECRET, token), service, region)
    request = AWSRequest(method=method, url=url, data=body.encode())
    for pair in headers:
        request.headers.add_header(*pair)
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
